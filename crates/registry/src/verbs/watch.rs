//! WATCH.

use crate::cache::{Frames, Start, WatchOptions};
use crate::context::RequestContext;
use crate::error;
use crate::frames::FrameEncoder;
use crate::negotiate::Media;
use crate::options::ListOptions;
use crate::pipeline::{Registry, Route, respond_with};
use crate::response::{Body, WatchStream};
use crate::table::Include;
use http::Response;
use kind::{ApiError, FieldErrors, Path};
use std::time::Duration;

/// No watch lasts longer.
const MAX_TIMEOUT_SECONDS: u64 = 24 * 3_600;

impl Registry {
    pub(crate) async fn watch(&self, context: &RequestContext, route: &Route) -> Result<Response<Body>, ApiError> {
        let accepted = self.accepted(context, route, true)?;
        let options = ListOptions::parse(&context.query, true)?;
        let filter = self.filter(route, &options)?;
        let version = watch_version(route, &options)?;
        let storage = route.storage()?;
        let include = Include::parse(context.query.get("includeObject").unwrap_or_default())?;
        let encoder = FrameEncoder {
            view: route.view.clone(),
            accepted,
            include,
            clock: self.config.clock.clone(),
            columns_told: false,
        };
        let start = match (options.send_initial_events, version) {
            (Some(true), _) | (None, None | Some(0)) => Start::State,
            (_, Some(version)) if version > 0 => Start::After(version),
            _ => Start::Now,
        };
        if start != Start::Now {
            // A later version is waited for by none but those who want the state first.
            let initial = options.send_initial_events == Some(true) || version == Some(0);
            let wanted = if initial { version } else { version.map(|_| 0) };
            self.fresh_with_revision(storage, wanted).await?;
        }
        let watch = WatchOptions {
            start,
            filter,
            timeout: self.watch_timeout(&options),
            bookmarks: options.allow_bookmarks,
            mark_initial_end: options.send_initial_events == Some(true),
            converter: route.entry.converter.clone(),
        };
        let content_type = match accepted.media {
            Media::Protobuf => "application/vnd.kubernetes.protobuf;stream=watch",
            _ if accepted.stream => "application/json;stream=watch",
            _ => "application/json",
        };
        let refused = FrameEncoder { view: encoder.view.clone(), clock: encoder.clock.clone(), ..encoder };
        let stream = match Frames::open(storage, encoder, watch, &self.config.timer).await {
            Ok(frames) => WatchStream::open(frames),
            Err(error) => WatchStream::failed(refused.error(&error)),
        };
        Ok(respond_with(200, content_type, Body::Watch(stream)))
    }

    fn watch_timeout(&self, options: &ListOptions) -> Duration {
        let seconds = match options.timeout_seconds {
            Some(seconds) if seconds > 0 => seconds.unsigned_abs(),
            _ => {
                let least = self.config.min_watch_time.as_secs().max(1);
                least + self.config.rng.below(least as usize) as u64
            }
        };
        Duration::from_secs(seconds.min(MAX_TIMEOUT_SECONDS))
    }
}

fn watch_version(route: &Route, options: &ListOptions) -> Result<Option<u64>, ApiError> {
    match options.resource_version.as_str() {
        "" => Ok(None),
        text => error::parse_uint(text).map(Some).map_err(|why| {
            let mut errors = FieldErrors::new();
            errors.invalid(&Path::root("resourceVersion"), text, why);
            let names = route.entry.names();
            ApiError::invalid(names.group, names.plural, "", &errors)
        }),
    }
}
