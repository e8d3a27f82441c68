//! Leader election: of several instances of a component, the one that holds the Lease works.
//!
//! As upstream's: a lease that is not renewed for `lease_duration` may be taken by anyone; a leader that could not renew it
//! for `renew_deadline` stops. Other instances' clocks are not believed: a lease counts from when it was seen to change.

use crate::{Stop, stopped};
use api_meta::v1::ObjectMeta;
use api_misc::coordination::v1::{Lease, LeaseSpec};
use client::{Client, ClientError};
use schema::MicroTime;
use std::sync::Arc;
use std::time::Duration;
use stdx::Clock;
use tokio::sync::watch;
use tokio::time::Instant;

#[derive(Clone, Debug)]
pub struct LeaderConfig {
    pub namespace: String,
    /// Of the Lease, such as `kube-controller-manager`.
    pub name: String,
    /// Of this instance: unlike that of any other.
    pub identity: String,
    pub lease_duration: Duration,
    pub renew_deadline: Duration,
    pub retry_period: Duration,
}

impl LeaderConfig {
    /// Upstream's times.
    pub fn new(namespace: &str, name: &str, identity: &str) -> LeaderConfig {
        LeaderConfig {
            namespace: namespace.into(),
            name: name.into(),
            identity: identity.into(),
            lease_duration: Duration::from_secs(15),
            renew_deadline: Duration::from_secs(10),
            retry_period: Duration::from_secs(2),
        }
    }
}

/// This instance leads until `lost` becomes true.
pub struct Leadership {
    pub lost: watch::Receiver<bool>,
}

/// Waits until this instance leads; `None` at `stop`. The lease is renewed in the background until `stop`, when it is given
/// back, or until that fails.
pub async fn lead(config: LeaderConfig, client: Client, clock: Arc<dyn Clock>, mut stop: Stop) -> Option<Leadership> {
    let mut election = Election { config, client, clock, seen: None };
    loop {
        match election.try_lease().await {
            Ok(true) => break,
            Ok(false) => {}
            Err(error) => tracing::debug!(%error, "cannot ask for the lease"),
        }
        tokio::select! {
            () = tokio::time::sleep(election.config.retry_period) => {}
            () = stopped(&mut stop) => return None,
        }
    }
    tracing::info!(lease = election.config.name, identity = election.config.identity, "leading");
    let (sender, lost) = watch::channel(false);
    tokio::spawn(async move {
        election.keep(stop).await;
        sender.send_replace(true);
    });
    Some(Leadership { lost })
}

struct Election {
    config: LeaderConfig,
    client: Client,
    clock: Arc<dyn Clock>,
    /// The lease as it was last seen to change, and when that was.
    seen: Option<(LeaseSpec, Instant)>,
}

impl Election {
    async fn keep(&mut self, mut stop: Stop) {
        let mut renewed = Instant::now();
        while renewed.elapsed() < self.config.renew_deadline {
            tokio::select! {
                () = tokio::time::sleep(self.config.retry_period) => {}
                () = stopped(&mut stop) => return self.give_back().await,
            }
            let deadline = renewed + self.config.renew_deadline;
            match tokio::time::timeout_at(deadline, self.try_lease()).await {
                Ok(Ok(true)) => renewed = Instant::now(),
                Ok(Ok(false)) => {
                    tracing::warn!(lease = self.config.name, "another instance leads");
                    return;
                }
                Ok(Err(error)) => tracing::debug!(%error, "cannot renew the lease"),
                Err(_) => break,
            }
        }
        tracing::warn!(lease = self.config.name, "the lease could not be renewed in time");
    }

    /// Takes or renews the lease, if it is free or ours.
    async fn try_lease(&mut self) -> Result<bool, ClientError> {
        let now = MicroTime::from_unix_micros(self.clock.now() / 1_000);
        let found = self.client.get::<Lease>(&self.config.namespace, &self.config.name).await;
        let mut lease = match found {
            Ok(lease) => lease,
            Err(error) if error.is_not_found() => return self.create(now).await,
            Err(error) => return Err(error),
        };
        if self.seen.as_ref().is_none_or(|(spec, _)| *spec != lease.spec) {
            self.seen = Some((lease.spec.clone(), Instant::now()));
        }
        let holder = lease.spec.holder_identity.clone().unwrap_or_default();
        let ours = holder == self.config.identity;
        let fresh = self.seen.as_ref().is_some_and(|(_, at)| at.elapsed() < duration_of(&lease.spec));
        if !ours && !holder.is_empty() && fresh {
            return Ok(false);
        }
        let transitions = lease.spec.lease_transitions.unwrap_or_default();
        let acquired = if ours { lease.spec.acquire_time } else { Some(now) };
        let transitions = if ours { transitions } else { transitions.saturating_add(1) };
        lease.spec = LeaseSpec { acquire_time: acquired, lease_transitions: Some(transitions), ..self.spec(now) };
        self.write(&lease).await
    }

    async fn create(&mut self, now: MicroTime) -> Result<bool, ClientError> {
        let (name, namespace) = (self.config.name.clone(), self.config.namespace.clone());
        let metadata = ObjectMeta { name, namespace, ..ObjectMeta::default() };
        let lease = self.client.create(&Lease { metadata, spec: self.spec(now) }).await;
        self.won(lease)
    }

    async fn write(&mut self, lease: &Lease) -> Result<bool, ClientError> {
        let lease = self.client.update(lease).await;
        self.won(lease)
    }

    /// To be second is no error.
    fn won(&mut self, lease: Result<Lease, ClientError>) -> Result<bool, ClientError> {
        match lease {
            Ok(lease) => {
                self.seen = Some((lease.spec, Instant::now()));
                Ok(true)
            }
            Err(error) if error.is_conflict() || error.is_already_exists() => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// So that the next leader need not wait for the lease to run out.
    async fn give_back(&mut self) {
        let Ok(mut lease) = self.client.get::<Lease>(&self.config.namespace, &self.config.name).await else { return };
        if lease.spec.holder_identity.as_deref() != Some(&self.config.identity) {
            return;
        }
        lease.spec.holder_identity = Some(String::new());
        lease.spec.lease_duration_seconds = Some(1);
        if let Err(error) = self.client.update(&lease).await {
            tracing::debug!(%error, "cannot give the lease back");
        }
    }

    fn spec(&self, now: MicroTime) -> LeaseSpec {
        LeaseSpec {
            holder_identity: Some(self.config.identity.clone()),
            lease_duration_seconds: i32::try_from(self.config.lease_duration.as_secs()).ok(),
            acquire_time: Some(now),
            renew_time: Some(now),
            lease_transitions: Some(0),
            ..LeaseSpec::default()
        }
    }
}

fn duration_of(spec: &LeaseSpec) -> Duration {
    Duration::from_secs(spec.lease_duration_seconds.unwrap_or_default().max(0) as u64)
}
