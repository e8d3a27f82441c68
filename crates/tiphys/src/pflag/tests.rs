use super::*;

static SECTIONS: Sections = &[(
    "Generic",
    &[
        Flag { name: "port", kind: Kind::Int, default: "6443", help: "The port.", effect: Effect::Acts },
        Flag { name: "servers", kind: Kind::Strings, default: "", help: "Where.", effect: Effect::Acts },
        Flag { name: "issuer", kind: Kind::StringArray, default: "", help: "Who.", effect: Effect::Acts },
        Flag { name: "open", kind: Kind::Bool, default: "true", help: "Whether.", effect: Effect::Acts },
        Flag { name: "wait", kind: Kind::Duration, default: "1m0s", help: "How long.", effect: Effect::Acts },
        Flag { name: "gates", kind: Kind::BoolMap, default: "", help: "Which.", effect: Effect::Acts },
        Flag { name: "address", kind: Kind::Ip, default: "0.0.0.0", help: "Where.", effect: Effect::Acts },
        Flag { name: "ports", kind: Kind::PortRange, default: "30000-32767", help: "Which.", effect: Effect::Acts },
        Flag { name: "egress", kind: Kind::Text, default: "", help: "How.", effect: Effect::Refused },
        Flag { name: "v", kind: Kind::Level, default: "0", help: "How much.", effect: Effect::Acts },
    ],
)];

fn parse(line: &str) -> Result<Flags, String> {
    let arguments: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
    Flags::parse("kube-x", SECTIONS, &arguments).map_err(|error| error.to_string())
}

#[test]
fn values_come_in_every_notation() {
    let line = "--port=7 --servers a,b --servers=c --issuer=x,y --issuer z --open=F --wait 1h30m0.5s --gates=A=true,B=false -v=4";
    let flags = parse(line).unwrap();
    assert_eq!(flags.number::<u16>("port"), 7);
    assert_eq!(flags.list("servers"), ["a", "b", "c"]);
    assert_eq!(flags.list("issuer"), ["x,y", "z"]);
    assert!(!flags.is_true("open"));
    assert_eq!(flags.duration("wait"), Duration::from_millis(5_400_500));
    assert_eq!(flags.map("gates")["B"], "false");
    assert_eq!(flags.number::<u8>("v"), 4);
    assert_eq!(parse("-v 3").unwrap().number::<u8>("v"), 3);
    assert!(!parse("--open=false --open").unwrap().list("open").is_empty());
}

#[test]
fn defaults_are_the_lists() {
    let flags = parse("").unwrap();
    assert_eq!((flags.number::<u16>("port"), flags.is_true("open")), (6443, true));
    assert_eq!(flags.duration("wait"), Duration::from_secs(60));
    assert_eq!(flags.port_range("ports"), Some((30000, 32767)));
    assert!(flags.list("servers").is_empty() && !flags.is_given("port") && flags.path("egress").is_none());
}

#[test]
fn refusals_have_upstreams_words() {
    for (line, wanted) in [
        ("--nope", "unknown flag: --nope"),
        ("--no_pe=1", "unknown flag: --no-pe"),
        ("-x", "unknown shorthand flag: 'x' in -x"),
        ("--=1", "bad flag syntax: --=1"),
        ("--port", "flag needs an argument: --port"),
        ("--port=x", "invalid argument \"x\" for \"--port\" flag: strconv.ParseInt: parsing \"x\": invalid syntax"),
        (
            "--open=maybe",
            "invalid argument \"maybe\" for \"--open\" flag: strconv.ParseBool: parsing \"maybe\": invalid syntax",
        ),
        ("--wait=5", "invalid argument \"5\" for \"--wait\" flag: time: missing unit in duration \"5\""),
        ("--wait=5q", "invalid argument \"5q\" for \"--wait\" flag: time: unknown unit \"q\" in duration \"5q\""),
        ("--wait=x", "invalid argument \"x\" for \"--wait\" flag: time: invalid duration \"x\""),
        ("--address=x", "invalid argument \"x\" for \"--address\" flag: failed to parse IP: \"x\""),
        ("--gates=A", "invalid argument \"A\" for \"--gates\" flag: malformed pair, expect string=bool, but got \"A\""),
        ("--egress=x", "--egress is not supported"),
        ("up now", "\"kube-x\" does not take any arguments, got [\"up\", \"now\"]"),
    ] {
        assert_eq!(parse(line).unwrap_err(), wanted);
    }
}

#[test]
fn help_tells_names_kinds_and_defaults() {
    let text = usage("kube-x", "Serves.", SECTIONS);
    for wanted in [
        "Usage:\n  kube-x [flags]\n\nGeneric flags:\n\n      --address ip\n                Where. (default 0.0.0.0)\n",
        "      --wait duration\n                How long. (default 1m0s)\n",
        "  -v, --v Level\n",
    ] {
        assert!(text.contains(wanted), "{text}");
    }
}
