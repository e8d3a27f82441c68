//! What a decision consists of.

use std::borrow::Cow;
use std::fmt;

use api_core::v1::PodStatus;

use crate::Nanos;

/// What is to happen with a pod, and what its status is until then.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decision {
    pub life: Life,
    /// One after the other; when one fails, the rest is decided anew, but for containers, which do not wait for each other.
    pub steps: Vec<Step>,
    pub events: Vec<Event>,
    pub status: PodStatus,
    /// When to decide again if nothing happens.
    pub look_again_at: Option<Nanos>,
}

/// Where a pod stands on this node. It only ever moves down this list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Life {
    /// It is to run.
    #[default]
    Syncing,
    /// Its containers are to end.
    Terminating,
    /// Nothing of it runs; what it used on the node can be cleaned up.
    Terminated,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// End these containers at the same time.
    Kill(Vec<Kill>),
    /// Tear a sandbox down: its network and whatever process is left in it.
    StopSandbox {
        id: String,
    },
    /// Remove sandboxes that were replaced and hold no container any more.
    RemoveSandboxes {
        ids: Vec<String>,
    },
    /// Remove dead containers (earlier runs beyond the one that is kept).
    RemoveContainers {
        ids: Vec<String>,
    },
    /// Mount the volumes and make a sandbox.
    CreateSandbox {
        attempt: u32,
    },
    StartContainer {
        name: String,
        restart_count: u32,
    },
    /// Unmount the volumes and remove the cgroup.
    CleanUp,
    /// The pod is to go from the API, and with it the rest of it on the node.
    Delete,
}

/// One container that is to end.
#[derive(Clone, Debug, PartialEq)]
pub struct Kill {
    pub id: String,
    pub name: String,
    pub reason: KillReason,
    /// The text of the event.
    pub message: String,
    /// For its `preStop` hook and itself.
    pub grace_seconds: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KillReason {
    /// The pod ends, or its sandbox is gone.
    Stopping,
    LivenessProbe,
    StartupProbe,
    PostStartHook,
    Changed,
    Unknown,
}

/// An event about the pod, or about one of its containers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub warning: bool,
    pub reason: Cow<'static, str>,
    pub message: String,
    pub container: Option<String>,
}

impl Event {
    pub fn normal(reason: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Event {
        Event { warning: false, reason: reason.into(), message: message.into(), container: None }
    }

    pub fn warning(reason: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Event {
        Event { warning: true, ..Event::normal(reason, message) }
    }

    pub fn of(mut self, container: &str) -> Event {
        self.container = Some(container.to_owned());
        self
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Step::Kill(kills) => {
                let each =
                    |kill: &Kill| format!("{}/{} ({}s: {})", kill.name, kill.id, kill.grace_seconds, kill.message);
                write!(f, "kill {}", kills.iter().map(each).collect::<Vec<_>>().join(", "))
            }
            Step::StopSandbox { id } => write!(f, "stop sandbox {id}"),
            Step::RemoveSandboxes { ids } => write!(f, "remove sandboxes {}", ids.join(", ")),
            Step::RemoveContainers { ids } => write!(f, "remove {}", ids.join(", ")),
            Step::CreateSandbox { attempt } => write!(f, "create sandbox #{attempt}"),
            Step::StartContainer { name, restart_count } => write!(f, "start {name} #{restart_count}"),
            Step::CleanUp => f.write_str("clean up"),
            Step::Delete => f.write_str("delete"),
        }
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", if self.warning { "Warning" } else { "Normal" }, self.reason, self.message)
    }
}
