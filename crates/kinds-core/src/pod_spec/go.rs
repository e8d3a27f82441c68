//! How Go shows upstream's internal structs: in messages that carry a whole value, and in diffs of specs.
//!
//! Clients read these texts, and they name every field, set or not, in the order of upstream's internal types. Of each type
//! that a pod's spec can hold, [`TYPES`] states this order. A type that is not named there is shown with the fields that the
//! API has, in the API's own names: those are upstream's types with JSON tags (label selectors).

use schema::Value;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::OnceLock;

/// A type a line: its name, then its fields. A field is `Name:form`, `Name=json:form` where the JSON name is not the Go name
/// with a small first letter. The form: `s` text, `i` number, `b` boolean, `q` quantity (zero as text), `p` a pointer, list
/// or map (null where absent) of plain values, `@T` a struct, `*T` a pointer to one, `[T` a list of them.
const TYPES: &str = include_str!("go_types.txt");

struct Field {
    name: &'static str,
    json: String,
    form: &'static str,
}

fn types() -> &'static BTreeMap<&'static str, Vec<Field>> {
    static PARSED: OnceLock<BTreeMap<&'static str, Vec<Field>>> = OnceLock::new();
    PARSED.get_or_init(|| TYPES.lines().filter(|line| !line.is_empty()).filter_map(parse_type).collect())
}

fn parse_type(line: &'static str) -> Option<(&'static str, Vec<Field>)> {
    let mut words = line.split_whitespace();
    let name = words.next()?;
    let fields = words.filter_map(|word| {
        let (names, form) = word.split_once(':')?;
        let (name, json) = match names.split_once('=') {
            Some((name, json)) => (name, json.to_owned()),
            None => (names, lower_first(names)),
        };
        Some(Field { name, json, form })
    });
    Some((name, fields.collect()))
}

fn lower_first(name: &str) -> String {
    let (first, rest) = name.split_at(1);
    first.to_lowercase() + rest
}

/// `value`, a `ty` of the API, as Go's `json.Marshal` shows the internal type.
pub fn json(ty: &str, value: &Value) -> String {
    let mut writer = Writer { out: String::new(), indent: None };
    writer.object(ty, value, 0);
    writer.out
}

/// As [`json`], on many lines, each level one space in.
pub fn lines(ty: &str, value: &Value) -> String {
    let mut writer = Writer { out: String::new(), indent: Some(" ") };
    writer.object(ty, value, 0);
    writer.out
}

struct Writer {
    out: String,
    indent: Option<&'static str>,
}

impl Writer {
    fn object(&mut self, ty: &str, value: &Value, depth: usize) {
        match types().get(ty) {
            Some(fields) => self.block(('{', '}'), fields, depth, |writer, field, depth| {
                writer.key(field.name);
                writer.field(field, value.get(&field.json), depth);
            }),
            None => self.plain(value, depth),
        }
    }

    fn field(&mut self, field: &Field, value: Option<&Value>, depth: usize) {
        let (sort, ty) = field.form.split_at(1);
        match (sort, value) {
            ("@", value) => self.object(ty, value.unwrap_or(&Value::Null), depth),
            ("*", Some(value)) => self.object(ty, value, depth),
            ("[", Some(Value::List(items))) => {
                self.block(('[', ']'), items, depth, |writer, item, depth| writer.object(ty, item, depth));
            }
            (_, Some(value)) => self.plain(value, depth),
            ("s", None) => self.out.push_str("\"\""),
            ("q", None) => self.out.push_str("\"0\""),
            ("i", None) => self.out.push('0'),
            ("b", None) => self.out.push_str("false"),
            (_, None) => self.out.push_str("null"),
        }
    }

    fn plain(&mut self, value: &Value, depth: usize) {
        match value {
            Value::Map(map) => {
                let entries: Vec<(&str, &Value)> = map.iter().collect();
                self.block(('{', '}'), &entries, depth, |writer, (key, value), depth| {
                    writer.key(key);
                    writer.plain(value, depth);
                });
            }
            Value::List(items) => {
                self.block(('[', ']'), items, depth, |writer, item, depth| writer.plain(item, depth));
            }
            other => {
                let mut text = Vec::new();
                schema::json::write(other, &mut text);
                self.out.push_str(&String::from_utf8_lossy(&text));
            }
        }
    }

    fn key(&mut self, name: &str) {
        let space = if self.indent.is_some() { " " } else { "" };
        write!(self.out, "\"{name}\":{space}").expect("writing to a string cannot fail");
    }

    fn block<T>(
        &mut self,
        (open, close): (char, char),
        items: &[T],
        depth: usize,
        mut each: impl FnMut(&mut Writer, &T, usize),
    ) {
        self.out.push(open);
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.out.push(',');
            }
            self.new_line(depth + 1);
            each(self, item, depth + 1);
        }
        if !items.is_empty() {
            self.new_line(depth);
        }
        self.out.push(close);
    }

    fn new_line(&mut self, depth: usize) {
        if let Some(indent) = self.indent {
            self.out.push('\n');
            self.out.push_str(&indent.repeat(depth));
        }
    }
}
