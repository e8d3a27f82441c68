//! Estimates of expressions over data of known and unknown size.
use super::*;
use crate::checker::tests::{env, field, object};
use crate::env::Env;

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

/// A string of a request may be as long as the request, a list of strings have a third as many elements.
struct WholeRequest;

impl SizeHints for WholeRequest {
    fn size(&self, path: &[Arc<str>], ty: &Type) -> Option<Range> {
        let max = match ty {
            _ if path.is_empty() => return None,
            Type::String => 3_145_726,
            Type::List(_) => 1_048_576,
            _ => 0,
        };
        Some(Range { min: 0, max })
    }
}

/// Rules of custom resources, as the recorded server estimates them.
#[test]
fn rules_of_custom_resources() {
    let fields = [field("s", Type::String), field("l", Type::list(Type::String))];
    let env = Env::base().extend().variable("self", object("Rules", fields)).build();
    let estimate = |source: &str| env.compile(source).unwrap().estimate(&WholeRequest).max;
    // 1.006634 times the limit of 10,000,000.
    assert_eq!(estimate("!format.dns1123Label().validate(self.s).hasValue()"), 10_066_341);
    for cheap in [
        "self.l.exists_one(x, x == \"a\")",
        "quantity(self.s).isLessThan(quantity(\"1Gi\"))",
        "ip(self.s).family() == 4",
        "url(self.s).getScheme() == \"https\"",
        "timestamp(self.s) > timestamp(\"2024-01-01T00:00:00Z\")",
        "self.?s.orValue(\"x\") == \"x\"",
    ] {
        assert!(estimate(cheap) <= 10_000_000, "{cheap}: {}", estimate(cheap));
    }
    let nested = estimate("self.l.all(x, self.l.all(y, self.l.all(z, x == y && y == z)))");
    assert!(nested > 100 * 10_000_000);
}
