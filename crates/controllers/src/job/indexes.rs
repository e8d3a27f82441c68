//! Completion indexes, written as `1,3-5,7`.

use api_core::v1::Pod;
use std::collections::BTreeSet;

pub(super) const ANNOTATION: &str = "batch.kubernetes.io/job-completion-index";

pub(super) fn of_pod(pod: &Pod) -> Option<i32> {
    pod.metadata.annotations.get(ANNOTATION)?.parse().ok().filter(|index| *index >= 0)
}

/// Indexes from `completions` on are left out: the number may have been lowered.
pub(super) fn parse(text: &str, completions: i32) -> BTreeSet<i32> {
    let mut indexes = BTreeSet::new();
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        if let (Ok(first), Ok(last)) = (first.parse::<i32>(), last.parse::<i32>()) {
            indexes.extend(first.max(0)..=last.min(completions.saturating_sub(1)));
        }
    }
    indexes
}

pub(super) fn text(indexes: &BTreeSet<i32>) -> String {
    let mut runs = Vec::<(i32, i32)>::new();
    for &index in indexes {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == index => *last = index,
            _ => runs.push((index, index)),
        }
    }
    let parts: Vec<String> = runs
        .iter()
        .map(|(first, last)| match last - first {
            0 => first.to_string(),
            1 => format!("{first},{last}"),
            _ => format!("{first}-{last}"),
        })
        .collect();
    parts.join(",")
}
