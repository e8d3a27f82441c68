//! NetworkPolicy.

use crate::formats;
use api_misc::networking::v1;
use kind::columns::label_selector_text;
use kind::field::Bare;
use kind::{Cell, Column, FieldErrors, Kind, Names, Path, Scope, Verb, Version, validate};
use schema::{IntOrString, Time, Value, json};

pub struct NetworkPolicy;

static NAMES: Names = Names {
    group: "networking.k8s.io",
    kind: "NetworkPolicy",
    plural: "networkpolicies",
    singular: "networkpolicy",
    short_names: &["netpol"],
    categories: &[],
    scope: Scope::Namespaced,
    versions: &[Version { name: "v1", type_name: "io.k8s.api.networking.v1.NetworkPolicy" }],
    verbs: Verb::ALL,
    subresources: &[],
};

static COLUMNS: &[Column<v1::NetworkPolicy>] =
    &[Column::NAME, Column::string("Pod-Selector", POD_SELECTOR_DESCRIPTION, 0, pod_selector), Column::AGE];

const POD_SELECTOR_DESCRIPTION: &str = "podSelector selects the pods to which this NetworkPolicy object applies. The array of rules is applied to any pods selected by this field. An empty selector matches all pods in the policy's namespace. Multiple network policies can select the same set of pods. In this case, the ingress rules for each are combined additively. This field is optional. If it is not specified, it defaults to an empty selector.";

impl Kind for NetworkPolicy {
    type Object = v1::NetworkPolicy;

    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn columns(&self) -> &'static [Column<v1::NetworkPolicy>] {
        COLUMNS
    }

    fn default(&self, object: &mut v1::NetworkPolicy) {
        let spec = &mut object.spec;
        let ports = spec.ingress.iter_mut().flat_map(|rule| &mut rule.ports);
        for port in ports.chain(spec.egress.iter_mut().flat_map(|rule| &mut rule.ports)) {
            port.protocol.get_or_insert_with(|| "TCP".into());
        }
        if spec.policy_types.is_empty() {
            spec.policy_types.push("Ingress".into());
            if !spec.egress.is_empty() {
                spec.policy_types.push("Egress".into());
            }
        }
    }

    fn spec_changed(&self, new: &v1::NetworkPolicy, old: &v1::NetworkPolicy) -> Option<bool> {
        Some(new.spec != old.spec)
    }

    fn validate(&self, object: &v1::NetworkPolicy, errors: &mut FieldErrors) {
        let (spec, path) = (&object.spec, Path::root("spec"));
        validate::label_selector(&spec.pod_selector, false, &path.child("podSelector"), errors);
        let ingress = path.child("ingress");
        for (index, rule) in spec.ingress.iter().enumerate() {
            let rule_path = ingress.index(index);
            validate_rule(&rule.ports, &rule.from, &rule_path, "from", errors);
        }
        let egress = path.child("egress");
        for (index, rule) in spec.egress.iter().enumerate() {
            let rule_path = egress.index(index);
            validate_rule(&rule.ports, &rule.to, &rule_path, "to", errors);
        }
        let types = path.child("policyTypes");
        if spec.policy_types.len() > 2 {
            errors.invalid(&types, Bare(json_list(&spec.policy_types)), "may not specify more than two policyTypes");
            return;
        }
        for (index, type_) in spec.policy_types.iter().enumerate() {
            if !matches!(type_.as_str(), "Ingress" | "Egress") {
                errors.not_supported(&types.index(index), type_, &["Ingress", "Egress"]);
            }
        }
    }
}

fn pod_selector(object: &v1::NetworkPolicy, _now: Time) -> Cell {
    Cell::from(label_selector_text(Some(&object.spec.pod_selector)))
}

fn json_list(texts: &[String]) -> String {
    json::to_string(&Value::List(texts.iter().map(|text| Value::str(text.as_str())).collect()))
}

fn validate_rule(
    ports: &[v1::NetworkPolicyPort],
    peers: &[v1::NetworkPolicyPeer],
    path: &Path,
    peers_field: &str,
    errors: &mut FieldErrors,
) {
    let ports_path = path.child("ports");
    for (index, port) in ports.iter().enumerate() {
        validate_port(port, &ports_path.index(index), errors);
    }
    let peers_path = path.child(peers_field);
    for (index, peer) in peers.iter().enumerate() {
        validate_peer(peer, &peers_path.index(index), errors);
    }
}

fn validate_port(port: &v1::NetworkPolicyPort, path: &Path, errors: &mut FieldErrors) {
    let protocol = port.protocol.as_deref().unwrap_or("TCP");
    if !matches!(protocol, "TCP" | "UDP" | "SCTP") {
        errors.not_supported(&path.child("protocol"), protocol, &["TCP", "UDP", "SCTP"]);
    }
    let end_path = path.child("endPort");
    match &port.port {
        Some(IntOrString::Int(number)) => {
            for sentence in validate::port_number(i64::from(*number)) {
                errors.invalid(&path.child("port"), *number, sentence);
            }
            if let Some(end) = port.end_port {
                if end < *number {
                    // Upstream shows the port here.
                    errors.invalid(&end_path, *number, "must be greater than or equal to `port`");
                }
                for sentence in validate::port_number(i64::from(end)) {
                    errors.invalid(&end_path, end, sentence);
                }
            }
        }
        Some(IntOrString::String(name)) => {
            if let Some(end) = port.end_port {
                errors.invalid(&end_path, end, "may not be specified when `port` is non-numeric");
            }
            for sentence in validate::port_name(name) {
                errors.invalid(&path.child("port"), name, sentence);
            }
        }
        None => {
            if let Some(end) = port.end_port {
                errors.invalid(&end_path, end, "may not be specified when `port` is not specified");
            }
        }
    }
}

fn validate_peer(peer: &v1::NetworkPolicyPeer, path: &Path, errors: &mut FieldErrors) {
    let mut peers = 0;
    if let Some(selector) = &peer.pod_selector {
        peers += 1;
        validate::label_selector(selector, false, &path.child("podSelector"), errors);
    }
    if let Some(selector) = &peer.namespace_selector {
        peers += 1;
        validate::label_selector(selector, false, &path.child("namespaceSelector"), errors);
    }
    let Some(block) = &peer.ip_block else {
        if peers == 0 {
            errors.required(path, "must specify a peer");
        }
        return;
    };
    validate_block(block, &path.child("ipBlock"), errors);
    if peers > 0 {
        errors.forbidden(path, "may not specify both ipBlock and another peer");
    }
}

fn validate_block(block: &v1::IPBlock, path: &Path, errors: &mut FieldErrors) {
    if block.cidr.is_empty() {
        return errors.required(&path.child("cidr"), "");
    }
    let Some(network) = formats::cidr(&block.cidr, &path.child("cidr"), errors) else { return };
    let except = path.child("except");
    for (index, text) in block.except.iter().enumerate() {
        let path = except.index(index);
        if let Some(inner) = formats::cidr(text, &path, errors)
            && !formats::is_strictly_within(inner, network)
        {
            errors.invalid(&path, text, "must be a strict subset of `cidr`");
        }
    }
}
