//! PriorityLevelConfiguration.

use api_misc::flowcontrol::v1;
use kind::{Cell, Column, Kind, Names, Scope, Subresource, Verb, Version};
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
