//! The hash in the names of replica sets and in the label `pod-template-hash`.
//!
//! Upstream hashes a printout of Go structs, which differs from release to release; only stability within a cluster is
//! needed, since a replica set is recognised by its template, not by its hash.

use api_core::v1::PodTemplateSpec;
use schema::json;
use schema::typed::Part;

/// Neither vowels nor digits that look like letters, so that no words come out.
const ALPHABET: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

pub(crate) fn template_hash(template: &PodTemplateSpec, collision_count: Option<i32>) -> String {
    let mut text = Vec::new();
    json::write(&template.write(), &mut text);
    if let Some(count) = collision_count {
        text.extend_from_slice(&i64::from(count).to_le_bytes());
    }
    fnv32a(&text).to_string().bytes().map(|digit| char::from(ALPHABET[usize::from(digit) % ALPHABET.len()])).collect()
}

fn fnv32a(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |hash, &byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}
