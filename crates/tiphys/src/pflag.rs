//! The command lines of upstream's components: Go's flags, as their users and manifests write them.
//!
//! A component is a list of sections of [`Flag`]s; its help, its parsing and its defaults all come from that list.
//! Messages about wrong flags have upstream's words. Deliberately absent: what a flag does.

mod help;
mod scalars;
#[cfg(test)]
mod tests;

pub use help::usage;
use scalars::duration;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

/// Values that one list flag may hold.
const MAX_VALUES: usize = 10_000;

/// One flag.
#[derive(Debug)]
pub struct Flag {
    pub name: &'static str,
    pub kind: Kind,
    /// As the help shows it; empty: the zero value.
    pub default: &'static str,
    pub help: &'static str,
    pub effect: Effect,
}

/// What a flag's value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Bool,
    Int,
    Float,
    Duration,
    Text,
    Ip,
    PortRange,
    /// Comma-separated; given again, it adds.
    Strings,
    /// Each value as it is; given again, it adds.
    StringArray,
    /// `name=true,...`
    BoolMap,
    /// `name=value,...`
    TextMap,
    /// Only its presence counts, how often.
    Level,
}

/// What becomes of a flag that is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    Acts,
    /// Taken and without effect, because nothing depends on it here. The help says so.
    Harmless,
    /// Only the default is taken, because what it asks for is not there.
    Refused,
}

pub type Sections = &'static [(&'static str, &'static [Flag])];

/// What is wrong with a command line, in upstream's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FlagError {
    #[error("unknown flag: --{0}")]
    Unknown(String),
    #[error("unknown shorthand flag: {0:?} in {1}")]
    UnknownShorthand(char, String),
    #[error("bad flag syntax: {0}")]
    Syntax(String),
    #[error("flag needs an argument: --{0}")]
    NeedsArgument(&'static str),
    #[error("invalid argument {value:?} for \"{flag}\" flag: {why}")]
    Invalid { value: String, flag: String, why: String },
    #[error("{component:?} does not take any arguments, got {arguments:?}")]
    Arguments { component: &'static str, arguments: Vec<String> },
    #[error("--{0} is not supported")]
    Refused(&'static str),
}

/// A parsed command line.
#[derive(Debug)]
pub struct Flags {
    sections: Sections,
    given: BTreeMap<&'static str, Vec<String>>,
    pub help: bool,
    pub version: bool,
}

impl Flags {
    pub fn parse(component: &'static str, sections: Sections, arguments: &[String]) -> Result<Flags, FlagError> {
        let mut flags = Flags { sections, given: BTreeMap::new(), help: false, version: false };
        let mut rest = arguments.iter();
        let mut positional = Vec::new();
        while let Some(argument) = rest.next() {
            if argument == "--" {
                positional.extend(rest.by_ref().cloned());
            } else if let Some(long) = argument.strip_prefix("--") {
                flags.long(argument, long, &mut rest)?;
            } else if argument.len() > 1 && argument.starts_with('-') {
                flags.short(argument, &mut rest)?;
            } else {
                positional.push(argument.clone());
            }
        }
        if !positional.is_empty() {
            return Err(FlagError::Arguments { component, arguments: positional });
        }
        Ok(flags)
    }

    fn long<'a>(
        &mut self,
        argument: &str,
        long: &str,
        rest: &mut impl Iterator<Item = &'a String>,
    ) -> Result<(), FlagError> {
        if long.is_empty() || long.starts_with(['-', '=']) {
            return Err(FlagError::Syntax(argument.to_owned()));
        }
        let (name, value) = long.split_once('=').map_or((long, None), |(name, value)| (name, Some(value)));
        // Both spellings are upstream's.
        let name = name.replace('_', "-");
        match name.as_str() {
            "help" => self.help = true,
            "version" => self.version = value != Some("false"),
            _ => {
                let flag = self.flag(&name).ok_or(FlagError::Unknown(name))?;
                let value = match (value, flag.kind) {
                    (Some(value), _) => value.to_owned(),
                    (None, Kind::Bool) => "true".to_owned(),
                    (None, _) => rest.next().cloned().ok_or(FlagError::NeedsArgument(flag.name))?,
                };
                self.set(flag, &value)?;
            }
        }
        Ok(())
    }

    /// `-h`, `-v`, `-v=2`, `-v2`, `-v 2`.
    fn short<'a>(&mut self, argument: &str, rest: &mut impl Iterator<Item = &'a String>) -> Result<(), FlagError> {
        let mut characters = argument[1..].chars();
        let letter = characters.next().unwrap_or_default();
        let attached = characters.as_str();
        match letter {
            'h' => self.help = true,
            'v' => {
                let flag = self.flag("v").ok_or_else(|| FlagError::UnknownShorthand('v', argument.to_owned()))?;
                let value = match attached.strip_prefix('=').unwrap_or(attached) {
                    "" => rest.next().cloned().ok_or(FlagError::NeedsArgument(flag.name))?,
                    value => value.to_owned(),
                };
                self.set(flag, &value)?;
            }
            other => return Err(FlagError::UnknownShorthand(other, argument.to_owned())),
        }
        Ok(())
    }

    fn set(&mut self, flag: &'static Flag, value: &str) -> Result<(), FlagError> {
        let shown = if flag.name == "v" { "-v, --v".to_owned() } else { format!("--{}", flag.name) };
        let invalid = |why: String| FlagError::Invalid { value: value.to_owned(), flag: shown.clone(), why };
        scalars::check(flag.kind, value).map_err(invalid)?;
        if flag.effect == Effect::Refused && value != flag.default && !value.is_empty() {
            return Err(FlagError::Refused(flag.name));
        }
        let values = self.given.entry(flag.name).or_default();
        let adds = matches!(flag.kind, Kind::Strings | Kind::StringArray | Kind::BoolMap | Kind::TextMap);
        if !adds {
            values.clear();
        }
        match flag.kind {
            Kind::Strings | Kind::BoolMap | Kind::TextMap => values.extend(scalars::split(value)),
            _ => values.push(value.to_owned()),
        }
        if values.len() > MAX_VALUES {
            return Err(invalid(format!("more than {MAX_VALUES} values")));
        }
        Ok(())
    }

    fn flag(&self, name: &str) -> Option<&'static Flag> {
        self.sections.iter().flat_map(|(_, flags)| flags.iter()).find(|flag| flag.name == name)
    }

    /// Whether the command line has the flag.
    pub fn is_given(&self, name: &str) -> bool {
        self.given.contains_key(name)
    }

    /// What was given, or the default; empty for an absent flag without one.
    fn one(&self, name: &str) -> &str {
        match self.given.get(name).and_then(|values| values.last()) {
            Some(value) => value,
            None => {
                let flag = self.flag(name);
                debug_assert!(flag.is_some(), "no flag {name}");
                flag.map_or("", |flag| flag.default)
            }
        }
    }

    pub fn text(&self, name: &str) -> String {
        self.one(name).to_owned()
    }

    /// None, if it is empty.
    pub fn path(&self, name: &str) -> Option<PathBuf> {
        Some(self.one(name)).filter(|text| !text.is_empty()).map(PathBuf::from)
    }

    pub fn list(&self, name: &str) -> Vec<String> {
        match self.given.get(name) {
            Some(values) => values.iter().filter(|value| !value.is_empty()).cloned().collect(),
            None => scalars::split(self.one(name)).into_iter().filter(|value| !value.is_empty()).collect(),
        }
    }

    pub fn paths(&self, name: &str) -> Vec<PathBuf> {
        self.list(name).into_iter().map(PathBuf::from).collect()
    }

    pub fn map(&self, name: &str) -> BTreeMap<String, String> {
        let pair = |text: &String| text.split_once('=').map(|(key, value)| (key.trim().to_owned(), value.to_owned()));
        self.list(name).iter().filter_map(pair).collect()
    }

    // What does not parse was refused when it was set; an empty text is the zero value.

    pub fn is_true(&self, name: &str) -> bool {
        scalars::boolean(self.one(name)).unwrap_or_default()
    }

    pub fn number<N: TryFrom<i64> + Default>(&self, name: &str) -> N {
        let number = scalars::integer(self.one(name)).unwrap_or_default();
        N::try_from(number).unwrap_or_default()
    }

    pub fn float(&self, name: &str) -> f64 {
        self.one(name).parse().unwrap_or_default()
    }

    pub fn duration(&self, name: &str) -> Duration {
        duration(self.one(name)).unwrap_or_default()
    }

    pub fn address(&self, name: &str) -> Option<IpAddr> {
        self.one(name).parse().ok()
    }

    pub fn port_range(&self, name: &str) -> Option<(u16, u16)> {
        scalars::port_range(self.one(name)).ok()
    }
}
