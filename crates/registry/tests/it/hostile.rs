//! What comes in a request line that is made to harm: an error or an answer, soon, and no panic.

use proptest::prelude::*;
use registry::query::{Query, unescape};
use registry::request_info::RequestInfo;
use registry::selector::{FieldSelector, LabelSelector};
use schema::Text;
use std::time::{Duration, Instant};

/// Far more than any of these takes, even unoptimized on a busy machine.
const SOON: Duration = Duration::from_secs(20);

/// A requirement with what it means, told without a parser.
#[derive(Clone, Debug)]
struct Known {
    text: String,
    key: String,
    /// The values that fit; none: only presence counts.
    values: Option<Vec<String>>,
    wanted: bool,
}

impl Known {
    fn holds(&self, labels: &[(Text, Text)]) -> bool {
        let value = labels.iter().find(|(key, _)| *key == self.key).map(|(_, value)| value.as_str());
        match (&self.values, value) {
            (None, value) => value.is_some() == self.wanted,
            (Some(values), Some(value)) => values.iter().any(|one| one == value) == self.wanted,
            (Some(_), None) => !self.wanted,
        }
    }
}

fn known() -> impl Strategy<Value = Known> {
    let values = prop::collection::vec("[a-c]{1,2}", 1..4);
    ("[a-d]", values, 0..6_usize).prop_map(|(key, values, form)| {
        let list = values.join(",");
        let (text, values, wanted) = match form {
            0 => (key.clone(), None, true),
            1 => (format!("!{key}"), None, false),
            2 => (format!("{key} = {}", values[0]), Some(vec![values[0].clone()]), true),
            3 => (format!("{key}!={}", values[0]), Some(vec![values[0].clone()]), false),
            4 => (format!("{key} in ({list})"), Some(values), true),
            _ => (format!("{key} notin ( {list} )"), Some(values), false),
        };
        Known { text, key, values, wanted }
    })
}

fn labels() -> impl Strategy<Value = Vec<(Text, Text)>> {
    prop::collection::btree_map("[a-d]", "[a-c]{0,2}", 0..4)
        .prop_map(|labels| labels.into_iter().map(|(key, value)| (key.into(), value.into())).collect())
}

proptest! {
    #[test]
    fn selectors_do_not_panic(text in "([a-c./]|in|notin|=|==|!=|!|<|>|\\(|\\)|,| |\\\\|\\PC){0,24}", labels in labels()) {
        if let Ok(selector) = LabelSelector::parse(&text) {
            selector.matches(&labels);
            selector.requirements();
        }
        if let Ok(selector) = FieldSelector::parse(&text) {
            selector.matches(|field| labels.iter().find(|(key, _)| key == field).map(|(_, value)| value.as_str()));
            selector.requirements();
        }
    }

    #[test]
    fn label_selectors_mean_what_their_parts_mean(parts in prop::collection::vec(known(), 1..4), labels in labels()) {
        let text: Vec<&str> = parts.iter().map(|part| part.text.as_str()).collect();
        let selector = LabelSelector::parse(&text.join(",")).unwrap();
        prop_assert_eq!(selector.matches(&labels), parts.iter().all(|part| part.holds(&labels)), "{:?}", text);
    }

    #[test]
    fn request_lines_do_not_panic(path in "(/|api|apis|v1|namespaces|pods|watch|proxy|%2F|%2e%2e|\\.\\.|%|[a-c]|\\PC){0,12}", query in "([a-c=&;+]|%[0-9a-g]{0,2}|watch|fieldSelector|\\PC){0,20}") {
        let query = Query::parse(&query);
        for method in ["GET", "POST", "DELETE", "X"] {
            if let Ok(info) = RequestInfo::new(method, &path, &query) {
                info.api_version();
            }
        }
        let _ = unescape(&path, true);
    }
}

#[test]
fn long_selectors_end_soon() {
    let start = Instant::now();
    for unit in ["a=b,", "a in (b),", "!", "(", "a,", "a in (", ",", "a!=b,"] {
        let text = unit.repeat(100_000);
        for done in [LabelSelector::parse(&text).map(drop), FieldSelector::parse(&text).map(drop)] {
            assert!(done.as_ref().map_or_else(|why| why.len(), |()| 0) <= 4 * text.len());
        }
    }
    assert!(start.elapsed() < SOON, "took {:?}", start.elapsed());
}
