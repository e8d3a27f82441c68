//! Writing JSON as Go's encoder does.

use crate::Value;
use std::io::Write;

/// Bytes that may need an escape: control characters, quotes, what HTML gives a meaning, and the first byte of the two
/// line separators that JavaScript takes for line ends.
const SPECIAL: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 0x20 {
        table[byte] = true;
        byte += 1;
    }
    table[b'"' as usize] = true;
    table[b'\\' as usize] = true;
    table[b'<' as usize] = true;
    table[b'>' as usize] = true;
    table[b'&' as usize] = true;
    table[0xe2] = true;
    table
};

/// Writes any value, keys sorted.
pub fn write(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Int(n) => out.extend_from_slice(itoa::Buffer::new().format(*n).as_bytes()),
        Value::Float(n) => write_float(*n, out),
        Value::Str(text) => write_str(text, out),
        Value::List(items) => {
            out.push(b'[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write(item, out);
            }
            out.push(b']');
        }
        Value::Map(map) => {
            out.push(b'{');
            for (index, (key, value)) in map.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write_key(key, out);
                write(value, out);
            }
            out.push(b'}');
        }
        Value::Verbatim(verbatim) => compact(verbatim.text(), out),
    }
}

/// Copies JSON without its blanks, and with what HTML gives a meaning escaped.
fn compact(text: &str, out: &mut Vec<u8>) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        match byte {
            b' ' | b'\t' | b'\n' | b'\r' => {}
            b'"' => {
                let end = string_end(bytes, at);
                escape_html(&bytes[at - 1..end], out);
                at = end;
            }
            _ => out.push(byte),
        }
    }
}

fn escape_html(bytes: &[u8], out: &mut Vec<u8>) {
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let (length, escape): (usize, &[u8]) = match byte {
            b'<' => (1, b"\\u003c"),
            b'>' => (1, b"\\u003e"),
            b'&' => (1, b"\\u0026"),
            0xe2 => match bytes.get(at + 1..at + 3) {
                Some([0x80, 0xa8]) => (3, b"\\u2028"),
                Some([0x80, 0xa9]) => (3, b"\\u2029"),
                _ => (1, &bytes[at..=at]),
            },
            _ => (1, &bytes[at..=at]),
        };
        out.extend_from_slice(escape);
        at += length;
    }
}

/// A key with its colon.
pub(crate) fn write_key(key: &str, out: &mut Vec<u8>) {
    write_str(key, out);
    out.push(b':');
}

pub(crate) fn write_str(text: &str, out: &mut Vec<u8>) {
    let bytes = text.as_bytes();
    out.reserve(bytes.len() + 2);
    out.push(b'"');
    let mut done = 0;
    for (at, &byte) in bytes.iter().enumerate() {
        if !SPECIAL[byte as usize] {
            continue;
        }
        let (length, escape): (usize, &[u8]) = match byte {
            b'"' => (1, b"\\\""),
            b'\\' => (1, b"\\\\"),
            b'\n' => (1, b"\\n"),
            b'\r' => (1, b"\\r"),
            b'\t' => (1, b"\\t"),
            0x08 => (1, b"\\b"),
            0x0c => (1, b"\\f"),
            0xe2 => match bytes.get(at + 1..at + 3) {
                Some([0x80, 0xa8]) => (3, b"\\u2028"),
                Some([0x80, 0xa9]) => (3, b"\\u2029"),
                _ => continue,
            },
            _ => (1, &[]),
        };
        out.extend_from_slice(&bytes[done..at]);
        if escape.is_empty() {
            const HEX: &[u8; 16] = b"0123456789abcdef";
            out.extend_from_slice(b"\\u00");
            out.push(HEX[usize::from(byte >> 4)]);
            out.push(HEX[usize::from(byte & 15)]);
        } else {
            out.extend_from_slice(escape);
        }
        done = at + length;
    }
    out.extend_from_slice(&bytes[done..]);
    out.push(b'"');
}

/// The shortest digits that read back the same; an exponent only for the very large and small.
fn write_float(n: f64, out: &mut Vec<u8>) {
    if !n.is_finite() {
        // JSON has no such numbers, and no reader makes them.
        return out.extend_from_slice(b"null");
    }
    let size = n.abs();
    if size != 0.0 && !(1e-6..1e21).contains(&size) {
        let text = format!("{n:e}");
        let text = if size >= 1e21 { text.replace('e', "e+") } else { text };
        return out.extend_from_slice(text.as_bytes());
    }
    write!(out, "{n}").expect("a vector takes every byte");
}

/// Adds line ends and two spaces a level to compact JSON.
pub fn indent(compact: &[u8], out: &mut Vec<u8>) {
    let mut depth = 0usize;
    let mut at = 0;
    let line = |depth: usize, out: &mut Vec<u8>| {
        out.push(b'\n');
        out.resize(out.len() + 2 * depth, b' ');
    };
    out.reserve(compact.len() * 2);
    while let Some(&byte) = compact.get(at) {
        at += 1;
        match byte {
            b'"' => {
                let end = string_end(compact, at);
                out.extend_from_slice(&compact[at - 1..end]);
                at = end;
            }
            b'{' | b'[' if matches!(compact.get(at), Some(b'}' | b']')) => {
                out.extend_from_slice(&compact[at - 1..at + 1]);
                at += 1;
            }
            b'{' | b'[' => {
                out.push(byte);
                depth += 1;
                line(depth, out);
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                line(depth, out);
                out.push(byte);
            }
            b',' => {
                out.push(byte);
                line(depth, out);
            }
            b':' => out.extend_from_slice(b": "),
            _ => out.push(byte),
        }
    }
}

/// The end of a string whose first byte after the quote is at `at`.
fn string_end(text: &[u8], mut at: usize) -> usize {
    loop {
        match memchr::memchr2(b'"', b'\\', &text[at.min(text.len())..]) {
            None => return text.len(),
            Some(found) if text[at + found] == b'"' => return at + found + 1,
            Some(found) => at += found + 2,
        }
    }
}
