//! JSON that keeps its bytes: what Go holds in a RawExtension. It is stored as it came, and two that differ in a blank alone
//! are different, as upstream has it.

use super::Value;
use crate::json;

/// A JSON value with the text that it came as, which is not the text that it would be written as.
#[derive(Clone, Debug)]
pub struct Verbatim {
    text: Box<str>,
    value: Value,
}

impl Verbatim {
    /// The value as it is, where its text is the one that it would be written as anyway.
    pub(crate) fn keep(text: &str, value: Value) -> Value {
        let mut written = Vec::with_capacity(text.len());
        json::write(&value, &mut written);
        if written == text.as_bytes() {
            return value;
        }
        Value::Verbatim(std::sync::Arc::new(Verbatim { text: text.into(), value }))
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn value(&self) -> &Value {
        &self.value
    }
}

impl PartialEq for Verbatim {
    fn eq(&self, other: &Verbatim) -> bool {
        self.text == other.text
    }
}

impl Value {
    /// The value without the text that it came as.
    pub fn plain(&self) -> &Value {
        match self {
            Value::Verbatim(verbatim) => verbatim.value(),
            value => value,
        }
    }

    /// Whether nothing in it keeps the text that it came as.
    pub fn is_plain(&self) -> bool {
        match self {
            Value::Verbatim(_) => false,
            Value::List(items) => items.iter().all(Value::is_plain),
            Value::Map(map) => map.iter().all(|(_, value)| value.is_plain()),
            _ => true,
        }
    }

    /// Forgets every text that something came as, as Go does when it writes an object and reads it again.
    pub fn make_plain(&mut self) {
        match self {
            Value::Verbatim(verbatim) => *self = verbatim.value().clone(),
            Value::List(items) => items.iter_mut().for_each(Value::make_plain),
            Value::Map(map) => map.iter_mut().for_each(|(_, value)| value.make_plain()),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::decode::DecodeOptions;
    use crate::{Schema, json, protobuf};

    #[test]
    fn raw_bytes_survive_the_store_and_are_written_compact() {
        let ty = Schema::builtin().by_kind("apps/v1", "ControllerRevision").unwrap();
        let text = br#"{"data": {"b": "<", "a" : [1, 2]}, "revision": 1}"#;
        let value = json::decode(ty, text, &DecodeOptions::default()).unwrap().value;
        let mut stored = Vec::new();
        protobuf::encode(ty, &value, &mut stored);
        let raw = br#"{"b": "<", "a" : [1, 2]}"#;
        assert!(stored.windows(raw.len()).any(|bytes| bytes == raw));
        let mut read = protobuf::decode(ty, &stored).unwrap();
        assert_eq!(read["data"], value["data"]);
        assert_eq!(read.at(&["data", "a"]).items().len(), 2);
        let mut written = Vec::new();
        json::encode(ty, &read, &mut written);
        let written = String::from_utf8(written).unwrap();
        assert!(written.contains(r#""data":{"b":"\u003c","a":[1,2]}"#), "{written}");
        read.make_plain();
        assert_ne!(read["data"], value["data"]);
    }
}
