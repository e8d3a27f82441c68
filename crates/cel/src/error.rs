//! Why an expression did not compile, in cel-go's layout: one paragraph an issue, sorted by place, with the source line and
//! a caret below it.

use std::fmt;
use std::sync::Arc;

/// More issues than this are counted, not shown.
const MAX_SHOWN: usize = 100;
/// Lines that are longer, in bytes, are not shown.
const MAX_SNIPPET: usize = 16_384;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    /// Offset in characters; none where the issue has no place (limits).
    pub position: Option<u32>,
    pub message: String,
}

/// All that is wrong with one expression. Its `Display` is what clients read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct CompileError {
    source_text: Arc<str>,
    issues: Vec<Issue>,
}

/// A place as people count: lines from 1, columns from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    line: usize,
    column: usize,
}

impl Issue {
    pub(crate) fn at(position: u32, message: impl Into<String>) -> Issue {
        Issue { position: Some(position), message: message.into() }
    }

    pub(crate) fn nowhere(message: impl Into<String>) -> Issue {
        Issue { position: None, message: message.into() }
    }
}

impl CompileError {
    pub fn new(source_text: Arc<str>, mut issues: Vec<Issue>) -> CompileError {
        // Line and column grow with the offset; what has no place comes first.
        issues.sort_by_key(|issue| issue.position);
        CompileError { source_text, issues }
    }

    /// Sorted by place.
    pub fn issues(&self) -> &[Issue] {
        &self.issues
    }
}

impl fmt::Display for CompileError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<&str> = self.source_text.split('\n').collect();
        for (index, issue) in self.issues.iter().take(MAX_SHOWN).enumerate() {
            if index > 0 {
                formatter.write_str("\n")?;
            }
            match issue.position {
                None => write!(formatter, "ERROR: <input>:-1:0: {}", issue.message)?,
                Some(position) => {
                    let place = locate(&lines, position);
                    write!(formatter, "ERROR: <input>:{}:{}: {}", place.line, place.column + 1, issue.message)?;
                    let line = lines[place.line - 1];
                    if line.len() <= MAX_SNIPPET {
                        write_snippet(formatter, line, place.column)?;
                    }
                }
            }
        }
        match self.issues.len().checked_sub(MAX_SHOWN) {
            Some(more) if more > 0 => write!(formatter, "\n{more} more errors were truncated"),
            _ => Ok(()),
        }
    }
}

/// The line, and below it a caret; wide characters get wide dots, so that the caret stands where it should.
fn write_snippet(formatter: &mut fmt::Formatter<'_>, line: &str, column: usize) -> fmt::Result {
    let line = line.replace('\t', " ");
    write!(formatter, "\n | {line}\n | ")?;
    let mut characters = line.chars();
    for character in characters.by_ref().take(column) {
        formatter.write_str(if character.len_utf8() > 1 { "．" } else { "." })?;
    }
    formatter.write_str(match characters.next() {
        Some(character) if character.len_utf8() > 1 => "＾",
        _ => "^",
    })
}

fn locate(lines: &[&str], position: u32) -> Place {
    let mut left = position as usize;
    for (index, line) in lines.iter().enumerate() {
        let length = line.chars().count();
        if left <= length || index + 1 == lines.len() {
            return Place { line: index + 1, column: left };
        }
        left -= length + 1;
    }
    Place { line: 1, column: 0 }
}
