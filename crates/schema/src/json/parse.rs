//! Reading JSON without a type.

use super::{JsonError, Lexer, MAX_DEPTH, utf8};
use crate::Value;
use crate::decode::source::{Source, Token};

/// What a text may be at most. Its length is limited where it comes in.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How deep lists and maps may lie in each other.
    pub depth: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { depth: MAX_DEPTH }
    }
}

/// Reads any JSON value. Of a key that comes twice, the last stays.
pub fn parse(bytes: &[u8], limits: Limits) -> Result<Value, JsonError> {
    let text = utf8(bytes);
    let mut lexer = Lexer::new(&text);
    let value = lexer.value(limits.depth)?;
    lexer.finish()?;
    Ok(value)
}

/// What an object says it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TypeMeta {
    pub api_version: String,
    pub kind: String,
}

/// Reads `apiVersion` and `kind` and checks that the whole text is JSON. The error is upstream's text after
/// `couldn't get version/kind; json parse error: `.
pub fn type_meta(bytes: &[u8]) -> Result<TypeMeta, String> {
    let text = utf8(bytes);
    let (meta, wrong) = read_type_meta(&mut Lexer::new(&text)).map_err(|error| error.to_string())?;
    match wrong {
        Some(wrong) => Err(wrong),
        None => Ok(meta),
    }
}

/// The same for a value that is already parsed.
pub(crate) fn type_meta_of(value: &Value) -> Result<TypeMeta, String> {
    let mut source = crate::decode::source::Tree::new(value.clone());
    match read_type_meta(&mut source) {
        Ok((_, Some(wrong))) => Err(wrong),
        Ok((meta, None)) => Ok(meta),
        Err(error) => Err(error.to_string()),
    }
}

/// An error of the text itself comes before what is wrong with its types.
fn read_type_meta<'a>(source: &mut impl Source<'a>) -> Result<(TypeMeta, Option<String>), JsonError> {
    const GO: &str =
        r#"struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" }"#;
    let mut meta = TypeMeta::default();
    let mut wrong = None;
    let token = source.token()?;
    if !matches!(token, Token::Map | Token::Null) {
        wrong = Some(format!("json: cannot unmarshal {} into Go value of type {GO}", token.name()));
        source.skip_rest(&token, MAX_DEPTH)?;
    } else if let Token::Map = token {
        let mut first = true;
        while let Some(key) = source.next_key(first)? {
            first = false;
            let slot = match &*key {
                "apiVersion" => &mut meta.api_version,
                "kind" => &mut meta.kind,
                _ => {
                    source.skip(MAX_DEPTH - 1)?;
                    continue;
                }
            };
            match source.token()? {
                Token::Str(text) => text.clone_into(slot),
                Token::Null => {}
                token => {
                    source.skip_rest(&token, MAX_DEPTH - 1)?;
                    let name = token.name();
                    wrong = wrong.or_else(|| {
                        Some(format!("json: cannot unmarshal {name} into Go struct field .{} of type string", &*key))
                    });
                }
            }
        }
    }
    source.finish()?;
    Ok((meta, wrong))
}
