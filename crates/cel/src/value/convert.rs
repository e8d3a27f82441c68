//! Values back to JSON.

use super::{Fuel, Timestamp, Val, duration_seconds_text};
use schema::Value;

pub(super) fn to_value(value: &Val, fuel: &mut Fuel) -> Option<Value> {
    fuel.burn().ok()?;
    Some(match value {
        Val::Null => Value::Null,
        Val::Bool(value) => Value::Bool(*value),
        Val::Int(value) => Value::Int(*value),
        Val::Uint(value) => i64::try_from(*value).map_or(Value::Float(*value as f64), Value::Int),
        Val::Double(value) => Value::Float(*value),
        Val::String(text) => Value::str(&**text),
        Val::Bytes(bytes) => Value::str(schema::Bytes(bytes.to_vec()).to_base64()),
        Val::Timestamp(timestamp) => Value::str(Timestamp::to_text(timestamp)),
        Val::Duration(nanos) => Value::str(duration_seconds_text(*nanos)),
        Val::List(list) => match list.untyped_node() {
            Some(node) => node.clone(),
            None => Value::List(list.iter().map(|item| to_value(&item.ok()?, fuel)).collect::<Option<_>>()?),
        },
        Val::Map(map) => match map.untyped_node() {
            Some(node) => node.clone(),
            None => {
                let mut out = schema::Map::new();
                for key in map.keys() {
                    out.insert(key.to_string(), to_value(&map.get(&key)?.ok()?, fuel)?);
                }
                Value::Map(out)
            }
        },
        Val::Object(object) => {
            let mut out = schema::Map::new();
            for (name, value) in &object.fields {
                out.insert(&**name, to_value(value, fuel)?);
            }
            Value::Map(out)
        }
        Val::Optional(inner) => to_value(inner.as_deref()?, fuel)?,
        Val::Type(_) | Val::Opaque(_) => return None,
    })
}
