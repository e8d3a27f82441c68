//! The walk over a source, guided by a type.

use super::source::{Chars, Source, Token};
use super::{DecodeError, DecodeOptions, Decoded, MAX_STRICT, Strict, TypeError, scalars, words};
use crate::json::{JsonError, MAX_DEPTH};
use crate::schema::SchemaOr;
use crate::{Field, Map, Scalar, Shape, Text, TypeRef, Value};
use std::collections::HashSet;
use std::fmt::Write;

pub(crate) fn decode<'a, S: Source<'a>>(
    ty: TypeRef<'_>,
    source: S,
    options: &DecodeOptions,
) -> Result<Decoded, DecodeError> {
    let mut walker = Walker {
        source,
        options: *options,
        depth: MAX_DEPTH,
        path: Vec::with_capacity(16),
        structure: "",
        scratch: Vec::with_capacity(64),
        error: None,
        strict: Vec::new(),
        named: HashSet::new(),
        silent: 0,
    };
    let value = match walker.source.token()? {
        Token::Map => walker.structure(ty)?,
        Token::Null => Value::map(),
        token => {
            let shape = Shape::Struct(ty.id);
            walker.mismatch(ty, &shape, None, token)?
        }
    };
    walker.source.finish()?;
    match walker.error {
        Some(error) => Err(error),
        None => Ok(Decoded { value, strict: walker.strict }),
    }
}

/// One step of the path to where the walk is.
enum Step<'s> {
    Field(&'s Field),
    Key(Text),
    Index(usize),
}

struct Walker<'s, S> {
    source: S,
    options: DecodeOptions,
    /// How much deeper it may go.
    depth: usize,
    path: Vec<Step<'s>>,
    /// Name of the innermost struct.
    structure: &'s str,
    /// Members of all the structs that are open, by the rank of the field in its struct.
    scratch: Vec<(u32, Value)>,
    /// The first thing that is wrong; the walk goes on, for a later error of the text itself counts more.
    error: Option<DecodeError>,
    strict: Vec<Strict>,
    /// Paths in `strict`, to name each once.
    named: HashSet<String>,
    /// Above zero inside of what Go decodes with a decoder of its own, which is not strict.
    silent: usize,
}

/// Which fields of a struct have come.
#[derive(Default)]
struct Seen {
    first: u128,
    rest: HashSet<usize>,
}

impl Seen {
    /// Whether it is new.
    fn insert(&mut self, index: usize) -> bool {
        if index >= 128 {
            return self.rest.insert(index);
        }
        let bit = 1 << index;
        let new = self.first & bit == 0;
        self.first |= bit;
        new
    }
}

impl<'a, 's, S: Source<'a>> Walker<'s, S> {
    /// The members of a struct, after its token.
    fn structure(&mut self, ty: TypeRef<'s>) -> Result<Value, JsonError> {
        self.depth = self.depth.checked_sub(1).ok_or(JsonError::TooDeep)?;
        let def = ty.def();
        let outer = std::mem::replace(&mut self.structure, words::struct_name(&def.name));
        let custom = self.options.custom;
        self.options.custom = custom && !def.built_in;
        let base = self.scratch.len();
        let mut seen = Seen::default();
        let mut others = Vec::new();
        let (mut first, mut expected) = (true, 0);
        while let Some(key) = self.source.next_key(first)? {
            first = false;
            let Some(index) = def.field_near(&key, expected) else {
                self.other(ty, key, &mut others)?;
                continue;
            };
            expected = index + 1;
            let field = &def.fields[index];
            self.path.push(Step::Field(field));
            let new = seen.insert(index);
            if !new {
                self.report(None, true);
            }
            let value = self.value(ty, &field.shape, field.go.as_deref())?;
            self.path.pop();
            let rank = def.rank(index);
            if !new && let Some(at) = self.scratch[base..].iter().position(|(have, _)| *have == rank) {
                self.again(base + at, field, value);
            } else if self.options.custom || keeps(field, &value) {
                self.scratch.push((rank, value));
            }
        }
        self.structure = outer;
        self.options.custom = custom;
        self.depth += 1;
        let members = &mut self.scratch[base..];
        if !members.is_sorted_by_key(|(rank, _)| *rank) {
            members.sort_unstable_by_key(|(rank, _)| *rank);
        }
        let members = self.scratch.drain(base..).map(|(rank, value)| (def.at_rank(rank).json.clone(), value));
        if others.is_empty() {
            return Ok(Value::Map(Map::from_sorted(members.collect())));
        }
        others.extend(members);
        let (map, duplicates) = Map::build(others);
        self.duplicates(duplicates);
        Ok(Value::Map(map))
    }

    /// A field that came before: structs and maps take in the new members, all else is replaced.
    fn again(&mut self, at: usize, field: &Field, value: Value) {
        let keeps_old = value.is_null() && !field.pointer && matches!(field.shape, Shape::Scalar(_) | Shape::Struct(_));
        if keeps_old {
            return;
        }
        let slot = &mut self.scratch[at].1;
        let merges = matches!(field.shape, Shape::Struct(_) | Shape::Map(_));
        match value {
            Value::Map(new) if merges && slot.as_map().is_some() => merge(slot, new),
            value if self.options.custom || keeps(field, &value) => *slot = value,
            _ => {
                self.scratch.remove(at);
            }
        }
    }

    /// A member that is no field of the type.
    fn other(&mut self, ty: TypeRef<'s>, key: Chars<'a>, others: &mut Vec<(Text, Value)>) -> Result<(), JsonError> {
        let def = ty.def();
        let key = key.into_text();
        let of_resource = def.embedded_resource && matches!(&*key, "apiVersion" | "kind" | "metadata");
        if !of_resource && !def.preserves_unknown && def.additional.is_none() {
            self.report(Some(&key), false);
            return self.source.skip(self.depth);
        }
        self.path.push(Step::Key(key.clone()));
        let value = match &def.additional {
            Some(shape) if !of_resource => self.value(ty, shape, None)?,
            _ => self.free()?,
        };
        self.path.pop();
        others.push((key, value));
        Ok(())
    }

    /// A value of a shape; Null where there is none.
    fn value(&mut self, ty: TypeRef<'s>, shape: &'s Shape, named: Option<&'s str>) -> Result<Value, JsonError> {
        if let Shape::Scalar(Scalar::Raw) = shape {
            return self.source.verbatim(self.depth);
        }
        if let Shape::Scalar(Scalar::Json | Scalar::FieldsV1) = shape {
            return self.source.value(self.depth);
        }
        if let Shape::Any = shape {
            return self.free();
        }
        match (shape, self.source.token()?) {
            (_, Token::Null) => Ok(Value::Null),
            (Shape::Scalar(Scalar::String), Token::Str(text)) => Ok(Value::Str(text.into_text())),
            (Shape::Struct(id), Token::Map) => self.structure(ty.resolve(*id)),
            (Shape::List(item) | Shape::WrappedList(item), Token::List) => {
                self.list(ty, item, words::element_name(shape, named))
            }
            (Shape::Map(item), Token::Map) => self.map(ty, item, words::element_name(shape, named)),
            (Shape::SchemaOr(or, id), token) => self.schema_or(ty, *or, ty.resolve(*id), token),
            (Shape::Scalar(scalar), token) if !self.options.custom && !matches!(token, Token::List | Token::Map) => {
                self.scalar(ty, shape, *scalar, named, token)
            }
            (_, token) => self.mismatch(ty, shape, named, token),
        }
    }

    fn scalar(
        &mut self,
        ty: TypeRef<'s>,
        shape: &Shape,
        scalar: Scalar,
        named: Option<&str>,
        token: Token<'a>,
    ) -> Result<Value, JsonError> {
        match scalars::read(scalar, token) {
            Ok(value) => Ok(value),
            Err(wrong) => {
                self.wrong(ty, shape, named, wrong);
                Ok(Value::Null)
            }
        }
    }

    fn list(&mut self, ty: TypeRef<'s>, item: &'s Shape, named: Option<&'s str>) -> Result<Value, JsonError> {
        self.depth = self.depth.checked_sub(1).ok_or(JsonError::TooDeep)?;
        let mut items = Vec::new();
        while self.source.next_item(items.is_empty())? {
            self.path.push(Step::Index(items.len()));
            let value = self.value(ty, item, named)?;
            self.path.pop();
            items.push(self.element(item, value));
        }
        self.depth += 1;
        Ok(Value::List(items))
    }

    fn map(&mut self, ty: TypeRef<'s>, item: &'s Shape, named: Option<&'s str>) -> Result<Value, JsonError> {
        self.depth = self.depth.checked_sub(1).ok_or(JsonError::TooDeep)?;
        let mut entries = Vec::new();
        let plain = matches!(item, Shape::Scalar(_));
        while let Some(key) = self.source.next_key(entries.is_empty())? {
            let key = key.into_text();
            let value = if plain {
                self.value(ty, item, named)?
            } else {
                self.path.push(Step::Key(key.clone()));
                let value = self.value(ty, item, named)?;
                self.path.pop();
                value
            };
            let value = self.element(item, value);
            entries.push((key, value));
        }
        self.depth += 1;
        let (map, duplicates) = Map::build(entries);
        self.duplicates(duplicates);
        Ok(Value::Map(map))
    }

    /// Elements are never absent: null is the zero value.
    fn element(&self, shape: &Shape, value: Value) -> Value {
        match shape {
            _ if !value.is_null() || self.options.custom => value,
            Shape::Scalar(scalar) => scalars::zero(*scalar),
            Shape::Struct(_) | Shape::Map(_) => Value::map(),
            Shape::List(_) | Shape::WrappedList(_) => Value::List(Vec::new()),
            Shape::SchemaOr(..) | Shape::Any => Value::Null,
        }
    }

    /// What apiextensions decodes on its own: a schema, or a list of schemas, a list of strings, or a boolean.
    fn schema_or(
        &mut self,
        ty: TypeRef<'s>,
        or: SchemaOr,
        schema: TypeRef<'s>,
        token: Token<'a>,
    ) -> Result<Value, JsonError> {
        self.silent += 1;
        let value = match (or, token) {
            (_, Token::Map) => self.structure(schema),
            (SchemaOr::Bool, Token::Bool(b)) => Ok(Value::Bool(b)),
            (SchemaOr::Array | SchemaOr::Strings, Token::List) => {
                let strings = or == SchemaOr::Strings;
                self.depth = self.depth.checked_sub(1).ok_or(JsonError::TooDeep)?;
                let mut items = Vec::new();
                while self.source.next_item(items.is_empty())? {
                    items.push(match self.source.token()? {
                        Token::Map if !strings => self.structure(schema)?,
                        Token::Str(text) if strings => Value::Str(text.into_text()),
                        Token::Null if strings => Value::Str(Text::default()),
                        Token::Null => Value::map(),
                        token if strings => self.mismatch(ty, &Shape::Scalar(Scalar::String), None, token)?,
                        token => self.mismatch(ty, &Shape::Struct(schema.id), None, token)?,
                    });
                }
                self.depth += 1;
                Ok(Value::List(items))
            }
            (SchemaOr::Bool, token) => {
                self.source.skip_rest(&token, self.depth)?;
                self.fail(DecodeError::Scalar("boolean or JSON schema expected".into()));
                Ok(Value::Null)
            }
            (_, token) => self.source.skip_rest(&token, self.depth).map(|()| Value::Null),
        };
        self.silent -= 1;
        value
    }

    /// Any value, looking for keys that come twice.
    fn free(&mut self) -> Result<Value, JsonError> {
        if !self.options.strict {
            return self.source.value(self.depth);
        }
        let token = self.source.token()?;
        self.free_from(token)
    }

    fn free_from(&mut self, token: Token<'a>) -> Result<Value, JsonError> {
        self.depth = self.depth.checked_sub(1).ok_or(JsonError::TooDeep)?;
        let value = match token {
            Token::Null => Value::Null,
            Token::Bool(b) => Value::Bool(b),
            Token::Str(text) => Value::Str(text.into_text()),
            Token::Number(number) => number.to_value().ok_or_else(|| JsonError::Number(number.text().into_owned()))?,
            Token::List => {
                let mut items = Vec::new();
                while self.source.next_item(items.is_empty())? {
                    self.path.push(Step::Index(items.len()));
                    items.push(self.free()?);
                    self.path.pop();
                }
                Value::List(items)
            }
            Token::Map => {
                let mut entries = Vec::new();
                while let Some(key) = self.source.next_key(entries.is_empty())? {
                    let key = key.into_text();
                    self.path.push(Step::Key(key.clone()));
                    let value = self.free()?;
                    self.path.pop();
                    entries.push((key, value));
                }
                let (map, duplicates) = Map::build(entries);
                self.duplicates(duplicates);
                Value::Map(map)
            }
        };
        self.depth += 1;
        Ok(value)
    }

    /// A value of another type than the shape's: an error, but in a custom resource it stays.
    #[cold]
    fn mismatch(
        &mut self,
        ty: TypeRef<'s>,
        shape: &Shape,
        named: Option<&str>,
        token: Token<'a>,
    ) -> Result<Value, JsonError> {
        if self.options.custom {
            return self.free_from(token);
        }
        self.source.skip_rest(&token, self.depth)?;
        let wrong = match shape {
            Shape::Scalar(scalar) => scalars::read(*scalar, token).err(),
            _ => Some(scalars::Wrong::Type(token.name().into())),
        };
        if let Some(wrong) = wrong {
            self.wrong(ty, shape, named, wrong);
        }
        Ok(Value::Null)
    }

    #[cold]
    fn wrong(&mut self, ty: TypeRef<'s>, shape: &Shape, named: Option<&str>, wrong: scalars::Wrong) {
        if self.error.is_some() {
            return;
        }
        let found = match wrong {
            scalars::Wrong::Type(found) => found,
            scalars::Wrong::Text(text) => return self.fail(DecodeError::Scalar(text)),
        };
        let mut path = String::new();
        for step in &self.path {
            if let Step::Field(field) = step {
                field.embedded.iter().for_each(|name| push_name(&mut path, name));
                push_name(&mut path, &field.json);
            }
        }
        let wanted = words::shape_name(ty, shape, named);
        let error = TypeError { found, structure: self.structure.to_owned(), path, wanted };
        self.fail(DecodeError::Type(Box::new(error)));
    }

    fn fail(&mut self, error: DecodeError) {
        self.error.get_or_insert(error);
    }

    fn duplicates(&mut self, keys: Vec<Text>) {
        for key in keys {
            if self.strict.len() >= MAX_STRICT {
                return;
            }
            self.report(Some(&key), true);
        }
    }

    /// Takes note of an unknown or duplicate field: the one at the path, or its member `key`.
    fn report(&mut self, key: Option<&str>, duplicate: bool) {
        if !self.options.strict || self.silent > 0 || self.strict.len() >= MAX_STRICT {
            return;
        }
        let mut path = String::new();
        for step in &self.path {
            match step {
                Step::Index(index) => write!(path, "[{index}]").expect("a string takes every text"),
                Step::Field(field) => push_name(&mut path, &field.json),
                Step::Key(name) => push_name(&mut path, name),
            }
        }
        if let Some(key) = key {
            push_name(&mut path, key);
        }
        let found = if duplicate { Strict::Duplicate(path) } else { Strict::Unknown(path) };
        if self.named.insert(found.to_string()) {
            self.strict.push(found);
        }
    }
}

fn push_name(path: &mut String, name: &str) {
    if !path.is_empty() {
        path.push('.');
    }
    path.push_str(name);
}

/// Whether a field with this value is present in normal form.
pub(crate) fn keeps(field: &Field, value: &Value) -> bool {
    match (&field.shape, value) {
        (_, Value::Null) => field.nullable,
        _ if field.pointer => true,
        (Shape::Scalar(scalar), value) => !scalars::is_zero(*scalar, value),
        (_, Value::Map(map)) => !map.is_empty(),
        (_, Value::List(items)) => !items.is_empty(),
        _ => true,
    }
}

/// Members of `new` replace or join those of `old`, at every depth.
fn merge(old: &mut Value, new: Map) {
    let old = old.make_map();
    for (key, value) in new {
        match value {
            Value::Map(new) if old.get(&key).is_some_and(|old| old.as_map().is_some()) => merge(old.entry(&key), new),
            value => {
                old.insert(key, value);
            }
        }
    }
}
