//! Where the last lines of a file begin.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

const BLOCK_BYTES: u64 = 64 * 1024;

/// The offset of the last `lines` lines. What follows the last line feed counts as a line.
pub(super) fn start(file: &File, lines: u64) -> io::Result<u64> {
    let length = file.metadata()?.len();
    if lines == 0 || length == 0 {
        return Ok(length);
    }
    let mut block = vec![0; BLOCK_BYTES as usize];
    let mut end = length;
    let mut found = 0;
    while end > 0 {
        let begin = end.saturating_sub(BLOCK_BYTES);
        let block = &mut block[..(end - begin) as usize];
        file.read_exact_at(block, begin)?;
        for (index, _) in block.iter().enumerate().rev().filter(|(_, byte)| **byte == b'\n') {
            let offset = begin + index as u64;
            // The file's last line feed ends a line and begins none.
            if offset + 1 < length {
                found += 1;
                if found == lines {
                    return Ok(offset + 1);
                }
            }
        }
        end = begin;
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::start;
    use crate::volumes::testdir::TestDir;

    #[test]
    fn the_last_lines_are_found() {
        let dir = TestDir::new();
        let long = format!("{}\nb\n", "x".repeat(200_000));
        let table = [
            ("a\nb\nc\n", 2, "b\nc\n"),
            ("a\nb\nc", 2, "b\nc"),
            ("a\n", 5, "a\n"),
            ("", 1, ""),
            ("a\n", 0, ""),
            (&long, 1, "b\n"),
        ];
        for (text, lines, expected) in table {
            let path = dir.path().join("log");
            std::fs::write(&path, text).unwrap();
            let offset = start(&std::fs::File::open(&path).unwrap(), lines).unwrap();
            assert_eq!(&text[offset as usize..], expected, "{lines} of {text:.10}");
        }
    }
}
