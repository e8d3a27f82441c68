//! Histograms as the metrics show them.

/// Counts by upper bound. The weight of an observation is 1, or nanoseconds where a ratio is observed all the time.
#[derive(Clone, Debug)]
pub(crate) struct Histogram {
    pub bounds: &'static [f64],
    /// One for each bound and one beyond the last; not cumulative.
    pub counts: Box<[u64]>,
    pub sum: f64,
}

impl Histogram {
    pub fn new(bounds: &'static [f64]) -> Histogram {
        Histogram { bounds, counts: vec![0; bounds.len() + 1].into(), sum: 0.0 }
    }

    pub fn observe(&mut self, value: f64) {
        self.add(value, 1);
    }

    pub fn add(&mut self, value: f64, weight: u64) {
        let at = self.bounds.iter().position(|&bound| value <= bound).unwrap_or(self.bounds.len());
        self.counts[at] += weight;
        self.sum += value * weight as f64;
    }

    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }
}

/// A ratio that lasts until it changes.
#[derive(Clone, Debug)]
pub(crate) struct RatioOverTime {
    pub histogram: Histogram,
    numerator: f64,
    denominator: f64,
    since: i64,
}

impl RatioOverTime {
    pub fn new(bounds: &'static [f64], now: i64) -> RatioOverTime {
        RatioOverTime { histogram: Histogram::new(bounds), numerator: 0.0, denominator: 1.0, since: now }
    }

    pub fn set(&mut self, now: i64, numerator: f64) {
        if numerator != self.numerator {
            self.advance(now);
            self.numerator = numerator;
        }
    }

    pub fn set_denominator(&mut self, now: i64, denominator: f64) {
        self.advance(now);
        self.denominator = denominator.max(1.0);
    }

    pub fn advance(&mut self, now: i64) {
        let lasted = u64::try_from(now - self.since).unwrap_or(0);
        if lasted > 0 {
            self.histogram.add(self.numerator / self.denominator, lasted);
            self.since = now;
        }
    }
}
