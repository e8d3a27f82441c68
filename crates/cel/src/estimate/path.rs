//! Where in the declared data something is.

use std::sync::Arc;

/// A variable and what is selected from it. Longer paths share their beginning.
#[derive(Clone, Debug, Default)]
pub struct Path {
    last: Option<Arc<Link>>,
}

#[derive(Debug)]
struct Link {
    before: Path,
    name: Arc<str>,
}

impl Path {
    pub(super) fn then(&self, name: &Arc<str>) -> Path {
        Path { last: Some(Arc::new(Link { before: self.clone(), name: name.clone() })) }
    }

    pub(super) fn then_static(&self, name: &'static str) -> Path {
        self.then(&name.into())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.last.is_none()
    }

    pub(super) fn first(&self) -> Option<&Arc<str>> {
        let mut link = self.last.as_ref()?;
        while let Some(before) = &link.before.last {
            link = before;
        }
        Some(&link.name)
    }

    /// From the variable on.
    pub fn names(&self) -> Vec<Arc<str>> {
        let (mut names, mut at) = (Vec::new(), &self.last);
        while let Some(link) = at {
            names.push(link.name.clone());
            at = &link.before.last;
        }
        names.reverse();
        names
    }
}
