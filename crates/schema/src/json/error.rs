//! What is wrong with a text that is not JSON, in the words of Go's scanner.

/// Clients read these texts in the message of a Status.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    #[error("unexpected end of JSON input")]
    UnexpectedEnd,
    #[error("invalid character {} {context}", quote(*.byte))]
    Character { byte: u8, context: Context },
    #[error("exceeded max depth")]
    TooDeep,
    #[error("json: cannot unmarshal number {0} into Go value of type float64")]
    Number(String),
}

/// Where a character was not expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Context {
    Text(&'static str),
    /// In a literal, where this byte was expected.
    Literal(&'static str, u8),
}

impl std::fmt::Display for Context {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Context::Text(text) => f.write_str(text),
            Context::Literal(literal, wanted) => write!(f, "in literal {literal} (expecting {})", quote(*wanted)),
        }
    }
}

/// Go quotes the byte as if it were a code point.
fn quote(byte: u8) -> String {
    match byte {
        b'\'' => r"'\''".into(),
        b'"' => "'\"'".into(),
        b'\\' => r"'\\'".into(),
        b'\n' => r"'\n'".into(),
        b'\r' => r"'\r'".into(),
        b'\t' => r"'\t'".into(),
        0x07 => r"'\a'".into(),
        0x08 => r"'\b'".into(),
        0x0b => r"'\v'".into(),
        0x0c => r"'\f'".into(),
        0..=0x1f | 0x7f => format!(r"'\x{byte:02x}'"),
        0x80..=0xa0 | 0xad => format!(r"'\u{:04x}'", u32::from(byte)),
        _ => format!("'{}'", char::from(byte)),
    }
}
