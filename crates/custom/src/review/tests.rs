//! What an answer of a conversion webhook must be.

use super::*;

fn widget(version: &str) -> Value {
    value!({
        "apiVersion": (format!("example.com/{version}")),
        "kind": "Widget",
        "metadata": { "name": "a", "namespace": "n", "uid": "u", "generation": 3, "labels": { "kept": "1" } },
        "spec": {}
    })
}

fn answered(response: Value) -> Result<Vec<Value>, String> {
    asked(
        ReviewVersion::V1,
        &[widget("v1")],
        value!({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "ConversionReview", "response": response
        }),
    )
}

fn asked(version: ReviewVersion, objects: &[Value], review: Value) -> Result<Vec<Value>, String> {
    let question = Question { uid: "7", version, to_api_version: "example.com/v2", objects };
    let mut body = Vec::new();
    json::write(&review, &mut body);
    question.answer(Ok(body))
}

fn success(objects: Vec<Value>) -> Value {
    value!({ "uid": "7", "result": { "status": "Success" }, "convertedObjects": objects })
}

fn refused(response: Value, wanted: &str) {
    let error = answered(response).expect_err(wanted);
    assert_eq!(error, format!("conversion webhook for example.com/v1, Kind=Widget {wanted}"));
}

#[test]
fn only_labels_and_annotations_of_the_metadata_are_the_webhooks() {
    let mut converted = widget("v2");
    converted.set(&["metadata", "generation"], 9i64);
    converted.set(&["metadata", "finalizers"], vec![Value::str("x/y")]);
    converted.set(&["metadata", "labels"], value!({ "new": "2" }));
    converted.set(&["metadata", "annotations"], value!({ "a": "b" }));
    let mut wanted = widget("v2");
    wanted.set(&["metadata", "labels"], value!({ "new": "2" }));
    wanted.set(&["metadata", "annotations"], value!({ "a": "b" }));
    assert_eq!(answered(success(vec![converted])), Ok(vec![wanted]));
    let mut bare = widget("v2");
    bare.remove(&["metadata", "labels"]);
    assert_eq!(answered(success(vec![bare.clone()])), Ok(vec![bare]));
}

#[test]
fn answers_that_are_not_to_the_question_fail() {
    refused(Value::Null, "failed: no response provided");
    refused(value!({ "uid": "8" }), "failed: expected response.uid=\"7\", got \"8\"");
    refused(value!({ "uid": "7" }), "failed: response.result.status was '', not 'Success'");
    let failure = value!({ "uid": "7", "result": { "status": "Failure", "message": "cannot" } });
    refused(failure, "failed: cannot");
    refused(success(vec![]), "returned 0 objects, expected 1");
    let elsewhere = asked(ReviewVersion::V1, &[widget("v1")], value!({ "apiVersion": "v1", "kind": "Pod" }));
    let wanted = "conversion webhook for example.com/v1, Kind=Widget failed: expected webhook response of apiextensions.k8s.io/v1, Kind=ConversionReview, got v1, Kind=Pod";
    assert_eq!(elsewhere, Err(wanted.to_owned()));
}

#[test]
fn objects_that_are_not_the_asked_ones_fail() {
    refused(
        success(vec![widget("v3")]),
        "returned invalid object at index 0: invalid groupVersion (expected example.com/v2, received example.com/v3)",
    );
    let changed = |path: &[&str], to: Value| {
        let mut object = widget("v2");
        object.set(path, to);
        success(vec![object])
    };
    refused(
        changed(&["kind"], value!("Gadget")),
        "returned invalid object at index 0: invalid kind (expected Widget, received Gadget)",
    );
    refused(changed(&["metadata", "name"], value!("b")), "returned invalid object: must have the same name: a != b");
    refused(changed(&["metadata", "uid"], value!("v")), "returned invalid object: must have the same UID: u != v");
    refused(
        changed(&["metadata", "labels"], value!({ "x": 1 })),
        "returned invalid metadata: metadata.labels[x] must be a string, but is int64 in converted object",
    );
    let labels = changed(&["metadata", "labels"], value!({ "x": "a b" }));
    let error = answered(labels).expect_err("not a label");
    assert!(error.contains("returned invalid metadata: metadata.labels: Invalid value: \"a b\""), "{error}");
}

#[test]
fn the_old_review_is_taken_without_its_uid() {
    let review = value!({ "response": { "result": { "status": "Success" }, "convertedObjects": [(widget("v2"))] } });
    assert_eq!(asked(ReviewVersion::V1beta1, &[widget("v1")], review.clone()), Ok(vec![widget("v2")]));
    assert!(asked(ReviewVersion::V1, &[widget("v1")], review).is_err());
    let known =
        |names: &[&str]| ReviewVersion::first_known(&names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>());
    assert_eq!(known(&["v7", "v1beta1", "v1"]), Some(ReviewVersion::V1beta1));
    assert_eq!(known(&["v7"]), None);
}
