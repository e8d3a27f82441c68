use super::*;
use std::os::unix::fs::PermissionsExt;

const NOW: i64 = 1_800_000_000;

fn names() -> Names {
    Names { dns: vec!["kubernetes".into()], addresses: vec![[127, 0, 0, 1].into()] }
}

fn scratch(test: &str) -> PathBuf {
    let directory = std::env::temp_dir().join(format!("tiphys-pki-{test}-{}", std::process::id()));
    if directory.exists() {
        fs::remove_dir_all(&directory).unwrap();
    }
    directory
}

#[test]
fn certificates_are_made_once_and_kept() {
    let directory = scratch("kept");
    let first = Pki::open(&directory, &names(), NOW).unwrap();
    let second = Pki::open(&directory, &names(), NOW + 1000).unwrap();
    assert_eq!(first.ca(), second.ca());
    assert_eq!(first.serving.certificate, second.serving.certificate);
    assert_eq!(first.token_public_der(), second.token_public_der());
    for key in ["ca.key", "apiserver.key", "sa.key", "front-proxy-ca.key"] {
        assert_eq!(fs::metadata(directory.join(key)).unwrap().permissions().mode() & 0o777, 0o600, "{key}");
    }
    fs::remove_dir_all(directory).unwrap();
}

#[test]
fn a_leaf_is_renewed_before_it_expires_and_when_names_change() {
    let directory = scratch("renewed");
    let first = Pki::open(&directory, &names(), NOW).unwrap();
    let later = Pki::open(&directory, &names(), NOW + 340 * 24 * 3600).unwrap();
    assert_ne!(first.serving.certificate, later.serving.certificate);
    let mut more = names();
    more.dns.push("another".into());
    let renamed = Pki::open(&directory, &more, NOW + 340 * 24 * 3600).unwrap();
    assert_ne!(later.serving.certificate, renamed.serving.certificate);
    fs::remove_dir_all(directory).unwrap();
}

#[test]
fn client_certificates_name_user_and_groups() {
    let directory = scratch("client");
    let pki = Pki::open(&directory, &names(), NOW).unwrap();
    let identity = pki.client("kubernetes-admin", &["system:masters"], NOW).unwrap();
    let (_, pem) = x509_parser::pem::parse_x509_pem(identity.certificate.as_bytes()).unwrap();
    let user = authn::x509::user(&pem.contents).unwrap();
    assert_eq!((user.name.as_str(), user.groups[0].as_str()), ("kubernetes-admin", "system:masters"));
    fs::remove_dir_all(directory).unwrap();
}

#[test]
fn a_damaged_file_is_named() {
    let directory = scratch("damaged");
    Pki::open(&directory, &names(), NOW).unwrap();
    fs::write(directory.join("ca.crt"), "junk").unwrap();
    let error = Pki::open(&directory, &names(), NOW).err().unwrap().to_string();
    assert!(error.contains("ca.crt"), "{error}");
    fs::remove_dir_all(directory).unwrap();
}
