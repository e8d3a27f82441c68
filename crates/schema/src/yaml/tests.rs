use super::*;

fn read(text: &str) -> String {
    match parse(text.as_bytes(), json::Limits::default()) {
        Ok(parsed) if parsed.duplicates.is_empty() => json::to_string(&parsed.value),
        Ok(parsed) => format!("{} {}", json::to_string(&parsed.value), parsed.duplicates.join("; ")),
        Err(error) => error.to_string(),
    }
}

#[test]
fn scalars_are_those_of_yaml_1_1() {
    for (given, wanted) in [
        ("[yes, No, on, OFF, y, n, true]", "[true,false,true,false,true,false,true]"),
        ("[~, null, '', \"~\"]", "[null,null,\"\",\"~\"]"),
        ("[010, 0x1F, 0b11, 1_000, +5, -5, 08, 0o7]", "[8,31,3,1000,5,-5,8,7]"),
        ("[1.5, 1e3, .5, 1., 1e400]", "[1.5,1000,0.5,1,\"1e400\"]"),
        (
            "[2001-12-14, 2001-12-14T21:59:43Z, 1:30, 1.2.3]",
            "[\"2001-12-14\",\"2001-12-14T21:59:43Z\",\"1:30\",\"1.2.3\"]",
        ),
        ("{y: 1, 2: b, 1.5: c}", "{\"1.5\":\"c\",\"2\":\"b\",\"true\":1}"),
        ("a: !!str 5\nb: !!binary aGk=\nc: !!int '7'", "{\"a\":\"5\",\"b\":\"hi\",\"c\":7}"),
        ("a: .inf", "json: unsupported value: +Inf"),
        ("", "null"),
        ("a: 1\n---\nb: 2", "{\"a\":1}"),
        ("18446744073709551615", "18446744073709552000"),
    ] {
        assert_eq!(read(given), wanted, "{given}");
    }
}

#[test]
fn anchors_merges_and_duplicates() {
    assert_eq!(read("a: &x {k: 1}\nb: *x\nc:\n  <<: *x\n  k: 2\n"), r#"{"a":{"k":1},"b":{"k":1},"c":{"k":2}}"#);
    assert_eq!(
        read("a: 1\nb:\n  c: 1\n  c: 2\na: 3\n"),
        "{\"a\":3,\"b\":{\"c\":2}} line 4: key \"c\" already set in map; line 5: key \"a\" already set in map"
    );
    assert_eq!(read("a: &x [*x]"), "yaml: anchor value contains itself");
}

#[test]
fn cve_2019_11253_aliases_of_aliases_are_refused_before_they_grow() {
    let mut bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n".to_owned();
    for level in 1..20 {
        bomb += &format!("a{level}: &a{level} [{}]\n", vec![format!("*a{}", level - 1); 10].join(","));
    }
    assert_eq!(read(&bomb), "yaml: document contains excessive aliasing");
}

#[test]
fn errors_are_in_the_words_of_upstream() {
    assert_eq!(read("a: b: c"), "yaml: mapping values are not allowed in this context");
    assert_eq!(read("\tx: 1"), "yaml: found character that cannot start any token");
    assert_eq!(read("x: 1\ny: @a"), "yaml: line 2: found character that cannot start any token");
    assert_eq!(read(&"[".repeat(100_000)), "yaml: recursion limit exceeded");
    assert_eq!(read(&"- ".repeat(1_000)), "yaml: exceeded max depth");
}

#[test]
fn writing() {
    let text = "\
a: \"1\"
b: |-
  two
  lines
c: []
d: {}
e:
- x
- - yy
  - z
- k: v
  l: null
f: \"yes\"
g: 'a: b'
h: \"tab\\t\"
i: |
  end

  x
j: \"\"
k: \"2024-01-01T00:00:00Z\"
k2: -1.5
k10: 'it''s #'
l: '- x'
m: \"1:30\"
nn: a#b
o: ' x'
p: \"\\U0001F600\"
q: |+
  x

r: it's
s: http://x:80/{a}
\"true\": x
";
    let parsed = parse(text.as_bytes(), json::Limits::default()).unwrap();
    assert_eq!(write(&parsed.value), text);
}

#[test]
fn long_lines_are_folded() {
    let words = vec!["word"; 40].join(" ");
    let mut map = Value::map();
    map.set(&["a", "b"], words.as_str());
    let text = write(&map);
    assert!(text.lines().all(|line| line.len() <= 90) && text.lines().count() > 2, "{text}");
    assert_eq!(parse(text.as_bytes(), json::Limits::default()).unwrap().value, map);
    let key = "k".repeat(200);
    let mut map = Value::map();
    map.set(&[&key, "x"], 1i64);
    assert_eq!(write(&map), format!("? {key}\n: x: 1\n"));
}
