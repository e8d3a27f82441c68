//! `Value`: an object as a tree, independent of its kind.
//!
//! An owned tree whose strings of up to 24 bytes lie inline and whose maps are sorted vectors: a small object costs few
//! allocations, equality and lookup need no hashing, and a map of hostile size cannot be made slow (bulk building sorts once).
//!
//! A value that was decoded against a [`crate::Schema`] is *normal*: a field that Go's encoder would leave out (zero value
//! with `omitempty`, nil) is absent; quantities, times and base64 texts are in canonical form.
//! Deliberately absent: order of insertion (Go's encoders do not keep it either: structs follow the schema, maps sort).

mod verbatim;

pub use verbatim::Verbatim;

use std::ops::Index;
use std::sync::Arc;

/// A string; up to 24 bytes without an allocation.
pub type Text = compact_str::CompactString;

/// One node of an object.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    #[default]
    Null,
    Bool(bool),
    Int(i64),
    /// Any number that is not an `i64`.
    Float(f64),
    /// Also bytes (base64), times and quantities, in canonical text.
    Str(Text),
    List(Vec<Value>),
    Map(Map),
    /// A list or map of a field whose bytes matter; it reads like the plain one.
    Verbatim(Arc<Verbatim>),
}

/// String keys to values, sorted by key.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Map {
    entries: Vec<(Text, Value)>,
}

static NULL: Value = Value::Null;

impl Value {
    pub fn map() -> Value {
        Value::Map(Map::default())
    }

    pub fn str(text: impl Into<Text>) -> Value {
        Value::Str(text.into())
    }

    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// Null, false, zero, and empty strings, lists and maps: what Go calls the zero value, and empty collections.
    pub fn is_zero(&self) -> bool {
        match self {
            Value::Null => true,
            Value::Bool(b) => !b,
            Value::Int(n) => *n == 0,
            Value::Float(n) => *n == 0.0,
            Value::Str(s) => s.is_empty(),
            Value::List(items) => items.is_empty(),
            Value::Map(map) => map.is_empty(),
            Value::Verbatim(verbatim) => verbatim.value().is_zero(),
        }
    }

    pub fn as_str(&self) -> Option<&str> {
        match self.plain() {
            Value::Str(s) => Some(s),
            _ => None,
        }
    }

    pub fn as_i64(&self) -> Option<i64> {
        match self.plain() {
            Value::Int(n) => Some(*n),
            _ => None,
        }
    }

    pub fn as_f64(&self) -> Option<f64> {
        match self.plain() {
            Value::Int(n) => Some(*n as f64),
            Value::Float(n) => Some(*n),
            _ => None,
        }
    }

    pub fn as_bool(&self) -> Option<bool> {
        match self.plain() {
            Value::Bool(b) => Some(*b),
            _ => None,
        }
    }

    pub fn as_list(&self) -> Option<&[Value]> {
        match self.plain() {
            Value::List(items) => Some(items),
            _ => None,
        }
    }

    pub fn as_list_mut(&mut self) -> Option<&mut Vec<Value>> {
        self.unwrap_verbatim();
        match self {
            Value::List(items) => Some(items),
            _ => None,
        }
    }

    pub fn as_map(&self) -> Option<&Map> {
        match self.plain() {
            Value::Map(map) => Some(map),
            _ => None,
        }
    }

    pub fn as_map_mut(&mut self) -> Option<&mut Map> {
        self.unwrap_verbatim();
        match self {
            Value::Map(map) => Some(map),
            _ => None,
        }
    }

    /// Who changes it makes it plain.
    fn unwrap_verbatim(&mut self) {
        if let Value::Verbatim(verbatim) = self {
            *self = verbatim.value().clone();
        }
    }

    /// The items of a list; none for anything else.
    pub fn items(&self) -> &[Value] {
        self.as_list().unwrap_or_default()
    }

    /// The member `key`; `None` for anything but a map that has it.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.as_map()?.get(key)
    }

    pub fn get_mut(&mut self, key: &str) -> Option<&mut Value> {
        self.as_map_mut()?.get_mut(key)
    }

    /// The node at a path of map keys; Null where there is none.
    pub fn at(&self, path: &[&str]) -> &Value {
        path.iter().fold(self, |value, key| value.get(key).unwrap_or(&NULL))
    }

    /// The string at a path of map keys; empty where there is none.
    pub fn str_at(&self, path: &[&str]) -> &str {
        self.at(path).as_str().unwrap_or_default()
    }

    /// Sets the node at a path of map keys, making maps on the way; anything but a map on the way is replaced.
    pub fn set(&mut self, path: &[&str], value: impl Into<Value>) {
        let mut at = self;
        for key in path {
            at = at.make_map().entry(key);
        }
        *at = value.into();
    }

    /// Removes and returns the node at a path of map keys.
    pub fn remove(&mut self, path: &[&str]) -> Option<Value> {
        let (last, parents) = path.split_last()?;
        let mut at = self;
        for key in parents {
            at = at.get_mut(key)?;
        }
        at.as_map_mut()?.remove(last)
    }

    /// This node as a text, which it is made into, empty, if it is anything else.
    pub fn make_text(&mut self) {
        if !matches!(self, Value::Str(_)) {
            *self = Value::str("");
        }
    }

    /// This node as a map, which it is made into if it is anything else.
    pub fn make_map(&mut self) -> &mut Map {
        if self.as_map().is_none() {
            *self = Value::map();
        }
        self.as_map_mut().expect("made a map just above")
    }
}

impl Index<&str> for Value {
    type Output = Value;

    /// The member `key`, or Null.
    fn index(&self, key: &str) -> &Value {
        self.get(key).unwrap_or(&NULL)
    }
}

impl Map {
    pub fn new() -> Map {
        Map::default()
    }

    /// Sorts once; of several entries with one key the last stays. Returns the map and the keys that came more than once.
    pub fn build(mut entries: Vec<(Text, Value)>) -> (Map, Vec<Text>) {
        if entries.is_sorted_by(|a, b| a.0 < b.0) {
            return (Map { entries }, Vec::new());
        }
        entries.sort_by(|a, b| a.0.cmp(&b.0));
        let mut duplicates = Vec::new();
        entries.dedup_by(|later, earlier| {
            let same = later.0 == earlier.0;
            if same {
                duplicates.push(later.0.clone());
                std::mem::swap(later, earlier);
            }
            same
        });
        (Map { entries }, duplicates)
    }

    /// Takes entries that are sorted by key, each key once.
    pub(crate) fn from_sorted(entries: Vec<(Text, Value)>) -> Map {
        debug_assert!(entries.is_sorted_by(|a, b| a.0 < b.0));
        Map { entries }
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub fn contains_key(&self, key: &str) -> bool {
        self.find(key).is_ok()
    }

    pub fn get(&self, key: &str) -> Option<&Value> {
        self.find(key).ok().map(|at| &self.entries[at].1)
    }

    /// Where `key` stands in the order of keys, for [`Map::entry_at`].
    pub fn position(&self, key: &str) -> Option<usize> {
        self.find(key).ok()
    }

    pub fn get_mut(&mut self, key: &str) -> Option<&mut Value> {
        self.find(key).ok().map(|at| &mut self.entries[at].1)
    }

    /// The member `key`, made Null if it is not there.
    pub fn entry(&mut self, key: &str) -> &mut Value {
        let at = match self.find(key) {
            Ok(at) => at,
            Err(at) => {
                self.entries.insert(at, (key.into(), Value::Null));
                at
            }
        };
        &mut self.entries[at].1
    }

    pub fn insert(&mut self, key: impl Into<Text>, value: impl Into<Value>) -> Option<Value> {
        let (key, value) = (key.into(), value.into());
        match self.find(&key) {
            Ok(at) => Some(std::mem::replace(&mut self.entries[at].1, value)),
            Err(at) => {
                self.entries.insert(at, (key, value));
                None
            }
        }
    }

    pub fn remove(&mut self, key: &str) -> Option<Value> {
        self.find(key).ok().map(|at| self.entries.remove(at).1)
    }

    pub fn retain(&mut self, mut keep: impl FnMut(&str, &mut Value) -> bool) {
        self.entries.retain_mut(|(key, value)| keep(key, value));
    }

    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&str, &Value)> + ExactSizeIterator {
        self.entries.iter().map(|(key, value)| (key.as_str(), value))
    }

    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&str, &mut Value)> {
        self.entries.iter_mut().map(|(key, value)| (key.as_str(), value))
    }

    /// The entry at a position in the order of keys.
    pub fn entry_at(&self, index: usize) -> Option<(&str, &Value)> {
        self.entries.get(index).map(|(key, value)| (key.as_str(), value))
    }

    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|(key, _)| key.as_str())
    }

    fn find(&self, key: &str) -> Result<usize, usize> {
        self.entries.binary_search_by(|(have, _)| have.as_str().cmp(key))
    }
}

impl IntoIterator for Map {
    type Item = (Text, Value);
    type IntoIter = std::vec::IntoIter<(Text, Value)>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_iter()
    }
}

impl FromIterator<(Text, Value)> for Map {
    fn from_iter<I: IntoIterator<Item = (Text, Value)>>(entries: I) -> Map {
        Map::build(entries.into_iter().collect()).0
    }
}

impl From<Map> for Value {
    fn from(map: Map) -> Value {
        Value::Map(map)
    }
}

impl From<Vec<Value>> for Value {
    fn from(items: Vec<Value>) -> Value {
        Value::List(items)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Str(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::Str(text.into())
    }
}

impl From<Text> for Value {
    fn from(text: Text) -> Value {
        Value::Str(text)
    }
}

impl From<bool> for Value {
    fn from(b: bool) -> Value {
        Value::Bool(b)
    }
}

impl From<i64> for Value {
    fn from(n: i64) -> Value {
        Value::Int(n)
    }
}

impl From<i32> for Value {
    fn from(n: i32) -> Value {
        Value::Int(n.into())
    }
}

impl From<f64> for Value {
    fn from(n: f64) -> Value {
        Value::Float(n)
    }
}

/// Builds a [`Value`] from literal text: `value!({ "kind": "Pod", "metadata": { "name": name } })`.
#[macro_export]
macro_rules! value {
    (null) => { $crate::Value::Null };
    ([ $($item:tt),* $(,)? ]) => { $crate::Value::List(vec![ $( $crate::value!($item) ),* ]) };
    ({ $($key:literal : $value:tt),* $(,)? }) => {{
        #[allow(unused_mut)]
        let mut map = $crate::Map::new();
        $( map.insert($key, $crate::value!($value)); )*
        $crate::Value::Map(map)
    }};
    ($other:expr) => { $crate::Value::from($other) };
}
