//! Removing images that no container uses when the disk fills up.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use cri::v1;
use kubelet_core::{Event, Nanos, SECOND};

use crate::kubelet::Kubelet;

/// Looks at the disk again and again.
pub async fn run(kubelet: Arc<Kubelet>) {
    let mut last_used = BTreeMap::new();
    loop {
        if let Err(error) = collect(&kubelet, &mut last_used).await {
            tracing::warn!(%error, "cannot remove unused images");
        }
        tokio::time::sleep(PERIOD).await;
    }
}

async fn collect(kubelet: &Kubelet, last_used: &mut BTreeMap<String, Nanos>) -> Result<(), cri::CriError> {
    let now = kubelet.now();
    let images = kubelet.cri.list_images(None).await?;
    let containers = kubelet.cri.list_containers(None).await?;
    let used: BTreeSet<String> = containers.into_iter().flat_map(|c| [c.image_ref, c.image_id]).collect();
    last_used.retain(|id, _| images.iter().any(|image| image.id == *id));
    for image in &images {
        let time = last_used.entry(image.id.clone()).or_insert(now);
        if is_used(image, &used) {
            *time = now;
        }
    }
    let Some(excess) = excess_bytes(kubelet).await? else { return Ok(()) };
    let chosen = choose(&images, &used, last_used, excess, now);
    let freed: u64 = chosen.iter().map(|image| image.size).sum();
    for image in chosen {
        tracing::info!(image = image.id, size_bytes = image.size, "removing an unused image");
        let spec = v1::ImageSpec { image: image.id.clone(), ..v1::ImageSpec::default() };
        kubelet.cri.remove_image(spec).await?;
    }
    if freed < excess {
        let message = format!(
            "Failed to garbage collect required amount of images. Attempted to free {excess} bytes, but only found {freed} bytes eligible to free."
        );
        kubelet.recorder.node(Event::warning("FreeDiskSpaceFailed", message));
    }
    Ok(())
}

fn is_used(image: &v1::Image, used: &BTreeSet<String>) -> bool {
    used.contains(&image.id) || image.repo_digests.iter().chain(&image.repo_tags).any(|name| used.contains(name))
}

/// What has to go for the disk to be at its lower mark, if it is beyond the upper one.
async fn excess_bytes(kubelet: &Kubelet) -> Result<Option<u64>, cri::CriError> {
    let info = kubelet.cri.image_fs_info().await?;
    let mountpoint = info.image_filesystems.first().and_then(|fs| fs.fs_id.as_ref()).map(|id| id.mountpoint.clone());
    let Some(disk) = mountpoint.and_then(|path| nix::sys::statvfs::statvfs(Path::new(&path)).ok()) else {
        return Ok(None);
    };
    let fragment = disk.fragment_size();
    let (capacity, available) = (disk.blocks() * fragment, disk.blocks_available() * fragment);
    Ok(excess(capacity, available))
}

fn excess(capacity: u64, available: u64) -> Option<u64> {
    let used_percent = 100 - (available * 100).checked_div(capacity)?;
    let wanted_available = capacity / 100 * (100 - LOW_PERCENT);
    (used_percent >= HIGH_PERCENT).then(|| wanted_available.saturating_sub(available))
}

/// Images that nobody uses, those first that were not used for longest, until there are enough.
fn choose<'a>(
    images: &'a [v1::Image],
    used: &BTreeSet<String>,
    last_used: &BTreeMap<String, Nanos>,
    bytes: u64,
    now: Nanos,
) -> Vec<&'a v1::Image> {
    let since = |image: &v1::Image| last_used.get(&image.id).copied().unwrap_or(now);
    let removable = |image: &&v1::Image| {
        let is_pause = image.repo_tags.iter().any(|tag| tag.contains("/pause:"));
        !image.pinned && !is_pause && !is_used(image, used) && now - since(image) >= MIN_AGE
    };
    let mut candidates: Vec<_> = images.iter().filter(removable).collect();
    candidates.sort_by_key(|image| since(image));
    let mut freed = 0;
    candidates.retain(|image| {
        let needed = freed < bytes;
        freed += if needed { image.size } else { 0 };
        needed
    });
    candidates
}

const PERIOD: Duration = Duration::from_secs(300);
/// `imageGCHighThresholdPercent` and `imageGCLowThresholdPercent`.
const HIGH_PERCENT: u64 = 85;
const LOW_PERCENT: u64 = 80;
/// `imageMinimumGCAge`
const MIN_AGE: Nanos = 120 * SECOND;

#[cfg(test)]
mod tests {
    use super::*;

    fn image(id: &str, size: u64) -> v1::Image {
        v1::Image { id: id.to_owned(), size, ..v1::Image::default() }
    }

    #[test]
    fn unused_images_go_the_oldest_first() {
        let mut images = vec![image("a", 10), image("b", 10), image("c", 10), image("d", 10), image("young", 10)];
        images[3].pinned = true;
        let now = 1000 * SECOND;
        let times = [("a", 500), ("b", 100), ("c", 300), ("d", 0), ("young", 990)];
        let last_used = times.map(|(id, time)| (id.to_owned(), time * SECOND)).into();
        let used = BTreeSet::from(["c".to_owned()]);
        let chosen = |bytes| -> Vec<String> {
            choose(&images, &used, &last_used, bytes, now).iter().map(|image| image.id.clone()).collect()
        };
        assert_eq!(chosen(5), ["b"]);
        assert_eq!(chosen(11), ["b", "a"]);
        assert_eq!(chosen(1000), ["b", "a"]);
        assert!(chosen(0).is_empty());
    }

    #[test]
    fn nothing_goes_below_the_upper_mark() {
        assert_eq!(excess(1000, 160), None);
        assert_eq!(excess(1000, 150), Some(50));
        assert_eq!(excess(0, 0), None);
    }
}
