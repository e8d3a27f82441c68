//! From lines of the file to what the client gets.

use super::LogOptions;
use super::line::{self, Line};

pub(super) struct Output {
    options: LogOptions,
    /// Bytes that the client still wants.
    left: usize,
    begins_line: bool,
}

impl Output {
    pub(super) fn new(options: &LogOptions) -> Output {
        let left = options.limit_bytes.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
        Output { options: options.clone(), left, begins_line: true }
    }

    /// The client has all that it asked for.
    pub(super) fn is_full(&self) -> bool {
        self.left == 0
    }

    /// Takes a line of the file, without its line feed.
    pub(super) fn push(&mut self, line: &[u8], out: &mut Vec<u8>) {
        match line::parse(line) {
            Some(line) => self.push_line(&line, out),
            None if line.is_empty() => {}
            None => tracing::debug!("a line of a log file is not in the form of the CRI"),
        }
    }

    fn push_line(&mut self, line: &Line<'_>, out: &mut Vec<u8>) {
        let is_old = self.options.since.is_some_and(|since| line.at < since);
        if is_old || self.options.stream.is_some_and(|stream| stream != line.stream) {
            return;
        }
        if self.options.timestamps && self.begins_line {
            self.put(line::fixed(line.time).as_bytes(), out);
            self.put(b" ", out);
        }
        self.put(line.text, out);
        if !line.partial {
            self.put(b"\n", out);
        }
        self.begins_line = !line.partial;
    }

    fn put(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        let taken = bytes.len().min(self.left);
        out.extend_from_slice(&bytes[..taken]);
        self.left -= taken;
    }
}
