//! Upstream's plugins in upstream's order, which of them run by default, and the chain of those that are chosen.

use super::*;
use crate::policy::{MutatingAdmissionPolicy, ValidatingAdmissionPolicy};
use crate::webhook::{Caller, MutatingAdmissionWebhook, ValidatingAdmissionWebhook};
use crate::{AsyncPlugin, Chain, Link, Plugin};

/// Which plugins run, and what they are told.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Besides those that run by default.
    pub enable: Vec<String>,
    pub disable: Vec<String>,
    pub configuration: Configuration,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SelectionError {
    #[error("{flag}-admission-plugins plugin {name:?} is unknown")]
    Unknown { flag: &'static str, name: String },
    #[error("[{}] in enable-admission-plugins and disable-admission-plugins overlapped", .0.join(" "))]
    Both(Vec<String>),
    #[error("failed to initialize admission: couldn't init admission plugin {name:?}: {why}")]
    Configuration { name: &'static str, why: String },
}

/// A plugin of the list.
struct Known {
    name: &'static str,
    /// Runs unless it is disabled.
    default: bool,
    make: fn(&Parts, &Value) -> Result<Option<Link>, String>,
}

const fn on(name: &'static str, make: fn(&Parts, &Value) -> Result<Option<Link>, String>) -> Known {
    Known { name, default: true, make }
}

const fn off(name: &'static str, make: fn(&Parts, &Value) -> Result<Option<Link>, String>) -> Known {
    Known { name, default: false, make }
}

fn pure(plugin: impl Plugin + 'static) -> Result<Option<Link>, String> {
    Ok(Some(Link::Pure(Box::new(plugin))))
}

fn waiting(plugin: impl AsyncPlugin + 'static) -> Result<Option<Link>, String> {
    Ok(Some(Link::Waiting(Box::new(plugin))))
}

/// Of plugins that upstream has behind feature gates which are off: named, so that a selection may name them.
fn gated(_parts: &Parts, _configuration: &Value) -> Result<Option<Link>, String> {
    Ok(None)
}

fn caller(parts: &Parts) -> Caller {
    Caller { client: parts.webhooks.clone(), rng: parts.rng.clone(), authorizer: parts.authorizer.clone() }
}

/// NodeRestriction is off by default upstream; every installer enables it, and without it a node may write what is not its own.
static ORDER: &[Known] = &[
    off("AlwaysAdmit", |_, _| pure(AlwaysAdmit)),
    off("NamespaceAutoProvision", |parts, _| waiting(NamespaceAutoProvision { namespaces: parts.namespaces.clone() })),
    on("NamespaceLifecycle", |_, _| pure(NamespaceLifecycle)),
    off("NamespaceExists", |_, _| pure(NamespaceExists)),
    off("LimitPodHardAntiAffinityTopology", |_, _| pure(LimitPodHardAntiAffinityTopology)),
    on("LimitRanger", |_, _| pure(LimitRanger)),
    on("ServiceAccount", |parts, _| pure(ServiceAccount::new(parts.rng.clone()))),
    on("NodeRestriction", |_, _| pure(NodeRestriction)),
    on("TaintNodesByCondition", |_, _| pure(TaintNodesByCondition)),
    off("AlwaysPullImages", |_, _| pure(AlwaysPullImages)),
    off("ImagePolicyWebhook", |parts, configuration| {
        waiting(ImagePolicyWebhook::new(configuration, parts.images.clone(), parts.clock.clone())?)
    }),
    on("PodSecurity", |_, configuration| pure(PodSecurity::new(configuration)?)),
    off("PodNodeSelector", |_, configuration| pure(PodNodeSelector::new(configuration))),
    on("Priority", |_, _| pure(Priority)),
    on("DefaultTolerationSeconds", |parts, _| pure(parts.tolerations)),
    off("PodTolerationRestriction", |_, configuration| pure(PodTolerationRestriction::new(configuration))),
    off("EventRateLimit", |parts, configuration| pure(EventRateLimit::new(configuration, parts.clock.clone())?)),
    off("ExtendedResourceToleration", |_, _| pure(ExtendedResourceToleration)),
    on("DefaultStorageClass", |_, _| pure(DefaultStorageClass)),
    on("StorageObjectInUseProtection", |_, _| pure(StorageObjectInUseProtection)),
    on("PodGroupProtection", gated),
    off("OwnerReferencesPermissionEnforcement", |parts, _| {
        waiting(OwnerReferencesPermissionEnforcement { authorizer: parts.authorizer.clone() })
    }),
    on("PersistentVolumeClaimResize", |_, _| pure(PersistentVolumeClaimResize)),
    on("RuntimeClass", |_, _| pure(RuntimeClass)),
    on("CertificateApproval", |parts, _| waiting(CertificateApproval { authorizer: parts.authorizer.clone() })),
    on("CertificateSigning", |parts, _| waiting(CertificateSigning { authorizer: parts.authorizer.clone() })),
    on("ClusterTrustBundleAttest", |parts, _| {
        waiting(ClusterTrustBundleAttest { authorizer: parts.authorizer.clone() })
    }),
    on("CertificateSubjectRestriction", |_, _| pure(CertificateSubjectRestriction)),
    on("DefaultIngressClass", |_, _| pure(DefaultIngressClass)),
    off("DenyServiceExternalIPs", |_, _| pure(DenyServiceExternalIPs)),
    on("PodTopologyLabels", |_, _| pure(PodTopologyLabels)),
    on("PodGroupWorkloadExists", gated),
    on("NodeDeclaredFeatureValidator", gated),
    on("JobValidation", gated),
    on("MutatingAdmissionPolicy", |parts, _| waiting(MutatingAdmissionPolicy::new(parts.authorizer.clone()))),
    on("MutatingAdmissionWebhook", |parts, _| waiting(MutatingAdmissionWebhook::new(caller(parts)))),
    on("ValidatingAdmissionPolicy", |parts, _| waiting(ValidatingAdmissionPolicy::new(parts.authorizer.clone()))),
    on("ValidatingAdmissionWebhook", |parts, _| waiting(ValidatingAdmissionWebhook::new(caller(parts)))),
    on("ResourceQuota", |parts, configuration| waiting(ResourceQuota::new(parts.quotas.clone(), configuration))),
    off("AlwaysDeny", |_, _| pure(AlwaysDeny)),
];

/// The names of all plugins, in order, with whether they run by default.
pub fn known() -> impl Iterator<Item = (&'static str, bool)> {
    ORDER.iter().map(|known| (known.name, known.default))
}

/// The chosen plugins in order, behind what upstream has in its storage and not in its admission: who may give which role.
pub fn chain(parts: &Parts, selection: &Selection) -> Result<Chain, SelectionError> {
    check(selection)?;
    let has = |names: &[String], name: &str| names.iter().any(|other| other == name);
    let mut links: Vec<Link> = vec![Link::Waiting(Box::new(RoleEscalation {
        rbac: parts.rbac.clone(),
        authorizer: parts.authorizer.clone(),
    }))];
    for known in ORDER {
        let wanted = known.default && !has(&selection.disable, known.name);
        if !wanted && !has(&selection.enable, known.name) {
            continue;
        }
        let made = (known.make)(parts, selection.configuration.of(known.name));
        links.extend(made.map_err(|why| SelectionError::Configuration { name: known.name, why })?);
    }
    Ok(Chain::new(links))
}

fn check(selection: &Selection) -> Result<(), SelectionError> {
    let is_known = |name: &String| ORDER.iter().any(|known| known.name == name);
    for (flag, names) in [("enable", &selection.enable), ("disable", &selection.disable)] {
        if let Some(name) = names.iter().find(|name| !is_known(name)) {
            return Err(SelectionError::Unknown { flag, name: name.clone() });
        }
    }
    let both: Vec<String> = selection.enable.iter().filter(|name| selection.disable.contains(name)).cloned().collect();
    if both.is_empty() { Ok(()) } else { Err(SelectionError::Both(both)) }
}
