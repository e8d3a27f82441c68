use super::*;

#[test]
fn statuses_are_read_as_client_go_reads_them() {
    let failure = |text: &str| Outcome::Failure(text.to_owned());
    let table = [
        ("", Outcome::Success),
        (r#"{"metadata":{},"status":"Success"}"#, Outcome::Success),
        (
            r#"{"status":"Failure","reason":"NonZeroExitCode","details":{"causes":[{"reason":"ExitCode","message":"3"}]}}"#,
            Outcome::Exit(3),
        ),
        (r#"{"status":"Failure","reason":"InternalError","message":"no such file"}"#, failure("no such file")),
        (
            r#"{"status":"Failure","reason":"NonZeroExitCode"}"#,
            failure("error stream protocol error: details must be set"),
        ),
        (
            r#"{"status":"Failure","reason":"NonZeroExitCode","details":{}}"#,
            failure("error stream protocol error: no ExitCode cause given"),
        ),
        (
            r#"{"status":"Failure","reason":"NonZeroExitCode","details":{"causes":[{"reason":"ExitCode","message":"256"}]}}"#,
            failure("error stream protocol error: invalid exit code value \"256\""),
        ),
        (r#"{"status":"Sideways"}"#, failure("error stream protocol error: unknown error")),
    ];
    for (message, expected) in table {
        assert_eq!(Outcome::read(message.as_bytes(), true), expected, "{message}");
    }
    assert_eq!(Outcome::read(b"oops", false), failure("error executing remote command: oops"));
    assert!(
        matches!(Outcome::read(b"oops", true), Outcome::Failure(text) if text.starts_with("error stream protocol error"))
    );
}

#[test]
fn statuses_are_written_in_the_api_servers_words() {
    let exit = r#"{"metadata":{},"status":"Failure","message":"command terminated with non-zero exit code: command terminated with exit code 42","reason":"NonZeroExitCode","details":{"causes":[{"reason":"ExitCode","message":"42"}]}}"#;
    assert_eq!(Outcome::Exit(42).to_status(), exit);
    let failure = r#"{"metadata":{},"status":"Failure","message":"Internal error occurred: a \"quoted\" text","reason":"InternalError","details":{"causes":[{"message":"a \"quoted\" text"}]},"code":500}"#;
    assert_eq!(Outcome::Failure("a \"quoted\" text".to_owned()).to_status(), failure);
    for outcome in [Outcome::Success, Outcome::Exit(1)] {
        assert_eq!(Outcome::read(outcome.to_status().as_bytes(), true), outcome);
    }
}
