use super::*;
use schema::Text;

fn matches(selector: &str, labels: &[(&str, &str)]) -> Result<bool, String> {
    let mut labels: Vec<(Text, Text)> = labels.iter().map(|(k, v)| (Text::from(*k), Text::from(*v))).collect();
    labels.sort();
    LabelSelector::parse(selector).map(|selector| selector.matches(&labels))
}

#[test]
fn labels_match_by_upstreams_grammar() {
    let labels = &[("t", "x"), ("n", "5"), ("e", "")];
    for (selector, wanted) in [
        ("", true),
        ("t=x", true),
        ("t==x,n=5", true),
        ("t!=x", false),
        ("missing!=x", true),
        ("t in (x, y)", true),
        ("t notin (x)", false),
        ("t", true),
        ("!t", false),
        ("!missing", true),
        ("n>4", true),
        ("n < 5", false),
        ("t > 1", false),
        ("e=", true),
        ("e in ()", true),
        ("a==", false),
    ] {
        assert_eq!(matches(selector, labels), Ok(wanted), "{selector}");
    }
}

#[test]
fn label_errors_have_upstreams_words() {
    for (selector, wanted) in [
        ("a b", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"),
        ("bad selector (", "unable to parse requirement: found 'selector', expected: in, notin, =, ==, !=, gt, lt"),
        ("a=b c", "found 'c', expected: ',' or 'end of string'"),
        ("a,", "found '', expected: identifier after ','"),
        (
            "a>x",
            "unable to parse requirement: values[0][a]: Invalid value: \"x\": for 'Gt', 'Lt' operators, the value must be an integer",
        ),
    ] {
        assert_eq!(matches(selector, &[]), Err(wanted.to_owned()), "{selector}");
    }
}

#[test]
fn fields_match_and_fail_as_upstream() {
    let value_of = |field: &str| (field == "metadata.name").then_some("x");
    for (selector, wanted) in [
        ("metadata.name=x", true),
        ("metadata.name!=x", false),
        ("metadata.name==x,spec.a!=b", true),
        ("spec.a=", true),
    ] {
        assert_eq!(FieldSelector::parse(selector).unwrap().matches(value_of), wanted, "{selector}");
    }
    assert_eq!(FieldSelector::parse("bad"), Err("invalid selector: 'bad'; can't understand 'bad'".to_owned()));
    assert_eq!(FieldSelector::parse("a=b\\,c").unwrap().exact("a"), Some("b,c"));
}
