//! What goes through the API server to the kubelet: logs, exec, attach, cp, port-forward.

use crate::Case;
use crate::cluster::{free_port, scratch};
use crate::kubectl::{Kubectl, pod, text};
use crate::wait;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

pub const CASES: &[Case] = &[
    Case::Shared("logs", logs),
    Case::Shared("exec", exec),
    Case::Shared("attach", attach),
    Case::Shared("copy", copy),
    Case::Shared("port_forward", port_forward),
];

const IDLE: &str = "exec tail -f /dev/null";

/// A program that runs beside the case and ends with it.
struct Beside(Child);

impl Beside {
    fn start(mut command: Command) -> Beside {
        Beside(command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap())
    }

    fn lines(&mut self) -> impl Iterator<Item = String> + use<> {
        BufReader::new(self.0.stdout.take().unwrap()).lines().map_while(Result::ok)
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        // One that has ended already is what is wanted.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn logs(kubectl: &Kubectl) {
    kubectl.busybox("counts", "for n in 1 2 3; do echo line $n; done; while [ ! -e /tmp/go ]; do sleep 0.1; done; echo last; exec tail -f /dev/null");
    wait::until("the lines are there", || match kubectl.ok(&["logs", "counts"]) {
        all if all == "line 1\nline 2\nline 3\n" => Ok(()),
        other => Err(other),
    });
    assert_eq!(kubectl.ok(&["logs", "counts", "--tail=1"]), "line 3\n");
    let mut follower = Beside::start(kubectl.command(&["logs", "-f", "counts"]));
    let mut lines = follower.lines();
    assert_eq!(lines.by_ref().take(3).collect::<Vec<_>>(), ["line 1", "line 2", "line 3"]);
    kubectl.ok(&["exec", "counts", "--", "touch", "/tmp/go"]);
    assert_eq!(lines.next().as_deref(), Some("last"));
}

fn exec(kubectl: &Kubectl) {
    kubectl.busybox("shell", IDLE);
    assert_eq!(kubectl.ok(&["exec", "shell", "--", "echo", "hello"]), "hello\n");
    let through = kubectl.run(&["exec", "-i", "shell", "--", "cat"], Some("to and fro\n"));
    assert_eq!(text(&through.stdout), "to and fro\n");
    let failed = kubectl.run(&["exec", "shell", "--", "sh", "-c", "echo no >&2; exit 42"], None);
    assert_eq!(failed.status.code(), Some(42));
    assert!(text(&failed.stderr).starts_with("no\n"), "{}", text(&failed.stderr));
    let line = kubectl.line("exec -it shell -- sh -c 'test -t 0 && echo a terminal'");
    let on_terminal = Command::new("script").args(["-qec", &line, "/dev/null"]).stdin(Stdio::null()).output().unwrap();
    assert!(text(&on_terminal.stdout).contains("a terminal"), "{}", text(&on_terminal.stdout));
}

fn attach(kubectl: &Kubectl) {
    let manifest = pod("echoes", "while read -r line; do echo got $line; done");
    kubectl.apply(&manifest.replace("name: main\n", "name: main\n    stdin: true\n"));
    kubectl.until_ready("echoes");
    let mut attached = Beside::start(kubectl.command(&["attach", "-i", "echoes"]));
    attached.0.stdin.as_mut().unwrap().write_all(b"this\n").unwrap();
    assert_eq!(attached.lines().find(|line| line.starts_with("got")).as_deref(), Some("got this"));
}

fn copy(kubectl: &Kubectl) {
    kubectl.busybox("box", IDLE);
    let directory = scratch();
    fs::create_dir_all(&directory).unwrap();
    let (from, back) = (directory.join("from"), directory.join("back"));
    let content = "0123456789abcdef\n".repeat(20_000);
    fs::write(&from, &content).unwrap();
    kubectl.ok(&["cp", from.to_str().unwrap(), "box:/tmp/there"]);
    kubectl.ok(&["cp", "box:/tmp/there", back.to_str().unwrap()]);
    let returned = fs::read_to_string(&back).unwrap();
    fs::remove_dir_all(&directory).unwrap();
    assert!(returned == content, "{} of {} bytes came back", returned.len(), content.len());
}

fn port_forward(kubectl: &Kubectl) {
    kubectl.ok(&["run", "web", "--image=tiphys.test/nginx:1"]);
    kubectl.until_ready("web");
    let port = free_port();
    let _forwarder = Beside::start(kubectl.command(&["port-forward", "pod/web", &format!("{port}:80")]));
    wait::until("the forwarded port answers", || {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).map_err(|error| error.to_string())?;
        stream.write_all(b"GET / HTTP/1.0\r\n\r\n").map_err(|error| error.to_string())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).map_err(|error| error.to_string())?;
        if answer.starts_with("HTTP/1.1 200") { Ok(()) } else { Err(answer) }
    });
}
