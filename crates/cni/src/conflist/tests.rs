use expect_test::expect;

use super::*;

#[test]
fn the_list_is_what_a_runtime_reads() {
    let mut config = NetworkConfig::new("10.88.0.0/24".parse().unwrap());
    config.mtu = Some(1400);
    config.not_masqueraded = vec!["10.88.0.0/16".parse().unwrap()];
    config.data_dir = Some("/var/lib/tiphys/cni".into());
    expect![[r#"
        {
          "cniVersion": "1.0.0",
          "name": "tiphys",
          "plugins": [
            {
              "bridge": "tiphys0",
              "hairpinMode": true,
              "ipForward": false,
              "ipMasq": true,
              "ipam": {
                "dataDir": "/var/lib/tiphys/cni",
                "ranges": [
                  [
                    {
                      "subnet": "10.88.0.0/24"
                    }
                  ]
                ],
                "type": "host-local"
              },
              "isDefaultGateway": true,
              "isGateway": true,
              "mtu": 1400,
              "noMasqueradeCIDRs": [
                "10.88.0.0/16"
              ],
              "type": "tiphys-bridge"
            },
            {
              "capabilities": {
                "portMappings": true
              },
              "type": "tiphys-portmap"
            }
          ]
        }
    "#]]
    .assert_eq(&conflist(&config));
}

#[test]
fn programs_of_others_are_left_alone() {
    let dir = std::env::temp_dir().join(format!("tiphys-cni-install-{}", std::process::id()));
    fs::create_dir_all(&dir).unwrap();
    fs::write(dir.join("bridge"), "theirs").unwrap();
    symlink("/nowhere", dir.join("portmap")).unwrap();
    for exe in ["/old/tiphys", "/proc/self/exe"] {
        install(&dir, Path::new(exe)).unwrap();
    }
    let leads_to = |name: &str| fs::read_link(dir.join(name)).unwrap();
    assert_eq!(leads_to("tiphys-bridge"), Path::new("/proc/self/exe"));
    assert_eq!(leads_to("portmap"), Path::new("/proc/self/exe"));
    assert_eq!(fs::read_to_string(dir.join("bridge")).unwrap(), "theirs");
    assert_eq!(fs::read_dir(&dir).unwrap().count(), crate::NAMES.len());
    fs::remove_dir_all(&dir).unwrap();
}
