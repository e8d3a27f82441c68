//! One APIService that has a service: checked and asked again and again.

use super::availability::{self, Verdict};
use super::documents;
use super::fetch::{CHECK_TIMEOUT, DOCUMENT_TIMEOUT, Fetched};
use super::handler::Aggregation;
use super::table::{Documents, Spec};
use api_core::v1::Service;
use api_meta::v1::ListOptions;
use api_misc::apiregistration::v1::APIService;
use api_misc::discovery::v1::EndpointSlice;
use client::{Client, ClientError};
use futures_util::future::join_all;
use schema::{Object, Time, Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

/// Upstream's, for what no watch tells of.
const CHECK_EVERY: Duration = Duration::from_secs(30);
/// After a check that failed; doubled each time.
const FIRST_RETRY: Duration = Duration::from_millis(100);
/// After a watch that ended.
const WATCH_AGAIN: Duration = Duration::from_millis(500);
/// One good answer out of as many questions is enough: behind the service may be several servers.
const ATTEMPTS: usize = 5;
const MAX_WRITES: usize = 5;
const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json";
const JSON: &str = "application/json";

/// Works until it is dropped.
pub async fn run(aggregation: Arc<Aggregation>, client: Client, spec: Arc<Spec>) {
    let changed = Arc::new(Notify::new());
    let check = check_forever(&aggregation, &client, &spec, &changed);
    let service = &spec.service;
    let of_service =
        ListOptions { field_selector: format!("metadata.name={}", service.name), ..ListOptions::default() };
    let label_selector = format!("kubernetes.io/service-name={}", service.name);
    let of_slices = ListOptions { label_selector, ..ListOptions::default() };
    tokio::join!(
        check,
        watch::<Service>(&client, &service.namespace, of_service, &changed),
        watch::<EndpointSlice>(&client, &service.namespace, of_slices, &changed),
    );
}

/// Tells of every change.
async fn watch<T: Object>(client: &Client, namespace: &str, options: ListOptions, changed: &Notify) {
    loop {
        match client.watch::<T>(namespace, &options).await {
            Ok(mut events) => {
                while let Some(Ok(_)) = events.next().await {
                    changed.notify_one();
                }
            }
            Err(error) => tracing::debug!(%error, "watching the service of an aggregated group failed"),
        }
        tokio::time::sleep(WATCH_AGAIN).await;
    }
}

async fn check_forever(aggregation: &Arc<Aggregation>, client: &Client, spec: &Arc<Spec>, changed: &Notify) {
    let mut retry = FIRST_RETRY;
    loop {
        let verdict = check(aggregation, spec).await;
        if let Err(error) = write(aggregation, client, spec, &verdict).await {
            tracing::warn!(name = spec.name, %error, "the condition of an APIService cannot be written");
        }
        let wait = if verdict.available {
            let documents = Arc::new(read(aggregation, spec).await);
            aggregation.change(|table| table.with(spec, documents.clone()));
            retry = FIRST_RETRY;
            CHECK_EVERY
        } else {
            retry = (retry * 2).min(CHECK_EVERY);
            retry
        };
        tokio::select! {
            () = changed.notified() => {}
            () = tokio::time::sleep(wait) => {}
        }
    }
}

async fn check(aggregation: &Arc<Aggregation>, spec: &Arc<Spec>) -> Verdict {
    let wanted = &spec.service;
    let service = match aggregation.registry.get() {
        Ok(registry) => registry.lookup("", "services", &wanted.namespace, &wanted.name),
        Err(error) => return Verdict::unanswered(error.to_string()),
    };
    if let Some(verdict) = availability::before_asking(wanted, service.as_deref(), &aggregation.slices(spec)) {
        return verdict;
    }
    let path = spec.path();
    let attempts = (0..ATTEMPTS).map(|_| async {
        let fetched = aggregation.fetch(spec, &path, JSON, false, CHECK_TIMEOUT).await?;
        if fetched.status.is_success() {
            return Ok(());
        }
        let address = aggregation.address(spec).map_err(|error| error.to_string())?;
        let url = format!("https://{}:{}{path}", address.host, address.port);
        let status = fetched.status.as_u16();
        Err(format!("failing or missing response from {url}: bad status from {url}: {status}"))
    });
    let mut answers = join_all(attempts).await.into_iter();
    let mut last = String::new();
    loop {
        match answers.next() {
            Some(Ok(())) => return Verdict::passed(),
            Some(Err(why)) => last = why,
            None => return Verdict::unanswered(last),
        }
    }
}

/// Writes the condition, where it is another than before.
async fn write(aggregation: &Aggregation, client: &Client, spec: &Spec, verdict: &Verdict) -> Result<(), ClientError> {
    for attempt in 1.. {
        let object = match client.get::<APIService>("", &spec.name).await {
            Err(error) if error.is_not_found() => return Ok(()),
            found => found?,
        };
        let now = Time::from_unix(aggregation.clock.now_seconds());
        let same = Spec::of(&object).is_some_and(|now| now == *spec);
        let Some(changed) = availability::with_condition(&object, verdict, now).filter(|_| same) else { return Ok(()) };
        match client.update_status(&changed).await {
            Err(error) if error.is_conflict() && attempt < MAX_WRITES => {}
            written => return written.map(drop),
        }
    }
    Ok(())
}

/// What the server says of itself; what it does not say is not known.
async fn read(aggregation: &Aggregation, spec: &Spec) -> Documents {
    let get = |path: String, accept: &'static str| async move {
        match aggregation.fetch(spec, &path, accept, true, DOCUMENT_TIMEOUT).await {
            Ok(fetched) if fetched.status.is_success() => Some(fetched),
            Ok(fetched) => {
                tracing::debug!(name = spec.name, path, status = %fetched.status, "a document of an aggregated group is missing");
                None
            }
            Err(why) => {
                tracing::debug!(name = spec.name, path, why, "a document of an aggregated group cannot be read");
                None
            }
        }
    };
    let mut resources = None;
    if let Some(fetched) = get("/apis".into(), AGGREGATED).await
        && fetched.content_type.contains("as=APIGroupDiscoveryList")
    {
        let of = spec.group_version();
        resources = parse(&fetched).and_then(|document| documents::resources_of_aggregated(&document, &of));
    }
    if resources.is_none() {
        let fetched = get(spec.path(), JSON).await;
        resources = fetched.as_ref().and_then(parse).map(|document| documents::resources_of_plain(&document));
    }
    let index = get("/openapi/v3".into(), JSON).await.as_ref().and_then(parse);
    let url = index.as_ref().and_then(|index| documents::openapi3_url(index, &spec.path())).map(str::to_owned);
    let openapi_v3 = match url {
        Some(url) => get(url, JSON).await.map(|fetched| fetched.body),
        None => None,
    };
    let openapi_v2 = get("/openapi/v2".into(), JSON).await.as_ref().and_then(parse);
    let openapi_v2 = openapi_v2.map(|document| Arc::new(documents::openapi2(&document, &spec.path())));
    Documents { resources, openapi_v2, openapi_v3 }
}

fn parse(fetched: &Fetched) -> Option<Value> {
    json::parse(&fetched.body, json::Limits::default()).ok()
}
