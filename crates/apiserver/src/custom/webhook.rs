//! Conversion of custom resources by a webhook.

use admission::webhook::{Destination, Target, WebhookClient};
use api_misc::apiextensions::v1::WebhookConversion;
use custom::CustomKind;
use custom::review::{Question, ReviewVersion};
use kind::ApiError;
use registry::{BoxFuture, Converter};
use schema::Value;
use std::sync::Arc;
use std::time::Duration;
use stdx::{Rng, uuid_v4};

/// Upstream's, for all conversions.
const TIMEOUT: Duration = Duration::from_secs(30);
const HTTPS: u16 = 443;

/// How webhooks are reached.
#[derive(Clone)]
pub struct Caller {
    pub client: Arc<dyn WebhookClient>,
    pub rng: Arc<dyn Rng>,
}

pub struct WebhookConverter {
    pub caller: Caller,
    pub kind: Arc<CustomKind>,
    target: Target,
    version: Option<ReviewVersion>,
}

impl WebhookConverter {
    pub fn new(caller: Caller, kind: Arc<CustomKind>, webhook: &WebhookConversion) -> WebhookConverter {
        let version = ReviewVersion::first_known(&webhook.conversion_review_versions);
        WebhookConverter { caller, kind, target: target(webhook), version }
    }

    async fn ask(&self, objects: &[Value], to_api_version: &str) -> Result<Vec<Value>, ApiError> {
        let version = self.version.ok_or_else(|| failure("no supported conversion review versions".to_owned()))?;
        let uid = uuid_v4(&*self.caller.rng);
        let question = Question { uid: &uid, version, to_api_version, objects };
        let answer = self.caller.client.post(&self.target, question.body(), TIMEOUT).await;
        question.answer(answer).map_err(failure)?.into_iter().map(|value| self.kind.pruned(value)).collect()
    }
}

impl Converter for WebhookConverter {
    fn convert<'a>(
        &'a self,
        mut values: Vec<Value>,
        to_api_version: &'a str,
    ) -> BoxFuture<'a, Result<Vec<Value>, ApiError>> {
        Box::pin(async move {
            let differs = |value: &Value| value.str_at(&["apiVersion"]) != to_api_version;
            let asked: Vec<Value> = values.iter().filter(|value| differs(value)).cloned().collect();
            if asked.is_empty() {
                return Ok(values);
            }
            let converted = self.ask(&asked, to_api_version).await?;
            for (value, converted) in values.iter_mut().filter(|value| differs(value)).zip(converted) {
                *value = converted;
            }
            Ok(values)
        })
    }
}

/// Upstream gives no reason.
fn failure(message: String) -> ApiError {
    ApiError::new(500, "", message)
}

fn target(webhook: &WebhookConversion) -> Target {
    let config = webhook.client_config.as_deref().cloned().unwrap_or_default();
    let destination = match (config.service, config.url) {
        (Some(service), _) => Destination::Service {
            namespace: service.namespace.clone(),
            name: service.name.clone(),
            port: service.port.and_then(|port| u16::try_from(port).ok()).unwrap_or(HTTPS),
            path: service.path.clone().unwrap_or_default(),
        },
        (None, url) => Destination::Url(url.unwrap_or_default()),
    };
    Target { destination, ca_bundle: config.ca_bundle.0 }
}
