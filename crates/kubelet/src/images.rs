//! Getting a container's image onto the node.

use std::sync::Arc;
use std::time::Duration;

use api_core::v1::{Container, Pod};
use cri::{CriClient, v1};
use kubelet_core::{Event, Nanos, PodMemory};
use stdx::Clock;

use crate::cri_config::security::ImageUser;
use crate::events::Recorder;

/// Pulls one image at a time, as upstream does unless told otherwise.
pub struct Images {
    cri: CriClient,
    clock: Arc<dyn Clock>,
    pulling: tokio::sync::Mutex<()>,
}

/// An image that the runtime has.
#[derive(Debug, Clone)]
pub struct PresentImage {
    /// What to make a container from.
    pub image_ref: String,
    pub user: ImageUser,
}

/// Why there is none: the container's `waiting` reason and message.
#[derive(Debug, Clone)]
pub struct ImageError {
    pub reason: &'static str,
    pub message: String,
}

impl Images {
    pub fn new(cri: CriClient, clock: Arc<dyn Clock>) -> Images {
        Images { cri, clock, pulling: tokio::sync::Mutex::new(()) }
    }

    /// Finds the image or pulls it, by the container's policy.
    pub async fn ensure(
        &self,
        pod: &Pod,
        container: &Container,
        memory: &mut PodMemory,
        recorder: &Recorder,
    ) -> Result<PresentImage, ImageError> {
        let image = &container.image;
        let name = &container.name;
        if let Err(why) = check_name(image) {
            let message = format!("Failed to apply default image tag \"{image}\": {why}");
            recorder.pod(pod, Event::warning("InspectFailed", message.clone()).of(name));
            return Err(ImageError { reason: "InvalidImageName", message });
        }
        let full = with_tag(image);
        let present = self.find(&full).await.map_err(|error| {
            let message = format!("Failed to inspect image \"{image}\": {error}");
            recorder.pod(pod, Event::warning("InspectFailed", message.clone()).of(name));
            ImageError { reason: "ImageInspectError", message }
        })?;
        match (container.image_pull_policy.as_str(), present) {
            ("IfNotPresent" | "Never", Some(present)) => {
                let message =
                    format!("Container image \"{image}\" already present on machine and can be accessed by the pod");
                recorder.pod(pod, Event::normal("Pulled", message).of(name));
                Ok(present)
            }
            ("Never", None) => {
                let message = format!("Container image \"{image}\" is not present with pull policy of Never");
                recorder.pod(pod, Event::warning("ErrImageNeverPull", message.clone()).of(name));
                Err(ImageError { reason: "ErrImageNeverPull", message })
            }
            _ => self.pull(pod, container, &full, memory, recorder).await,
        }
    }

    async fn pull(
        &self,
        pod: &Pod,
        container: &Container,
        full: &str,
        memory: &mut PodMemory,
        recorder: &Recorder,
    ) -> Result<PresentImage, ImageError> {
        let (image, name) = (&container.image, &container.name);
        let waiting_since = self.clock.now();
        recorder.pod(pod, Event::normal("Pulling", format!("Pulling image \"{image}\"")).of(name));
        let turn = self.pulling.lock().await;
        let begun = self.clock.now();
        let spec = v1::ImageSpec { image: full.to_owned(), ..v1::ImageSpec::default() };
        let pulled = self.cri.pull_image(spec, None, None).await;
        drop(turn);
        let now = self.clock.now();
        let failure = match pulled {
            Ok(_) => match self.cri.image_status(spec_of(full)).await {
                Ok(Some(found)) => {
                    let message = format!(
                        "Successfully pulled image \"{image}\" in {} ({} including waiting). Image size: {} bytes.",
                        milliseconds(now - begun),
                        milliseconds(now - waiting_since),
                        found.size
                    );
                    recorder.pod(pod, Event::normal("Pulled", message).of(name));
                    memory.pulls.forget(image);
                    return Ok(present(found));
                }
                Ok(None) => format!("image \"{image}\" is not there after it was pulled"),
                Err(error) => error.to_string(),
            },
            Err(error) => error.to_string(),
        };
        recorder.pod(pod, Event::warning("Failed", format!("Failed to pull image \"{image}\": {failure}")).of(name));
        memory.pulls.next(image, now, now);
        let reason = if failure.contains("RegistryUnavailable") { "RegistryUnavailable" } else { "ErrImagePull" };
        memory.pull_errors.insert(image.clone(), format!("{reason}: {failure}"));
        Err(ImageError { reason, message: failure })
    }

    async fn find(&self, image: &str) -> Result<Option<PresentImage>, cri::CriError> {
        Ok(self.cri.image_status(spec_of(image)).await?.map(present))
    }
}

fn spec_of(image: &str) -> v1::ImageSpec {
    v1::ImageSpec { image: image.to_owned(), ..v1::ImageSpec::default() }
}

fn present(image: v1::Image) -> PresentImage {
    let user = ImageUser { uid: image.uid.map(|uid| uid.value), name: image.username };
    PresentImage { image_ref: image.id, user }
}

/// A reference without a tag or digest means the tag `latest`.
fn with_tag(image: &str) -> String {
    let last = image.rsplit('/').next().unwrap_or(image);
    if last.contains([':', '@']) { image.to_owned() } else { format!("{image}:latest") }
}

/// Refuses what is no reference to an image, in the words of the reference parser that upstream uses.
fn check_name(image: &str) -> Result<(), String> {
    let couldnt = |why: &str| Err(format!("couldn't parse image name \"{image}\": {why}"));
    let (path, digest) = image.split_once('@').map_or((image, None), |(path, digest)| (path, Some(digest)));
    let name_start = path.rfind('/').map_or(0, |slash| slash + 1);
    let (name, tag) = match path[name_start..].find(':') {
        Some(colon) => (&path[..name_start + colon], Some(&path[name_start + colon + 1..])),
        None => (path, None),
    };
    let first = name.split('/').next().unwrap_or_default();
    let has_domain = name.contains('/') && (first.contains(['.', ':']) || first == "localhost");
    let repository = if has_domain { &name[first.len() + 1..] } else { name };
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-/".contains(c);
    let edges = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphanumeric()) && part.ends_with(|c: char| c.is_ascii_alphanumeric())
    };
    if repository.chars().any(|c| c.is_ascii_uppercase()) && repository.chars().all(|c| plain(c.to_ascii_lowercase())) {
        let full = if has_domain { repository.to_owned() } else { cri::images::normalize(repository) };
        let full = full.trim_start_matches("docker.io/").trim_end_matches(":latest").to_owned();
        return couldnt(&format!("invalid reference format: repository name ({full}) must be lowercase"));
    }
    let good_tag = tag.is_none_or(|tag| {
        !tag.is_empty() && tag.len() <= 128 && tag.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
    });
    let good_digest = digest.is_none_or(|digest| digest.split_once(':').is_some_and(|(_, hex)| hex.len() >= 32));
    let good_name = repository.chars().all(plain) && repository.split('/').all(edges);
    if good_name && good_tag && good_digest { Ok(()) } else { couldnt("invalid reference format") }
}

/// As Go prints a duration that was cut to milliseconds.
fn milliseconds(nanos: Nanos) -> String {
    let duration = Duration::from_nanos(u64::try_from(nanos).unwrap_or(0));
    match duration.as_millis() {
        0 => "0s".to_owned(),
        below @ 1..1000 => format!("{below}ms"),
        _ => {
            let (minutes, rest) = (duration.as_secs() / 60, duration.as_millis() % 60_000);
            let seconds = format!("{}.{:03}", rest / 1000, rest % 1000);
            let seconds = seconds.trim_end_matches('0').trim_end_matches('.');
            if minutes == 0 { format!("{seconds}s") } else { format!("{minutes}m{seconds}s") }
        }
    }
}

#[cfg(test)]
mod tests;
