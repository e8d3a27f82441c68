//! Dividing seats among levels: as fair as their bounds allow.

/// What a class asks for, and between which bounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Class {
    pub lower: f64,
    pub upper: f64,
    pub target: f64,
}

/// A target of less counts as this, so that it can be scaled.
const MIN_TARGET: f64 = 0.001;
/// Halvings of the interval; the result is then as exact as the numbers.
const STEPS: usize = 200;

/// The allocation that sums to `sum`, with every class at `fraction * target` or at the bound that stops it; with the
/// fraction. None: the bounds do not allow the sum.
pub(crate) fn allocate(sum: f64, classes: &[Class]) -> Option<(Vec<f64>, f64)> {
    const EPSILON: f64 = 1e-7;
    let (low, high) = classes.iter().fold((0.0, 0.0), |(low, high), class| (low + class.lower, high + class.upper));
    if low - sum > EPSILON || sum - high > EPSILON {
        return None;
    }
    let target = |class: &Class| class.target.max(MIN_TARGET);
    let at = |fraction: f64| {
        classes.iter().map(move |class| (fraction * target(class)).clamp(class.lower, class.upper.max(class.lower)))
    };
    // The sum grows with the fraction; at the end every class is at its upper bound.
    let (mut below, mut above) = (0.0, classes.iter().map(|class| class.upper / target(class)).fold(1.0_f64, f64::max));
    for _ in 0..STEPS {
        let middle = f64::midpoint(below, above);
        if at(middle).sum::<f64>() < sum {
            below = middle;
        } else {
            above = middle;
        }
        if above - below <= f64::EPSILON * above {
            break;
        }
    }
    Some((at(above).collect(), above))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(lower: f64, target: f64, upper: f64) -> Class {
        Class { lower, upper, target }
    }

    #[test]
    fn seats_are_divided_by_target_within_the_bounds() {
        let cases: [(f64, &[Class], &[f64]); 5] = [
            (10.0, &[class(0.0, 1.0, 100.0), class(0.0, 4.0, 100.0)], &[2.0, 8.0]),
            (10.0, &[class(5.0, 5.0, 100.0), class(0.0, 20.0, 100.0)], &[5.0, 5.0]),
            (10.0, &[class(0.0, 1.0, 1.0), class(0.0, 1.0, 100.0)], &[1.0, 9.0]),
            (10.0, &[class(4.0, 4.0, 4.0), class(6.0, 6.0, 6.0)], &[4.0, 6.0]),
            (12.0, &[class(0.0, 0.0, 20.0), class(0.0, 0.0, 20.0), class(3.0, 3.0, 20.0)], &[0.004, 0.004, 11.992]),
        ];
        for (sum, classes, wanted) in cases {
            let (given, _) = allocate(sum, classes).unwrap();
            assert!((given.iter().sum::<f64>() - sum).abs() < 1e-6, "{given:?}");
            for (given, wanted) in given.iter().zip(wanted) {
                assert!((given - wanted).abs() < 1e-3, "{given} for {wanted}");
            }
        }
        assert_eq!(allocate(1.0, &[class(2.0, 2.0, 3.0)]), None);
        assert_eq!(allocate(4.0, &[class(2.0, 2.0, 3.0)]), None);
    }
}
