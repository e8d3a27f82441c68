//! Conflicts: fields that an apply would take from other managers.

use super::element::{Path, PathElement};
use super::entries::ManagerId;
use std::collections::BTreeMap;
use std::fmt;

/// A `Conflict` (409) of server-side apply.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Conflicts {
    list: Vec<(ManagerId, Vec<PathElement>)>,
}

/// One cause of the Status: reason `FieldManagerConflict`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    pub message: String,
    pub field: String,
}

impl Conflicts {
    pub(crate) fn new(list: Vec<(ManagerId, Vec<PathElement>)>) -> Conflicts {
        Conflicts { list }
    }

    pub fn causes(&self) -> Vec<Cause> {
        let cause = |(manager, path): &(ManagerId, Vec<PathElement>)| Cause {
            message: format!("conflict with {manager}"),
            field: Path(path).to_string(),
        };
        self.list.iter().map(cause).collect()
    }

    pub fn len(&self) -> usize {
        self.list.len()
    }

    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Those whose path `keep` says so.
    pub(crate) fn filter(self, keep: impl Fn(&[PathElement]) -> bool) -> Conflicts {
        Conflicts { list: self.list.into_iter().filter(|(_, path)| keep(path)).collect() }
    }
}

/// The message of the Status.
impl fmt::Display for Conflicts {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let [(manager, path)] = self.list.as_slice() {
            return write!(out, "Apply failed with 1 conflict: conflict with {manager}: {}", Path(path));
        }
        let mut by_manager: BTreeMap<&ManagerId, Vec<&[PathElement]>> = BTreeMap::new();
        for (manager, path) in &self.list {
            by_manager.entry(manager).or_default().push(path);
        }
        write!(out, "Apply failed with {} conflicts: ", self.list.len())?;
        for (index, (manager, paths)) in by_manager.iter().enumerate() {
            let newline = if index == 0 { "" } else { "\n" };
            write!(out, "{newline}conflicts with {manager}:")?;
            for path in paths {
                write!(out, "\n- {}", Path(path))?;
            }
        }
        Ok(())
    }
}
