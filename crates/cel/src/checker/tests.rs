//! Sources to types, and to what is wrong with them.
use crate::decl::{Function, Overload};
use crate::types::{FieldType, Fields, ObjectType, Type, of_schema};
use crate::{Budget, CompileError, Env, Program, Val};
use schema::{ListType, Schema};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

pub(crate) fn field(json: &str, ty: Type) -> (Arc<str>, FieldType) {
    (json.into(), FieldType { ty, json: json.into(), max_elements: None, list_type: ListType::Atomic })
}

pub(crate) fn object(name: &str, fields: impl IntoIterator<Item = (Arc<str>, FieldType)>) -> Type {
    let fields: BTreeMap<_, _> = fields.into_iter().collect();
    Type::Object(Arc::new(ObjectType { name: name.into(), fields: Fields::Known(fields) }))
}

fn function(name: &'static str, member: bool, overloads: &[(&'static str, &[Type], Type)]) -> Function {
    let overloads = overloads.iter().map(|(id, params, result)| Overload {
        id,
        member,
        params: params.to_vec(),
        result: result.clone(),
    });
    Function { name, overloads: overloads.collect() }
}

/// As much of the standard functions as these tests need; the whole is tested with its implementations.
pub(crate) fn env() -> Env {
    use Type::{Bool, Double, Dyn, Int, Param, String};
    let list = || Type::list(Param("T"));
    let map = || Type::map(Param("K"), Param("V"));
    let functions = [
        function("_&&_", false, &[("logical_and", &[Bool, Bool], Bool)]),
        function("_||_", false, &[("logical_or", &[Bool, Bool], Bool)]),
        function("!_", false, &[("logical_not", &[Bool], Bool)]),
        function("@not_strictly_false", false, &[("not_strictly_false", &[Bool], Bool)]),
        function("_?_:_", false, &[("conditional", &[Bool, Param("T"), Param("T")], Param("T"))]),
        function("_==_", false, &[("equals", &[Param("T"), Param("T")], Bool)]),
        function("_>_", false, &[("greater_int64", &[Int, Int], Bool), ("greater_string", &[String, String], Bool)]),
        function(
            "_+_",
            false,
            &[
                ("add_int64", &[Int, Int], Int),
                ("add_double", &[Double, Double], Double),
                ("add_string", &[String, String], String),
                ("add_list", &[list(), list()], list()),
            ],
        ),
        function("@in", false, &[("in_list", &[Param("T"), list()], Bool), ("in_map", &[Param("K"), map()], Bool)]),
        function(
            "_[_]",
            false,
            &[("index_list", &[list(), Int], Param("T")), ("index_map", &[map(), Param("K")], Param("V"))],
        ),
        function("dyn", false, &[("to_dyn", &[Param("T")], Dyn)]),
        function("type", false, &[("type", &[Param("T")], Type::Type(Arc::new(Param("T"))))]),
        function("size", false, &[("size_string", &[String], Int), ("size_list", &[list()], Int)]),
        function("size", true, &[("string_size", &[String], Int), ("list_size", &[list()], Int)]),
        function("matches", true, &[("matches_string", &[String, String], Bool)]),
        function("startsWith", true, &[("starts_with_string", &[String, String], Bool)]),
        function("sum", true, &[("list_int_sum_int", &[Type::list(Int)], Int)]),
        function("ip.isCanonical", false, &[("ip_is_canonical", &[String], Bool)]),
        function("quantity", false, &[("string_to_quantity", &[String], Type::Opaque("kubernetes.Quantity"))]),
        function("optional.of", false, &[("optional_of", &[Param("V")], Type::optional(Param("V")))]),
        function("optional.none", false, &[("optional_none", &[], Type::optional(Param("V")))]),
        function("hasValue", true, &[("optional_hasValue", &[Type::optional(Param("V"))], Bool)]),
        function("value", true, &[("optional_value", &[Type::optional(Param("V"))], Param("V"))]),
        function("orValue", true, &[("optional_orValue", &[Type::optional(Param("V")), Param("V")], Param("V"))]),
        function("cel.@mapInsert", false, &[("cel_@mapInsert_map_key_value", &[map(), Param("K"), Param("V")], map())]),
    ];
    let inner = object("Inner", [field("x", Int)]);
    let this = object(
        "Object",
        [
            field("s", String),
            field("n", Int),
            field("d", Double),
            field("l", Type::list(String)),
            field("m", Type::map(String, Int)),
            field("inner", inner.clone()),
            field("any", Dyn),
        ],
    );
    let Type::Object(inner) = inner else { unreachable!() };
    let pod = Schema::builtin().by_kind("v1", "Pod").unwrap();
    let env = Env::of(functions).extend().variable("self", this).variable("a.b", Int).object_type(inner);
    env.variable("pod", of_schema(pod)).build()
}

fn compile(source: &str) -> Result<Program, CompileError> {
    env().compile(source)
}

#[test]
fn types() {
    for (source, wanted) in [
        ("1 + 2", "int"),
        ("1.0 + 2.0", "double"),
        ("self.any + 1", "int"),
        ("self.any + self.any", "dyn"),
        ("[1, 2]", "list(int)"),
        ("[]", "list(dyn)"),
        ("{}", "map(dyn, dyn)"),
        ("[] + [1]", "list(int)"),
        ("{'a': [1.5]}", "map(string, list(double))"),
        ("self.l.map(x, size(x))", "list(int)"),
        ("self.l.exists(i, x, i > 1 && x == 'a')", "bool"),
        ("self.m.transformMap(k, v, k)", "map(string, string)"),
        ("self.l[0]", "string"),
        ("self.m['a']", "int"),
        ("has(self.inner.x)", "bool"),
        ("self.?inner.x", "optional_type(int)"),
        ("self.?inner.x.orValue(3)", "int"),
        ("self.?s.optMap(x, size(x))", "optional_type(int)"),
        ("[?self.?s, 'a']", "list(string)"),
        ("type(1)", "type(int)"),
        ("type(1) == int", "bool"),
        ("a.b", "int"),
        ("ip.isCanonical('1.2.3.4')", "bool"),
        ("quantity('1')", "kubernetes.Quantity"),
        ("Inner{x: 1}", "Inner"),
        ("self.inner == null", "bool"),
        ("null == self.inner", "bool"),
        ("true ? [] : [1]", "list(int)"),
        ("pod.spec.containers.map(c, c.image)", "list(string)"),
        ("pod.metadata.__namespace__", "string"),
        ("pod.metadata.creationTimestamp", "timestamp"),
        ("pod.spec.containers[0].resources.limits", "map(string, dyn)"),
    ] {
        let program = compile(source).unwrap_or_else(|error| panic!("{source}: {error}"));
        assert_eq!(program.output().to_string(), wanted, "{source}");
    }
}

#[test]
fn base_environment() {
    let base = Env::base().extend().variable("s", Type::String).variable("l", Type::list(Type::Int)).build();
    let compile = |source: &str| base.compile(source).map(|program| program.output().to_string());
    for (source, wanted) in [
        ("duration('1h') > duration('1s')", "bool"),
        ("timestamp('2020-01-01T00:00:00Z').getFullYear()", "int"),
        ("timestamp(0)", "timestamp"),
        ("s.matches('^a+$')", "bool"),
        ("'%s %d'.format([dyn('a'), 1])", "string"),
        ("l.transformMap(i, x, i + x)", "map(int, int)"),
        ("l.sortBy(x, -x)", "list(int)"),
        ("[[1], [2]].flatten().slice(0, 1) + lists.range(3).reverse()", "list(int)"),
        ("quantity('1').add(quantity('2')).isGreaterThan(quantity('3'))", "bool"),
        ("ip('::1').family()", "int"),
        ("url('https://a').getHost()", "string"),
        ("type(s) == string", "bool"),
        ("l.max() > 2.5", "bool"),
        ("!format.dns1123Label().validate(s).hasValue()", "bool"),
        ("{'a': 1}[?s].orValue(0)", "int"),
    ] {
        assert_eq!(compile(source).map_err(|error| error.to_string()), Ok(wanted.to_string()), "{source}");
    }
    for (source, wanted) in [
        ("s.matches(\"[\")", "1:11: invalid matches argument\n | s.matches(\"[\")\n | ..........^"),
        (
            "duration('x') == duration('1h')",
            "1:10: invalid duration argument\n | duration('x') == duration('1h')\n | .........^",
        ),
        (
            "timestamp('x') == timestamp(0)",
            "1:11: invalid timestamp argument\n | timestamp('x') == timestamp(0)\n | ..........^",
        ),
        (
            "cel.bind(x, 1, x)",
            "1:1: undeclared reference to 'cel' (in container '')\n | cel.bind(x, 1, x)\n | ^\nERROR: <input>:1:9: undeclared reference to 'bind' (in container '')\n | cel.bind(x, 1, x)\n | ........^\nERROR: <input>:1:10: undeclared reference to 'x' (in container '')\n | cel.bind(x, 1, x)\n | .........^\nERROR: <input>:1:16: undeclared reference to 'x' (in container '')\n | cel.bind(x, 1, x)\n | ...............^",
        ),
    ] {
        let error = compile(source).map_err(|error| error.to_string());
        assert_eq!(error, Err(format!("ERROR: <input>:{wanted}")), "{source}");
    }
}

#[test]
fn references() {
    let program = compile("self.any + 1").unwrap();
    assert_eq!(program.overloads(program.ast.root.id), ["add_int64"]);
    let program = compile("self.any + self.any").unwrap();
    assert_eq!(program.overloads(program.ast.root.id).len(), 4);
}

#[test]
fn messages() {
    for (source, wanted) in [
        ("self.nope == 1", "1:5: undefined field 'nope'\n | self.nope == 1\n | ....^"),
        ("nope", "1:1: undeclared reference to 'nope' (in container '')\n | nope\n | ^"),
        ("self.nope()", "1:10: undeclared reference to 'nope' (in container '')\n | self.nope()\n | .........^"),
        (
            "self.l.sum() > 0",
            "1:11: found no matching overload for 'sum' applied to 'list(string).()'\n | self.l.sum() > 0\n | ..........^",
        ),
        ("1 + 'a'", "1:3: found no matching overload for '_+_' applied to '(int, string)'\n | 1 + 'a'\n | ..^"),
        ("1 && true", "1:1: expected type 'bool' but found 'int'\n | 1 && true\n | ^"),
        ("[1, 'a']", "1:5: expected type 'int' but found 'string'\n | [1, 'a']\n | ....^"),
        ("[1, dyn(2)]", "1:8: expected type 'int' but found 'dyn'\n | [1, dyn(2)]\n | .......^"),
        ("self.s.x", "1:7: type 'string' does not support field selection\n | self.s.x\n | ......^"),
        (
            "1.all(x, true)",
            "1:1: expression of type 'int' cannot be range of a comprehension (must be list, map, or dynamic)\n | 1.all(x, true)\n | ^",
        ),
        (
            "Inner{x: 'a'}",
            "1:8: expected type of field 'x' is 'int' but provided type is 'string'\n | Inner{x: 'a'}\n | .......^",
        ),
        ("int{x: 'a'}", "1:4: 'int' is not a message type\n | int{x: 'a'}\n | ...^"),
        (
            "a + b",
            "1:1: undeclared reference to 'a' (in container '')\n | a + b\n | ^\nERROR: <input>:1:5: undeclared reference to 'b' (in container '')\n | a + b\n | ....^",
        ),
        (
            "self.n ==\n  self.s",
            "1:8: found no matching overload for '_==_' applied to '(int, string)'\n | self.n ==\n | .......^",
        ),
    ] {
        let error = compile(source).err().unwrap_or_else(|| panic!("{source} compiles"));
        assert_eq!(error.to_string(), format!("ERROR: <input>:{wanted}"), "{source}");
    }
}

/// The type of `y` doubles with each loop; walking it must not.
#[test]
fn types_that_double_are_refused() {
    let mut source = "x40".to_string();
    for depth in (1..=40).rev() {
        source = format!("[{{x{0}: x{0}}}].map(x{depth}, {source})", depth - 1);
    }
    let error = compile(&source.replace("x0", "1")).err().map(|error| error.to_string());
    assert_eq!(error.as_deref(), Some("ERROR: <input>:-1:0: expression type checking limit exceeded"));
}

/// As high as trees may be, on the stack of a test's thread.
#[test]
fn high_trees() {
    let repeat = |before: &str, inner: &str, after: &str, count: usize| {
        format!("{}{inner}{}", before.repeat(count), after.repeat(count))
    };
    for source in [
        repeat("", "self.any", ".x", 480),
        repeat("", "self.any", "[0]", 480),
        repeat("", "1", " + 1", 480),
        repeat("[", "1", "]", 240),
        repeat("{1: ", "1", "}", 240),
        repeat("!(", "true", ")", 240),
        repeat("true ? 1 : ", "1", "", 240),
        repeat("size([", "1", "])", 120),
        repeat("self.l.map(x, ", "1", ")", 60),
        repeat("", "self.l", ".map(x, x)", 60),
    ] {
        let program = compile(&source).unwrap_or_else(|error| panic!("{error}"));
        program.estimate(&crate::estimate::NoHints);
        // Whatever comes of it: it must not need more stack than there is.
        let variables: HashMap<&str, Val> = HashMap::new();
        let _ = program.evaluate(&variables, &mut Budget::new(u64::MAX));
    }
}

proptest::proptest! {
    #[test]
    fn nothing_panics(
        pieces in proptest::collection::vec(proptest::sample::select(vec![
            "self", ".l", ".m", ".s", ".inner", ".any", ".?s", "[0]", "['a']", ".map(x, x)", ".all(i, v, v)", " + ", " == ", "1",
            "'a'", "[", "]", "{1: ", "}", "(", ")", ", ", "size(", "dyn(", "Inner{x: ", "null", " ? ", " : ", "x", ".optMap(x, x)",
        ]), 0..14),
    ) {
        if let Ok(program) = compile(&pieces.concat()) {
            program.estimate(&crate::estimate::NoHints);
        }
    }
}
