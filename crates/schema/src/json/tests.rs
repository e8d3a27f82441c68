use super::*;
fn read(text: &str) -> String {
    match parse(text.as_bytes(), Limits::default()) {
        Ok(value) => to_string(&value),
        Err(error) => error.to_string(),
    }
}

#[test]
fn values_read_and_write_as_in_go() {
    for (given, wanted) in [
        (r#" { "b" : [ 1 , -2.50 , 1e3, true, null ] , "a" : "x" } "#, r#"{"a":"x","b":[1,-2.5,1000,true,null]}"#),
        (r#""\u00e9\n\t\"\\\/<>&\u2028""#, r#""é\n\t\"\\/\u003c\u003e\u0026\u2028""#),
        (r#""\ud83d\ude00 \ud800 \ud800\u0041 \udc00""#, "\"😀 \u{fffd} \u{fffd}A \u{fffd}\""),
        ("9223372036854775807", "9223372036854775807"),
        ("9223372036854775808", "9223372036854776000"),
        ("1e21", "1e+21"),
        ("1e-7", "1e-7"),
        ("0.000001", "0.000001"),
        ("-0", "0"),
        ("1e400", "json: cannot unmarshal number 1e400 into Go value of type float64"),
        ("{\"a\":1,\"a\":2}", "{\"a\":2}"),
        ("\"\u{7f}\"", "\"\u{7f}\""),
        ("\"\\b\\f\\u0001\"", "\"\\b\\f\\u0001\""),
    ] {
        assert_eq!(read(given), wanted, "{given}");
    }
}

#[test]
fn syntax_errors_are_in_the_words_of_go() {
    for (given, wanted) in [
        ("", "unexpected end of JSON input"),
        ("{", "unexpected end of JSON input"),
        ("tru", "unexpected end of JSON input"),
        ("\"a", "unexpected end of JSON input"),
        ("{\"a\":1,}", "invalid character '}' looking for beginning of object key string"),
        ("{'a':1}", "invalid character '\\'' looking for beginning of object key string"),
        ("[1,]", "invalid character ']' looking for beginning of value"),
        ("[1 2]", "invalid character '2' after array element"),
        ("{\"a\" 1}", "invalid character '1' after object key"),
        ("{\"a\":1 \"b\"}", "invalid character '\"' after object key:value pair"),
        ("{} x", "invalid character 'x' after top-level value"),
        ("trae", "invalid character 'a' in literal true (expecting 'u')"),
        ("01", "invalid character '1' after top-level value"),
        ("-x", "invalid character 'x' in numeric literal"),
        ("1.x", "invalid character 'x' after decimal point in numeric literal"),
        ("1ex", "invalid character 'x' in exponent of numeric literal"),
        ("\"\\x\"", "invalid character 'x' in string escape code"),
        ("\"\\u00g0\"", "invalid character 'g' in \\u hexadecimal character escape"),
        ("\"\n\"", "invalid character '\\n' in string literal"),
        ("\u{feff}{}", "invalid character 'ï' looking for beginning of value"),
    ] {
        assert_eq!(read(given), wanted, "{given}");
    }
}

#[test]
fn bytes_that_are_not_utf8_are_replaced_one_by_one() {
    let value = parse(b"\"a\xe2\x82b\xff\"", Limits::default()).unwrap();
    assert_eq!(value, Value::str("a\u{fffd}\u{fffd}b\u{fffd}"));
}

#[test]
fn depth_is_limited() {
    let deep = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
    assert!(parse(deep(MAX_DEPTH).as_bytes(), Limits::default()).is_ok());
    assert_eq!(read(&deep(MAX_DEPTH + 1)), "exceeded max depth");
    assert_eq!(read(&"[".repeat(100_000)), "exceeded max depth");
}

#[test]
fn type_meta_is_read_in_the_words_of_upstream() {
    let go = r#"struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" }"#;
    let meta = |text: &str| type_meta(text.as_bytes());
    assert_eq!(
        meta(r#"{"kind":"Pod","x":[{}],"apiVersion":"v1"}"#),
        Ok(TypeMeta { api_version: "v1".into(), kind: "Pod".into() })
    );
    assert_eq!(meta("5"), Err(format!("json: cannot unmarshal number into Go value of type {go}")));
    assert_eq!(
        meta(r#"{"kind":1}"#),
        Err("json: cannot unmarshal number into Go struct field .kind of type string".into())
    );
    assert_eq!(meta("[1] x"), Err("invalid character 'x' after top-level value".into()));
}

#[test]
fn indenting() {
    let mut out = Vec::new();
    indent(br#"{"a":[1,{"b":"x,{}\""}],"c":{},"d":[]}"#, &mut out);
    let wanted = "{\n  \"a\": [\n    1,\n    {\n      \"b\": \"x,{}\\\"\"\n    }\n  ],\n  \"c\": {},\n  \"d\": []\n}";
    assert_eq!(String::from_utf8(out).unwrap(), wanted);
}
