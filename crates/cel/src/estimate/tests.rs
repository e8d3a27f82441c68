//! Estimates of expressions over data of known and unknown size.
use super::*;
use crate::checker::tests::env;

/// Strings have up to 100 characters, lists up to 10 elements.
struct Sizes;

impl SizeHints for Sizes {
    fn size(&self, path: &[Arc<str>], ty: &Type) -> Option<Range> {
        if path.is_empty() {
            return None;
        }
        match ty {
            Type::String => Some(Range { min: 0, max: 100 }),
            Type::List(_) | Type::Map(..) => Some(Range { min: 0, max: 10 }),
            _ => None,
        }
    }
}

#[test]
fn estimates() {
    const ALL: u64 = u64::MAX;
    /// The cost of walking a string of any length.
    const WALK: u64 = 1_844_674_407_370_955_264;
    for (source, hinted, unknown) in [
        ("1", (0, 0), (0, 0)),
        ("self.n", (2, 2), (2, 2)),
        ("has(self.n)", (1, 1), (1, 1)),
        ("self.n + 1", (3, 3), (3, 3)),
        ("self.n == 1", (3, 3), (3, 3)),
        ("self.s == 'abc'", (3, 3), (3, 3)),
        ("self.s + self.s", (4, 24), (4, WALK + 4)),
        ("self.s.startsWith('aaaaaaaaaaa')", (4, 4), (4, 4)),
        ("self.s.matches('abcdefgh')", (4, 24), (4, 2 * WALK + 2)),
        ("self.l.all(x, x == 'abc')", (3, 53), (3, ALL)),
        ("self.l.map(x, size(x))", (13, 153), (13, ALL)),
        ("'a' in self.l", (2, 12), (2, ALL)),
        ("[1, 2, 3]", (10, 10), (10, 10)),
        ("{1: 2}", (30, 30), (30, 30)),
        ("Inner{x: 1}", (40, 40), (40, 40)),
        ("true || self.n == 1", (0, 3), (0, 3)),
        ("true ? self.n : 1", (0, 2), (0, 2)),
        ("dyn(self.l).all(x, true)", (4, 34), (4, ALL)),
    ] {
        let program = env().compile(source).unwrap_or_else(|error| panic!("{source}: {error}"));
        let range = |(min, max)| Range { min, max };
        let estimates = (program.estimate(&Sizes), program.estimate(&NoHints));
        assert_eq!(estimates, (range(hinted), range(unknown)), "{source}");
    }
}
