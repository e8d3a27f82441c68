use super::*;

fn cidr(text: &str) -> Cidr {
    text.parse().unwrap()
}

#[test]
fn reads_and_writes_networks() {
    for text in ["10.88.0.5/16", "0.0.0.0/0", "10.0.0.1/32", "fd00::1/64", "::/0", "fd00::1/128"] {
        assert_eq!(cidr(text).to_string(), text);
    }
    for text in ["10.0.0.0", "10.0.0.0/33", "fd00::/129", "/8", "10.0.0/8", "10.0.0.0/-1", ""] {
        assert_eq!(text.parse::<Cidr>(), Err(ParseCidrError(text.to_owned())), "{text}");
    }
}

#[test]
fn knows_what_belongs_to_a_network() {
    let network = cidr("10.88.7.5/16");
    assert_eq!(network.network(), cidr("10.88.0.0/16"));
    assert_eq!(network.last(), "10.88.255.255".parse::<IpAddr>().unwrap());
    assert!(network.contains("10.88.255.1".parse().unwrap()));
    assert!(!network.contains("10.89.0.0".parse().unwrap()));
    assert!(!network.contains("::1".parse().unwrap()));
    assert!(cidr("::/0").contains("ff02::1".parse().unwrap()));
}

#[test]
fn steps_stay_in_the_family() {
    let step = |text: &str| (next(text.parse().unwrap()).to_string(), previous(text.parse().unwrap()).to_string());
    assert_eq!(step("10.0.0.255"), ("10.0.1.0".into(), "10.0.0.254".into()));
    assert_eq!(step("255.255.255.255"), ("255.255.255.255".into(), "255.255.255.254".into()));
    assert_eq!(step("::"), ("::1".into(), "::".into()));
}
