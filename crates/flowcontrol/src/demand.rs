//! How many seats a level could use: a number over time, and what borrowing makes of it.

/// The decay of smoothed demand; its half-life is 5 minutes at one adjustment in 10 seconds.
const SMOOTHING: f64 = 0.977;

/// A number over time since the last look.
#[derive(Clone, Debug)]
pub(crate) struct Integrator {
    since: i64,
    changed: i64,
    value: f64,
    area: f64,
    square_area: f64,
    highest: f64,
}

/// What an [`Integrator`] saw.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Observed {
    pub seconds: f64,
    pub average: f64,
    pub deviation: f64,
    pub highest: f64,
}

impl Integrator {
    pub fn new(now: i64) -> Integrator {
        Integrator { since: now, changed: now, value: 0.0, area: 0.0, square_area: 0.0, highest: 0.0 }
    }

    pub fn set(&mut self, now: i64, value: f64) {
        self.advance(now);
        self.value = value;
        self.highest = self.highest.max(value);
    }

    fn advance(&mut self, now: i64) {
        let seconds = (now - self.changed).max(0) as f64 / 1e9;
        self.changed = self.changed.max(now);
        self.area += seconds * self.value;
        self.square_area += seconds * self.value * self.value;
    }

    /// What was seen since the last time, and begins anew.
    pub fn reset(&mut self, now: i64) -> Observed {
        self.advance(now);
        let seconds = (self.changed - self.since).max(0) as f64 / 1e9;
        let (average, deviation) = if seconds > 0.0 {
            let average = self.area / seconds;
            (average, (self.square_area / seconds - average * average).max(0.0).sqrt())
        } else {
            (0.0, 0.0)
        };
        let observed = Observed { seconds, average, deviation, highest: self.highest };
        *self = Integrator { value: self.value, highest: self.value, ..Integrator::new(self.changed) };
        observed
    }
}

/// A level's demand as of the last adjustment.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Demand {
    pub average: f64,
    pub deviation: f64,
    pub high_watermark: f64,
    pub smoothed: f64,
}

impl Demand {
    pub fn update(&mut self, observed: &Observed) {
        self.high_watermark = observed.highest;
        if observed.seconds <= 0.0 {
            return;
        }
        self.average = observed.average;
        self.deviation = observed.deviation;
        let envelope = observed.average + observed.deviation;
        self.smoothed = envelope.max(SMOOTHING * self.smoothed + (1.0 - SMOOTHING) * envelope);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn averages_weigh_by_time_and_smoothed_demand_falls_slowly() {
        let mut integrator = Integrator::new(0);
        integrator.set(0, 4.0);
        integrator.set(1_000_000_000, 0.0);
        let observed = integrator.reset(4_000_000_000);
        assert_eq!((observed.seconds, observed.average, observed.highest), (4.0, 1.0, 4.0));
        assert!((observed.deviation - 3.0_f64.sqrt()).abs() < 1e-9);
        let mut demand = Demand::default();
        demand.update(&observed);
        let peak = demand.smoothed;
        // 30 adjustments are five minutes.
        for period in 1..=30 {
            demand.update(&integrator.reset(4_000_000_000 + period * 10_000_000_000));
        }
        assert!((demand.smoothed / peak - 0.5).abs() < 0.01, "{}", demand.smoothed / peak);
    }
}
