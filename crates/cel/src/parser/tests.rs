//! Sources to trees, and to what is wrong with them.
use super::*;

/// A tree as text: calls as `f(a, b)`, targets before a dot.
fn show(expr: &Expr) -> String {
    let list = |exprs: &[Expr]| exprs.iter().map(show).collect::<Vec<_>>().join(", ");
    match &expr.kind {
        ExprKind::Literal(literal) => match literal {
            crate::ast::Literal::Null => "null".into(),
            crate::ast::Literal::Bool(value) => value.to_string(),
            crate::ast::Literal::Int(value) => value.to_string(),
            crate::ast::Literal::Uint(value) => format!("{value}u"),
            crate::ast::Literal::Double(value) => format!("{value:?}"),
            crate::ast::Literal::String(value) => format!("{value:?}"),
            crate::ast::Literal::Bytes(value) => format!("b{value:?}"),
        },
        ExprKind::Ident(name) => name.to_string(),
        ExprKind::Select { operand, field, test_only } => {
            format!("{}.{field}{}", show(operand), if *test_only { "~" } else { "" })
        }
        ExprKind::Call { target: None, function, args } => format!("{function}({})", list(args)),
        ExprKind::Call { target: Some(target), function, args } => {
            format!("{}.{function}({})", show(target), list(args))
        }
        ExprKind::List { elements, optional } => format!("[{}]{}", list(elements), "?".repeat(optional.len())),
        ExprKind::Map(entries) => {
            let entries = entries.iter().map(|entry| {
                format!("{}{}: {}", if entry.optional { "?" } else { "" }, show(&entry.key), show(&entry.value))
            });
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
        ExprKind::Struct { type_name, fields } => {
            let fields = fields.iter().map(|field| {
                format!("{}{}: {}", if field.optional { "?" } else { "" }, field.name, show(&field.value))
            });
            format!("{type_name}{{{}}}", fields.collect::<Vec<_>>().join(", "))
        }
        ExprKind::Comprehension(part) => format!(
            "fold({}, {}{}, {} = {}, {}, {}, {})",
            show(&part.range),
            part.variable,
            part.second.as_ref().map(|name| format!("+{name}")).unwrap_or_default(),
            part.accumulator,
            show(&part.init),
            show(&part.condition),
            show(&part.step),
            show(&part.result)
        ),
    }
}

#[test]
fn trees() {
    for (source, wanted) in [
        ("1 + 2 * 3 - 4", "_-_(_+_(1, _*_(2, 3)), 4)"),
        ("a || b && c || d", "_||_(_||_(a, _&&_(b, c)), d)"),
        ("a && b && c && d && e", "_&&_(_&&_(_&&_(a, b), c), _&&_(d, e))"),
        ("1 < 2 == true", "_==_(_<_(1, 2), true)"),
        ("a ? b : c ? d : e", "_?_:_(a, b, _?_:_(c, d, e))"),
        ("-1 - -2", "_-_(-1, -2)"),
        ("--1", "1"),
        ("---a", "-_(a)"),
        ("!!a", "a"),
        ("!a.b", "!_(a.b)"),
        ("a.b.c(1)[2].d", "_[_](a.b.c(1), 2).d"),
        (".a.b", ".a.b"),
        ("a.?b[?0]", "_[?_](_?._(a, \"b\"), 0)"),
        ("[1, ?a, 3,]", "[1, a, 3]?"),
        ("{'a': 1, ?'b': c,}", "{\"a\": 1, ?\"b\": c}"),
        ("[,] + []", "_+_([], [])"),
        ("Object.spec{replicas: 1, ?x: y}", "Object.spec{replicas: 1, ?x: y}"),
        ("1u + 0x1F + 0xFu + 1.5e3 + .5", "_+_(_+_(_+_(_+_(1u, 31), 15u), 1500.0), 0.5)"),
        ("-9223372036854775808", "-9223372036854775808"),
        (
            "r'\\d' + '\\x41\\u00e9\\101\\n' + '''a'b''' + \"\"\"\"\"\"",
            "_+_(_+_(_+_(\"\\\\d\", \"AéA\\n\"), \"a'b\"), \"\")",
        ),
        ("b'\\xffé'", "b[255, 195, 169]"),
        ("a // comment\n in [b]", "@in(a, [b])"),
        ("has(a.b)", "a.b~"),
        (
            "a.all(x, x > 0)",
            "fold(a, x, @result = true, @not_strictly_false(@result), _&&_(@result, _>_(x, 0)), @result)",
        ),
        (
            "a.exists(i, x, x)",
            "fold(a, i+x, @result = false, @not_strictly_false(!_(@result)), _||_(@result, x), @result)",
        ),
        ("a.exists_one(x, x)", "fold(a, x, @result = 0, true, _?_:_(x, _+_(@result, 1), @result), _==_(@result, 1))"),
        ("a.map(x, f(x))", "fold(a, x, @result = [], true, _+_(@result, [f(x)]), @result)"),
        ("a.map(x, p, x)", "fold(a, x, @result = [], true, _?_:_(p, _+_(@result, [x]), @result), @result)"),
        ("a.filter(x, p)", "fold(a, x, @result = [], true, _?_:_(p, _+_(@result, [x]), @result), @result)"),
        ("a.transformMap(k, v, v)", "fold(a, k+v, @result = {}, true, cel.@mapInsert(@result, k, v), @result)"),
        (
            "a.optMap(x, x + 1)",
            "_?_:_(a.hasValue(), optional.of(fold([], #unused, x = a.value(), false, x, _+_(x, 1))), optional.none())",
        ),
    ] {
        let ast = parse(source).unwrap_or_else(|error| panic!("{source}: {error}"));
        assert_eq!(show(&ast.root), wanted, "{source}");
    }
}

#[test]
fn nodes_stand_where_their_operator_stands() {
    let ast = parse("self.nope == f(1)").unwrap();
    let ExprKind::Call { args, .. } = &ast.root.kind else { panic!() };
    let at = |expr: &Expr| ast.positions[expr.id as usize];
    assert_eq!((at(&ast.root), at(&args[0]), at(&args[1])), (10, 4, 14));
}

#[test]
fn refusals() {
    for (source, wanted) in [
        ("namespace + 1", "ERROR: <input>:1:1: reserved identifier: namespace\n | namespace + 1\n | ^"),
        ("99999999999999999999", "ERROR: <input>:1:1: invalid int literal\n | 99999999999999999999\n | ^"),
        ("has(a)", "ERROR: <input>:1:5: invalid argument to has() macro\n | has(a)\n | ....^"),
        ("a.all(1, true)", "ERROR: <input>:1:7: argument must be a simple name\n | a.all(1, true)\n | ......^"),
        ("a.map(b.c, true)", "ERROR: <input>:1:8: argument is not an identifier\n | a.map(b.c, true)\n | .......^"),
        ("a.all(x, x, true)", "ERROR: <input>:1:10: duplicate variable name: x\n | a.all(x, x, true)\n | .........^"),
        ("'é' + if", "ERROR: <input>:1:7: reserved identifier: if\n | 'é' + if\n | .．....^"),
    ] {
        assert_eq!(parse(source).unwrap_err().to_string(), wanted);
    }
}

#[test]
fn limits() {
    let nested = |count: usize| format!("{}1{}", "(".repeat(count), ")".repeat(count));
    assert!(parse(&nested(240)).is_ok());
    let limit = "ERROR: <input>:-1:0: expression recursion limit exceeded: 250";
    assert_eq!(parse(&nested(260)).unwrap_err().to_string(), limit);
    assert_eq!(parse(&format!("a{}", ".b".repeat(10_000))).unwrap_err().to_string(), limit);
    assert_eq!(parse(&"1+".repeat(40_000)).unwrap_err().to_string(), limit);
    assert_eq!(parse(&format!("a{}", ".optMap(x, x)".repeat(100))).unwrap_err().to_string(), limit);
    assert!(parse(&format!("a{}", ".optMap(x, x)".repeat(8))).is_ok());
    assert!(parse(&format!("{}true", "true && ".repeat(10_000))).is_ok());
    let size = "ERROR: <input>:-1:0: expression code point size exceeds limit: size: 100001, limit 100000";
    assert_eq!(parse(&" ".repeat(100_001)).unwrap_err().to_string(), size);
}
