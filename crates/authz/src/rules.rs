//! What a user may do, as a list: the answer to a SelfSubjectRulesReview.

use api_misc::authorization::v1::{NonResourceRule, ResourceRule};

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rules {
    pub resource: Vec<ResourceRule>,
    pub non_resource: Vec<NonResourceRule>,
    /// There may be more, which this authorizer cannot list.
    pub incomplete: bool,
    pub errors: Vec<String>,
}

impl Rules {
    /// Everything there is.
    pub fn everything() -> Rules {
        let all = || vec!["*".to_owned()];
        let resource = ResourceRule { verbs: all(), api_groups: all(), resources: all(), ..ResourceRule::default() };
        let non_resource = NonResourceRule { verbs: all(), non_resource_urls: all() };
        Rules { resource: vec![resource], non_resource: vec![non_resource], ..Rules::default() }
    }

    /// Nothing that could be told.
    pub fn unknown(why: &str) -> Rules {
        Rules { incomplete: true, errors: vec![why.to_owned()], ..Rules::default() }
    }

    /// What another authorizer adds.
    pub fn add(&mut self, other: Rules) {
        self.resource.extend(other.resource);
        self.non_resource.extend(other.non_resource);
        self.incomplete |= other.incomplete;
        self.errors.extend(other.errors);
    }
}
