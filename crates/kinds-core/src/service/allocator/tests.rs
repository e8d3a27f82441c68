use super::*;

/// A sequence that is good enough to be spread and the same at each run.
fn random() -> impl FnMut(u64) -> u64 {
    let mut state = 7u64;
    move |bound| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % bound
    }
}

fn addresses(cidr: &str) -> Addresses {
    Addresses::new(Cidr::parse(cidr).unwrap())
}

#[test]
fn static_addresses_are_given_once_and_given_back() {
    let mut range = addresses("10.96.0.0/16");
    let address = "10.96.201.17".parse().unwrap();
    assert_eq!(range.allocate(address), Ok(()));
    assert_eq!(range.allocate(address).unwrap_err().to_string(), "provided IP is already allocated");
    range.release(address);
    assert_eq!(range.allocate(address), Ok(()));
    for outside in ["192.168.1.1", "10.96.0.0", "10.96.255.255", "fd00::1"] {
        let error = range.allocate(outside.parse().unwrap()).unwrap_err().to_string();
        assert_eq!(error, "the provided network does not match the current range", "{outside}");
    }
}

#[test]
fn random_addresses_keep_out_of_the_static_part() {
    let (mut range, mut random) = (addresses("10.96.0.0/16"), random());
    for _ in 0..2_000 {
        let IpAddr::V4(address) = range.allocate_next(&mut random).unwrap() else { panic!("an IPv4 range") };
        let low = u32::from_be_bytes(address.octets()) & 0xffff;
        assert!(low > 256, "{address} is of the static part");
    }
    assert_eq!((range.used(), range.free()), (2_000, 65_534 - 2_000));
}

#[test]
fn a_range_is_used_up_to_its_last_address() {
    let (mut range, mut random) = (addresses("10.0.0.0/28"), random());
    let mut seen: Vec<String> = (0..14).map(|_| range.allocate_next(&mut random).unwrap().to_string()).collect();
    assert_eq!(range.allocate_next(&mut random), Err(AllocateError::Full));
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 14);
    range.release("10.0.0.9".parse().unwrap());
    assert_eq!(range.allocate_next(&mut random).unwrap().to_string(), "10.0.0.9");
}

#[test]
fn wide_ranges_cost_nothing() {
    let (mut range, mut random) = (addresses("fd00:10:96::/64"), random());
    let address = range.allocate_next(&mut random).unwrap();
    assert!(range.has(address) && range.family() == "IPv6");
}

#[test]
fn ports() {
    let (mut range, mut random) = (Ports::new(30_000, 32_767), random());
    assert_eq!(range.allocate(30_917), Ok(()));
    assert_eq!(range.allocate(30_917).unwrap_err().to_string(), "provided port is already allocated");
    let outside = range.allocate(80).unwrap_err().to_string();
    assert_eq!(outside, "provided port is not in the valid range. The range of valid ports is 30000-32767");
    for _ in 0..500 {
        let port = range.allocate_next(&mut random).unwrap();
        assert!((30_086..=32_767).contains(&port), "{port}");
    }
    let mut small = Ports::new(30_000, 30_001);
    assert!(small.allocate_next(&mut random).is_ok() && small.allocate_next(&mut random).is_ok());
    assert_eq!(small.allocate_next(&mut random), Err(AllocateError::Full));
}

#[test]
fn a_second_network_is_used_when_the_first_is_full() {
    let (mut range, mut random) = (addresses("10.0.0.0/30"), random());
    range.set_networks(["10.0.0.0/30", "10.1.0.0/24"].map(|network| Cidr::parse(network).unwrap()));
    for _ in 0..2 {
        assert!(range.allocate_next(&mut random).unwrap().to_string().starts_with("10.0.0."));
    }
    assert!(range.allocate_next(&mut random).unwrap().to_string().starts_with("10.1.0."));
    assert_eq!(range.allocate("10.1.0.7".parse().unwrap()), Ok(()));
    range.set_networks([Cidr::parse("10.0.0.0/30").unwrap()]);
    assert_eq!(range.allocate_next(&mut random), Err(AllocateError::Full));
    assert_eq!(range.allocate("10.1.0.8".parse().unwrap()), Err(AllocateError::AddressOutside));
}
