//! What differs between two runs of one conversation, and the stable words that stand for it.

use regex::{Captures, Regex};
use serde_json::Value as Json;
use std::collections::BTreeMap;

const SUFFIX: &str = "[bcdfghjklmnpqrstvwxz2456789]{5}";

pub struct Names {
    namespace: String,
    uids: BTreeMap<String, String>,
    versions: BTreeMap<String, String>,
    /// Generated names, with what stands for them.
    generated: BTreeMap<String, String>,
    prefixes: Vec<String>,
    sent: String,
    uuid: Regex,
    time: Regex,
    age: Regex,
    suffix: Regex,
    generate_name: Regex,
    /// What else differs, and what stands for it.
    words: Vec<(Regex, &'static str)>,
}

const WORDS: &[(&str, &str)] = &[
    (r"(ResourceVersion in (?:object meta: |record \())\d+", "$1<rv>"),
    (r#"(\\*"resourceVersion\\*":\\*")\d+"#, "$1<rv>"),
    (r#"(resourceVersion: )"\d+""#, "$1\"<rv>\""),
    (r"(too old resource version: \d+ )\(\d+\)", "$1(<rv>)"),
];

impl Names {
    pub fn new(namespace: &str) -> Names {
        Names {
            namespace: namespace.to_owned(),
            uids: BTreeMap::new(),
            versions: BTreeMap::new(),
            generated: BTreeMap::new(),
            prefixes: Vec::new(),
            sent: String::new(),
            uuid: Regex::new(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b").unwrap(),
            time: Regex::new(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)").unwrap(),
            suffix: Regex::new(&format!("^{SUFFIX}$")).unwrap(),
            generate_name: Regex::new(r#""generateName":"([^"]+)""#).unwrap(),
            words: WORDS.iter().map(|(pattern, word)| (Regex::new(pattern).unwrap(), *word)).collect(),
            age: Regex::new(r"^(<invalid>|\d+[smhdy](\d+[smhdy])?|\d+y\d+d)$").unwrap(),
        }
    }

    /// Remembers what the client said: that is the same in every run.
    pub fn sent(&mut self, text: &str) {
        self.sent.push_str(text);
        self.prefixes.extend(self.generate_name.captures_iter(text).map(|found| found[1].to_owned()));
    }

    pub fn normal(&mut self, value: Json) -> Json {
        self.learn(&value);
        ordered(self.walk(value, false))
    }

    fn learn(&mut self, value: &Json) {
        match value {
            Json::Array(items) => items.iter().for_each(|item| self.learn(item)),
            Json::Object(map) => {
                let text = |key: &str| value["metadata"][key].as_str().unwrap_or_default().to_owned();
                let (name, base) = (text("name"), text("generateName"));
                let start: String = base.chars().take(58).collect();
                let suffix = name.len().saturating_sub(5);
                if !base.is_empty() && name.starts_with(&start) && self.suffix.is_match(&name[suffix..]) {
                    let next = self.generated.len() + 1;
                    self.generated.entry(name.clone()).or_insert_with(|| format!("{}<gen{next}>", &name[..suffix]));
                }
                map.values().for_each(|item| self.learn(item));
            }
            _ => {}
        }
    }

    fn walk(&mut self, value: Json, list_meta: bool) -> Json {
        match value {
            Json::Array(items) => items.into_iter().map(|item| self.walk(item, false)).collect(),
            Json::String(text) => Json::String(self.text(&text)),
            Json::Object(map) => {
                let kind = map.get("kind").and_then(Json::as_str).unwrap_or_default();
                let is_list = kind == "Table" || (kind.ends_with("List") && map.contains_key("metadata"));
                map.into_iter()
                    .map(|(key, item)| {
                        let item = match (key.as_str(), &item) {
                            ("resourceVersion", Json::String(version)) => {
                                Json::String(self.version(version, list_meta))
                            }
                            ("continue", Json::String(token)) if !token.is_empty() => "<continue>".into(),
                            ("metadata", _) => self.walk(item, is_list),
                            _ => self.walk(item, false),
                        };
                        (self.text(&key), item)
                    })
                    .collect()
            }
            other => other,
        }
    }

    fn version(&mut self, version: &str, of_list: bool) -> String {
        match version {
            "" | "0" => version.to_owned(),
            _ if of_list => "<rv>".into(),
            _ => {
                let next = self.versions.len() + 1;
                self.versions.entry(version.to_owned()).or_insert_with(|| format!("<rv{next}>")).clone()
            }
        }
    }

    pub fn text(&mut self, text: &str) -> String {
        let sent = self.sent.clone();
        let uids = &mut self.uids;
        let text = self.uuid.replace_all(text, |found: &Captures| {
            let uid = found[0].to_owned();
            let next = uids.len() + 1;
            if sent.contains(&uid) { uid } else { uids.entry(uid).or_insert_with(|| format!("<uid{next}>")).clone() }
        });
        let kept = |found: &Captures| if sent.contains(&found[0]) { found[0].to_owned() } else { "<time>".to_owned() };
        let mut text = self.time.replace_all(&text, kept).into_owned();
        for (name, word) in self.generated.iter().rev() {
            text = text.replace(name, word);
        }
        for prefix in &self.prefixes {
            let start: String = prefix.chars().take(58).collect();
            let generated = Regex::new(&format!("({}){SUFFIX}\\b", regex::escape(&start))).unwrap();
            text = generated.replace_all(&text, "$1<gen>").into_owned();
        }
        text = text.replace(&self.namespace, "{ns}");
        for (pattern, word) in &self.words {
            text = pattern.replace_all(&text, *word).into_owned();
        }
        if self.age.is_match(&text) { "<age>".into() } else { text }
    }
}

/// What the API leaves open, in a fixed order.
pub fn ordered(value: Json) -> Json {
    match value {
        Json::Array(items) => items.into_iter().map(ordered).collect(),
        Json::Object(map) => {
            let mut map: serde_json::Map<String, Json> =
                map.into_iter().map(|(key, item)| (key, ordered(item))).collect();
            if let Some(Json::Array(entries)) = map.get_mut("managedFields") {
                entries.sort_by_key(|entry| {
                    ["operation", "manager", "subresource", "apiVersion"].map(|key| entry[key].to_string())
                });
            }
            if map.get("kind").is_some_and(|kind| kind == "Status") {
                order_causes(&mut map);
                order_strict(&mut map);
            }
            Json::Object(map)
        }
        other => other,
    }
}

fn order_causes(status: &mut serde_json::Map<String, Json>) {
    let Some(Json::Array(causes)) = status.get_mut("details").and_then(|details| details.get_mut("causes")) else {
        return;
    };
    let text = |cause: &Json, key: &str| cause[key].as_str().unwrap_or_default().to_owned();
    let mut parts: Vec<String> = Vec::new();
    for cause in causes.iter() {
        let part = format!("{}: {}", text(cause, "field"), text(cause, "message"));
        if !parts.contains(&part) {
            parts.push(part);
        }
    }
    causes.sort_by_key(Json::to_string);
    let joined = format!("[{}]", parts.join(", "));
    parts.sort();
    if let Some(Json::String(message)) = status.get_mut("message") {
        *message = message.replace(&joined, &format!("[{}]", parts.join(", ")));
    }
}

/// The fields that strict decoding refused.
fn order_strict(status: &mut serde_json::Map<String, Json>) {
    const MARK: &str = "strict decoding error: ";
    if let Some(Json::String(message)) = status.get_mut("message")
        && let Some((start, fields)) = message.split_once(MARK)
    {
        let mut fields: Vec<&str> = fields.split(", ").collect();
        fields.sort();
        *message = format!("{start}{MARK}{}", fields.join(", "));
    }
}
