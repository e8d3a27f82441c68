//! Types as cel-go writes them: `list(int)`, `map(string, dyn)`, `optional_type(int)`.

use super::Type;
use std::fmt;

/// More parts of a type than this are left out: shared parts make some types very long to write.
const MAX_PARTS: u32 = 1_000;

impl fmt::Display for Type {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write(self, formatter, &mut 0)
    }
}

/// The types of a call, as in `list(string).(int, string)`.
pub(crate) fn signature(args: &[Type], member: bool) -> String {
    let mut text = String::new();
    let mut rest = args;
    if member && let Some((target, others)) = args.split_first() {
        text = format!("{target}.");
        rest = others;
    }
    let rest: Vec<String> = rest.iter().map(Type::to_string).collect();
    format!("{text}({})", rest.join(", "))
}

fn write(ty: &Type, formatter: &mut fmt::Formatter<'_>, parts: &mut u32) -> fmt::Result {
    *parts += 1;
    if *parts > MAX_PARTS {
        return formatter.write_str("...");
    }
    let (name, inner): (&str, &[&Type]) = match ty {
        Type::Var(number) => return write!(formatter, "_var{number}"),
        Type::List(element) => ("list", &[element]),
        Type::Map(key, value) => ("map", &[key, value]),
        Type::Optional(inner) => ("optional_type", &[inner]),
        Type::Type(inner) => ("type", &[inner]),
        Type::Dyn => ("dyn", &[]),
        Type::Error => ("!error!", &[]),
        Type::Null => ("null", &[]),
        Type::Bool => ("bool", &[]),
        Type::Int => ("int", &[]),
        Type::Uint => ("uint", &[]),
        Type::Double => ("double", &[]),
        Type::String => ("string", &[]),
        Type::Bytes => ("bytes", &[]),
        Type::Duration => ("duration", &[]),
        Type::Timestamp => ("timestamp", &[]),
        Type::Object(object) => (&object.name, &[]),
        Type::Opaque(name) | Type::Param(name) => (name, &[]),
    };
    formatter.write_str(name)?;
    if let Some((first, others)) = inner.split_first() {
        formatter.write_str("(")?;
        write(first, formatter, parts)?;
        for other in others {
            formatter.write_str(", ")?;
            write(other, formatter, parts)?;
        }
        formatter.write_str(")")?;
    }
    Ok(())
}
