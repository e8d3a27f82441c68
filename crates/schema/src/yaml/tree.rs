//! From the events of the parser to a value, with anchors.

use super::{Parsed, YamlError, resolve};
use crate::scalar::Bytes;
use crate::{Map, Text, Value};
use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span, Tag};
use std::borrow::Cow;
use std::collections::HashMap;

/// Duplicate keys that are named.
const MAX_DUPLICATES: usize = 100;

/// The nodes of a document; they refer to each other by index.
pub(super) struct Document<'t> {
    nodes: Vec<Node<'t>>,
    /// Anchor to node.
    anchors: HashMap<usize, usize>,
    root: Option<usize>,
    /// The lines of the text, if it has tabs.
    lines: Vec<&'t str>,
    /// Flow collections that are open.
    flow: usize,
}

struct Node<'t> {
    content: Content<'t>,
    /// Counted from one.
    line: usize,
}

enum Content<'t> {
    Scalar {
        text: Cow<'t, str>,
        plain: bool,
        tag: Option<String>,
    },
    List(Vec<usize>),
    Map(Vec<(usize, usize)>),
    /// Of an anchor.
    Alias(usize),
}

/// A list or map whose end has not come.
struct Open {
    index: usize,
    /// It began with a bracket.
    flow: bool,
    /// Of a map, keys and values in turn.
    children: Vec<usize>,
}

type Events<'t> = Parser<'t, saphyr_parser::StrInput<'t>>;

impl<'t> Document<'t> {
    pub(super) fn read(text: &'t str, depth: usize) -> Result<Document<'t>, YamlError> {
        let mut document =
            Document { nodes: Vec::new(), anchors: HashMap::new(), root: None, lines: Vec::new(), flow: 0 };
        if text.contains('\t') {
            document.lines = text.lines().collect();
        }
        let mut events = Parser::new_from_str(text);
        let mut open: Vec<Open> = Vec::new();
        loop {
            let (event, span) = next(&mut events)?;
            let starts_flow = document.check_indent(&event, &span)?;
            let line = span.start.line();
            let (content, anchor) = match event {
                Event::StreamStart | Event::DocumentStart(_) | Event::Nothing => continue,
                Event::StreamEnd | Event::DocumentEnd => return Ok(document),
                Event::SequenceEnd | Event::MappingEnd => {
                    let Some(done) = open.pop() else { continue };
                    document.flow -= usize::from(done.flow);
                    document.close(done);
                    continue;
                }
                Event::Alias(anchor) => (Content::Alias(anchor), 0),
                Event::Scalar(text, style, anchor, tag) => {
                    let tag = tag.as_deref().map(tag_name);
                    (Content::Scalar { text, plain: style == ScalarStyle::Plain, tag }, anchor)
                }
                Event::SequenceStart(anchor, _) => (Content::List(Vec::new()), anchor),
                Event::MappingStart(anchor, _) => (Content::Map(Vec::new()), anchor),
            };
            let index = document.nodes.len();
            match open.last_mut() {
                Some(parent) => parent.children.push(index),
                None => document.root = Some(index),
            }
            if anchor > 0 {
                document.anchors.insert(anchor, index);
            }
            if matches!(content, Content::List(_) | Content::Map(_)) {
                if open.len() >= depth {
                    return Err(YamlError::Content("exceeded max depth".into()));
                }
                document.flow += usize::from(starts_flow);
                open.push(Open { index, flow: starts_flow, children: Vec::new() });
            }
            document.nodes.push(Node { content, line });
        }
    }

    /// Gives a list or map its children.
    fn close(&mut self, done: Open) {
        match &mut self.nodes[done.index].content {
            Content::List(items) => *items = done.children,
            Content::Map(entries) => *entries = done.children.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect(),
            Content::Scalar { .. } | Content::Alias(_) => {}
        }
    }

    /// Go's parser refuses tabs before a block node, which ours takes for white space. Whether a flow collection begins.
    fn check_indent(&self, event: &Event<'t>, span: &Span) -> Result<bool, YamlError> {
        let line = span.start.line();
        let Some(text) = line.checked_sub(1).and_then(|line| self.lines.get(line)) else { return Ok(false) };
        let mut chars = text.chars();
        let (mut tabs, mut blank) = (false, true);
        for char in chars.by_ref().take(span.start.col()) {
            tabs |= char == '\t';
            blank &= matches!(char, ' ' | '\t');
        }
        if self.flow == 0 && tabs && blank {
            let what = "found character that cannot start any token".into();
            return Err(YamlError::Syntax { line: (line > 1).then_some(line), what });
        }
        let collection = matches!(event, Event::SequenceStart(..) | Event::MappingStart(..));
        Ok(collection && matches!(chars.next(), Some('[' | '{')))
    }

    pub(super) fn into_value(self) -> Result<Parsed, YamlError> {
        let mut reader =
            Reader { document: &self, expanding: Vec::new(), decoded: 0, aliased: 0, duplicates: Vec::new() };
        let value = match self.root {
            Some(root) => reader.value(root)?,
            None => Value::Null,
        };
        Ok(Parsed { value, duplicates: reader.duplicates })
    }
}

fn next<'t>(events: &mut Events<'t>) -> Result<(Event<'t>, Span), YamlError> {
    events.next_event().ok_or_else(|| YamlError::Content("unexpected end of stream".into()))?.map_err(syntax)
}

fn tag_name(tag: &Tag) -> String {
    if tag.is_yaml_core_schema() { format!("!!{}", tag.suffix) } else { format!("{}{}", tag.handle, tag.suffix) }
}

/// Go's parser names the problem alone; the first line has no number.
fn syntax(error: ScanError) -> YamlError {
    let info = error.info();
    let what = match info {
        _ if info.starts_with("unexpected character") || info.contains("tab") => {
            "found character that cannot start any token"
        }
        "simple key expect ':'" | "simple key expected" => "could not find expected ':'",
        "while parsing node, found unknown anchor" => "unknown anchor referenced",
        "while parsing a flow sequence, expected ',' or ']'" => "did not find expected ',' or ']'",
        _ if info.starts_with("while ") => info.split_once(", ").map_or(info, |(_, problem)| problem),
        _ => info,
    };
    let line = error.marker().line();
    YamlError::Syntax { line: (line > 1).then_some(line), what: what.to_owned() }
}

struct Reader<'d, 't> {
    document: &'d Document<'t>,
    /// Anchors that are being expanded.
    expanding: Vec<usize>,
    /// Values made, in all and inside of aliases; go-yaml limits their ratio.
    decoded: usize,
    aliased: usize,
    duplicates: Vec<String>,
}

impl Reader<'_, '_> {
    fn value(&mut self, index: usize) -> Result<Value, YamlError> {
        self.count()?;
        match &self.document.nodes[index].content {
            Content::Scalar { text, plain, tag } => scalar(text, *plain, tag.as_deref()),
            Content::List(items) => {
                items.iter().map(|&item| self.value(item)).collect::<Result<_, _>>().map(Value::List)
            }
            Content::Map(entries) => {
                let mut members = Vec::with_capacity(entries.len());
                self.members(entries, &mut members)?;
                let (map, duplicates) = Map::build(members);
                if !duplicates.is_empty() {
                    self.name(entries, &duplicates)?;
                }
                Ok(Value::Map(map))
            }
            Content::Alias(anchor) => {
                let target = self.enter(*anchor)?;
                let value = self.value(target);
                self.expanding.pop();
                value
            }
        }
    }

    /// The members of a map, those of a merge in the place of its key.
    fn members(&mut self, entries: &[(usize, usize)], out: &mut Vec<(Text, Value)>) -> Result<(), YamlError> {
        for &(key, value) in entries {
            if self.is_merge(key) {
                self.merge(value, out)?;
            } else {
                self.count()?;
                let key = self.key(key)?;
                let value = self.value(value)?;
                out.push((key, value));
            }
        }
        Ok(())
    }

    fn is_merge(&self, index: usize) -> bool {
        match &self.document.nodes[index].content {
            Content::Scalar { text, plain, tag } => {
                text == "<<" && (*plain && tag.is_none() || tag.as_deref() == Some("!!merge"))
            }
            _ => false,
        }
    }

    fn merge(&mut self, index: usize, out: &mut Vec<(Text, Value)>) -> Result<(), YamlError> {
        let wrong = || YamlError::Content("map merge requires map or sequence of maps as the value".into());
        self.count()?;
        match &self.document.nodes[index].content {
            Content::Map(entries) => self.members(entries, out),
            // Of several maps, the first wins.
            Content::List(items) => items.iter().rev().try_for_each(|&item| match &self.document.nodes[item].content {
                Content::List(_) | Content::Scalar { .. } => Err(wrong()),
                _ => self.merge(item, out),
            }),
            Content::Alias(anchor) => {
                let target = self.enter(*anchor)?;
                let merged = match &self.document.nodes[target].content {
                    Content::Map(_) => self.merge(target, out),
                    _ => Err(wrong()),
                };
                self.expanding.pop();
                merged
            }
            Content::Scalar { .. } => Err(wrong()),
        }
    }

    fn enter(&mut self, anchor: usize) -> Result<usize, YamlError> {
        let target = self.document.anchors.get(&anchor);
        let target = *target.ok_or_else(|| YamlError::Content("unknown anchor referenced".into()))?;
        if self.expanding.contains(&anchor) {
            return Err(YamlError::Content("anchor value contains itself".into()));
        }
        self.expanding.push(anchor);
        Ok(target)
    }

    fn key(&mut self, index: usize) -> Result<Text, YamlError> {
        match &self.document.nodes[index].content {
            Content::Scalar { text, plain: true, tag: None } => resolve::key(text),
            Content::Scalar { text, .. } => Ok(Text::from(&**text)),
            Content::Alias(anchor) => {
                let target = self.enter(*anchor)?;
                let key = self.key(target);
                self.expanding.pop();
                key
            }
            Content::List(_) | Content::Map(_) => Err(YamlError::Key),
        }
    }

    /// Names the keys of a map that come twice, by the lines of their values.
    fn name(&mut self, entries: &[(usize, usize)], duplicates: &[Text]) -> Result<(), YamlError> {
        let mut seen = HashMap::new();
        for &(key, value) in entries {
            if self.duplicates.len() >= MAX_DUPLICATES {
                break;
            }
            let name = if self.is_merge(key) { continue } else { self.key(key)? };
            if duplicates.binary_search(&name).is_ok() && seen.insert(name.clone(), ()).is_some() {
                let line = self.document.nodes[value].line;
                self.duplicates.push(format!("line {line}: key {:?} already set in map", name.as_str()));
            }
        }
        Ok(())
    }

    fn count(&mut self) -> Result<(), YamlError> {
        const LOW: usize = 400_000;
        const HIGH: usize = 4_000_000;
        self.decoded += 1;
        if self.expanding.is_empty() {
            return Ok(());
        }
        self.aliased += 1;
        let allowed = match self.decoded {
            ..=LOW => 0.99,
            HIGH.. => 0.10,
            between => 0.99 - 0.89 * ((between - LOW) as f64 / (HIGH - LOW) as f64),
        };
        if self.aliased > 100 && self.decoded > 1_000 && self.aliased as f64 / self.decoded as f64 > allowed {
            return Err(YamlError::Content("document contains excessive aliasing".into()));
        }
        Ok(())
    }
}

fn scalar(text: &str, plain: bool, tag: Option<&str>) -> Result<Value, YamlError> {
    let wrong = |tag: &str| YamlError::Content(format!("cannot decode !!str `{text}` as a {tag}"));
    match tag {
        None if plain => resolve::value(text),
        Some("!!binary") => match Bytes::from_base64(text) {
            Ok(bytes) => Ok(Value::from(String::from_utf8_lossy(&bytes).into_owned())),
            Err(_) => Err(YamlError::Content("!!binary value contains invalid base64 data".into())),
        },
        Some(tag @ ("!!int" | "!!float" | "!!bool" | "!!null")) => {
            let value = resolve::value(text)?;
            let fits = match value {
                Value::Int(_) => matches!(tag, "!!int" | "!!float"),
                Value::Float(_) => tag == "!!float",
                Value::Bool(_) => tag == "!!bool",
                Value::Null => tag == "!!null",
                _ => false,
            };
            if fits { Ok(value) } else { Err(wrong(tag)) }
        }
        _ => Ok(Value::str(text)),
    }
}
