//! Upstream's components by their names: `kube-apiserver` with all its flags, the others as roles that a kubeconfig leads to
//! their API server.
//!
//! Of the others' flags those are taken that say where the API server is, who the node is and how much to log.
//! Deliberately absent: their many knobs, and their configuration files.

use crate::config::{DEFAULT_DATA_DIR, Options, Role};
use crate::pflag::{self, Effect, Flag, Flags, Kind, Sections};
use crate::{VERSION, kube_apiserver, logging, run};
use clap::Parser;
use std::process::ExitCode;

struct Component {
    name: &'static str,
    role: Role,
    about: &'static str,
    sections: Sections,
}

const fn flag(name: &'static str, kind: Kind, default: &'static str, help: &'static str) -> Flag {
    Flag { name, kind, default, help, effect: Effect::Acts }
}

const fn harmless(name: &'static str, kind: Kind, default: &'static str, help: &'static str) -> Flag {
    Flag { name, kind, default, help, effect: Effect::Harmless }
}

const KUBECONFIG: Flag =
    flag("kubeconfig", Kind::Text, "", "The file that says how to reach the API server, and as whom.");
const DATA_DIR: Flag = flag("root-dir", Kind::Text, DEFAULT_DATA_DIR, "Holds what this component keeps.");
const VERBOSITY: Flag = flag("v", Kind::Level, "0", "How much to log.");
const LEADER_ELECT: Flag = harmless("leader-elect", Kind::Bool, "true", "Let one of several work, which is always so.");
const OWN_CONFIG: Flag = harmless(
    "authentication-kubeconfig",
    Kind::Text,
    "",
    "Where callers of this component are known, of which there are none.",
);
const OWN_RIGHTS: Flag = harmless("authorization-kubeconfig", Kind::Text, "", "Where their rights are known.");

static LOOP_FLAGS: Sections = &[("Generic", &[KUBECONFIG, DATA_DIR, LEADER_ELECT, OWN_CONFIG, OWN_RIGHTS, VERBOSITY])];
static KUBELET_FLAGS: Sections = &[(
    "Generic",
    &[
        KUBECONFIG,
        DATA_DIR,
        VERBOSITY,
        flag("hostname-override", Kind::Text, "", "The name of this node; without it, the host name."),
        flag("node-ip", Kind::Ip, "", "The address of this node; without it, the machine's first."),
        flag("pod-cidr", Kind::Text, "", "The range that pods of this node get their addresses from."),
        flag("port", Kind::Int, "10250", "The port to serve on."),
    ],
)];

static OTHERS: &[Component] = &[
    Component {
        name: "kube-controller-manager",
        role: Role::ControllerManager,
        about: "The controllers of Kubernetes: they bring what is towards what is wanted.",
        sections: LOOP_FLAGS,
    },
    Component {
        name: "kube-scheduler",
        role: Role::Scheduler,
        about: "The scheduler of Kubernetes: chooses nodes for pods.",
        sections: LOOP_FLAGS,
    },
    Component {
        name: "kubelet",
        role: Role::Kubelet,
        about: "The agent of a node: runs the node's pods.",
        sections: KUBELET_FLAGS,
    },
];

/// Runs the component that the program's name or first argument names; none: it names none.
pub fn main(called_as: &str) -> Option<ExitCode> {
    let arguments: Vec<String> = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
    let known = |name: &str| name == kube_apiserver::NAME || OTHERS.iter().any(|component| component.name == name);
    let (name, arguments) = match arguments.split_first() {
        _ if known(called_as) => (called_as, arguments.as_slice()),
        Some((first, rest)) if known(first) => (first.as_str(), rest),
        _ => return None,
    };
    if name == kube_apiserver::NAME {
        return Some(kube_apiserver::main(arguments));
    }
    let component = OTHERS.iter().find(|component| component.name == name)?;
    Some(match start(component, arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("Error: {error:#}");
            ExitCode::FAILURE
        }
    })
}

fn start(component: &Component, arguments: &[String]) -> anyhow::Result<()> {
    let flags = Flags::parse(component.name, component.sections, arguments)?;
    if flags.help {
        print!("{}", pflag::usage(component.name, component.about, component.sections));
        return Ok(());
    }
    if flags.version {
        println!("Kubernetes {VERSION}");
        return Ok(());
    }
    logging::start(u8::from(flags.number::<u8>("v") >= kube_apiserver::DEBUG_FROM));
    run::up(&options(component, &flags))
}

fn options(component: &Component, flags: &Flags) -> Options {
    let mut options = crate::config::Arguments::parse_from(["tiphys"]).options;
    options.roles = vec![component.role];
    options.kubeconfig = flags.path("kubeconfig");
    let kept = flags.path("root-dir").unwrap_or_default();
    // Components of one machine do not share a directory, of which each has one process.
    options.data_dir = if component.role == Role::Kubelet { kept } else { kept.join(component.name) };
    if component.role == Role::Kubelet {
        options.node_name = Some(flags.text("hostname-override")).filter(|name| !name.is_empty());
        options.advertise_address = flags.address("node-ip");
        options.pod_cidr = Some(flags.text("pod-cidr")).filter(|cidr| !cidr.is_empty());
        options.kubelet_port = flags.number("port");
    }
    options
}
