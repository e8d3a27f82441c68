//! The debugging pages of flow control.

use crate::fallback::respond;
use flowcontrol::Controller;
use http::{Response, StatusCode};
use registry::{Body, RequestContext};

const PREFIX: &str = "/debug/api_priority_and_fairness/";
const TEXT: &str = "text/plain; charset=utf-8";

/// None: the path is none of them.
pub fn answer(controller: &Controller, context: &RequestContext) -> Option<Response<Body>> {
    let text = match context.info.path.strip_prefix(PREFIX)? {
        "dump_priority_levels" => controller.dump_priority_levels(),
        "dump_queues" => controller.dump_queues(),
        "dump_requests" => {
            let details = context.query.get("includeRequestDetails").is_some_and(|text| !text.is_empty());
            controller.dump_requests(details)
        }
        _ => return None,
    };
    Some(respond(StatusCode::OK, TEXT, text.into()))
}
