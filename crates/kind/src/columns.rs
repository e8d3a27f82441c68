//! Table columns: what `kubectl get` prints.

use api_meta::v1::LabelSelector;
use schema::{Time, Value};
use std::collections::BTreeMap;

/// One cell: a string, a number or a boolean.
pub type Cell = Value;

/// One column over the typed object `T`.
pub struct Column<T> {
    /// Empty: a cell without a definition.
    pub name: &'static str,
    /// `string`, `integer`, `date`, `boolean`
    pub kind: &'static str,
    /// `name` for the column that names the object, else empty.
    pub format: &'static str,
    pub description: &'static str,
    /// 0: always shown; 1: with `-o wide`.
    pub priority: i32,
    /// The time is the present, for ages.
    pub cell: fn(&T, Time) -> Cell,
}

pub const NAME_DESCRIPTION: &str = "Name must be unique within a namespace. Is required when creating resources, although some resources may allow a client to request the generation of an appropriate name automatically. Name is primarily intended for creation idempotence and configuration definition. Cannot be updated. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names";
pub const AGE_DESCRIPTION: &str = "CreationTimestamp is a timestamp representing the server time when this object was created. It is not guaranteed to be set in happens-before order across separate operations. Clients may not set this value. It is represented in RFC3339 form and is in UTC.\n\nPopulated by the system. Read-only. Null for lists. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata";

impl<T: schema::Object<Meta = api_meta::v1::ObjectMeta>> Column<T> {
    /// The name of the object, first in nearly every table.
    pub const NAME: Column<T> = Column {
        name: "Name",
        kind: "string",
        format: "name",
        description: NAME_DESCRIPTION,
        priority: 0,
        cell: |object, _| Value::from(object.meta().name.as_str()),
    };
    /// The time since creation.
    pub const AGE: Column<T> = Column {
        name: "Age",
        kind: "string",
        format: "",
        description: AGE_DESCRIPTION,
        priority: 0,
        cell: |object, now| Value::from(age(object.meta().creation_timestamp, now)),
    };
    /// The time of creation, where upstream has no columns of the kind's own.
    pub const CREATED_AT: Column<T> = Column {
        name: "Created At",
        kind: "date",
        format: "",
        description: AGE_DESCRIPTION,
        priority: 0,
        cell: |object, _| object.meta().creation_timestamp.map_or(Value::Null, |time| Value::from(time.to_text())),
    };
    /// The age as a cell that no definition announces, as upstream's IPAddress has one too many.
    pub const UNANNOUNCED_AGE: Column<T> = Column { name: "", ..Column::AGE };
}

impl<T> Column<T> {
    pub const fn string(
        name: &'static str,
        description: &'static str,
        priority: i32,
        cell: fn(&T, Time) -> Cell,
    ) -> Column<T> {
        Column { name, kind: "string", format: "", description, priority, cell }
    }

    pub const fn integer(
        name: &'static str,
        description: &'static str,
        priority: i32,
        cell: fn(&T, Time) -> Cell,
    ) -> Column<T> {
        Column { name, kind: "integer", format: "", description, priority, cell }
    }
}

/// A label selector as tables show it: `a=b,c in (d,e),!f`, `<none>` for an empty one.
pub fn label_selector_text(selector: Option<&LabelSelector>) -> String {
    let Some(selector) = selector else { return NONE.into() };
    let mut requirements: Vec<(&str, String)> =
        selector.match_labels.iter().map(|(key, value)| (key.as_str(), format!("{key}={value}"))).collect();
    for expression in &selector.match_expressions {
        let key = expression.key.as_str();
        let mut values: Vec<&str> = expression.values.iter().map(String::as_str).collect();
        values.sort_unstable();
        let values = values.join(",");
        let text = match expression.operator.as_str() {
            "In" => format!("{key} in ({values})"),
            "NotIn" => format!("{key} notin ({values})"),
            "Exists" => key.to_owned(),
            "DoesNotExist" => format!("!{key}"),
            _ => return "<error>".into(),
        };
        requirements.push((key, text));
    }
    if requirements.is_empty() {
        return NONE.into();
    }
    requirements.sort_by_key(|(key, _)| *key);
    requirements.into_iter().map(|(_, text)| text).collect::<Vec<_>>().join(",")
}

/// Labels as tables show them: `a=b,c=d`, `<none>` where there are none.
pub fn labels_text(labels: &BTreeMap<String, String>) -> String {
    if labels.is_empty() {
        return NONE.into();
    }
    labels.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(",")
}

const NONE: &str = "<none>";

/// The time from `then` to `now` as kubectl's tables show it (`5m`, `3h20m`, `<unknown>` where there is none).
pub fn age(then: Option<Time>, now: Time) -> String {
    match then {
        None => "<unknown>".into(),
        Some(then) => human_duration(now.secs_since(then)),
    }
}

/// A duration in seconds in at most two units, as `k8s.io/apimachinery/pkg/util/duration.HumanDuration` gives it.
pub fn human_duration(seconds: i64) -> String {
    const MINUTE: i64 = 60;
    const HOUR: i64 = 3600;
    const DAY: i64 = 24 * HOUR;
    const YEAR: i64 = 365 * DAY;
    let two = |big: i64, big_unit: char, small: i64, small_unit: char| match small {
        0 => format!("{big}{big_unit}"),
        _ => format!("{big}{big_unit}{small}{small_unit}"),
    };
    match seconds {
        i64::MIN..-1 => "<invalid>".into(),
        -1..0 => "0s".into(),
        0..120 => format!("{seconds}s"),
        120..600 => two(seconds / MINUTE, 'm', seconds % MINUTE, 's'),
        600..10_800 => format!("{}m", seconds / MINUTE),
        10_800..28_800 => two(seconds / HOUR, 'h', seconds % HOUR / MINUTE, 'm'),
        28_800..172_800 => format!("{}h", seconds / HOUR),
        172_800..691_200 => two(seconds / DAY, 'd', seconds % DAY / HOUR, 'h'),
        691_200..63_072_000 => format!("{}d", seconds / DAY),
        63_072_000..252_288_000 => two(seconds / YEAR, 'y', seconds % YEAR / DAY, 'd'),
        _ => format!("{}y", seconds / YEAR),
    }
}
