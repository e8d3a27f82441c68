//! The command line.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::net::IpAddr;
use std::path::PathBuf;

pub const DEFAULT_DATA_DIR: &str = "/var/lib/tiphys";

/// Kubernetes in one program: without a command, starts the roles and runs until it is told to stop.
#[derive(Parser, Debug)]
#[command(name = "tiphys", version)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub options: Options,
    /// Log more; twice for everything.
    #[arg(short, long, action = clap::ArgAction::Count, global = true)]
    pub verbose: u8,
}

#[derive(Subcommand, Debug)]
pub enum Command {
    /// Stop the instance of this data directory; its pods keep running unless told otherwise.
    Down {
        /// End the pods and containerd too.
        #[arg(long)]
        pods: bool,
    },
}

#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Holds everything: the store, certificates, containers, images. Instances with different ones do not meet.
    #[arg(long, default_value = DEFAULT_DATA_DIR, global = true)]
    pub data_dir: PathBuf,
    /// What to run; without it, everything.
    #[arg(long, value_delimiter = ',', value_enum)]
    pub roles: Vec<Role>,
    /// Where the API server listens.
    #[arg(long, default_value = "0.0.0.0")]
    pub bind_address: IpAddr,
    /// The port of the API server.
    #[arg(long, default_value_t = 6443)]
    pub secure_port: u16,
    /// Where others reach the API server; without it, the machine's first address.
    #[arg(long)]
    pub advertise_address: Option<IpAddr>,
    /// The name of this machine's node; without it, the host name.
    #[arg(long)]
    pub node_name: Option<String>,
    /// The range that Services get their addresses from, or one of each family.
    #[arg(long, value_delimiter = ',', default_value = "10.96.0.0/16")]
    pub service_cluster_ip_range: Vec<String>,
    /// Features to turn on or off, as name=true.
    #[arg(long, value_delimiter = ',', value_parser = feature_gate)]
    pub feature_gates: Vec<(String, bool)>,
    /// The range that pods of this node get their addresses from; without it, one that no other instance here has.
    #[arg(long)]
    pub pod_cidr: Option<String>,
    /// The port of the kubelet; 0: any that is free.
    #[arg(long, default_value_t = 10250)]
    pub kubelet_port: u16,
    /// `never` loses writes when the machine crashes. For tests.
    #[arg(long, value_enum, default_value = "always")]
    pub store_sync: StoreSync,
    /// URLs of a real etcd to keep the objects in, instead of the store inside.
    #[arg(long, value_delimiter = ',')]
    pub etcd_servers: Vec<String>,
    /// The authority of etcd's certificates.
    #[arg(long)]
    pub etcd_cafile: Option<PathBuf>,
    /// The certificate to show to etcd.
    #[arg(long)]
    pub etcd_certfile: Option<PathBuf>,
    /// The key of that certificate.
    #[arg(long)]
    pub etcd_keyfile: Option<PathBuf>,
    /// What stands before every key in etcd.
    #[arg(long, default_value = "/registry")]
    pub etcd_prefix: String,
    /// A kubeconfig of the API server that the other roles talk to, where this process does not run it.
    #[arg(long)]
    pub kubeconfig: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Role {
    Apiserver,
    ControllerManager,
    Scheduler,
    Kubelet,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum StoreSync {
    Always,
    Never,
}

fn feature_gate(text: &str) -> Result<(String, bool), String> {
    let (name, value) = text.split_once('=').ok_or("expected name=true or name=false")?;
    let value = value.parse().map_err(|_| format!("{value:?} is neither true nor false"))?;
    Ok((name.to_owned(), value))
}

impl Options {
    pub fn runs(&self, role: Role) -> bool {
        self.roles.is_empty() || self.roles.contains(&role)
    }

    /// Whether this is the instance that the machine's usual paths belong to.
    pub fn is_default_instance(&self) -> bool {
        self.data_dir == std::path::Path::new(DEFAULT_DATA_DIR)
    }
}
