//! A container's log, read from the file that the runtime writes.
//!
//! ```text
//!   2026-01-02T15:04:05.123456789Z stdout F a whole line
//!   2026-01-02T15:04:05.2Z stderr P the first part of a long
//! ```
//!
//! Decisions about lines are in `line` and `output` (pure); `reader` follows the file through rotation to the container's
//! end. Deliberately absent: rotating the files, Docker's JSON format.

mod line;
mod output;
mod reader;
mod tail;
mod watch;

pub(super) use watch::Hub;

use super::respond::Failure;
use super::{Api, Query};
use api_core::v1::{ContainerStatus, Pod};
use cri::v1::{self, ContainerState};
use futures_util::stream;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response, StatusCode};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use kubelet_core::{Nanos, SECOND, spec};
use serve::Body;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Pieces of output that may wait for a slow client.
const MAX_WAITING: usize = 4;

/// What of a log is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogOptions {
    pub follow: bool,
    pub previous: bool,
    pub timestamps: bool,
    /// Nothing older than this.
    pub since: Option<Nanos>,
    /// So many lines from the end.
    pub tail: Option<u64>,
    pub limit_bytes: Option<u64>,
    pub stream: Option<line::Stream>,
}

pub(super) async fn serve(
    api: &Api,
    hub: Arc<Hub>,
    (namespace, name, container): (&str, &str, &str),
    query: &Query,
) -> Result<Response<Body>, Failure> {
    let options = LogOptions::from_query(query, api.clock.now())?;
    let pod = api.pod(namespace, name, None);
    let pod = pod.ok_or_else(|| Failure::not_found(format!("pod {name:?} does not exist")))?;
    if spec::find(&pod, container).is_none() {
        return Err(Failure::not_found(format!("container {container:?} not found in pod {name:?}")));
    }
    let containers = api.containers(&pod, container).await?;
    let id = choose(&pod, container, &containers, options.previous).map_err(Failure::bad_request)?;
    let status = api.cri.container_status(&id, false).await?.status.unwrap_or_default();
    let writer = Box::new(reader::CriWriter { cri: api.cri.clone(), container_id: id });
    let source = reader::Source { path: PathBuf::from(&status.log_path), writer, hub };
    let opened = source.open(&options).await.map_err(|error| {
        let text = format!("failed to open log file {:?}: {error}", status.log_path);
        Failure::bad_request(text)
    })?;
    let (sender, receiver) = mpsc::channel(MAX_WAITING);
    tokio::spawn(reader::copy(source, opened, options, sender));
    let frames = stream::unfold(receiver, |mut receiver| async move {
        let piece: Result<bytes::Bytes, std::io::Error> = receiver.recv().await?;
        Some((piece.map(Frame::data), receiver))
    });
    let mut response = Response::new(StreamBody::new(frames).boxed_unsync());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    Ok(response)
}

impl LogOptions {
    fn from_query(query: &Query, now: Nanos) -> Result<LogOptions, Failure> {
        let undecodable = || Failure::bad_request(r#"{"message": "Unable to decode query."}"#);
        let invalid = || Failure::new(StatusCode::UNPROCESSABLE_ENTITY, r#"{"message": "Invalid request."}"#);
        let flag = |name: &str| match query.get(name) {
            None | Some("0" | "f" | "F" | "false" | "FALSE" | "False") => false,
            // A name alone counts as said, as in Go's decoder.
            Some(_) => true,
        };
        let number = |name: &str| match query.get(name).filter(|text| !text.is_empty()) {
            Some(text) => text.parse::<i64>().map(Some).map_err(|_| undecodable()),
            None => Ok(None),
        };
        let tail = match query.get("tail") {
            Some("all") => None,
            Some(text) => Some(text.parse::<i64>().map_err(|_| undecodable())?),
            None => number("tailLines")?,
        };
        let limit = number("limitBytes")?;
        let since_seconds = number("sinceSeconds")?;
        let since_time = match query.get("sinceTime").filter(|text| !text.is_empty()) {
            Some(text) => Some(line::nanos(text).ok_or_else(undecodable)?),
            None => None,
        };
        let stream = match query.get("stream") {
            None | Some("" | "All") => None,
            Some("Stdout") => Some(line::Stream::Stdout),
            Some("Stderr") => Some(line::Stream::Stderr),
            Some(_) => return Err(invalid()),
        };
        let bad = tail.is_some_and(|tail| tail < 0)
            || limit.is_some_and(|limit| limit < 1)
            || since_seconds.is_some_and(|seconds| seconds < 1)
            || (since_seconds.is_some() && since_time.is_some())
            || (tail.is_some() && stream.is_some());
        if bad {
            return Err(invalid());
        }
        Ok(LogOptions {
            follow: flag("follow"),
            previous: flag("previous"),
            timestamps: flag("timestamps"),
            since: since_time.or_else(|| since_seconds.map(|s| now.saturating_sub(s.saturating_mul(SECOND)))),
            tail: tail.and_then(|tail| u64::try_from(tail).ok()),
            limit_bytes: limit.and_then(|limit| u64::try_from(limit).ok()),
            stream,
        })
    }
}

/// The container whose log is meant; the error is upstream's.
fn choose(pod: &Pod, name: &str, containers: &[v1::Container], previous: bool) -> Result<String, String> {
    let about = |what: &str| Err(format!("container {name:?} in pod {:?} {what}", pod.metadata.name));
    let status = status(pod, name);
    let waiting = status.and_then(|status| status.state.waiting.as_deref());
    let ended = |c: &&v1::Container| c.state() == ContainerState::ContainerExited;
    let newest_ended = containers.first().filter(ended);
    if previous {
        // A container that waits to be started again has its last run for the previous one.
        let skip = usize::from(newest_ended.is_some() && waiting.is_none());
        return match containers.iter().filter(ended).nth(skip) {
            Some(container) => Ok(container.id.clone()),
            None => Err(format!("previous terminated container {name:?} in pod {:?} not found", pod.metadata.name)),
        };
    }
    let has_log = |c: &&v1::Container| c.state() == ContainerState::ContainerRunning || ended(c);
    if let Some(container) = containers.iter().find(has_log) {
        return Ok(container.id.clone());
    }
    match waiting.map(|waiting| waiting.reason.as_str()) {
        Some("ErrImagePull") => about("is waiting to start: image can't be pulled"),
        Some("ImagePullBackOff") => about("is waiting to start: trying and failing to pull image"),
        Some(reason) => about(&format!("is waiting to start: {reason}")),
        None if status.is_none() => about("is not available"),
        None if status.is_some_and(|status| status.state.terminated.is_some()) => about("is terminated"),
        None => about("is waiting to start - no logs yet"),
    }
}

fn status<'p>(pod: &'p Pod, name: &str) -> Option<&'p ContainerStatus> {
    let status = &pod.status;
    let lists = [&status.container_statuses, &status.init_container_statuses, &status.ephemeral_container_statuses];
    lists.into_iter().flatten().find(|status| status.name == name)
}

#[cfg(test)]
mod tests;
