//! PriorityLevelConfiguration.

use api_misc::flowcontrol::v1;
use kind::{Cell, Column, Context, FieldErrors, Kind, MetadataRules, Names, Path, Scope, Subresource, Verb, Version};
use schema::Time;

pub struct PriorityLevelConfiguration;

static NAMES: Names = Names {
    group: "flowcontrol.apiserver.k8s.io",
    kind: "PriorityLevelConfiguration",
    plural: "prioritylevelconfigurations",
    singular: "prioritylevelconfiguration",
    short_names: &[],
    categories: &[],
    scope: Scope::Cluster,
    versions: &[Version { name: "v1", type_name: "io.k8s.api.flowcontrol.v1.PriorityLevelConfiguration" }],
    verbs: Verb::ALL,
    subresources: &[Subresource::status("PriorityLevelConfiguration")],
};

static COLUMNS: &[Column<v1::PriorityLevelConfiguration>] = &[
    Column::NAME,
    Column::string("Type", TYPE_OF_DESCRIPTION, 0, type_of),
    Column::string("NominalConcurrencyShares", NOMINAL_CONCURRENCY_SHARES_DESCRIPTION, 0, nominal_concurrency_shares),
    Column::string("Queues", QUEUES_DESCRIPTION, 0, queues),
    Column::string("HandSize", HAND_SIZE_DESCRIPTION, 0, hand_size),
    Column::string("QueueLengthLimit", QUEUE_LENGTH_LIMIT_DESCRIPTION, 0, queue_length_limit),
    Column::AGE,
];

const TYPE_OF_DESCRIPTION: &str = "`type` indicates whether this priority level is subject to limitation on request execution.  A value of `\"Exempt\"` means that requests of this priority level are not subject to a limit (and thus are never queued) and do not detract from the capacity made available to other priority levels.  A value of `\"Limited\"` means that (a) requests of this priority level _are_ subject to limits and (b) some of the server's limited capacity is made available exclusively to this priority level. Required.";
const NOMINAL_CONCURRENCY_SHARES_DESCRIPTION: &str = "`nominalConcurrencyShares` (NCS) contributes to the computation of the NominalConcurrencyLimit (NominalCL) of this level. This is the number of execution seats available at this priority level. This is used both for requests dispatched from this priority level as well as requests dispatched from other priority levels borrowing seats from this level. The server's concurrency limit (ServerCL) is divided among the Limited priority levels in proportion to their NCS values:\n\nNominalCL(i)  = ceil( ServerCL * NCS(i) / sum_ncs ) sum_ncs = sum[priority level k] NCS(k)\n\nBigger numbers mean a larger nominal concurrency limit, at the expense of every other priority level.\n\nIf not specified, this field defaults to a value of 30.\n\nSetting this field to zero supports the construction of a \"jail\" for this priority level that is used to hold some request(s)";
const QUEUES_DESCRIPTION: &str = "`queues` is the number of queues for this priority level. The queues exist independently at each apiserver. The value must be positive.  Setting it to 1 effectively precludes shufflesharding and thus makes the distinguisher method of associated flow schemas irrelevant.  This field has a default value of 64.";
const HAND_SIZE_DESCRIPTION: &str = "`handSize` is a small positive number that configures the shuffle sharding of requests into queues.  When enqueuing a request at this priority level the request's flow identifier (a string pair) is hashed and the hash value is used to shuffle the list of queues and deal a hand of the size specified here.  The request is put into one of the shortest queues in that hand. `handSize` must be no larger than `queues`, and should be significantly smaller (so that a few heavy flows do not saturate most of the queues).  See the user-facing documentation for more extensive guidance on setting this field.  This field has a default value of 8.";
const QUEUE_LENGTH_LIMIT_DESCRIPTION: &str = "`queueLengthLimit` is the maximum number of requests allowed to be waiting in a given queue of this priority level at a time; excess requests are rejected.  This value must be positive.  If not specified, it will be defaulted to 50.";

impl Kind for PriorityLevelConfiguration {
    type Object = v1::PriorityLevelConfiguration;

    fn names(&self) -> &'static Names {
        &NAMES
    }

    fn columns(&self) -> &'static [Column<v1::PriorityLevelConfiguration>] {
        COLUMNS
    }

    fn default(&self, object: &mut v1::PriorityLevelConfiguration) {
        if object.spec.type_ == "Exempt" && object.spec.exempt.is_none() && object.spec.limited.is_none() {
            object.spec.exempt = Some(Default::default());
        }
        if let Some(exempt) = &mut object.spec.exempt {
            exempt.nominal_concurrency_shares.get_or_insert(0);
            exempt.lendable_percent.get_or_insert(0);
        }
        let Some(limited) = &mut object.spec.limited else { return };
        limited.nominal_concurrency_shares.get_or_insert(DEFAULT_SHARES);
        limited.lendable_percent.get_or_insert(0);
        if let Some(queuing) = &mut limited.limit_response.queuing {
            for (number, default) in
                [(&mut queuing.hand_size, 8), (&mut queuing.queues, 64), (&mut queuing.queue_length_limit, 50)]
            {
                if *number == 0 {
                    *number = default;
                }
            }
        }
    }

    fn prepare_create(&self, object: &mut v1::PriorityLevelConfiguration, _context: &Context) {
        object.status = Default::default();
    }

    fn prepare_update(
        &self,
        new: &mut v1::PriorityLevelConfiguration,
        old: &v1::PriorityLevelConfiguration,
        _context: &Context,
    ) {
        new.status = old.status.clone();
    }

    fn prepare_subresource(
        &self,
        new: &mut v1::PriorityLevelConfiguration,
        old: &v1::PriorityLevelConfiguration,
        _context: &Context,
    ) {
        new.spec = old.spec.clone();
        new.metadata.labels = old.metadata.labels.clone();
    }

    fn spec_changed(&self, new: &v1::PriorityLevelConfiguration, old: &v1::PriorityLevelConfiguration) -> Option<bool> {
        Some(new.spec != old.spec)
    }

    fn reset_fields(&self, subresource: &str) -> &'static [&'static [&'static str]] {
        match subresource {
            "" => &[&["status"]],
            _ => &[&["metadata"], &["spec"]],
        }
    }

    fn metadata_rules(&self) -> MetadataRules {
        MetadataRules { repeats_update: false, ..MetadataRules::COMMON }
    }

    fn validate(&self, object: &v1::PriorityLevelConfiguration, errors: &mut FieldErrors) {
        let (spec, path) = (&object.spec, Path::root("spec"));
        let is_exempt = object.metadata.name == "exempt";
        if (spec.type_ == "Exempt") != is_exempt
            && !spec.type_.is_empty()
            && matches!(spec.type_.as_str(), "Exempt" | "Limited")
        {
            let why = "must be 'Exempt' if and only if `name` is 'exempt'";
            errors.invalid(&path.child("type"), &spec.type_, why);
        }
        match spec.type_.as_str() {
            "Exempt" => {
                if spec.limited.is_some() {
                    errors.forbidden(&path.child("limited"), "must be nil if the type is not Limited");
                }
            }
            "Limited" => {
                if spec.exempt.is_some() {
                    errors.forbidden(&path.child("exempt"), "must be nil if the type is Limited");
                }
                match &spec.limited {
                    None => errors.required(&path.child("limited"), "must not be empty when type is Limited"),
                    Some(limited) => validate_limited(limited, &path.child("limited"), errors),
                }
            }
            other => errors.not_supported(&path.child("type"), other, &["Exempt", "Limited"]),
        }
    }
}

fn type_of(object: &v1::PriorityLevelConfiguration, _now: Time) -> Cell {
    Cell::from(object.spec.type_.as_str())
}

fn nominal_concurrency_shares(object: &v1::PriorityLevelConfiguration, _now: Time) -> Cell {
    let shares = match (&object.spec.limited, &object.spec.exempt) {
        (Some(limited), _) => limited.nominal_concurrency_shares,
        (None, Some(exempt)) => exempt.nominal_concurrency_shares,
        (None, None) => None,
    };
    shares.map_or(Cell::from("<none>"), Cell::from)
}

fn queues(object: &v1::PriorityLevelConfiguration, _now: Time) -> Cell {
    queuing(object, |queuing| queuing.queues)
}

fn hand_size(object: &v1::PriorityLevelConfiguration, _now: Time) -> Cell {
    queuing(object, |queuing| queuing.hand_size)
}

fn queue_length_limit(object: &v1::PriorityLevelConfiguration, _now: Time) -> Cell {
    queuing(object, |queuing| queuing.queue_length_limit)
}

fn queuing(object: &v1::PriorityLevelConfiguration, number: fn(&v1::QueuingConfiguration) -> i32) -> Cell {
    let queuing = object.spec.limited.as_ref().and_then(|limited| limited.limit_response.queuing.as_deref());
    queuing.map_or(Cell::from("<none>"), |queuing| Cell::from(number(queuing)))
}

const DEFAULT_SHARES: i32 = 30;
const MAX_QUEUES: i32 = 10_000_000;

fn validate_limited(limited: &v1::LimitedPriorityLevelConfiguration, path: &Path, errors: &mut FieldErrors) {
    let shares = limited.nominal_concurrency_shares.unwrap_or_default();
    if shares < 0 {
        errors.invalid(&path.child("nominalConcurrencyShares"), shares, "must be a non-negative integer");
    }
    if let Some(percent) = limited.lendable_percent.filter(|percent| !(0..=100).contains(percent)) {
        errors.invalid(&path.child("lendablePercent"), percent, "must be between 0 and 100, inclusive");
    }
    if let Some(percent) = limited.borrowing_limit_percent.filter(|percent| *percent < 0) {
        errors.invalid(&path.child("borrowingLimitPercent"), percent, "if specified, must be a non-negative integer");
    }
    let response = path.child("limitResponse");
    let queuing_path = response.child("queuing");
    match (limited.limit_response.type_.as_str(), &limited.limit_response.queuing) {
        ("Reject", Some(_)) => {
            errors.forbidden(&queuing_path, "must be nil if limited.limitResponse.type is not Limited")
        }
        ("Reject", None) => {}
        ("Queue", None) => {
            errors.required(&queuing_path, "must not be empty if limited.limitResponse.type is Limited");
        }
        ("Queue", Some(queuing)) => validate_queuing(queuing, &queuing_path, errors),
        (other, _) => errors.not_supported(&response.child("type"), other, &["Queue", "Reject"]),
    }
}

/// What one hash can deal.
const MAX_HASH_BITS: i64 = 60;

fn entropy_bits(queuing: &v1::QueuingConfiguration) -> i64 {
    (f64::from(queuing.queues).log2() * f64::from(queuing.hand_size)).ceil() as i64
}

fn validate_queuing(queuing: &v1::QueuingConfiguration, path: &Path, errors: &mut FieldErrors) {
    let counts =
        [("queueLengthLimit", queuing.queue_length_limit), ("queues", queuing.queues), ("handSize", queuing.hand_size)];
    for (field, count) in counts.into_iter().filter(|(_, count)| *count <= 0) {
        errors.invalid(&path.child(field), count, "must be positive");
    }
    if queuing.queues > MAX_QUEUES {
        errors.invalid(&path.child("queues"), queuing.queues, format!("must not be greater than {MAX_QUEUES}"));
    }
    if queuing.hand_size > queuing.queues {
        let why = format!("should not be greater than queues ({})", queuing.queues);
        errors.invalid(&path.child("handSize"), queuing.hand_size, why);
    } else if entropy_bits(queuing) > MAX_HASH_BITS {
        let (queues, hand) = (queuing.queues, queuing.hand_size);
        let why = format!(
            "required entropy bits of deckSize {queues} and handSize {hand} should not be greater than {MAX_HASH_BITS}"
        );
        errors.invalid(&path.child("handSize"), hand, why);
    }
}
