//! A pod's resolver: name servers, search domains, options.

use api_core::v1::Pod;
use cri::v1::DnsConfig;

use crate::config::KubeletConfig;

/// By the pod's policy, with what its `dnsConfig` adds. `resolv_conf` is the node's own file.
pub fn config(pod: &Pod, config: &KubeletConfig, resolv_conf: &str) -> DnsConfig {
    let cluster_first = match pod.spec.dns_policy.as_str() {
        "ClusterFirstWithHostNet" => true,
        "ClusterFirst" | "" => !pod.spec.host_network,
        _ => false,
    };
    let node = parse(resolv_conf);
    let mut dns = match pod.spec.dns_policy.as_str() {
        "None" => DnsConfig::default(),
        _ if cluster_first && !config.cluster_dns.is_empty() => cluster(pod, config, node),
        _ => node,
    };
    if let Some(own) = &pod.spec.dns_config {
        append(&mut dns.servers, &own.nameservers);
        append(&mut dns.searches, &own.searches);
        for option in &own.options {
            dns.options.retain(|have| have.split(':').next() != Some(option.name.as_str()));
            dns.options.push(match &option.value {
                Some(value) => format!("{}:{value}", option.name),
                None => option.name.clone(),
            });
        }
    }
    dns.servers.truncate(MAX_SERVERS);
    dns.searches.truncate(MAX_SEARCHES);
    dns
}

fn cluster(pod: &Pod, config: &KubeletConfig, node: DnsConfig) -> DnsConfig {
    let domain = &config.cluster_domain;
    let mut searches = Vec::new();
    if !domain.is_empty() {
        searches = vec![format!("{}.svc.{domain}", pod.metadata.namespace), format!("svc.{domain}"), domain.clone()];
    }
    append(&mut searches, &node.searches);
    DnsConfig {
        servers: config.cluster_dns.iter().map(ToString::to_string).collect(),
        searches,
        options: vec!["ndots:5".to_owned()],
    }
}

fn append(list: &mut Vec<String>, more: &[String]) {
    for item in more {
        if !list.contains(item) {
            list.push(item.clone());
        }
    }
}

fn parse(resolv_conf: &str) -> DnsConfig {
    let mut dns = DnsConfig::default();
    for line in resolv_conf.lines() {
        let mut words = line.split_whitespace();
        match words.next() {
            Some("nameserver") => dns.servers.extend(words.next().map(str::to_owned)),
            // The last line of these counts.
            Some("search") => dns.searches = words.filter(|domain| *domain != ".").map(str::to_owned).collect(),
            Some("options") => dns.options = words.map(str::to_owned).collect(),
            _ => {}
        }
    }
    dns
}

/// What resolvers take.
const MAX_SERVERS: usize = 3;
const MAX_SEARCHES: usize = 32;
