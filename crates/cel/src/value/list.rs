//! Lists: of an object, made, or two joined.

use super::Val;
use super::view::View;
use crate::eval::EvalError;
use crate::types::Type;
use schema::{ListType, Value};
use std::sync::Arc;

/// Joined lists nest to this depth before they are copied into one.
const MAX_JOINS: u32 = 128;
/// A joined list that is copied may have no more elements; what is longer than any request's is hostile.
const MAX_COPIED: usize = 4_000_000;
/// Up to this many elements are copied rather than joined.
const SMALL: usize = 16;

#[derive(Clone, Debug)]
pub enum List {
    View(ListView),
    Made(Arc<Made>),
    /// `a + b`, which does not copy: what costs 1 must not take memory for as many elements as there are.
    Joined(Arc<Joined>),
}

/// A list in an object.
#[derive(Clone, Debug)]
pub struct ListView {
    pub(super) view: View,
    pub(super) element: Arc<Type>,
    pub(super) kind: ListType,
}

#[derive(Clone, Debug, Default)]
pub struct Made {
    pub(super) items: Vec<Val>,
    /// Of the list of an object that this was made from by `+`.
    pub(super) kind: ListType,
}

#[derive(Debug)]
pub struct Joined {
    left: List,
    right: List,
    len: usize,
    depth: u32,
}

impl From<Vec<Val>> for List {
    fn from(items: Vec<Val>) -> List {
        List::Made(Arc::new(Made { items, kind: ListType::Atomic }))
    }
}

impl List {
    pub fn len(&self) -> usize {
        match self {
            List::View(list) => list.view.node().items().len(),
            List::Made(list) => list.items.len(),
            List::Joined(list) => list.len,
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// `None` where there is no such element.
    pub fn get(&self, index: usize) -> Option<Result<Val, EvalError>> {
        let mut list = self;
        let mut index = index;
        loop {
            match list {
                List::View(list) => {
                    list.view.node().items().get(index)?;
                    return Some(list.view.child(index).typed(&list.element, &ListType::Atomic));
                }
                List::Made(list) => return list.items.get(index).cloned().map(Ok),
                List::Joined(joined) => {
                    let left = joined.left.len();
                    if index < left {
                        list = &joined.left;
                    } else {
                        index -= left;
                        list = &joined.right;
                    }
                }
            }
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = Result<Val, EvalError>> + '_ {
        (0..self.len()).map_while(|index| self.get(index))
    }

    /// All elements, owned.
    pub fn to_vec(&self) -> Result<Vec<Val>, EvalError> {
        match self {
            List::Made(list) => Ok(list.items.clone()),
            _ if self.len() > MAX_COPIED => Err(EvalError::message("list is too long")),
            _ => self.iter().collect(),
        }
    }

    /// How it compares and adds.
    pub fn kind(&self) -> &ListType {
        match self {
            List::View(list) => &list.kind,
            List::Made(list) => &list.kind,
            List::Joined(_) => &ListType::Atomic,
        }
    }

    /// The node of the object, where nothing else has a say in what its elements are.
    pub(super) fn untyped_node(&self) -> Option<&Value> {
        match self {
            List::View(list) if matches!(*list.element, Type::Dyn) && list.kind == ListType::Atomic => {
                Some(list.view.node())
            }
            _ => None,
        }
    }

    /// `self + other` of lists without a kind. Appends in place where nobody else has this list.
    pub(super) fn join(mut self, other: List) -> Result<List, EvalError> {
        let len = self.len().saturating_add(other.len());
        if other.is_empty() {
            return Ok(self);
        }
        if let List::Made(made) = &mut self
            && let Some(own) = Arc::get_mut(made)
            && other.len() <= own.items.len().max(SMALL)
        {
            own.items.extend(other.to_vec()?);
            return Ok(self);
        }
        if len <= SMALL {
            let mut items = self.to_vec()?;
            items.extend(other.to_vec()?);
            return Ok(items.into());
        }
        let depth = 1 + self.joins().max(other.joins());
        let joined = List::Joined(Arc::new(Joined { left: self, right: other, len, depth }));
        if depth > MAX_JOINS { Ok(joined.to_vec()?.into()) } else { Ok(joined) }
    }

    fn joins(&self) -> u32 {
        match self {
            List::Joined(joined) => joined.depth,
            _ => 0,
        }
    }
}
