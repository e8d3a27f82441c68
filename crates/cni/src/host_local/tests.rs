use expect_test::expect;

use super::*;

fn sets(ranges: Value) -> Result<Vec<RangeSet>, CniError> {
    let sets = RangeSet::parse_all(ranges.as_array().unwrap())?;
    RangeSet::check_disjoint(&sets)?;
    Ok(sets)
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn goes_round_and_leaves_out_the_gateway() {
    let set = &sets(json!([[{ "subnet": "10.0.0.0/29" }]])).unwrap()[0];
    let mut taken = HashSet::new();
    let mut last = None;
    let mut order = Vec::new();
    while let Some(next) = set.next_free(last, &taken) {
        taken.insert(next);
        last = Some(next);
        order.push(next.to_string());
    }
    assert_eq!(order, ["10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6"]);
    taken.remove(&ip("10.0.0.3"));
    assert_eq!(set.next_free(Some(ip("10.0.0.5")), &taken), Some(ip("10.0.0.3")));
    assert_eq!(set.next_free(Some(ip("192.0.2.1")), &HashSet::new()), Some(ip("10.0.0.2")));
}

#[test]
fn ranges_of_a_set_follow_each_other() {
    let set = &sets(json!([[
        { "subnet": "10.0.0.0/24", "rangeStart": "10.0.0.10", "rangeEnd": "10.0.0.11" },
        { "subnet": "10.0.1.0/24", "rangeStart": "10.0.1.5", "rangeEnd": "10.0.1.5", "gateway": "10.0.1.254" },
    ]]))
    .unwrap()[0];
    assert_eq!(set.next_free(Some(ip("10.0.0.11")), &HashSet::new()), Some(ip("10.0.1.5")));
    assert_eq!(set.next_free(Some(ip("10.0.1.5")), &HashSet::new()), Some(ip("10.0.0.10")));
    let described = set.describe(ip("10.0.1.5"));
    assert_eq!((described.address.to_string(), described.gateway), ("10.0.1.5/24".into(), Some(ip("10.0.1.254"))));
    assert_eq!(set.to_string(), "10.0.0.10-10.0.0.11,10.0.1.5-10.0.1.5");
}

#[test]
fn wrong_ranges_are_refused() {
    let cases = [
        json!([[]]),
        json!([[{}]]),
        json!([[{ "subnet": "10.0.0.0/31" }]]),
        json!([[{ "subnet": "10.0.0.1/24" }]]),
        json!([[{ "subnet": "10.0.0.0/24", "rangeStart": "10.0.1.1" }]]),
        json!([[{ "subnet": "10.0.0.0/24", "rangeStart": "10.0.0.9", "rangeEnd": "10.0.0.2" }]]),
        json!([[{ "subnet": "10.0.0.0/24" }, { "subnet": "fd00::/64" }]]),
        json!([[{ "subnet": "10.0.0.0/24" }], [{ "subnet": "10.0.0.0/25" }]]),
        json!([[{ "subnet": "10.0.0.0" }]]),
        json!([{ "subnet": "10.0.0.0/24" }]),
    ];
    let text: String =
        cases.into_iter().map(|case| sets(case).unwrap_err()).map(|e| format!("{:?} {e}\n", e.code)).collect();
    expect![[r#"
        InvalidConfig invalid range set 0: empty range set
        InvalidConfig a range needs a subnet
        InvalidConfig Network 10.0.0.0/31 too small to allocate from
        InvalidConfig Network has host bits set. For a subnet mask of length 24 the network address is 10.0.0.0
        InvalidConfig rangeStart 10.0.1.1 not in network 10.0.0.0/24
        InvalidConfig rangeStart 10.0.0.9 is after rangeEnd 10.0.0.2
        InvalidConfig mixed address families
        InvalidConfig range sets 10.0.0.1-10.0.0.254 and 10.0.0.1-10.0.0.126 overlap
        Decode ranges: field "subnet": expected a network such as 10.88.0.0/16
        Decode ranges: expected a list of lists
    "#]]
    .assert_eq(&text);
}

#[test]
fn resolv_conf_becomes_dns() {
    let text = "# made by hand\nnameserver 10.96.0.10\nsearch a.local b.local\noptions ndots:5\ndomain a.local\n";
    expect![[
        r#"{"domain":"a.local","nameservers":["10.96.0.10"],"options":["ndots:5"],"search":["a.local","b.local"]}"#
    ]]
    .assert_eq(&parse_resolv_conf(text).to_string());
}
