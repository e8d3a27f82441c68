use super::*;

/// A socket's path that is this process' and this test's alone.
fn socket_path(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("tiphys-cri-{name}-{}.sock", std::process::id()))
}

#[tokio::test]
async fn a_runtime_that_says_nothing_runs_into_the_deadline() {
    let path = socket_path("mute");
    let listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
    let timeouts = CriTimeouts { request: Duration::from_millis(50), connect: Duration::from_secs(60) };
    let mute = CriClient::connect(&path, timeouts).await.unwrap_err();
    drop(listener);
    std::fs::remove_file(&path).unwrap();
    assert!(mute.is_deadline_exceeded());
    let expected = format!(
        "validate CRI v1 runtime API for endpoint \"unix://{}\": rpc error: code = DeadlineExceeded desc = context \
         deadline exceeded",
        path.display()
    );
    assert_eq!(mute.to_string(), expected);
}

#[tokio::test]
async fn a_runtime_that_is_not_there_is_unavailable() {
    let path = socket_path("absent");
    let client = CriClient::connect_lazy(&path, CriTimeouts::default()).unwrap();
    let absent = client.version().await.unwrap_err();
    assert!(absent.is_unavailable());
    let expected = "rpc error: code = Unavailable desc = connection error: desc = \"transport: No such file or \
                    directory (os error 2)\"";
    assert_eq!(absent.to_string(), expected);
}

#[test]
fn a_path_that_is_too_long_for_a_socket_is_refused_in_words() {
    let longest = PathBuf::from("/".repeat(MAX_SOCKET_PATH_BYTES));
    assert!(check_socket_path(&longest).is_ok());
    let error = check_socket_path(&longest.join("x")).unwrap_err();
    assert!(error.to_string().contains("has 108 bytes, but the kernel allows 107"), "{error}");
}
