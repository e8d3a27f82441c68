//! The real kubectl, told which cluster and which namespace.

use crate::wait;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

#[derive(Clone)]
pub struct Kubectl {
    program: PathBuf,
    kubeconfig: PathBuf,
    pub namespace: String,
}

impl Kubectl {
    pub fn new(kubeconfig: &Path) -> Kubectl {
        let (program, namespace) = ("kubectl".into(), "default".to_owned());
        Kubectl { program, kubeconfig: kubeconfig.to_owned(), namespace }
    }

    pub fn in_namespace(&self, namespace: &str) -> Kubectl {
        Kubectl { namespace: namespace.to_owned(), ..self.clone() }
    }

    /// Another kubectl than the machine's.
    pub fn of_program(&self, program: &Path) -> Kubectl {
        Kubectl { program: program.to_owned(), ..self.clone() }
    }

    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// kubectl as a process that the caller starts.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.env("HOME", self.kubeconfig.parent().expect("it lies in a data directory"));
        command.arg("--kubeconfig").arg(&self.kubeconfig).args(["--namespace", &self.namespace]).args(arguments);
        command
    }

    /// The command as one would type it, for programs that want it as text.
    pub fn line(&self, arguments: &str) -> String {
        format!("kubectl --kubeconfig {} --namespace {} {arguments}", self.kubeconfig.display(), self.namespace)
    }

    /// As whoever holds `token` instead of the administrator.
    pub fn with_token(&self, token: &str, arguments: &[&str]) -> Output {
        let text = fs::read_to_string(&self.kubeconfig).unwrap();
        let server = text.lines().find_map(|line| line.trim().strip_prefix("server: ")).unwrap().to_owned();
        let mut command = Command::new("kubectl");
        command
            .env("KUBECONFIG", "/dev/null")
            .env("HOME", self.kubeconfig.parent().expect("it lies in a data directory"));
        command.args(["--server", &server, "--insecure-skip-tls-verify", "--token", token]);
        command.args(arguments).output().unwrap()
    }

    pub fn run(&self, arguments: &[&str], input: Option<&str>) -> Output {
        let mut command = self.command(arguments);
        let stdin = if input.is_some() { Stdio::piped() } else { Stdio::null() };
        let mut child = command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        if let Some(input) = input {
            child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        }
        child.wait_with_output().unwrap()
    }

    /// What it prints; it must succeed.
    #[track_caller]
    pub fn ok(&self, arguments: &[&str]) -> String {
        succeeded(arguments, self.run(arguments, None))
    }

    /// Its words on stderr; it must fail.
    #[track_caller]
    pub fn fails(&self, arguments: &[&str], input: Option<&str>) -> String {
        let output = self.run(arguments, input);
        assert!(!output.status.success(), "kubectl {arguments:?} should fail");
        text(&output.stderr)
    }

    #[track_caller]
    pub fn apply(&self, manifest: &str) -> String {
        let arguments = ["apply", "-f", "-"];
        succeeded(&arguments, self.run(&arguments, Some(manifest)))
    }

    /// `jsonpath` of an object or a list; what is not there is empty.
    pub fn get(&self, what: &str, jsonpath: &str) -> String {
        let mut arguments = vec!["get", "--ignore-not-found", "-o"];
        let path = format!("jsonpath={jsonpath}");
        arguments.push(&path);
        arguments.extend(what.split(' '));
        let output = self.run(&arguments, None);
        if output.status.success() { text(&output.stdout) } else { text(&output.stderr) }
    }

    /// Waits until `jsonpath` of `what` is `wanted`.
    pub fn until(&self, what: &str, jsonpath: &str, wanted: &str) {
        let subject = format!("{what} {jsonpath} = {wanted:?}");
        wait::until(&subject, || match self.get(what, jsonpath) {
            found if found == wanted => Ok(()),
            other => Err(other),
        });
    }

    pub fn until_gone(&self, what: &str) {
        self.until(what, "{.metadata.name}{.items[*].metadata.name}", "");
    }

    pub fn rollout(&self, what: &str) {
        self.ok(&["rollout", "status", what, "--timeout=60s"]);
    }

    /// A pod of one busybox container that runs `script`; waits until it is Ready.
    pub fn busybox(&self, name: &str, script: &str) {
        self.apply(&pod(name, script));
        self.until_ready(name);
    }

    pub fn until_ready(&self, pod: &str) {
        self.until(&format!("pod {pod}"), READY, "True");
    }
}

pub const READY: &str = "{.status.conditions[?(@.type==\"Ready\")].status}";

/// A pod that ends as soon as it is told to.
pub fn pod(name: &str, script: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, labels: {{app: {name}}}}}\nspec:\n  \
         terminationGracePeriodSeconds: 1\n  containers:\n  - name: main\n    image: tiphys.test/busybox:1\n    \
         command: [sh, -c, {script:?}]\n"
    )
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[track_caller]
fn succeeded(arguments: &[&str], output: Output) -> String {
    assert!(output.status.success(), "kubectl {arguments:?}: {}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}
