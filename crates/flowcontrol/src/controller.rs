//! All levels of a server: made from the API's objects, and adjusted to what each could use.

use crate::allocate::{Class, allocate};
use crate::classify::{Describe, Digest, Schema};
use crate::estimate::Work;
use crate::fair::Queuing;
use crate::histogram::RatioOverTime;
use crate::level::{Alarm, Entered, Level, Limits};
use crate::metrics::KIND_RATIO;
use crate::seat::{Classification, Entry, Place, Seat, Waiting};
use crate::shuffle::Dealer;
use api_misc::flowcontrol::v1::{
    ExemptPriorityLevelConfiguration, FlowSchema, GroupSubject, LimitResponse, LimitedPriorityLevelConfiguration,
    NonResourcePolicyRule, PolicyRulesWithSubjects, PriorityLevelConfiguration, ResourcePolicyRule, Subject,
};
use arc_swap::ArcSwap;
use bytes::Bytes;
use parking_lot::Mutex;
use std::collections::HashSet;
use std::sync::Arc;
use stdx::Clock;

/// The part of its seats that one request of a level may be taken to need.
const MAX_SEATS_PART: f64 = 0.15;
/// The schema and level of whatever no other schema takes, and those of who is never held up.
const CATCH_ALL: &str = "catch-all";
const EXEMPT: &str = "exempt";

/// What a controller is made of.
pub struct Settings {
    /// Seats of the whole server.
    pub seats: u64,
    pub clock: Arc<dyn Clock>,
    pub alarm: Arc<dyn Alarm>,
    /// Any number; clients must not know it.
    pub seed: u64,
}

/// Priority and fairness of one server.
pub struct Controller {
    settings: Settings,
    /// What requests are classified by.
    config: ArcSwap<Config>,
    /// Also those that only drain. Held while limits change.
    levels: Mutex<Levels>,
    kinds: Arc<Mutex<Kinds>>,
}

#[derive(Default)]
struct Levels {
    all: Vec<Arc<Level>>,
    nominal_sum: u64,
    fair_fraction: f64,
}

#[derive(Default)]
struct Config {
    /// In the order in which they are asked.
    schemas: Vec<Bound>,
}

/// A schema with its level.
struct Bound {
    schema: Schema,
    level: Arc<Level>,
    level_uid: Bytes,
    /// Where the level counts it.
    stats: usize,
    max_seats: u64,
}

/// Requests that only read, and those that may write, as fractions of what the server takes.
pub(crate) struct Kinds {
    counts: [i64; 4],
    ratios: [RatioOverTime; 4],
}

impl Controller {
    /// With the levels that are always there.
    pub fn new(settings: Settings) -> Controller {
        let now = settings.clock.now();
        let controller = Controller {
            settings,
            config: ArcSwap::default(),
            levels: Mutex::default(),
            kinds: Arc::new(Mutex::new(Kinds::new(now))),
        };
        controller.configure(&[], &[]);
        controller
    }

    /// Classifies a request and begins it, enqueues it, or sends it away. `work` is asked for the request's work, given
    /// the most that its level takes for one.
    pub fn enter(&self, request: Arc<dyn Describe>, mutating: bool, work: impl FnOnce(u64) -> Work) -> Entry {
        let config = self.config.load();
        let digest = request.digest();
        let bound = config.classify(&digest);
        let hash = match bound.schema.distinguisher {
            _ if bound.level.exempt => 0,
            _ => bound.schema.hash(self.settings.seed, bound.schema.flow(&digest)),
        };
        let classification = bound.classification();
        let entered = bound.level.enter(bound.stats, work(bound.max_seats), hash, request.clone());
        let place = |slot| Place { level: bound.level.clone(), slot, kinds: self.kinds.clone(), mutating };
        match entered {
            Entered::Runs(slot) => Entry::Go(Seat::new(classification, place(slot))),
            Entered::Waits(slot) => Entry::Wait(Waiting::new(classification, place(slot))),
            Entered::Refused(refusal) => Entry::Refused(refusal, classification),
        }
    }

    /// To which schema and level a request belongs.
    pub fn classify(&self, digest: &Digest) -> Classification {
        self.config.load().classify(digest).classification()
    }

    /// Takes over the API's objects. Levels that are no longer there drain before they go.
    pub fn configure(&self, levels: &[PriorityLevelConfiguration], schemas: &[FlowSchema]) {
        let mut held = self.levels.lock();
        let imagined = [mandatory_level(EXEMPT), mandatory_level(CATCH_ALL)];
        let missing = |object: &&PriorityLevelConfiguration| {
            !levels.iter().any(|level| level.metadata.name == object.metadata.name && queuing_of(level).is_some())
        };
        let wanted: Vec<&PriorityLevelConfiguration> =
            levels.iter().filter(|level| queuing_of(level).is_some()).chain(imagined.iter().filter(missing)).collect();
        self.update_levels(&mut held, &wanted);
        self.set_limits(&mut held, &wanted);
        self.borrow(&mut held, &|name| {
            wanted.iter().find(|level| level.metadata.name == name).and_then(|l| queuing_of(l))
        });
        let schemas = self.bind(&held, schemas);
        self.config.store(Arc::new(Config { schemas }));
    }

    /// Divides the seats anew by what each level could have used since the last time. Upstream's period is 10 seconds.
    pub fn adjust(&self) {
        let mut held = self.levels.lock();
        self.drop_idle(&mut held);
        self.borrow(&mut held, &|_| None);
    }

    fn update_levels(&self, held: &mut Levels, wanted: &[&PriorityLevelConfiguration]) {
        for object in wanted {
            let name = object.metadata.name.as_str();
            let Some(queuing) = queuing_of(object) else { continue };
            let level = match held.all.iter().find(|level| *level.name == *name) {
                Some(level) => level.clone(),
                None => {
                    let exempt = queuing == Queuing::Exempt;
                    let level = Level::new(name, exempt, queuing, &self.settings.clock, &self.settings.alarm);
                    held.all.push(level.clone());
                    level
                }
            };
            let mut state = level.state.lock();
            state.quiescing = false;
            state.uid = Bytes::from(object.metadata.uid.clone());
        }
        for level in &held.all {
            if !wanted.iter().any(|object| object.metadata.name == *level.name) {
                level.state.lock().quiescing = true;
            }
        }
        self.drop_idle(held);
    }

    fn drop_idle(&self, held: &mut Levels) {
        held.all.retain(|level| {
            let state = level.state.lock();
            !(state.quiescing && state.fair.is_idle())
        });
    }

    /// The limits that follow from shares alone.
    fn set_limits(&self, held: &mut Levels, wanted: &[&PriorityLevelConfiguration]) {
        let shares: Vec<Shares> = held
            .all
            .iter()
            .map(|level| {
                let object = wanted.iter().find(|object| object.metadata.name == *level.name);
                object.map_or_else(|| Shares::kept(level), |object| Shares::of(object))
            })
            .collect();
        let sum: f64 = shares.iter().map(|shares| shares.nominal).sum();
        let server = self.settings.seats as f64;
        held.nominal_sum = 0;
        for (level, shares) in held.all.iter().zip(&shares) {
            let nominal = if sum > 0.0 { (server * shares.nominal / sum).ceil() } else { 0.0 };
            let lendable = (nominal * shares.lendable_percent / 100.0).round();
            let borrowing = shares.borrowing_percent.map_or(server, |percent| (nominal * percent / 100.0).round());
            let max_seats = shares.hand_size.map_or(0.0, |hand| {
                (nominal * MAX_SEATS_PART).ceil().min((nominal / f64::from(hand)).floor()).max(1.0)
            });
            let mut state = level.state.lock();
            state.limits = Limits {
                nominal: nominal as u64,
                min: (nominal - lendable) as u64,
                max: (nominal + borrowing) as u64,
                max_seats: max_seats as u64,
            };
            state.shares = *shares;
            held.nominal_sum += nominal as u64;
        }
    }

    /// Gives each level its part by demand, between its bounds. The levels' queuing changes where `queuing` says so.
    fn borrow(&self, held: &mut Levels, queuing: &dyn Fn(&str) -> Option<Queuing>) {
        let now = self.now();
        let mut left = held.nominal_sum as f64;
        let mut parts: Vec<(Arc<Level>, u64)> = Vec::with_capacity(held.all.len());
        let (mut limited, mut classes, mut minima) = (Vec::new(), Vec::new(), Vec::new());
        for level in &held.all {
            let mut state = level.state.lock();
            let observed = state.integrator.reset(now);
            state.demand.update(&observed);
            let (min, high) = (state.limits.min as f64, state.demand.high_watermark);
            if level.exempt {
                let part = min.max(high.ceil());
                left -= part;
                state.target = part;
                parts.push((level.clone(), part as u64));
                continue;
            }
            let lower = min.max(high.min(state.limits.nominal as f64));
            let class = Class { lower, upper: state.limits.max as f64, target: lower.max(state.demand.smoothed) };
            state.target = class.target;
            limited.push(level.clone());
            classes.push(class);
            minima.push(min);
        }
        let (given, fraction) = divide(left, &classes, &minima);
        held.fair_fraction = fraction;
        parts.extend(limited.into_iter().zip(given).map(|(level, part)| (level, part.round() as u64)));
        for (level, part) in parts {
            let kept = level.state.lock().fair.queuing();
            level.configure(queuing(&level.name).unwrap_or(kept), part);
        }
    }

    /// The schemas whose level exists, in order, the mandatory ones among them.
    fn bind(&self, held: &Levels, schemas: &[FlowSchema]) -> Vec<Bound> {
        let level_of =
            |name: &str| held.all.iter().find(|level| *level.name == *name && !level.state.lock().quiescing).cloned();
        let good = |schema: &FlowSchema| level_of(&schema.spec.priority_level_configuration.name).is_some();
        let has = |name: &str| schemas.iter().any(|schema| schema.metadata.name == name && good(schema));
        let imagined = [mandatory_schema(EXEMPT, 1, authn::MASTERS), mandatory_catch_all()];
        let missing = imagined.iter().filter(|schema| !has(&schema.metadata.name));
        let mut compiled: Vec<Schema> = schemas.iter().filter(|s| good(s)).chain(missing).map(Schema::new).collect();
        compiled.sort_by_key(Schema::order);
        let names: HashSet<Arc<str>> = compiled.iter().map(|schema| schema.name.clone()).collect();
        let bound = compiled.into_iter().filter_map(|schema| {
            let level = level_of(&schema.level)?;
            let mut state = level.state.lock();
            let stats = state.stats_of(&schema.name, &|name| names.contains(name));
            let (level_uid, max_seats) = (state.uid.clone(), state.limits.max_seats);
            drop(state);
            Some(Bound { schema, level, level_uid, stats, max_seats })
        });
        bound.collect()
    }

    /// The flow of a request of the named schema.
    pub(crate) fn flow_of(&self, schema: &str, digest: &Digest) -> String {
        let config = self.config.load();
        let bound = config.schemas.iter().find(|bound| *bound.schema.name == *schema);
        bound.map(|bound| bound.schema.flow(digest).to_owned()).unwrap_or_default()
    }

    pub(crate) fn now(&self) -> i64 {
        self.settings.clock.now()
    }

    pub(crate) fn levels(&self) -> Vec<Arc<Level>> {
        let mut levels = self.levels.lock().all.clone();
        levels.sort_by(|a, b| a.name.cmp(&b.name));
        levels
    }

    pub(crate) fn fair_fraction(&self) -> f64 {
        self.levels.lock().fair_fraction
    }

    pub(crate) fn kinds(&self) -> &Mutex<Kinds> {
        &self.kinds
    }

    /// The seats that a level has now: nominal and current. None: there is no such level.
    pub fn seats(&self, level: &str) -> Option<(u64, u64)> {
        let levels = self.levels.lock();
        let level = levels.all.iter().find(|have| *have.name == *level)?;
        let state = level.state.lock();
        Some((state.limits.nominal, state.fair.limit))
    }
}

impl Config {
    fn classify(&self, digest: &Digest) -> &Bound {
        let matching = self.schemas.iter().find(|bound| bound.schema.matches(digest));
        let catch_all = || self.schemas.iter().find(|bound| *bound.schema.name == *CATCH_ALL);
        matching.or_else(catch_all).expect("Controller::bind supplies the catch-all schema where there is none")
    }
}

impl Bound {
    fn classification(&self) -> Classification {
        Classification {
            schema: self.schema.name.clone(),
            schema_uid: self.schema.uid.clone(),
            level: self.level.name.clone(),
            level_uid: self.level_uid.clone(),
        }
    }
}

/// What is left for the levels with limits: their minima, where it is no more; else a share of what each needs at the
/// least; else by demand.
fn divide(left: f64, classes: &[Class], minima: &[f64]) -> (Vec<f64>, f64) {
    let least: f64 = minima.iter().sum();
    let needed: f64 = classes.iter().map(|class| class.lower).sum();
    if left <= least {
        return (minima.to_vec(), 0.0);
    }
    if left <= needed {
        let fraction = (left - least) / (needed - least);
        let part = |(min, class): (&f64, &Class)| min + fraction * (class.lower - min);
        return (minima.iter().zip(classes).map(part).collect(), fraction);
    }
    // Bounds that do not allow the sum are above it in total: then everybody has the most.
    allocate(left, classes).unwrap_or_else(|| (classes.iter().map(|class| class.upper).collect(), 0.0))
}

/// What a level's object says of its seats.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Shares {
    nominal: f64,
    lendable_percent: f64,
    borrowing_percent: Option<f64>,
    hand_size: Option<i32>,
}

impl Shares {
    fn of(object: &PriorityLevelConfiguration) -> Shares {
        let number = |number: Option<i32>| f64::from(number.unwrap_or_default());
        match (&object.spec.limited, &object.spec.exempt) {
            (Some(limited), _) => Shares {
                nominal: number(limited.nominal_concurrency_shares),
                lendable_percent: number(limited.lendable_percent),
                borrowing_percent: limited.borrowing_limit_percent.map(f64::from),
                hand_size: limited.limit_response.queuing.as_ref().map(|queuing| queuing.hand_size.max(1)),
            },
            (None, Some(exempt)) => Shares {
                nominal: number(exempt.nominal_concurrency_shares),
                lendable_percent: number(exempt.lendable_percent),
                ..Shares::default()
            },
            (None, None) => Shares::default(),
        }
    }

    /// Of a level that drains.
    fn kept(level: &Level) -> Shares {
        level.state.lock().shares
    }
}

/// None: the object is not one that can be used.
fn queuing_of(object: &PriorityLevelConfiguration) -> Option<Queuing> {
    let spec = &object.spec;
    let exempt = object.metadata.name == EXEMPT;
    match (spec.type_.as_str(), &spec.limited) {
        ("Exempt", None) if exempt => Some(Queuing::Exempt),
        ("Limited", Some(limited)) if !exempt => match &limited.limit_response.queuing {
            None => Some(Queuing::Reject),
            Some(queuing) => {
                let queues = u32::try_from(queuing.queues).ok()?;
                let dealer = Dealer::new(queues, u32::try_from(queuing.hand_size).ok()?)?;
                let length_limit = usize::try_from(queuing.queue_length_limit).ok()?;
                Some(Queuing::Queue { queues, dealer, length_limit })
            }
        },
        _ => None,
    }
}

fn mandatory_level(name: &str) -> PriorityLevelConfiguration {
    let mut level = PriorityLevelConfiguration::default();
    level.metadata.name = name.into();
    if name == EXEMPT {
        level.spec.type_ = "Exempt".into();
        level.spec.exempt = Some(Box::new(ExemptPriorityLevelConfiguration {
            nominal_concurrency_shares: Some(0),
            lendable_percent: Some(0),
        }));
    } else {
        level.spec.type_ = "Limited".into();
        level.spec.limited = Some(Box::new(LimitedPriorityLevelConfiguration {
            nominal_concurrency_shares: Some(5),
            lendable_percent: Some(0),
            limit_response: LimitResponse { type_: "Reject".into(), queuing: None },
            borrowing_limit_percent: None,
        }));
    }
    level
}

fn mandatory_schema(name: &str, precedence: i32, group: &str) -> FlowSchema {
    let all = || vec!["*".to_owned()];
    let mut schema = FlowSchema::default();
    schema.metadata.name = name.into();
    schema.spec.matching_precedence = precedence;
    schema.spec.priority_level_configuration.name = name.into();
    schema.spec.rules = vec![PolicyRulesWithSubjects {
        subjects: vec![Subject {
            kind: "Group".into(),
            group: Some(Box::new(GroupSubject { name: group.into() })),
            ..Subject::default()
        }],
        resource_rules: vec![ResourcePolicyRule {
            verbs: all(),
            api_groups: all(),
            resources: all(),
            namespaces: all(),
            cluster_scope: true,
        }],
        non_resource_rules: vec![NonResourcePolicyRule { verbs: all(), non_resource_urls: all() }],
    }];
    schema
}

fn mandatory_catch_all() -> FlowSchema {
    let mut schema = mandatory_schema(CATCH_ALL, 10_000, authn::UNAUTHENTICATED);
    let mut others = mandatory_schema(CATCH_ALL, 10_000, authn::AUTHENTICATED);
    schema.spec.rules.append(&mut others.spec.rules);
    schema
}

impl Kinds {
    fn new(now: i64) -> Kinds {
        Kinds { counts: [0; 4], ratios: [(); 4].map(|()| RatioOverTime::new(KIND_RATIO, now)) }
    }

    pub fn executing(&mut self, now: i64, mutating: bool, change: i64) {
        self.change(now, usize::from(mutating), change);
    }

    pub fn waiting(&mut self, now: i64, mutating: bool, change: i64) {
        self.change(now, 2 + usize::from(mutating), change);
    }

    fn change(&mut self, now: i64, at: usize, change: i64) {
        self.counts[at] += change;
        self.ratios[at].set(now, self.counts[at] as f64);
    }

    pub fn show(&mut self, now: i64, mut each: impl FnMut(&str, &RatioOverTime)) {
        let labels =
            [("executing", "readOnly"), ("executing", "mutating"), ("waiting", "readOnly"), ("waiting", "mutating")];
        for ((phase, kind), ratio) in labels.into_iter().zip(&mut self.ratios) {
            ratio.advance(now);
            each(&format!("phase=\"{phase}\",request_kind=\"{kind}\""), ratio);
        }
    }
}

#[cfg(test)]
mod tests;
