//! JSON patch, RFC 6902, with the readings of the library that kube-apiserver uses.
//!
//! Where that library is laxer than the RFC, so is this: `replace` of a missing map member adds it, a member that is null
//! counts as missing for `test`, `copy` of a missing member gives null, an index may count from the end (`-1`), and text
//! before the first slash of a pointer is ignored.

use crate::PatchError;
use crate::go_format::json_name;
use schema::{Map, Value};

/// Operations in one patch.
pub const MAX_OPERATIONS: usize = 10_000;
/// Bytes of JSON that the copy operations of one patch may add together.
pub const MAX_COPIED_BYTES: usize = 3 * 1024 * 1024;

/// Nesting of a document: what decoders accept. Copying a value into itself would else double its depth each time, until
/// it could not even be dropped.
const MAX_DEPTH: usize = schema::json::MAX_DEPTH;

/// Applies the operations in order. After an error the document is half changed and must be thrown away.
pub fn apply(doc: &mut Value, patch: &Value) -> Result<(), PatchError> {
    let operations = decode(patch)?;
    if operations.len() > MAX_OPERATIONS {
        return Err(PatchError::TooLarge(format!(
            "The allowed maximum operations in a JSON patch is {MAX_OPERATIONS}, got {}",
            operations.len()
        )));
    }
    let mut copied_bytes = 0;
    for operation in operations {
        run(doc, operation, &mut copied_bytes).map_err(PatchError::DoesNotApply)?;
    }
    Ok(())
}

/// The operations, whose known members have the right types.
fn decode(patch: &Value) -> Result<&[Value], PatchError> {
    let fail = |value: &Value, into: &str| {
        let found = json_name(value);
        Err(PatchError::BadRequest(format!("error decoding patch: json: cannot unmarshal {found} into Go {into}")))
    };
    let operations = match patch {
        Value::List(operations) => operations.as_slice(),
        Value::Null => &[],
        other => return fail(other, "value of type []handlers.jsonPatchOp"),
    };
    for operation in operations {
        match operation {
            Value::Map(members) => {
                for name in ["op", "path", "from"] {
                    match members.get(name) {
                        None | Some(Value::Null | Value::Str(_)) => {}
                        Some(other) => return fail(other, &format!("struct field jsonPatchOp.{name} of type string")),
                    }
                }
            }
            Value::Null => {}
            other => return fail(other, "value of type handlers.jsonPatchOp"),
        }
    }
    Ok(operations)
}

fn run(doc: &mut Value, operation: &Value, copied_bytes: &mut usize) -> Result<(), String> {
    let member = |name: &str| operation.get(name).and_then(Value::as_str);
    let kind = member("op").unwrap_or("unknown");
    let path = member("path").ok_or_else(|| format!("{kind} operation failed to decode path: missing value"));
    let from = member("from").ok_or_else(|| format!("{kind} operation failed to decode from: missing value"));
    let value = &operation["value"];
    match kind {
        "add" => add(doc, path?, value.clone(), kind),
        "remove" => remove(doc, path?, kind).map(drop),
        "replace" => replace(doc, path?, value),
        "move" => {
            let (from, path) = (from?, path?);
            let moved = remove(doc, from, kind)?;
            add(doc, path, moved, kind)
        }
        "copy" => {
            let (from, path) = (from?, path?);
            let copy = read(doc, from, kind)?.clone();
            *copied_bytes += json_bytes(&copy);
            if *copied_bytes > MAX_COPIED_BYTES {
                return Err(format!(
                    "Unable to complete the copy, the accumulated size increase of copy is {copied_bytes}, exceeding the limit {MAX_COPIED_BYTES}"
                ));
            }
            add(doc, path, copy, kind)
        }
        "test" => test(doc, path?, value),
        other => Err(format!("Unexpected kind: {other}")),
    }
}

fn add(doc: &mut Value, path: &str, value: Value, kind: &str) -> Result<(), String> {
    check_depth(path, &value)?;
    match parent(doc, path, kind)? {
        (Node::Map(map), key) => {
            map.insert(key, value);
        }
        (Node::List(items), key) => {
            let at = if key == "-" { items.len() } else { index(&key, items.len() + 1)? };
            items.insert(at, value);
        }
    }
    Ok(())
}

fn remove(doc: &mut Value, path: &str, kind: &str) -> Result<Value, String> {
    match parent(doc, path, kind)? {
        (Node::Map(map), key) => {
            map.remove(&key).ok_or_else(|| format!("Unable to remove nonexistent key: {key}: missing value"))
        }
        (Node::List(items), key) => {
            let at = index(&key, items.len())?;
            Ok(items.remove(at))
        }
    }
}

fn replace(doc: &mut Value, path: &str, value: &Value) -> Result<(), String> {
    check_depth(path, value)?;
    if path.is_empty() {
        if !matches!(value, Value::Map(_) | Value::List(_)) {
            return Err("replace operation value must be object or array".into());
        }
        *doc = value.clone();
        return Ok(());
    }
    match parent(doc, path, "replace")? {
        (Node::Map(map), key) => {
            map.insert(key, value.clone());
        }
        (Node::List(items), key) => {
            let at = index(&key, items.len())?;
            items[at] = value.clone();
        }
    }
    Ok(())
}

fn test(doc: &mut Value, path: &str, value: &Value) -> Result<(), String> {
    let found = if path.is_empty() { &*doc } else { read(doc, path, "test")? };
    if found == value { Ok(()) } else { Err(format!("testing value {path} failed: test failed")) }
}

fn check_depth(path: &str, value: &Value) -> Result<(), String> {
    let steps = path.bytes().filter(|&byte| byte == b'/').count();
    let fits = MAX_DEPTH.checked_sub(steps).is_some_and(|room| fits(value, room));
    if fits { Ok(()) } else { Err("exceeded max depth".into()) }
}

/// Whether lists and maps lie in each other at most `room` deep.
fn fits(value: &Value, room: usize) -> bool {
    match value {
        Value::List(items) => room > 0 && items.iter().all(|item| fits(item, room - 1)),
        Value::Map(map) => room > 0 && map.iter().all(|(_, value)| fits(value, room - 1)),
        _ => true,
    }
}

/// The value at a path; Null for a member that its map does not have.
fn read<'d>(doc: &'d mut Value, path: &str, kind: &str) -> Result<&'d Value, String> {
    static NULL: Value = Value::Null;
    match parent(doc, path, kind)? {
        (Node::Map(map), key) => Ok(map.get(&key).unwrap_or(&NULL)),
        (Node::List(items), key) => {
            let at = index(&key, items.len())?;
            Ok(&items[at])
        }
    }
}

enum Node<'d> {
    Map(&'d mut Map),
    List(&'d mut Vec<Value>),
}

/// The container that holds the last step of a path, and that step.
fn parent<'d>(doc: &'d mut Value, path: &str, kind: &str) -> Result<(Node<'d>, String), String> {
    // One operation does not quote the path.
    let shown = if kind == "replace" { path.to_owned() } else { format!("\"{path}\"") };
    let missing = || format!("{kind} operation does not apply: doc is missing path: {shown}: missing value");
    let mut steps: Vec<&str> = path.split('/').skip(1).collect();
    let last = steps.pop().ok_or_else(missing)?;
    let mut at = doc;
    for step in steps {
        let step = unescape(step);
        at = match at {
            Value::Map(map) => map.get_mut(&step).ok_or_else(missing)?,
            Value::List(items) => {
                let index = index(&step, items.len()).map_err(|_| missing())?;
                &mut items[index]
            }
            _ => return Err(missing()),
        };
    }
    match at {
        Value::Map(map) => Ok((Node::Map(map), unescape(last))),
        Value::List(items) => Ok((Node::List(items), unescape(last))),
        _ => Err(missing()),
    }
}

fn unescape(step: &str) -> String {
    step.replace("~1", "/").replace("~0", "~")
}

/// The index that `step` names in a list of `len` places: decimal, signed, negative from the end.
fn index(step: &str, len: usize) -> Result<usize, String> {
    let digits = step.strip_prefix(['+', '-']).unwrap_or(step);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(format!("value was not a proper array index: '{step}'"));
    }
    let invalid = || format!("Unable to access invalid index: {step}: invalid index referenced");
    let number: usize = digits.parse().map_err(|_| invalid())?;
    let at = if step.starts_with('-') && number > 0 { len.checked_sub(number) } else { Some(number) };
    at.filter(|&at| at < len).ok_or_else(invalid)
}

/// The size of a value as JSON text without spaces; escapes in strings count as one byte.
fn json_bytes(value: &Value) -> usize {
    match value {
        Value::Null => 4,
        Value::Bool(b) => 5 - usize::from(*b),
        Value::Int(n) => n.to_string().len(),
        Value::Float(n) => n.to_string().len(),
        Value::Str(text) => text.len() + 2,
        Value::List(items) => items.iter().map(|item| json_bytes(item) + 1).sum::<usize>() + 1,
        Value::Map(map) => map.iter().map(|(key, value)| key.len() + json_bytes(value) + 4).sum::<usize>() + 1,
        Value::Verbatim(verbatim) => verbatim.text().len(),
    }
}

#[cfg(test)]
mod tests;
