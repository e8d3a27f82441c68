//! What the machine is: read once from `/proc`, `/sys` and `/etc`.

use std::collections::BTreeMap;
use std::path::Path;

use api_core::v1::NodeSystemInfo;
use schema::Quantity;

#[derive(Debug, Clone, Default)]
pub struct Machine {
    pub cpus: i64,
    pub memory_bytes: i64,
    /// Of the file system that holds the kubelet's directory.
    pub disk_bytes: i64,
    pub kernel_version: String,
    pub os_image: String,
    pub machine_id: String,
    pub system_uuid: String,
    pub boot_id: String,
    pub swap_bytes: i64,
    /// Page size in KiB to bytes set aside, for sizes that the kernel knows.
    pub huge_pages: Vec<(u64, i64)>,
}

impl Machine {
    /// What cannot be read is empty or zero.
    pub fn read(root_dir: &Path) -> Machine {
        let text = |path: &str| std::fs::read_to_string(path).unwrap_or_default().trim().to_owned();
        let meminfo = text("/proc/meminfo");
        let kilobytes = |name: &str| {
            let line = meminfo.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
            line.and_then(|rest| rest.split_whitespace().next()?.parse::<i64>().ok()).unwrap_or(0) * 1024
        };
        let disk = nix::sys::statvfs::statvfs(root_dir);
        let machine_id = [text("/etc/machine-id"), text("/var/lib/dbus/machine-id")];
        Machine {
            cpus: std::thread::available_parallelism().map_or(1, |n| i64::try_from(n.get()).unwrap_or(1)),
            memory_bytes: kilobytes("MemTotal"),
            disk_bytes: disk.map_or(0, |disk| (disk.blocks() * disk.fragment_size()) as i64),
            kernel_version: text("/proc/sys/kernel/osrelease"),
            os_image: os_image(&text("/etc/os-release")),
            machine_id: machine_id.into_iter().find(|id| !id.is_empty()).unwrap_or_default(),
            system_uuid: text("/sys/class/dmi/id/product_uuid"),
            boot_id: text("/proc/sys/kernel/random/boot_id"),
            swap_bytes: kilobytes("SwapTotal"),
            huge_pages: huge_pages(),
        }
    }

    pub fn capacity(&self, max_pods: u32) -> BTreeMap<String, Quantity> {
        let mut capacity = BTreeMap::from([
            ("cpu".to_owned(), Quantity::from_units(self.cpus)),
            ("memory".to_owned(), kibibytes(self.memory_bytes)),
            ("ephemeral-storage".to_owned(), kibibytes(self.disk_bytes)),
            ("pods".to_owned(), Quantity::from_units(max_pods.into())),
        ]);
        for (size, bytes) in &self.huge_pages {
            let name = if *size >= 1024 * 1024 {
                format!("{}Gi", size / 1024 / 1024)
            } else if *size >= 1024 {
                format!("{}Mi", size / 1024)
            } else {
                format!("{size}Ki")
            };
            capacity.insert(format!("hugepages-{name}"), Quantity::from_bytes(*bytes));
        }
        capacity
    }

    /// The capacity less what the node keeps free before it evicts pods: 100 MiB of memory, a tenth of the disk.
    pub fn allocatable(&self, max_pods: u32) -> BTreeMap<String, Quantity> {
        let mut allocatable = self.capacity(max_pods);
        let huge: i64 = self.huge_pages.iter().map(|(_, bytes)| bytes).sum();
        allocatable.insert("memory".to_owned(), kibibytes(self.memory_bytes - EVICTION_MEMORY_BYTES - huge));
        allocatable.insert("ephemeral-storage".to_owned(), Quantity::from_units(self.disk_bytes / 10 * 9));
        allocatable
    }

    pub fn system_info(&self, runtime_version: &str) -> NodeSystemInfo {
        NodeSystemInfo {
            architecture: architecture().to_owned(),
            boot_id: self.boot_id.clone(),
            container_runtime_version: runtime_version.to_owned(),
            kernel_version: self.kernel_version.clone(),
            kubelet_version: crate::config::KUBELET_VERSION.to_owned(),
            machine_id: self.machine_id.clone(),
            operating_system: "linux".to_owned(),
            os_image: self.os_image.clone(),
            system_uuid: if self.system_uuid.is_empty() { self.machine_id.clone() } else { self.system_uuid.clone() },
            swap: Some(Box::new(api_core::v1::NodeSwapStatus { capacity: Some(self.swap_bytes) })),
            ..NodeSystemInfo::default()
        }
    }
}

/// Go's name of the processor.
pub fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

fn kibibytes(bytes: i64) -> Quantity {
    Quantity::parse(&format!("{}Ki", bytes.max(0) / 1024)).unwrap_or_default()
}

fn os_image(os_release: &str) -> String {
    let name = os_release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="));
    name.map_or_else(|| "Linux".to_owned(), |name| name.trim_matches('"').to_owned())
}

fn huge_pages() -> Vec<(u64, i64)> {
    let entries = std::fs::read_dir("/sys/kernel/mm/hugepages").into_iter().flatten().flatten();
    let mut sizes: Vec<_> = entries
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let size: u64 = name.strip_prefix("hugepages-")?.strip_suffix("kB")?.parse().ok()?;
            let pages = std::fs::read_to_string(entry.path().join("nr_hugepages")).ok()?;
            let pages: i64 = pages.trim().parse().ok()?;
            Some((size, pages * i64::try_from(size).ok()? * 1024))
        })
        .collect();
    sizes.sort_unstable();
    sizes
}

/// Upstream's default threshold `memory.available<100Mi`.
pub const EVICTION_MEMORY_BYTES: i64 = 100 * 1024 * 1024;
