//! Reading upstream's configuration files: every field must be known and of its type.
//!
//! A file that is read wrongly would let in whom it means to keep out, so nothing is guessed.

use schema::json::Limits;
use schema::{Value, yaml};
use std::cell::RefCell;
use std::time::Duration;

/// The fields of one object of the file.
pub struct Fields<'a> {
    value: &'a Value,
    path: String,
    known: RefCell<Vec<&'static str>>,
    errors: &'a RefCell<Vec<String>>,
}

/// Reads a document of one of the given versions; `read` reads its fields.
pub fn document<T>(text: &[u8], kind: &str, versions: &[&str], read: impl FnOnce(&Fields) -> T) -> Result<T, String> {
    let parsed = yaml::parse(text, Limits::default()).map_err(|error| error.to_string())?;
    let value = &parsed.value;
    let (api_version, found) = (value.str_at(&["apiVersion"]), value.str_at(&["kind"]));
    if found != kind || !versions.contains(&api_version) {
        return Err(format!("expected {kind} of {}, got kind {found:?} of {api_version:?}", versions.join(" or ")));
    }
    let errors = RefCell::new(parsed.duplicates);
    let result = {
        let fields =
            Fields { value, path: String::new(), known: RefCell::new(vec!["apiVersion", "kind"]), errors: &errors };
        let result = read(&fields);
        fields.check_unknown();
        result
    };
    let errors = errors.into_inner();
    if errors.is_empty() { Ok(result) } else { Err(format!("strict decoding error: {}", errors.join(", "))) }
}

impl<'a> Fields<'a> {
    pub fn has(&self, name: &'static str) -> bool {
        !self.raw(name).is_null()
    }

    pub fn text(&self, name: &'static str) -> String {
        self.optional_text(name).unwrap_or_default()
    }

    pub fn optional_text(&self, name: &'static str) -> Option<String> {
        self.typed(name, "a string", |value| value.as_str().map(str::to_owned))
    }

    pub fn flag(&self, name: &'static str) -> bool {
        self.typed(name, "a boolean", Value::as_bool).unwrap_or_default()
    }

    pub fn number(&self, name: &'static str) -> Option<i64> {
        self.typed(name, "a whole number", Value::as_i64)
    }

    pub fn texts(&self, name: &'static str) -> Vec<String> {
        let list = |value: &Value| value.as_list()?.iter().map(|one| one.as_str().map(str::to_owned)).collect();
        self.typed(name, "a list of strings", list).unwrap_or_default()
    }

    /// `30s`; zero where it is missing.
    pub fn duration(&self, name: &'static str) -> Duration {
        let text = self.text(name);
        if text.is_empty() {
            return Duration::ZERO;
        }
        let parsed = schema::Duration::parse(&text).ok().and_then(schema::Duration::to_std);
        parsed.unwrap_or_else(|| {
            self.wrong(name, "a duration that is not negative");
            Duration::ZERO
        })
    }

    /// The fields of an object, if it is there.
    pub fn object<T>(&self, name: &'static str, read: impl FnOnce(&Fields) -> T) -> Option<T> {
        let value = self.typed(name, "an object", |value| value.as_map().map(|_| ()));
        value.map(|()| self.within(self.raw(name), self.path_of(name), read))
    }

    /// The fields of each object of a list.
    pub fn objects<T>(&self, name: &'static str, read: impl Fn(&Fields) -> T) -> Vec<T> {
        let is_list =
            |value: &Value| value.as_list().filter(|list| list.iter().all(|one| one.as_map().is_some())).map(|_| ());
        if self.typed(name, "a list of objects", is_list).is_none() {
            return Vec::new();
        }
        let items = self.raw(name).items().iter().enumerate();
        items.map(|(at, item)| self.within(item, format!("{}[{at}]", self.path_of(name)), &read)).collect()
    }

    fn within<T>(&self, value: &Value, path: String, read: impl FnOnce(&Fields) -> T) -> T {
        let fields = Fields { value, path, known: RefCell::default(), errors: self.errors };
        let result = read(&fields);
        fields.check_unknown();
        result
    }

    fn raw(&self, name: &'static str) -> &'a Value {
        self.known.borrow_mut().push(name);
        &self.value[name]
    }

    fn typed<T>(&self, name: &'static str, expected: &str, read: impl Fn(&Value) -> Option<T>) -> Option<T> {
        let value = self.raw(name);
        if value.is_null() {
            return None;
        }
        let read = read(value);
        if read.is_none() {
            self.wrong(name, expected);
        }
        read
    }

    fn wrong(&self, name: &str, expected: &str) {
        self.errors.borrow_mut().push(format!("field {:?} must be {expected}", self.path_of(name)));
    }

    fn path_of(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    fn check_unknown(&self) {
        let known = self.known.borrow();
        let keys = self.value.as_map().into_iter().flat_map(|map| map.keys());
        for key in keys.filter(|key| !known.contains(key)) {
            self.errors.borrow_mut().push(format!("unknown field {:?}", self.path_of(key)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_or_not_of_its_type_is_told() {
        let read = |fields: &Fields| {
            fields.objects("list", |one| (one.text("name"), one.flag("flag"), one.duration("ttl")));
        };
        let check = |text: &str| document(text.as_bytes(), "K", &["g/v1"], read);
        let good = "kind: K\napiVersion: g/v1\nlist:\n- {name: a, flag: true, ttl: 30s}\n";
        assert_eq!(check(good), Ok(()));
        assert_eq!(
            check("kind: K\napiVersion: g/v1\nlist:\n- {name: 1, flag: 'false', x: y}\n").unwrap_err(),
            "strict decoding error: field \"list[0].name\" must be a string, field \"list[0].flag\" must be a boolean, \
             unknown field \"list[0].x\""
        );
        assert!(check("kind: K\napiVersion: g/v2\n").is_err());
    }
}
