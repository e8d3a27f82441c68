//! Plays `tests/data/*.cel`: an expression, what comes out, and at times what it costs.

use crate::cost::Budget;
use crate::env::Env;
use crate::eval::EvalError;
use crate::functions::authorizer::{AUTHORIZER, Authorizer, Check, Decision, Target, authorizer};
use crate::functions::{self, plain_text};
use crate::types::{FieldType, Fields, ObjectType, Type};
use crate::value::{List, Map, Opaque, Val};
use proptest::prelude::*;
use schema::{ListType, Value};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

const TABLES: [(&str, &str); 5] = [
    ("language.cel", include_str!("../../tests/data/language.cel")),
    ("libraries.cel", include_str!("../../tests/data/libraries.cel")),
    ("objects.cel", include_str!("../../tests/data/objects.cel")),
    ("list-extensions.cel", include_str!("../../tests/data/list-extensions.cel")),
    ("cost.cel", include_str!("../../tests/data/cost.cel")),
];

/// Lets `ann` read pods, and service accounts everything of their own namespace.
struct Rules;

impl Authorizer for Rules {
    fn authorize(&self, check: &Check<'_>) -> Option<Decision> {
        if check.verb == "wait" {
            return None;
        }
        let allowed = match (check.service_account, check.target) {
            (None, Target::Path(path)) => path == "/healthz",
            (None, Target::Resource(resource)) => resource.resource == "pods" && check.verb == "get",
            (Some((namespace, _)), Target::Resource(resource)) => resource.namespace == namespace,
            (Some(_), Target::Path(_)) => false,
        };
        let error = (check.verb == "fail").then(|| "no answer".to_owned());
        Some(Decision { allowed, reason: format!("because of {}", check.verb), error })
    }
}

fn object_type() -> Type {
    let field = |name: &str, json: &str, ty: Type, list_type: ListType| {
        (Arc::from(name), FieldType { ty, json: json.into(), max_elements: None, list_type })
    };
    let port = |name: &str, ty: Type| field(name, name, ty, ListType::Atomic);
    let item = Fields::Known(BTreeMap::from([port("name", Type::String), port("port", Type::Int)]));
    let item = Type::Object(Arc::new(ObjectType { name: "Item".into(), fields: item }));
    let fields = BTreeMap::from([
        field("replicas", "replicas", Type::Int, ListType::Atomic),
        field("ratio", "ratio", Type::Double, ListType::Atomic),
        field("start", "start", Type::Timestamp, ListType::Atomic),
        field("wait", "wait", Type::Duration, ListType::Atomic),
        field("data", "data", Type::Bytes, ListType::Atomic),
        field("bad", "bad", Type::Timestamp, ListType::Atomic),
        field("a__dash__b", "a-b", Type::String, ListType::Atomic),
        field("set", "set", Type::list(Type::String), ListType::Set),
        field("set2", "set2", Type::list(Type::String), ListType::Set),
        field("items", "items", Type::list(item.clone()), ListType::Map(vec!["name".into()])),
        field("items2", "items2", Type::list(item), ListType::Map(vec!["name".into()])),
        field("labels", "labels", Type::map(Type::String, Type::String), ListType::Atomic),
        field("port", "port", Type::Dyn, ListType::Atomic),
        field("absent", "absent", Type::String, ListType::Atomic),
    ]);
    Type::Object(Arc::new(ObjectType { name: "Object".into(), fields: Fields::Known(fields) }))
}

fn object() -> Value {
    let text = r#"{"replicas": 3, "ratio": 2, "start": "2026-01-02T03:04:05.5Z", "wait": "1m30s", "data": "aGk=", "bad": "never",
        "a-b": "dashed", "set": ["x", "y"], "set2": ["y", "z"], "labels": {"app": "web", "tier": "front"}, "port": "http",
        "items": [{"name": "a", "port": 1}, {"name": "b", "port": 2}],
        "items2": [{"name": "c", "port": 3}, {"name": "a", "port": 9}]}"#;
    schema::json::parse(text.as_bytes(), schema::json::Limits::default()).unwrap()
}

fn env() -> Env {
    let mut builder = Env::base().extend();
    for library in [functions::json_patch(), functions::includes()] {
        for function in library.functions {
            builder = builder.function(function);
        }
    }
    builder
        .variable("self", object_type())
        .variable("object", Type::Dyn)
        .variable("authorizer", AUTHORIZER)
        .variable("x", Type::Int)
        .variable("s", Type::String)
        .variable("l", Type::list(Type::Int))
        .variable("m", Type::map(Type::String, Type::Int))
        .build()
}

fn variables() -> HashMap<&'static str, Val> {
    let object = Arc::new(object());
    HashMap::from([
        ("self", Val::of(&object, &object_type())),
        ("object", Val::of(&object, &Type::Dyn)),
        ("authorizer", authorizer(Arc::new(Rules))),
        ("x", Val::Int(7)),
        ("s", Val::str("hello wörld")),
        ("l", Val::list(vec![Val::Int(3), Val::Int(1), Val::Int(2)])),
        ("m", Val::map([("a".into(), Val::Int(1)), ("b".into(), Val::Int(2))])),
    ])
}

/// As CEL would write it.
fn shown(value: &Val) -> String {
    match value {
        Val::Null => "null".to_owned(),
        Val::String(text) => format!("{text:?}"),
        Val::Uint(n) => format!("{n}u"),
        Val::Double(n) if n.fract() == 0.0 && n.abs() < 1e6 => format!("{n:.1}"),
        Val::Bytes(bytes) => format!("b{:?}", String::from_utf8_lossy(bytes)),
        Val::Timestamp(_) => format!("timestamp({:?})", plain_text(value)),
        Val::Duration(_) => format!("duration({:?})", plain_text(value)),
        Val::List(list) => format!("[{}]", list_shown(list)),
        Val::Map(map) => format!("{{{}}}", map_shown(map)),
        Val::Object(object) => {
            let fields: Vec<_> =
                object.fields.iter().map(|(name, value)| format!("{name}: {}", shown(value))).collect();
            format!("{}{{{}}}", object.type_name, fields.join(", "))
        }
        Val::Optional(None) => "none".to_owned(),
        Val::Optional(Some(inner)) => format!("some({})", shown(inner)),
        Val::Opaque(value) => format!("<{}>", value.type_name()),
        other => plain_text(other),
    }
}

fn list_shown(list: &List) -> String {
    list.iter().map(|item| shown(&item.unwrap())).collect::<Vec<_>>().join(", ")
}

fn map_shown(map: &Map) -> String {
    let entry =
        |key: &crate::value::Key| format!("{}: {}", shown(&key.to_val()), shown(&map.get(key).unwrap().unwrap()));
    map.keys().iter().map(entry).collect::<Vec<_>>().join(", ")
}

fn run(env: &Env, source: &str, variables: &HashMap<&'static str, Val>) -> (String, u64) {
    let program = match env.compile(source) {
        Ok(program) => program,
        Err(error) => return (format!("does not compile: {error}"), 0),
    };
    let mut budget = Budget::new(u64::MAX);
    let outcome = match program.evaluate(variables, &mut budget) {
        Ok(value) => shown(&value),
        Err(error) => format!("error: {error}"),
    };
    (outcome, budget.used())
}

/// Lines are `expression  ==>  outcome`, with `  @ cost` behind it where the cost is held too.
#[test]
fn tables() {
    let (env, variables) = (env(), variables());
    let (mut wrong, mut count) = (Vec::new(), 0);
    for (table, text) in TABLES {
        for (at, line) in text.lines().enumerate() {
            let Some((source, wanted)) = line.split_once("  ==>  ") else {
                assert!(line.is_empty() || line.starts_with('#'), "{table}:{}: no ==>: {line}", at + 1);
                continue;
            };
            count += 1;
            let (wanted, cost) =
                wanted.split_once("  @ ").map_or((wanted, None), |(wanted, cost)| (wanted, Some(cost)));
            let (found, used) = run(&env, source.trim(), &variables);
            if found != wanted || cost.is_some_and(|cost| cost != used.to_string()) {
                wrong.push(format!(
                    "{table}:{}: {source}\n    want {wanted} @ {cost:?}\n    have {found} @ {used}",
                    at + 1
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {count} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn an_evaluation_over_its_limit_stops() {
    let env = env();
    let program = env.compile("l.all(a, l.all(b, l.all(c, a + b + c > 0)))").unwrap();
    let mut budget = Budget::new(1_000).with_per_call(50);
    let error = program.evaluate(&variables(), &mut budget).unwrap_err();
    assert_eq!(error.to_string(), "operation cancelled: actual cost limit exceeded");
    assert!(budget.used() > 50 && budget.used() < 60);
}

#[test]
fn evaluations_share_a_budget() {
    let env = env();
    let program = env.compile("x + x").unwrap();
    let mut budget = Budget::new(5);
    program.evaluate(&variables(), &mut budget).unwrap();
    assert_eq!((budget.used(), budget.is_exhausted()), (3, false));
    program.evaluate(&variables(), &mut budget).unwrap();
    assert!(budget.is_exhausted());
}

#[test]
fn an_evaluation_without_an_answer_is_free() {
    let program = env().compile("true || x > 1 || authorizer.path('/x').check('wait').allowed()").unwrap();
    assert_eq!(shown(&program.evaluate(&variables(), &mut Budget::new(0)).unwrap()), "true");
    let program = env().compile("authorizer.path('/x').check('wait').allowed() || true").unwrap();
    let mut budget = Budget::new(100);
    assert_eq!(program.evaluate(&variables(), &mut budget).unwrap_err(), EvalError::Unanswered);
    assert_eq!(budget.used(), 0);
}

#[test]
fn programs_and_values_go_between_threads() {
    fn sent<T: Send + Sync>() {}
    sent::<crate::Program>();
    sent::<Val>();
    sent::<EvalError>();
}

#[test]
fn an_interrupt_ends_an_evaluation() {
    let source = "l.all(a, l.all(b, l.all(c, l.all(d, l.all(e, l.all(f, l.all(g, a + b + c > 0)))))))";
    let program = env().compile(source).unwrap();
    let mut budget = Budget::new(u64::MAX).with_interrupt(|| true);
    assert_eq!(program.evaluate(&variables(), &mut budget).unwrap_err().to_string(), "operation interrupted");
}

#[test]
fn a_list_that_grows_by_a_fold_is_not_copied_each_time() {
    let numbers = Val::list((0..200_000).map(Val::Int).collect());
    let variables = HashMap::from([("l", numbers)]);
    let program = env().compile("l.map(a, a).size()").unwrap();
    let mut budget = Budget::new(u64::MAX).with_per_call(u64::MAX);
    assert_eq!(shown(&program.evaluate(&variables, &mut budget).unwrap()), "200000");
}

#[test]
fn sums_of_lists_stay_small() {
    // Forty doublings: a trillion elements, which nobody may ever hold.
    let mut source = "l".to_owned();
    for _ in 0..40 {
        source = format!("[{source}].map(a, a + a)[0]");
    }
    let program = env().compile(&format!("size({source})")).unwrap();
    let mut budget = Budget::new(u64::MAX);
    assert_eq!(shown(&program.evaluate(&variables(), &mut budget).unwrap()), (3u64 << 40).to_string());
}

#[test]
fn hostile_work_ends() {
    let env = env();
    // Texts whose length cost does not see; shared values that are huge trees; patterns without end.
    let mut shared = "l".to_owned();
    for _ in 0..24 {
        shared = format!("[{shared}].map(a, [a, a])[0]");
    }
    let sources = [
        "[s].map(a, a.replace('', a + a + a)).map(a, a.replace('', a)).map(a, a.replace('', a)).map(a, a.replace('', a))".to_owned(),
        format!("{shared} == {shared}"),
        "lists.range(100).all(a, lists.range(100).all(b, !s.matches('^' + string(a * 1000 + b) + '[a-z]{500}$')))".to_owned(),
    ];
    for source in sources {
        let program = env.compile(&source).unwrap_or_else(|error| panic!("{error}"));
        let outcome = program.evaluate(&variables(), &mut Budget::new(u64::MAX));
        assert_eq!(outcome.unwrap_err(), EvalError::CostExceeded, "{source}");
    }
}

#[test]
fn values_go_back_to_json() {
    let program =
        env().compile(r#"{"a": dyn([dyn(1), dyn(2.5), dyn("x"), dyn(b"hi")]), "b": dyn({"c": object.items})}"#);
    let program = program.unwrap_or_else(|error| panic!("{error}"));
    let value = program.evaluate(&variables(), &mut Budget::new(100)).unwrap().to_value().unwrap();
    assert_eq!(value.at(&["b", "c"]).items().len(), 2);
    assert_eq!(value.at(&["a"]).items()[3], Value::str("aGk="));
}

/// Pieces from which expressions are put together at random.
fn expression() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("x".to_owned()),
        Just("s".to_owned()),
        Just("l".to_owned()),
        Just("m".to_owned()),
        Just("object".to_owned()),
        Just("object.items".to_owned()),
        Just("self.set".to_owned()),
        Just("dyn(1.5)".to_owned()),
        Just("9223372036854775807".to_owned()),
        Just("-9223372036854775808".to_owned()),
        Just("18446744073709551615u".to_owned()),
        Just("timestamp('9999-12-31T23:59:59Z')".to_owned()),
        Just("duration('9223372036s')".to_owned()),
        Just("'%s %d %e'".to_owned()),
        any::<i32>().prop_map(|n| format!("dyn({n})")),
        "[a-zé%\\[(*.+]{0,6}".prop_map(|text| format!("dyn('{}')", text.replace('\\', ""))),
    ];
    leaf.prop_recursive(5, 40, 3, |inner| {
        let names = prop_oneof![
            Just("size"),
            Just("int"),
            Just("uint"),
            Just("string"),
            Just("double"),
            Just("timestamp"),
            Just("duration"),
            Just("bytes"),
            Just("quantity"),
            Just("semver"),
            Just("url"),
            Just("ip"),
            Just("cidr"),
            Just("type"),
            Just("dyn"),
        ];
        let members = prop_oneof![
            Just("indexOf"),
            Just("lastIndexOf"),
            Just("substring"),
            Just("charAt"),
            Just("split"),
            Just("find"),
            Just("findAll"),
            Just("matches"),
            Just("contains"),
            Just("format"),
            Just("join"),
            Just("sum"),
            Just("max"),
            Just("getHours"),
            Just("trim"),
        ];
        let operators = prop_oneof![
            Just("+"),
            Just("-"),
            Just("*"),
            Just("/"),
            Just("%"),
            Just("=="),
            Just("<"),
            Just("&&"),
            Just("||"),
            Just("in"),
        ];
        prop_oneof![
            (inner.clone(), operators, inner.clone()).prop_map(|(a, op, b)| format!("(dyn({a}) {op} dyn({b}))")),
            (names, inner.clone()).prop_map(|(name, a)| format!("{name}(dyn({a}))")),
            (inner.clone(), members, inner.clone()).prop_map(|(a, name, b)| format!("dyn({a}).{name}(dyn({b}))")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("dyn({a})[dyn({b})]")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("dyn({a}).map(v, [v, dyn({b})])")),
            inner.clone().prop_map(|a| format!("[dyn({a})]")),
            inner.clone().prop_map(|a| format!("dyn({a}).?b.?c")),
            inner.prop_map(|a| format!("-dyn({a})")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn patterns_do_not_panic(pattern in "[a\\\\\\[\\](){}*+?|^$.,:<>=!PQEdwsbpxN0-9é-]{0,12}") {
        let _ = functions::regex::compile(&pattern);
    }

    #[test]
    fn nothing_panics(source in expression()) {
        let env = env();
        if let Ok(program) = env.compile(&source) {
            let _ = program.evaluate(&variables(), &mut Budget::new(1_000_000)).map(|value| value.to_value());
        }
    }
}

#[test]
fn deep_expressions_do_not_overflow_the_stack() {
    let env = env();
    let deep = [
        format!("{}x{}", "(".repeat(200), ")".repeat(200)),
        format!("{}x", "-".repeat(200)),
        vec!["x"; 5_000].join(" + "),
        format!("{}1{}", "[".repeat(120), "]".repeat(120)),
        format!("object{}", ".a".repeat(5_000)),
        format!("{}x > 0{}", "l.all(v, ".repeat(60), ")".repeat(60)),
        format!("{}x{}", "x > 1 ? (".repeat(100), ") : 1".repeat(100)),
    ];
    for source in deep {
        if let Ok(program) = env.compile(&source) {
            let mut budget = Budget::new(u64::MAX).with_per_call(100_000);
            let _ = program.evaluate(&variables(), &mut budget);
        }
    }
}

/// The variables of a policy, each computed when it is asked for.
#[derive(Debug)]
struct Lazy;

impl Opaque for Lazy {
    fn type_name(&self) -> &str {
        "variables"
    }

    fn equals(&self, _: &dyn Opaque) -> bool {
        false
    }

    fn field(&self, name: &str, budget: &mut Budget) -> Option<Result<Val, EvalError>> {
        let program = Env::base().compile(&format!("{name:?} + \"!\"")).unwrap();
        Some(program.evaluate(&HashMap::new(), budget))
    }
}

#[test]
fn an_opaque_value_computes_its_fields() {
    let env = Env::base().extend().variable("variables", Type::Dyn).build();
    let program = env.compile("variables.a + variables.b").unwrap();
    let mut budget = Budget::new(100);
    let variables = HashMap::from([("variables", Val::opaque(Lazy))]);
    assert_eq!(shown(&program.evaluate(&variables, &mut budget).unwrap()), "\"a!b!\"");
    // Two for each name and field, one for each sum.
    assert_eq!(budget.used(), 4 + 2 + 1);
}

#[test]
fn objects_are_made_by_their_types() {
    let types = [object_type(), json_patch_type()];
    let mut builder = Env::base().extend().variable("object", Type::Dyn).variable("x", Type::Int);
    for ty in types {
        if let Type::Object(ty) = ty {
            builder = builder.object_type(ty);
        }
    }
    let env = builder.build();
    for (source, wanted) in [
        ("Object{replicas: x + 1, a__dash__b: 'c'}", r#"{"a-b":"c","replicas":8}"#),
        ("Object{?a__dash__b: object.?nope, ?replicas: optional.of(2)}", r#"{"replicas":2}"#),
        (
            "[JSONPatch{op: 'add', path: '/a', value: {'b': [1, 2]}}]",
            r#"[{"op":"add","path":"/a","value":{"b":[1,2]}}]"#,
        ),
        ("Object{labels: {'a': 'b'}, set: ['x']}", r#"{"labels":{"a":"b"},"set":["x"]}"#),
    ] {
        let program = env.compile(source).unwrap_or_else(|error| panic!("{error}"));
        let value = program.evaluate(&variables(), &mut Budget::new(1_000)).unwrap().to_value().unwrap();
        assert_eq!(schema::json::to_string(&value), wanted);
    }
    let program = env.compile("type(Object{}) == Object && Object{replicas: 1} == Object{replicas: 1}").unwrap();
    assert_eq!(shown(&program.evaluate(&variables(), &mut Budget::new(1_000)).unwrap()), "true");
}

fn json_patch_type() -> Type {
    let field = |name: &str, ty: Type| {
        (Arc::from(name), FieldType { ty, json: name.into(), max_elements: None, list_type: ListType::Atomic })
    };
    let fields = BTreeMap::from([field("op", Type::String), field("path", Type::String), field("value", Type::Dyn)]);
    Type::Object(Arc::new(ObjectType { name: "JSONPatch".into(), fields: Fields::Known(fields) }))
}
