//! The variable `authorizer`: questions that expressions ask of the server's authorizer, with answers kept for one write.

use authn::UserInfo;
use authz::Attributes;
use cel::functions::authorizer::{Authorizer, Check, Decision, Resource, Target};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;

/// Evaluation begins again at most so often; each time at least one more question has its answer.
const MAX_ROUNDS: usize = 16;

/// Asks on behalf of the user of one write.
pub struct Asking {
    authorizer: Arc<dyn authz::Authorizer>,
    user: UserInfo,
    answers: Mutex<HashMap<Question, Decision>>,
    /// Those that take waiting.
    open: Mutex<Vec<Question>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Question {
    service_account: Option<(String, String)>,
    verb: String,
    path: Option<String>,
    /// Group, resource, subresource, namespace, name.
    resource: [String; 5],
}

impl Asking {
    pub fn new(authorizer: Arc<dyn authz::Authorizer>, user: UserInfo) -> Arc<Asking> {
        Arc::new(Asking { authorizer, user, answers: Mutex::default(), open: Mutex::default() })
    }

    /// Runs an evaluation until every question that it asks has its answer.
    pub async fn settled<T>(&self, mut run: impl FnMut() -> T) -> T {
        for _ in 0..MAX_ROUNDS {
            let result = run();
            let open = std::mem::take(&mut *self.open.lock());
            if open.is_empty() {
                return result;
            }
            for question in open {
                let user = self.user_of(&question);
                let decision = told(self.authorizer.authorize(&attributes(&question, &user)).await);
                self.answers.lock().insert(question, decision);
            }
        }
        run()
    }

    fn user_of(&self, question: &Question) -> UserInfo {
        match &question.service_account {
            None => self.user.clone(),
            Some((namespace, name)) => UserInfo::new(
                format!("system:serviceaccount:{namespace}:{name}"),
                &["system:serviceaccounts", &format!("system:serviceaccounts:{namespace}")],
            ),
        }
    }
}

impl Authorizer for Asking {
    fn authorize(&self, check: &Check<'_>) -> Option<Decision> {
        let question = Question::of(check);
        if let Some(answer) = self.answers.lock().get(&question) {
            return Some(answer.clone());
        }
        let user = self.user_of(&question);
        let now = self.authorizer.authorize(&attributes(&question, &user)).into_now().ok();
        let Some(decision) = now.map(told) else {
            self.open.lock().push(question);
            return None;
        };
        self.answers.lock().insert(question, decision.clone());
        Some(decision)
    }
}

impl Question {
    fn of(check: &Check<'_>) -> Question {
        let (path, resource) = match check.target {
            Target::Path(path) => (Some(path.to_owned()), Default::default()),
            Target::Resource(Resource { group, resource, subresource, namespace, name, .. }) => {
                (None, [group, resource, subresource, namespace, name].map(String::clone))
            }
        };
        let owned = |(namespace, name): (&str, &str)| (namespace.to_owned(), name.to_owned());
        Question { service_account: check.service_account.map(owned), verb: check.verb.to_owned(), path, resource }
    }
}

fn attributes<'a>(question: &'a Question, user: &'a UserInfo) -> Attributes<'a> {
    let [api_group, resource, subresource, namespace, name] = question.resource.each_ref().map(String::as_str);
    Attributes {
        resource_request: question.path.is_none(),
        path: question.path.as_deref().unwrap_or_default(),
        api_group,
        api_version: "*",
        resource,
        subresource,
        namespace,
        name,
        ..Attributes::of(user, &question.verb)
    }
}

fn told(decision: authz::Decision) -> Decision {
    Decision { allowed: decision.allowed(), reason: decision.reason().to_owned(), error: decision.error }
}
