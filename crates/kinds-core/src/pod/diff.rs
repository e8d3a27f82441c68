//! A unified diff of two texts, line for line the one that upstream's messages carry.
//!
//! Upstream finds what two specs have in common by the longest matching block, and then on both sides of it, lines that are
//! very frequent left aside in long texts; other ways to a diff give other, equally right ones, which clients would not see.

use std::collections::HashMap;
use std::fmt::Write;

const CONTEXT: usize = 3;
/// From this many lines on, a line that makes up more than a hundredth of the text does not start a match.
const POPULAR_FROM: usize = 200;

pub fn unified(old: &str, new: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.split('\n').collect(), new.split('\n').collect());
    let mut out = String::new();
    for group in groups(&Matcher::new(&old, &new).edits()) {
        hunk(&group, &old, &new, &mut out);
    }
    out
}

/// Lines `old` of the old text become lines `new` of the new one.
#[derive(Clone)]
struct Edit {
    same: bool,
    old: std::ops::Range<usize>,
    new: std::ops::Range<usize>,
}

fn hunk(group: &[Edit], old: &[&str], new: &[&str], out: &mut String) {
    let (first, last) = (&group[0], &group[group.len() - 1]);
    let range = |start: usize, end: usize| match end - start {
        1 => format!("{}", start + 1),
        0 => format!("{start},0"),
        length => format!("{},{length}", start + 1),
    };
    let (from, to) = (range(first.old.start, last.old.end), range(first.new.start, last.new.end));
    writeln!(out, "@@ -{from} +{to} @@").expect("writing to a string cannot fail");
    let mut lines = |mark: char, lines: &[&str]| {
        for line in lines {
            writeln!(out, "{mark}{line}").expect("writing to a string cannot fail");
        }
    };
    for edit in group {
        if edit.same {
            lines(' ', &old[edit.old.clone()]);
        } else {
            lines('-', &old[edit.old.clone()]);
            lines('+', &new[edit.new.clone()]);
        }
    }
}

/// Changes that are near each other, with the lines around them.
fn groups(edits: &[Edit]) -> Vec<Vec<Edit>> {
    let mut groups: Vec<Vec<Edit>> = vec![Vec::new()];
    let count = edits.len();
    for (index, edit) in edits.iter().enumerate() {
        let mut edit = edit.clone();
        let length = edit.old.len();
        if edit.same && index == 0 {
            edit = tail(&edit);
        }
        if edit.same && index + 1 == count {
            edit = head(&edit);
        }
        let splits = edit.same && index != 0 && index + 1 != count && length > 2 * CONTEXT;
        let group = groups.last_mut().expect("it starts with one");
        if splits {
            group.push(head(&edit));
            groups.push(vec![tail(&edit)]);
        } else {
            group.push(edit);
        }
    }
    groups.retain(|group| group.iter().any(|edit| !edit.same));
    groups
}

fn head(edit: &Edit) -> Edit {
    let keep = edit.old.len().min(CONTEXT);
    Edit { same: true, old: edit.old.start..edit.old.start + keep, new: edit.new.start..edit.new.start + keep }
}

fn tail(edit: &Edit) -> Edit {
    let keep = edit.old.len().min(CONTEXT);
    Edit { same: true, old: edit.old.end - keep..edit.old.end, new: edit.new.end - keep..edit.new.end }
}

struct Matcher<'a> {
    old: &'a [&'a str],
    new: &'a [&'a str],
    /// Where the lines of the new text stand, the popular ones left out.
    places: HashMap<&'a str, Vec<usize>>,
}

/// `length` lines from `old` and `new` on are the same.
#[derive(Clone, Copy)]
struct Block {
    old: usize,
    new: usize,
    length: usize,
}

impl<'a> Matcher<'a> {
    fn new(old: &'a [&'a str], new: &'a [&'a str]) -> Matcher<'a> {
        let mut places: HashMap<&str, Vec<usize>> = HashMap::new();
        for (at, line) in new.iter().enumerate() {
            places.entry(line).or_default().push(at);
        }
        if new.len() >= POPULAR_FROM {
            let most = new.len() / 100 + 1;
            places.retain(|_, at| at.len() <= most);
        }
        Matcher { old, new, places }
    }

    fn edits(&self) -> Vec<Edit> {
        let mut blocks = Vec::new();
        self.collect(0..self.old.len(), 0..self.new.len(), &mut blocks);
        let mut edits: Vec<Edit> = Vec::new();
        let (mut old, mut new) = (0, 0);
        let end = Block { old: self.old.len(), new: self.new.len(), length: 0 };
        for block in blocks.into_iter().chain([end]) {
            if old < block.old || new < block.new {
                edits.push(Edit { same: false, old: old..block.old, new: new..block.new });
            }
            (old, new) = (block.old + block.length, block.new + block.length);
            match edits.last_mut() {
                Some(last) if last.same => (last.old.end, last.new.end) = (old, new),
                _ if block.length > 0 => edits.push(Edit { same: true, old: block.old..old, new: block.new..new }),
                _ => {}
            }
        }
        edits
    }

    fn collect(&self, old: std::ops::Range<usize>, new: std::ops::Range<usize>, blocks: &mut Vec<Block>) {
        let block = self.longest(&old, &new);
        if block.length == 0 {
            return;
        }
        self.collect(old.start..block.old, new.start..block.new, blocks);
        blocks.push(block);
        self.collect(block.old + block.length..old.end, block.new + block.length..new.end, blocks);
    }

    /// The longest block inside both ranges; of several the first in the old text, then in the new one.
    fn longest(&self, old: &std::ops::Range<usize>, new: &std::ops::Range<usize>) -> Block {
        let mut best = Block { old: old.start, new: new.start, length: 0 };
        let mut lengths: HashMap<usize, usize> = HashMap::new();
        for at in old.clone() {
            let mut longer = HashMap::new();
            for &place in self.places.get(self.old[at]).map_or(&[][..], Vec::as_slice) {
                if !new.contains(&place) {
                    continue;
                }
                let before = if place == 0 { 0 } else { lengths.get(&(place - 1)).copied().unwrap_or_default() };
                let length = before + 1;
                longer.insert(place, length);
                if length > best.length {
                    best = Block { old: at + 1 - length, new: place + 1 - length, length };
                }
            }
            lengths = longer;
        }
        // Popular lines do not start a match, but belong to one that they touch.
        while best.old > old.start && best.new > new.start && self.old[best.old - 1] == self.new[best.new - 1] {
            best = Block { old: best.old - 1, new: best.new - 1, length: best.length + 1 };
        }
        let end = |block: &Block| (block.old + block.length, block.new + block.length);
        while end(&best).0 < old.end && end(&best).1 < new.end && self.old[end(&best).0] == self.new[end(&best).1] {
            best.length += 1;
        }
        best
    }
}

#[cfg(test)]
mod tests {
    use super::unified;

    #[test]
    fn hunks() {
        let old = "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\nl";
        let new = "a\nb\nX\nd\ne\nf\ng\nh\ni\nj\nk\nl\nm";
        let expected = "@@ -1,6 +1,6 @@\n a\n b\n-c\n+X\n d\n e\n f\n@@ -10,3 +10,4 @@\n j\n k\n l\n+m\n";
        assert_eq!(unified(old, new), expected);
        assert_eq!(unified(old, old), "");
    }
}
