//! `--help`: the flags by sections, as upstream's components print them.

use super::{Effect, Flag, Kind, Sections};
use std::fmt::Write;

/// Where lines are broken.
const WIDTH: usize = 120;
const INDENT: usize = 16;

/// The whole text.
pub fn usage(component: &str, about: &str, sections: Sections) -> String {
    let mut out = format!("{about}\n\nUsage:\n  {component} [flags]\n");
    for (title, flags) in sections {
        write!(out, "\n{title} flags:\n\n").expect("writing to a string cannot fail");
        let mut sorted: Vec<&Flag> = flags.iter().collect();
        sorted.sort_by_key(|flag| flag.name);
        sorted.into_iter().for_each(|flag| describe(flag, &mut out));
    }
    out.push_str("\nGlobal flags:\n\n  -h, --help\n");
    out.push_str(
        "                help for this component\n      --version\n                print the version and quit\n",
    );
    out
}

fn describe(flag: &Flag, out: &mut String) {
    let dashes = if flag.name == "v" { "  -v, --v" } else { "      --" };
    let name = if flag.name == "v" { "" } else { flag.name };
    let kind = match flag.kind {
        Kind::Bool => "",
        Kind::Int => " int",
        Kind::Float => " float",
        Kind::Duration => " duration",
        Kind::Text => " string",
        Kind::Ip => " ip",
        Kind::PortRange => " portRange",
        Kind::Strings => " strings",
        Kind::StringArray => " stringArray",
        Kind::BoolMap => " mapStringBool",
        Kind::TextMap => " mapStringString",
        Kind::Level => " Level",
    };
    let default = match (flag.default, flag.kind) {
        ("" | "false" | "0" | "0s", _) => String::new(),
        (text, Kind::Text) => format!(" (default {text:?})"),
        (text, Kind::Strings | Kind::StringArray) => format!(" (default [{text}])"),
        (text, _) => format!(" (default {text})"),
    };
    let note = match flag.effect {
        Effect::Acts => "",
        Effect::Harmless => " Accepted, without effect here.",
        Effect::Refused => " Not supported here: only the default is accepted.",
    };
    writeln!(out, "{dashes}{name}{kind}").expect("writing to a string cannot fail");
    wrap(&format!("{}{note}{default}", flag.help), out);
}

fn wrap(text: &str, out: &mut String) {
    let mut column = WIDTH;
    for word in text.split_whitespace() {
        if column + 1 + word.len() > WIDTH {
            if column != WIDTH {
                out.push('\n');
            }
            out.push_str(&" ".repeat(INDENT));
            column = INDENT;
        } else {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += word.len();
    }
    out.push('\n');
}
