//! The gate: priority and fairness, or plain limits.

use super::is_mutating;
use crate::config;
use crate::fallback::respond;
use bytes::Bytes;
use flowcontrol::{
    Alarm, Classification, Controller, Describe, Digest, Entry, InFlight, ListShape, Seat, Settings, Stats, Token, Work,
};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use registry::request_info::RequestInfo;
use registry::{Body, Registry, RequestContext};
use std::sync::Arc;
use std::time::Duration;
use stdx::{Clock, Rng};

const SCHEMA_UID: HeaderName = HeaderName::from_static("x-kubernetes-pf-flowschema-uid");
const LEVEL_UID: HeaderName = HeaderName::from_static("x-kubernetes-pf-prioritylevel-uid");
/// The part of its time that a request may spend in a queue.
const WAIT_PART: u32 = 4;
/// How long what has no deadline (a watch that begins) may wait.
const LONG_RUNNING_WAIT: Duration = Duration::from_secs(15);
/// What the plain limits ask of those whom they send away.
const PLAIN_RETRY_AFTER_SECONDS: i64 = 1;

/// A request, as flow control sees it.
pub struct Asked(pub RequestContext);

pub enum Gate {
    Fair(Arc<Controller>),
    Plain(InFlight),
}

/// The right to run.
pub enum Pass {
    Seat(Seat),
    Token {
        _token: Token,
    },
    /// Long-running requests need none.
    Unlimited,
}

impl Gate {
    pub fn new(settings: &config::Flow, clock: &Arc<dyn Clock>, rng: &Arc<dyn Rng>) -> Gate {
        let (reading, mutating) = (settings.max_requests_inflight, settings.max_mutating_requests_inflight);
        if !settings.enable_priority_and_fairness {
            return Gate::Plain(InFlight::new(reading as usize, mutating as usize));
        }
        let seats = u64::from(reading) + u64::from(mutating);
        let (clock, alarm, seed) = (clock.clone(), Arc::new(TokioAlarm), rng.next_u64());
        Gate::Fair(Arc::new(Controller::new(Settings { seats, clock, alarm, seed })))
    }

    pub fn controller(&self) -> Option<&Arc<Controller>> {
        match self {
            Gate::Fair(controller) => Some(controller),
            Gate::Plain(_) => None,
        }
    }

    /// `limit`: the request's time, if it has a limit.
    pub async fn enter(
        &self,
        asked: &Arc<Asked>,
        registry: &Registry,
        limit: Option<Duration>,
    ) -> Result<Pass, Box<Response<Body>>> {
        let context = &asked.0;
        let is_watch = context.info.verb == "watch";
        if limit.is_none() && !is_watch {
            return Ok(Pass::Unlimited);
        }
        let mutating = is_mutating(context);
        let controller = match self {
            Gate::Fair(controller) => controller,
            Gate::Plain(_) if is_watch => return Ok(Pass::Unlimited),
            Gate::Plain(limits) => {
                let token = limits.enter(mutating, context.caller.user.in_group(authn::MASTERS));
                return match token {
                    Some(token) => Ok(Pass::Token { _token: token }),
                    None => Err(Box::new(too_many(PLAIN_RETRY_AFTER_SECONDS))),
                };
            }
        };
        let entry = controller.enter(asked.clone(), mutating, |max_seats| work(registry, context, max_seats));
        match entry {
            Entry::Go(seat) => Ok(Pass::Seat(seat)),
            Entry::Refused(refusal, classification) => Err(refused(refusal.retry_after, &classification)),
            Entry::Wait(mut waiting) => {
                let wait = limit.map_or(LONG_RUNNING_WAIT, |limit| limit / WAIT_PART);
                match tokio::time::timeout(wait, &mut waiting).await {
                    Ok(seat) => Ok(Pass::Seat(seat)),
                    Err(_) => {
                        let classification = waiting.classification().clone();
                        let seat = waiting.time_out();
                        seat.map(Pass::Seat).map_err(|refusal| refused(refusal.retry_after, &classification))
                    }
                }
            }
        }
    }
}

impl Pass {
    /// Tells the client to which schema and level its request belongs.
    pub fn mark(&self, headers: &mut HeaderMap) {
        if let Pass::Seat(seat) = self {
            mark(&seat.classification, headers);
        }
    }
}

fn mark(classification: &Classification, headers: &mut HeaderMap) {
    let value = |uid: &Bytes| HeaderValue::from_maybe_shared(uid.clone()).ok();
    if let (Some(schema), Some(level)) = (value(&classification.schema_uid), value(&classification.level_uid)) {
        headers.insert(SCHEMA_UID, schema);
        headers.insert(LEVEL_UID, level);
    }
}

fn refused(retry_after: i64, classification: &Classification) -> Box<Response<Body>> {
    let mut response = too_many(retry_after);
    mark(classification, response.headers_mut());
    Box::new(response)
}

fn too_many(retry_after_seconds: i64) -> Response<Body> {
    plain_refusal("Too many requests, please try again later.\n", retry_after_seconds)
}

/// A 429 in plain text, as upstream's filters write it.
pub fn plain_refusal(text: &'static str, retry_after_seconds: i64) -> Response<Body> {
    let body = Bytes::from_static(text.as_bytes());
    let mut response = respond(StatusCode::TOO_MANY_REQUESTS, "text/plain; charset=utf-8", body);
    let headers = response.headers_mut();
    headers.insert(header::RETRY_AFTER, HeaderValue::from(retry_after_seconds));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// What a request is taken to cost.
fn work(registry: &Registry, context: &RequestContext, max_seats: u64) -> Work {
    let (info, query) = (&context.info, &context.query);
    if !info.is_resource {
        return Work::ONE;
    }
    let counts = || registry.counts(&info.group, &info.resource);
    match info.verb.as_str() {
        "watch" if !query.flag("sendInitialEvents") => Work::ONE,
        "list" | "watch" => {
            let Some(counts) = counts() else { return Work::ONE };
            let objects = counts.objects as u64;
            let average_bytes = (counts.bytes as u64).checked_div(objects).unwrap_or(0);
            let shape = shape(info, context);
            Work::of_seats(flowcontrol::list_seats(Stats { objects, average_bytes }, shape, max_seats))
        }
        "create" | "update" | "patch" | "delete" if info.subresource.is_empty() || info.subresource == "status" => {
            counts().map_or(Work::ONE, |counts| flowcontrol::mutating_work(counts.watchers as u64, max_seats))
        }
        _ => Work::ONE,
    }
}

fn shape(info: &RequestInfo, context: &RequestContext) -> ListShape {
    let given = |key: &str| context.query.get(key).unwrap_or_default();
    let limit = given("limit").parse().unwrap_or(0);
    let exact = match given("resourceVersionMatch") {
        "Exact" => true,
        "" => limit > 0 && !matches!(given("resourceVersion"), "" | "0"),
        _ => false,
    };
    let is_watch = info.verb == "watch";
    ListShape {
        limit,
        selective: !given("labelSelector").is_empty() || !given("fieldSelector").is_empty(),
        from_cache: is_watch || (given("continue").is_empty() && !exact),
        single: !info.name.is_empty(),
    }
}

impl Describe for Asked {
    fn digest(&self) -> Digest<'_> {
        let RequestContext { info, caller, .. } = &self.0;
        Digest {
            user: &caller.user,
            verb: &info.verb,
            is_resource: info.is_resource,
            group: &info.group,
            resource: &info.resource,
            subresource: &info.subresource,
            namespace: &info.namespace,
            path: &info.path,
        }
    }

    fn name(&self) -> &str {
        &self.0.info.name
    }

    fn version(&self) -> &str {
        &self.0.info.version
    }
}

struct TokioAlarm;

impl Alarm for TokioAlarm {
    fn set(&self, after: Duration, ring: Box<dyn FnOnce() + Send>) {
        tokio::spawn(async move {
            tokio::time::sleep(after).await;
            ring();
        });
    }
}
