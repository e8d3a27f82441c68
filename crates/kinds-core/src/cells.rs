//! Cells of tables that several kinds share.

use kind::Cell;
use std::collections::BTreeMap;

pub(crate) const NONE: &str = "<none>";
pub(crate) const UNSET: &str = "<unset>";
pub(crate) const UNKNOWN: &str = "<unknown>";

pub(crate) fn text(text: &str) -> Cell {
    Cell::from(text)
}

/// The text, or `absent` where there is none.
pub(crate) fn text_or(text: &str, absent: &str) -> Cell {
    Cell::from(if text.is_empty() { absent } else { text })
}

pub(crate) fn int(number: impl Into<i64>) -> Cell {
    Cell::Int(number.into())
}

/// `a=b,c=d`, or `<none>`.
pub(crate) fn labels(labels: &BTreeMap<String, String>) -> Cell {
    Cell::from(kind::columns::labels_text(labels))
}

/// Joined by commas.
pub(crate) fn joined<'a>(texts: impl Iterator<Item = &'a str>) -> Cell {
    Cell::from(texts.collect::<Vec<_>>().join(","))
}
