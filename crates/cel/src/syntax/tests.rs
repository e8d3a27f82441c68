//! What does not parse, with what cel-go says of it.
use super::walk;
use crate::lexer::scan;
use crate::parse;
use proptest::prelude::*;

const OPERAND: &str =
    "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}";

/// Places and messages, without "Syntax error: " and with `OPERAND` for what may begin an operand.
fn explain(source: &str) -> Vec<String> {
    let error = parse(source).err().unwrap_or_else(|| panic!("{source} parses"));
    let lines: Vec<&str> = source.split('\n').collect();
    let place = |position: Option<u32>| {
        let mut left = position.map_or(0, |position| position as usize);
        for (index, line) in lines.iter().enumerate() {
            let length = line.chars().count();
            if left <= length {
                return format!("{}:{}", index + 1, left + 1);
            }
            left -= length + 1;
        }
        String::new()
    };
    let issues = error.issues().iter();
    issues
        .map(|issue| {
            let message = issue.message.replace("Syntax error: ", "").replace(OPERAND, "OPERAND");
            format!("{} {message}", place(issue.position))
        })
        .collect()
}

#[test]
fn messages() {
    let mut wrong = Vec::new();
    for (source, wanted) in [
        ("self.", &["1:6 no viable alternative at input '.'"] as &[&str]),
        ("device.(", &["1:8 no viable alternative at input '.('"]),
        ("1 +", &["1:4 mismatched input '<EOF>' expecting OPERAND"]),
        ("1 + +", &["1:5 mismatched input '+' expecting OPERAND", "1:6 mismatched input '<EOF>' expecting OPERAND"]),
        ("", &["1:1 mismatched input '<EOF>' expecting OPERAND"]),
        ("?", &["1:1 mismatched input '?' expecting OPERAND", "1:2 mismatched input '<EOF>' expecting OPERAND"]),
        ("a b", &["1:3 extraneous input 'b' expecting <EOF>"]),
        ("a b c", &["1:3 mismatched input 'b' expecting <EOF>"]),
        ("a = b", &["1:3 token recognition error at: '= '", "1:5 extraneous input 'b' expecting <EOF>"]),
        (
            "*@a | b",
            &[
                "1:1 extraneous input '*' expecting OPERAND",
                "1:2 token recognition error at: '@'",
                "1:5 token recognition error at: '| '",
                "1:7 extraneous input 'b' expecting <EOF>",
            ],
        ),
        ("'abc", &["1:1 token recognition error at: ''abc'", "1:5 mismatched input '<EOF>' expecting OPERAND"]),
        ("1 + $", &["1:5 token recognition error at: '$'", "1:6 mismatched input '<EOF>' expecting OPERAND"]),
        ("(1", &["1:3 missing ')' at '<EOF>'"]),
        ("f((1", &["1:5 mismatched input '<EOF>' expecting ')'"]),
        ("a ? b", &["1:6 mismatched input '<EOF>' expecting ':'"]),
        ("-", &["1:2 no viable alternative at input '-'", "1:2 mismatched input '<EOF>' expecting OPERAND"]),
        ("- \n )", &["2:2 no viable alternative at input '- \\n )'", "2:2 mismatched input ')' expecting OPERAND"]),
        ("[1, 2", &["1:6 mismatched input '<EOF>' expecting {']', ','}"]),
        ("{1: 2", &["1:6 mismatched input '<EOF>' expecting {'}', ','}"]),
        ("f(1", &["1:4 missing ')' at '<EOF>'"]),
        ("f(1 2)", &["1:5 extraneous input '2' expecting ')'"]),
        ("a.b.", &["1:5 no viable alternative at input '.'"]),
        ("....", &["1:2 no viable alternative at input '..'"]),
        ("{\"a\": 1}.\"a\"", &["1:10 no viable alternative at input '.\"a\"'"]),
        (
            "\"\\xFh\"",
            &[
                "1:1 token recognition error at: '\"\\xFh'",
                "1:6 token recognition error at: '\"'",
                "1:7 mismatched input '<EOF>' expecting OPERAND",
            ],
        ),
        (
            "'a' && in.😁",
            &[
                "1:8 extraneous input 'in' expecting OPERAND",
                "1:11 token recognition error at: '😁'",
                "1:12 no viable alternative at input '.'",
            ],
        ),
        ("in", &["1:1 mismatched input 'in' expecting OPERAND", "1:3 mismatched input '<EOF>' expecting OPERAND"]),
        (
            "func{{a}}",
            &[
                "1:6 extraneous input '{' expecting {'}', ',', '?', IDENTIFIER, ESC_IDENTIFIER}",
                "1:8 mismatched input '}' expecting ':'",
                "1:9 extraneous input '}' expecting <EOF>",
            ],
        ),
        (
            "msg{:a}",
            &[
                "1:5 extraneous input ':' expecting {'}', ',', '?', IDENTIFIER, ESC_IDENTIFIER}",
                "1:7 mismatched input '}' expecting ':'",
            ],
        ),
        ("{a}", &["1:3 mismatched input '}' expecting ':'"]),
        (
            "{:a}",
            &[
                "1:2 extraneous input ':' expecting {'[', '{', '}', '(', '.', ',', '-', '!', '?', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}",
                "1:4 mismatched input '}' expecting ':'",
            ],
        ),
        ("ind[a{b}]", &["1:8 mismatched input '}' expecting ':'"]),
        ("--", &["1:3 no viable alternative at input '-'", "1:3 mismatched input '<EOF>' expecting OPERAND"]),
        ("self.true == 1", &["1:6 mismatched input 'true' expecting IDENTIFIER"]),
        ("`b-c`", &["1:1 mismatched input '`b-c`' expecting OPERAND"]),
        ("`b-c`()", &["1:1 extraneous input '`b-c`' expecting OPERAND", "1:7 mismatched input ')' expecting OPERAND"]),
        ("a.`$b`", &["1:3 token recognition error at: '`$'", "1:6 token recognition error at: '`'"]),
        ("a.`b.c`()", &["1:3 unsupported syntax: '`'", "1:8 mismatched input '(' expecting <EOF>"]),
        ("Message{`in`: true}", &["1:9 unsupported syntax: '`'"]),
        ("x{?.", &["1:4 mismatched input '.' expecting {IDENTIFIER, ESC_IDENTIFIER}"]),
        ("x{.", &["1:3 mismatched input '.' expecting {'}', ',', '?', IDENTIFIER, ESC_IDENTIFIER}"]),
        ("'\\udead' == '\\ufffd'", &["1:1 invalid unicode code point"]),
        ("foo(a,b,)", &["1:9 mismatched input ')' expecting OPERAND"]),
        (
            "\"\"\"hello\nworld",
            &["1:3 token recognition error at: '\"hello\n'", "2:1 extraneous input 'world' expecting <EOF>"],
        ),
        (
            "r\"\"\"hello\nworld",
            &["1:4 token recognition error at: '\"hello\n'", "2:1 extraneous input 'world' expecting <EOF>"],
        ),
        ("\"hello\nworld\"", &["1:1 token recognition error at: '\"hello\n'", "2:6 token recognition error at: '\"'"]),
        (
            "r\"hello\nworld\"",
            &[
                "1:2 token recognition error at: '\"hello\n'",
                "2:1 extraneous input 'world' expecting <EOF>",
                "2:6 token recognition error at: '\"'",
            ],
        ),
        ("`hello\nworld`", &["1:1 token recognition error at: '`hello\n'", "2:6 token recognition error at: '`'"]),
        ("1 \u{b} + 2", &["1:3 token recognition error at: '\u{b}'"]),
        ("-!x", &["1:2 no viable alternative at input '-!'"]),
        ("!-x", &["1:3 no viable alternative at input '-x'"]),
        ("a.in", &["1:3 no viable alternative at input '.in'", "1:5 mismatched input '<EOF>' expecting OPERAND"]),
        (
            "has(a.`$b`)",
            &[
                "1:7 token recognition error at: '`$'",
                "1:10 token recognition error at: '`)'",
                "1:12 missing ')' at '<EOF>'",
            ],
        ),
        ("(a){}", &["1:4 mismatched input '{' expecting <EOF>"]),
        ("(a).b{}", &["1:6 mismatched input '{' expecting <EOF>"]),
    ] {
        let said = explain(source);
        if said != wanted {
            wrong.push(format!("{source}\n  {said:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn recovery_ends() {
    let many = "(".repeat(40);
    assert!(!explain(&many).is_empty());
    assert!(!explain(&"(".repeat(5_000)).is_empty());
    assert!(!explain(&"+ ) ] , ".repeat(1_000)).is_empty());
    assert!(!explain(&format!("a {}", "b ".repeat(5_000))).is_empty());
}

/// Pieces of sources, most of which fit together somehow.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "a",
        "b.c",
        ".",
        ".?",
        "[",
        "]",
        "[?",
        "(",
        ")",
        "{",
        "}",
        ",",
        "?",
        ":",
        "+",
        "-",
        "*",
        "!",
        "&&",
        "||",
        "==",
        "<",
        "in",
        "1",
        "-1",
        "2u",
        "0x1f",
        "1.5",
        "'s'",
        "b'x'",
        "true",
        "null",
        "has(a.b)",
        "a.map(x, x)",
        "f(",
        ".g(",
        "T{",
        "x: ",
        "`q`",
        "@",
        " ",
        "\n",
        "é",
        "\"",
        "=",
        "if",
    ]);
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.join(" "))
}

/// Whether the parser stopped for the grammar's sake.
fn is_syntax_error(source: &str) -> bool {
    parse(source).is_err_and(|error| {
        let mut messages = error.issues().iter().map(|issue| &issue.message);
        messages.any(|message| message.starts_with("Syntax error: ") && !message.contains("token recognition"))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// What the parser refuses, the grammar as data refuses, and nothing else.
    #[test]
    fn both_grammars_are_one(source in pieces()) {
        let characters: Vec<char> = source.chars().collect();
        let scan = scan(&characters);
        prop_assert_eq!(is_syntax_error(&source), !walk(&characters, &scan).is_empty(), "{}", source);
    }

    #[test]
    fn nothing_panics(source in "\\PC{0,60}") {
        let _ = parse(&source).map_err(|error| error.to_string());
    }
}
