// Made by cargo xtask codegen.

schema::typed_struct! {
    Event = "io.k8s.api.events.v1.Event", kind "events.k8s.io/v1" "Event" {
        "action" action: String,
        "deprecatedCount" deprecated_count: i32,
        "deprecatedFirstTimestamp" deprecated_first_timestamp: Option<schema::Time>,
        "deprecatedLastTimestamp" deprecated_last_timestamp: Option<schema::Time>,
        "deprecatedSource" deprecated_source: api_core::v1::EventSource,
        "eventTime" event_time: Option<schema::MicroTime>,
        "metadata" metadata: api_meta::v1::ObjectMeta,
        "note" note: String,
        "reason" reason: String,
        "regarding" regarding: api_core::v1::ObjectReference,
        "related" related: Option<Box<api_core::v1::ObjectReference>>,
        "reportingController" reporting_controller: String,
        "reportingInstance" reporting_instance: String,
        "series" series: Option<Box<EventSeries>>,
        "type" type_: String,
    }
}

schema::typed_object! { Event, api_meta::v1::ObjectMeta, namespaced "events" "events.k8s.io" "v1" "Event" }

schema::typed_struct! {
    EventSeries = "io.k8s.api.events.v1.EventSeries" {
        "count" count: i32,
        "lastObservedTime" last_observed_time: Option<schema::MicroTime>,
    }
}
