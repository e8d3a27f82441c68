//! What the macros of comprehensions over two variables call.

use super::{CallContext, Library, error, function, no_such_overload, overload};
use crate::eval::EvalError;
use crate::types::Type;
use crate::value::{Key, Map, Val};
use std::collections::BTreeMap;
use std::sync::Arc;

pub(super) fn library() -> Library {
    let (k, v) = (Type::Param("K"), Type::Param("V"));
    let map = Type::map(k.clone(), v.clone());
    Library {
        functions: vec![function(
            "cel.@mapInsert",
            vec![
                overload("@mapInsert_map_map", &[map.clone(), map.clone()], map.clone()),
                overload("@mapInsert_map_key_value", &[map.clone(), k, v], map),
            ],
        )],
        implementations: vec![("cel.@mapInsert", insert)],
    }
}

fn insert(_: &mut CallContext<'_>, args: &[Val]) -> Result<Val, EvalError> {
    let (own, more) = match args {
        [Val::Map(own), Val::Map(more)] => (own, entries(more)?),
        [Val::Map(own), key, value] => match Key::of(key) {
            Some(key) => (own, BTreeMap::from([(key, value.clone())])),
            None => return no_such_overload(),
        },
        _ => return no_such_overload(),
    };
    let mut all = entries(own)?;
    for (key, value) in more {
        if all.contains_key(&key) {
            return error(format!("insert failed: key {key} already exists"));
        }
        all.insert(key, value);
    }
    Ok(Val::Map(Map::Made(Arc::new(all))))
}

fn entries(map: &Map) -> Result<BTreeMap<Key, Val>, EvalError> {
    if let Map::Made(entries) = map {
        return Ok((**entries).clone());
    }
    map.keys().into_iter().map(|key| Ok((key.clone(), map.get(&key).unwrap_or(Ok(Val::Null))?))).collect()
}
