//! Leader election between two instances.

use crate::fake::Fake;
use crate::{JumpingClock, stop};
use driver::LeaderConfig;
use driver::leader::lead;
use std::sync::Arc;
use std::time::Duration;

#[tokio::test(start_paused = true)]
async fn the_lease_is_given_on_and_taken_over() {
    let fake = Arc::new(Fake::default());
    let clock = JumpingClock::new();
    let config = |identity: &str| LeaderConfig::new("kube-system", "manager", identity);
    let (end_first, stop_first) = stop();
    let (_end_second, stop_second) = stop();
    let first = lead(config("first"), fake.client(), clock.clone(), stop_first).await.unwrap();
    let mut second = tokio::spawn(lead(config("second"), fake.client(), clock.clone(), stop_second));
    assert!(tokio::time::timeout(Duration::from_secs(100), &mut second).await.is_err(), "two leaders");
    assert!(!*first.lost.borrow());

    end_first.send_replace(true);
    let second = tokio::time::timeout(Duration::from_secs(5), second).await.unwrap().unwrap().unwrap();
    let lease = fake.get("leases", "kube-system", "manager").unwrap();
    assert_eq!(lease.str_at(&["spec", "holderIdentity"]), "second");
    assert_eq!(lease.at(&["spec", "leaseTransitions"]).as_i64(), Some(1));

    // Someone takes it by force: the leader steps down.
    let mut lost = second.lost;
    let client = fake.client();
    let mut lease: api_misc::coordination::v1::Lease = client.get("kube-system", "manager").await.unwrap();
    lease.spec.holder_identity = Some("third".into());
    while client.update(&lease).await.is_err() {
        lease.metadata =
            client.get::<api_misc::coordination::v1::Lease>("kube-system", "manager").await.unwrap().metadata;
    }
    tokio::time::timeout(Duration::from_secs(5), lost.wait_for(|lost| *lost)).await.unwrap().unwrap();
}
