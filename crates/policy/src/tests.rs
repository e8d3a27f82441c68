use super::*;

const ALL: Declared = Declared { params: true, authorizer: true, patches: true };

fn error(source: &str, wanted: Wanted, names: Declared) -> String {
    Compiler::default().compile(source, wanted, names).map_or_else(|error| error, |_| String::new())
}

#[test]
fn expressions_name_what_there_is() {
    for source in [
        "object.spec.replicas < 5",
        "request.operation == 'CREATE' && request.userInfo.username != ''",
        "namespaceObject.metadata.name == request.namespace",
        "params.x == 1",
        "authorizer.group('').resource('pods').check('get').allowed()",
        "authorizer.requestResource.check('get').allowed()",
    ] {
        assert_eq!(error(source, Wanted::Bool, ALL), "", "{source}");
    }
    for (source, message) in [
        ("params.x == 1", "undeclared reference to 'params' (in container '')"),
        ("variables.n == 1", "undeclared reference to 'variables' (in container '')"),
        ("request.nope == 1", "undefined field 'nope'"),
    ] {
        let found = error(source, Wanted::Bool, Declared::default());
        assert!(found.starts_with("compilation failed: ERROR: <input>:1:"), "{found}");
        assert!(found.contains(message), "{found}");
    }
}

#[test]
fn expressions_give_what_is_wanted() {
    assert_eq!(error("1", Wanted::Bool, ALL), "must evaluate to bool but got int");
    assert_eq!(error("object.x", Wanted::Bool, ALL), "must evaluate to bool but got dyn");
    assert_eq!(error("1", Wanted::StringOrNull, ALL), "must evaluate to one of [string null_type] but got int");
    assert_eq!(error("Object{spec: Object.spec{replicas: 1}}", Wanted::Object, ALL), "");
    assert_eq!(error("[JSONPatch{op: 'add', path: '/a', value: 1}]", Wanted::JsonPatches, ALL), "");
}

#[test]
fn variables_are_known_with_their_types() {
    let mut compiler = Compiler::default();
    let names = Declared::default();
    compiler.variable("n", "1 + 1", names).unwrap();
    compiler.variable("m", "variables.n * 2", names).unwrap();
    assert!(compiler.compile("variables.m > 3", Wanted::Bool, names).is_ok());
    assert!(compiler.compile("variables.m == 'a'", Wanted::Bool, names).is_err());
}

#[test]
fn selectors_of_devices_are_conditions() {
    let error = |source: &str| compile_device_selector(source).map_or_else(|error| error, |_| String::new());
    assert_eq!(error("device.driver == 'd' && device.attributes['d'].model == 'x'"), "");
    assert_eq!(error("device.attributes['d'].shared"), "");
    assert_eq!(error("device.capacity['d'].memory.isGreaterThan(quantity('1Gi'))"), "");
    assert_eq!(error("1 + 1"), "must evaluate to bool or the unknown type, not int");
    assert!(error("device.nope").contains("undefined field 'nope'"));
}
