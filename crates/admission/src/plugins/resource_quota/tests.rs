use super::*;
use schema::value;

fn charged(quota: &Value, delta: &[(&str, &str)]) -> Result<String, String> {
    let delta = delta.iter().map(|(name, text)| ((*name).to_owned(), Quantity::parse(text).unwrap())).collect();
    let refusals = Refusals { group: "", resource: "pods", name: "a" };
    refusals.charged(quota, &delta).map(|after| told(&after)).map_err(|error| error.0.message)
}

#[test]
fn a_charge_fits_or_names_what_does_not() {
    let quota = value!({ "metadata": { "name": "q" }, "status": {
        "hard": { "pods": "3", "requests.cpu": "1" }, "used": { "pods": "1", "requests.cpu": "600m" }
    } });
    assert_eq!(charged(&quota, &[("pods", "1"), ("memory", "1Gi")]).unwrap(), "pods=2");
    assert_eq!(charged(&quota, &[("requests.cpu", "400m")]).unwrap(), "requests.cpu=1");
    assert_eq!(
        charged(&quota, &[("pods", "1"), ("requests.cpu", "600m")]).unwrap_err(),
        "pods \"a\" is forbidden: exceeded quota: q, requested: requests.cpu=600m, used: requests.cpu=600m, \
         limited: requests.cpu=1"
    );
}

#[test]
fn giving_back_always_fits() {
    let quota = value!({ "metadata": { "name": "q" }, "status": {
        "hard": { "services.nodeports": "1" }, "used": { "services.nodeports": "5" }
    } });
    assert_eq!(charged(&quota, &[("services.nodeports", "-1")]).unwrap(), "services.nodeports=4");
}
