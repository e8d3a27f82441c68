use super::*;

#[test]
fn durations_read_as_in_go() {
    let table = [(0, "0s"), (393, "393ms"), (1000, "1s"), (1200, "1.2s"), (61_005, "1m1.005s")];
    for (millis, text) in table {
        assert_eq!(milliseconds(millis * 1_000_000), text);
    }
}

#[test]
fn references_are_checked_and_completed() {
    for good in ["nginx", "nginx:1.2", "a.b/c", "localhost:5000/x/y:Tag-1", "tiphys.test/busybox:1"] {
        assert_eq!(check_name(good), Ok(()), "{good}");
    }
    let upper =
        "couldn't parse image name \"FOO\": invalid reference format: repository name (library/FOO) must be lowercase";
    assert_eq!(check_name("FOO"), Err(upper.to_owned()));
    for bad in ["", "a b", "nginx:", "-x", "a//b", "nginx@sha256:1"] {
        assert_eq!(check_name(bad), Err(format!("couldn't parse image name \"{bad}\": invalid reference format")));
    }
    assert_eq!(with_tag("localhost:5000/x"), "localhost:5000/x:latest");
    assert_eq!(with_tag("x@sha256:0"), "x@sha256:0");
}
