//! Typed reading of a JSON object, with errors that name the field. The configurations are small and few, so this stands
//! instead of a deserializer per shape.

use std::str::FromStr;

use serde_json::{Map, Value};

use crate::error::{CniError, Code};

/// A JSON object and where it stands in the configuration.
#[derive(Clone, Copy)]
pub struct Fields<'a> {
    map: Option<&'a Map<String, Value>>,
    at: &'a str,
}

impl<'a> Fields<'a> {
    /// `value` must be an object, or absent (null), which reads as an empty object.
    pub fn new(value: &'a Value, at: &'a str) -> Result<Self, CniError> {
        match value {
            Value::Object(map) => Ok(Self { map: Some(map), at }),
            Value::Null => Ok(Self { map: None, at }),
            _ => Err(CniError::new(Code::Decode, format!("{at}: expected an object"))),
        }
    }

    pub fn value(&self, name: &str) -> Option<&'a Value> {
        self.map?.get(name).filter(|value| !value.is_null())
    }

    pub fn object(&self, name: &'a str) -> Result<Fields<'a>, CniError> {
        Fields::new(self.value(name).unwrap_or(&Value::Null), name)
    }

    /// The string `name`; an empty one counts as absent, as upstream's encoders write it.
    pub fn string(&self, name: &str) -> Result<Option<&'a str>, CniError> {
        let Some(value) = self.value(name) else { return Ok(None) };
        match value.as_str() {
            Some(text) => Ok(Some(text).filter(|text| !text.is_empty())),
            None => Err(self.wrong(name, "a string")),
        }
    }

    pub fn flag(&self, name: &str) -> Result<bool, CniError> {
        let Some(value) = self.value(name) else { return Ok(false) };
        value.as_bool().ok_or_else(|| self.wrong(name, "true or false"))
    }

    pub fn number(&self, name: &str) -> Result<Option<i64>, CniError> {
        let Some(value) = self.value(name) else { return Ok(None) };
        value.as_i64().map(Some).ok_or_else(|| self.wrong(name, "a whole number"))
    }

    pub fn list(&self, name: &str) -> Result<&'a [Value], CniError> {
        let Some(value) = self.value(name) else { return Ok(&[]) };
        value.as_array().map(Vec::as_slice).ok_or_else(|| self.wrong(name, "a list"))
    }

    /// A string that must read as a `T`, such as an address.
    pub fn parsed<T: FromStr>(&self, name: &str, what: &str) -> Result<Option<T>, CniError> {
        let Some(text) = self.string(name)? else { return Ok(None) };
        text.parse().map(Some).map_err(|_| self.wrong(name, what))
    }

    fn wrong(&self, name: &str, expected: &str) -> CniError {
        CniError::new(Code::Decode, format!("{}: field {name:?}: expected {expected}", self.at))
    }
}
