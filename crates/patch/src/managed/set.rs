//! `FieldSet`: a set of field paths, as a trie.
//!
//! A path can be a member without its children being members, and the other way round: `f:labels: {".": {}, "f:a": {}}` has
//! two members, `f:labels: {"f:a": {}}` one.

use super::element::{ElementError, PathElement};
use schema::{Map, Value};
use std::collections::BTreeMap;

/// Nesting of a set that a client may send.
const MAX_DEPTH: usize = 256;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldSet {
    nodes: BTreeMap<PathElement, Node>,
}

/// Never empty: a member, or a parent of members.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Node {
    member: bool,
    children: FieldSet,
}

/// What becomes of a parent of members.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Parent {
    Stays,
    /// It becomes a member beside what lies below it.
    Joins,
    /// It becomes a member instead of what lies below it.
    Replaces,
}

impl FieldSet {
    pub fn new() -> FieldSet {
        FieldSet::default()
    }

    /// The set of one path of field names.
    pub fn of_names(path: &[impl AsRef<str>]) -> FieldSet {
        let Some((last, parents)) = path.split_last() else { return FieldSet::new() };
        let mut set = FieldSet::new();
        set.put(PathElement::field(last.as_ref()), true, FieldSet::new());
        parents.iter().rev().fold(set, |children, name| {
            let mut set = FieldSet::new();
            set.put(PathElement::field(name.as_ref()), false, children);
            set
        })
    }

    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Adds what is below `element`, and `element` itself if it is a `member`.
    pub fn put(&mut self, element: PathElement, member: bool, children: FieldSet) {
        if !member && children.is_empty() {
            return;
        }
        let node = self.nodes.entry(element).or_default();
        node.member |= member;
        if node.children.is_empty() {
            node.children = children;
        } else {
            node.children = node.children.union(&children);
        }
    }

    pub fn has(&self, element: &PathElement) -> bool {
        self.nodes.get(element).is_some_and(|node| node.member)
    }

    pub fn has_path(&self, path: &[PathElement]) -> bool {
        match path {
            [] => false,
            [last] => self.has(last),
            [first, rest @ ..] => self.below(first).is_some_and(|set| set.has_path(rest)),
        }
    }

    /// The paths below `element`, without it; `None` where there are none.
    pub fn below(&self, element: &PathElement) -> Option<&FieldSet> {
        self.nodes.get(element).map(|node| &node.children).filter(|children| !children.is_empty())
    }

    pub fn union(&self, other: &FieldSet) -> FieldSet {
        let mut out = self.clone();
        for (element, node) in &other.nodes {
            out.put(element.clone(), node.member, node.children.clone());
        }
        out
    }

    pub fn intersection(&self, other: &FieldSet) -> FieldSet {
        let (few, many) = if self.nodes.len() <= other.nodes.len() { (self, other) } else { (other, self) };
        let mut out = FieldSet::new();
        for (element, a) in &few.nodes {
            if let Some(b) = many.nodes.get(element) {
                out.put(element.clone(), a.member && b.member, a.children.intersection(&b.children));
            }
        }
        out
    }

    /// Without the members of `other`; what lies below them stays.
    pub fn difference(&self, other: &FieldSet) -> FieldSet {
        let mut out = FieldSet::new();
        for (element, a) in &self.nodes {
            match other.nodes.get(element) {
                Some(b) => out.put(element.clone(), a.member && !b.member, a.children.difference(&b.children)),
                None => out.put(element.clone(), a.member, a.children.clone()),
            }
        }
        out
    }

    /// Without the members of `other` and all that lies below them.
    pub fn recursive_difference(&self, other: &FieldSet) -> FieldSet {
        let mut out = FieldSet::new();
        for (element, a) in &self.nodes {
            match other.nodes.get(element) {
                Some(b) if b.member => {}
                Some(b) => out.put(element.clone(), a.member, a.children.recursive_difference(&b.children)),
                None => out.put(element.clone(), a.member, a.children.clone()),
            }
        }
        out
    }

    /// Visits each member path: at each level first the members, then what lies below, in order.
    pub fn for_each(&self, visit: &mut dyn FnMut(&[PathElement])) {
        self.visit(&mut Vec::new(), visit);
    }

    fn visit(&self, path: &mut Vec<PathElement>, visit: &mut dyn FnMut(&[PathElement])) {
        for (element, _) in self.nodes.iter().filter(|(_, node)| node.member) {
            path.push(element.clone());
            visit(path);
            path.pop();
        }
        for (element, node) in &self.nodes {
            path.push(element.clone());
            node.children.visit(path, visit);
            path.pop();
        }
    }

    /// A copy in which `step` says what becomes of each parent of members, and with which state to go on below it.
    pub(super) fn rewrite<S: Copy>(&self, state: S, step: &dyn Fn(S, &PathElement) -> (Parent, S)) -> FieldSet {
        let mut out = FieldSet::new();
        for (element, node) in &self.nodes {
            if node.children.is_empty() {
                out.put(element.clone(), node.member, FieldSet::new());
                continue;
            }
            match step(state, element) {
                (Parent::Stays, below) => out.put(element.clone(), node.member, node.children.rewrite(below, step)),
                (Parent::Joins, below) => out.put(element.clone(), true, node.children.rewrite(below, step)),
                (Parent::Replaces, _) => out.put(element.clone(), true, FieldSet::new()),
            }
        }
        out
    }

    /// As `fieldsV1`.
    pub fn to_fields_v1(&self) -> Value {
        let mut entries = Vec::with_capacity(self.nodes.len());
        for (element, node) in &self.nodes {
            let mut below = node.children.to_fields_v1();
            if node.member && !node.children.is_empty() {
                below.make_map().insert(".", Value::map());
            }
            entries.push((element.written(), below));
        }
        Value::Map(Map::build(entries).0)
    }

    /// From `fieldsV1`.
    pub fn from_fields_v1(value: &Value) -> Result<FieldSet, ElementError> {
        let (_, set) = read(value, 0)?;
        Ok(set)
    }
}

/// Whether the node itself is a member, and what lies below it.
fn read(value: &Value, depth: usize) -> Result<(bool, FieldSet), ElementError> {
    let map = value.as_map().filter(|_| depth < MAX_DEPTH).ok_or_else(ElementError::not_a_set)?;
    let mut set = FieldSet::new();
    let mut member = map.is_empty();
    for (written, value) in map.iter() {
        if written == "." {
            member = true;
            continue;
        }
        let (is_member, below) = read(value, depth + 1)?;
        if let Some(element) = PathElement::parse(written)? {
            set.put(element, is_member, below);
        }
    }
    Ok((member, set))
}
