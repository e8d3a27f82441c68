use super::*;
use crate::query::Query;

fn list(query: &str) -> Result<ListOptions, String> {
    ListOptions::parse(&Query::parse(query), false).map_err(|error| format!("{} {}", error.code(), error.0.message))
}

#[test]
fn list_options_fail_in_upstreams_words() {
    for (query, wanted) in [
        ("timeoutSeconds=x", "400 strconv.ParseInt: parsing \"x\": invalid syntax"),
        ("limit=x", "400 strconv.ParseInt: parsing \"x\": invalid syntax"),
        ("fieldSelector=a", "400 invalid selector: 'a'; can't understand 'a'"),
        (
            "sendInitialEvents=true",
            "422 ListOptions.meta.k8s.io \"\" is invalid: sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list",
        ),
        (
            "watch=1&sendInitialEvents=true",
            "422 ListOptions.meta.k8s.io \"\" is invalid: resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
        ),
        (
            "resourceVersion=5&resourceVersionMatch=Bogus",
            "422 ListOptions.meta.k8s.io \"\" is invalid: resourceVersionMatch: Unsupported value: \"Bogus\": supported values: \"Exact\", \"NotOlderThan\", \"\"",
        ),
    ] {
        assert_eq!(list(query).unwrap_err(), wanted, "{query}");
    }
    assert_eq!(list("limit=-1").unwrap().limit, 0);
    assert!(list("allowWatchBookmarks=x").unwrap().allow_bookmarks);
    assert!(list("resourceVersion=abc").unwrap().version().is_err());
}

#[test]
fn continue_tokens_come_back() {
    let token = ContinueToken { revision: Some(7), start: "ns/name\0".into() };
    assert_eq!(ContinueToken::decode(&token.encode()).unwrap(), token);
    let newest = ContinueToken { revision: None, ..token };
    assert_eq!(ContinueToken::decode(&newest.encode()).unwrap(), newest);
}

#[test]
fn write_and_delete_options_are_checked() {
    let parse = |query: &str, kind: &str, apply| {
        WriteOptions::parse(&Query::parse(query), kind, apply).map_err(|error| error.0.message.clone())
    };
    assert_eq!(
        parse("dryRun=Bogus", "CreateOptions", false).unwrap_err(),
        "CreateOptions.meta.k8s.io \"\" is invalid: dryRun: Unsupported value: [\"Bogus\"]: supported values: \"All\""
    );
    assert_eq!(
        parse("", "PatchOptions", true).unwrap_err(),
        "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch"
    );
    assert!(parse("dryRun=All&fieldManager=m", "UpdateOptions", false).unwrap().dry_run);
    let read = |query: &str| DeleteOptions::read(DeleteOptions::value_of(&Query::parse(query)).unwrap());
    assert_eq!(read("gracePeriodSeconds=-5").unwrap().grace_period_seconds, Some(1));
    assert!(read("propagationPolicy=Bogus").is_err());
}
