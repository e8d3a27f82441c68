//! What the runtime shows of one pod.

use std::cmp::Reverse;

use crate::Nanos;

/// Everything that the runtime has under one pod's uid.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ObservedPod {
    /// The newest first.
    pub sandboxes: Vec<Sandbox>,
    /// The newest first; several of one name are its earlier runs.
    pub containers: Vec<ObservedContainer>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sandbox {
    pub id: String,
    pub attempt: u32,
    pub ready: bool,
    pub created_at: Nanos,
    pub host_network: bool,
    /// The first is the pod's own; none for a pod in the node's network.
    pub ips: Vec<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ContainerState {
    #[default]
    Created,
    Running,
    Exited,
    Unknown,
}

impl ContainerState {
    /// Upstream's word for it, as it stands in messages.
    pub fn as_str(self) -> &'static str {
        match self {
            ContainerState::Created => "created",
            ContainerState::Running => "running",
            ContainerState::Exited => "exited",
            ContainerState::Unknown => "unknown",
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct ObservedContainer {
    pub id: String,
    pub name: String,
    /// How often it was started before this run.
    pub restart_count: u32,
    pub state: ContainerState,
    pub sandbox_id: String,
    pub created_at: Nanos,
    pub started_at: Nanos,
    pub finished_at: Nanos,
    pub exit_code: i32,
    /// The runtime's reason for the end, such as `Completed`.
    pub reason: String,
    /// The termination message, already read from where the container left it.
    pub message: String,
    pub image: String,
    pub image_ref: String,
    /// Of the definition it was made from; see [`crate::spec::hash`].
    pub hash: String,
}

impl ObservedPod {
    /// The newest run of a container.
    pub fn newest(&self, name: &str) -> Option<&ObservedContainer> {
        self.containers.iter().find(|container| container.name == name)
    }

    /// The newest run that has ended.
    pub fn newest_exited(&self, name: &str) -> Option<&ObservedContainer> {
        self.containers.iter().find(|container| container.name == name && container.state == ContainerState::Exited)
    }

    /// The sandbox that is newest, ready or not.
    pub fn sandbox(&self) -> Option<&Sandbox> {
        self.sandboxes.first()
    }

    /// The pod's addresses: those of its newest sandbox.
    pub fn ips(&self) -> &[String] {
        self.sandbox().map_or(&[], |sandbox| &sandbox.ips)
    }

    /// Containers that may have processes.
    pub fn running(&self) -> impl Iterator<Item = &ObservedContainer> {
        self.containers.iter().filter(|c| matches!(c.state, ContainerState::Running | ContainerState::Unknown))
    }

    pub fn sort(&mut self) {
        self.sandboxes.sort_by_key(|sandbox| Reverse((sandbox.created_at, sandbox.attempt)));
        self.containers.sort_by_key(|container| Reverse((container.created_at, container.restart_count)));
    }
}
