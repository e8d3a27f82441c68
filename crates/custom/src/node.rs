//! A schema as its author wrote it: one node of `openAPIV3Schema`.
//!
//! Parsed from the normal value of a JSONSchemaProps, with the unions resolved. All that looks at schemas looks at this.

use cel::functions::regex;
use schema::Value;
use std::collections::BTreeMap;
use std::sync::OnceLock;

#[derive(Debug, Default)]
pub struct Node {
    pub id: String,
    pub schema_url: String,
    pub reference: Option<String>,
    pub description: String,
    pub ty: String,
    pub format: String,
    pub title: String,
    pub nullable: bool,
    /// None also where it is null.
    pub default: Option<Value>,
    pub maximum: Option<f64>,
    pub exclusive_maximum: bool,
    pub minimum: Option<f64>,
    pub exclusive_minimum: bool,
    pub max_length: Option<i64>,
    pub min_length: Option<i64>,
    pub pattern: Pattern,
    pub max_items: Option<i64>,
    pub min_items: Option<i64>,
    pub unique_items: bool,
    pub multiple_of: Option<f64>,
    pub enumeration: Vec<Value>,
    pub max_properties: Option<i64>,
    pub min_properties: Option<i64>,
    pub required: Vec<String>,
    pub items: Option<Box<Node>>,
    /// `items` as a list of schemas, which is refused.
    pub items_list: Vec<Node>,
    pub all_of: Vec<Node>,
    pub one_of: Vec<Node>,
    pub any_of: Vec<Node>,
    pub not: Option<Box<Node>>,
    pub properties: BTreeMap<String, Node>,
    pub additional: Option<Additional>,
    pub pattern_properties: BTreeMap<String, Node>,
    pub definitions: BTreeMap<String, Node>,
    /// Those dependencies that are schemas; Null for those that are lists of names.
    pub dependencies: BTreeMap<String, Option<Node>>,
    pub additional_items: Option<Additional>,
    pub external_docs: bool,
    pub example: Option<Value>,
    pub preserve_unknown: Option<bool>,
    pub embedded: bool,
    pub int_or_string: bool,
    pub list_map_keys: Vec<String>,
    pub list_type: Option<String>,
    pub map_type: Option<String>,
    pub rules: Vec<Rule>,
}

/// `additionalProperties`, `additionalItems`.
#[derive(Debug)]
pub enum Additional {
    Allowed(bool),
    Of(Box<Node>),
}

/// One of `x-kubernetes-validations`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rule {
    pub rule: String,
    pub message: String,
    pub message_expression: String,
    pub reason: Option<String>,
    pub field_path: String,
    pub optional_old_self: Option<bool>,
}

/// A regular expression, compiled when first asked.
#[derive(Debug, Default)]
pub struct Pattern {
    pub source: String,
    compiled: OnceLock<Option<::regex::Regex>>,
}

impl Pattern {
    /// None: there is none, or it is no regular expression.
    pub fn regex(&self) -> Option<&::regex::Regex> {
        let compile = || if self.source.is_empty() { None } else { regex::compile(&self.source).ok() };
        self.compiled.get_or_init(compile).as_ref()
    }
}

impl Node {
    /// Of the normal value of a JSONSchemaProps. Its depth is bounded by that of decoded text.
    pub fn parse(value: &Value) -> Node {
        let text = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
        let flag = |key: &str| value[key].as_bool().unwrap_or_default();
        let number = |key: &str| value[key].as_f64();
        let count = |key: &str| value[key].as_i64();
        let (items, items_list) = match &value["items"] {
            Value::List(list) => (None, nodes(list)),
            Value::Map(_) => (Some(Box::new(Node::parse(&value["items"]))), Vec::new()),
            _ => (None, Vec::new()),
        };
        Node {
            id: text("id"),
            schema_url: text("$schema"),
            reference: value["$ref"].as_str().map(str::to_owned),
            description: text("description"),
            ty: text("type"),
            format: text("format"),
            title: text("title"),
            nullable: flag("nullable"),
            default: some(&value["default"]),
            maximum: number("maximum"),
            exclusive_maximum: flag("exclusiveMaximum"),
            minimum: number("minimum"),
            exclusive_minimum: flag("exclusiveMinimum"),
            max_length: count("maxLength"),
            min_length: count("minLength"),
            pattern: Pattern { source: text("pattern"), compiled: OnceLock::new() },
            max_items: count("maxItems"),
            min_items: count("minItems"),
            unique_items: flag("uniqueItems"),
            multiple_of: number("multipleOf"),
            enumeration: value["enum"].items().to_vec(),
            max_properties: count("maxProperties"),
            min_properties: count("minProperties"),
            required: texts(&value["required"]),
            items,
            items_list,
            all_of: nodes(value["allOf"].items()),
            one_of: nodes(value["oneOf"].items()),
            any_of: nodes(value["anyOf"].items()),
            not: some(&value["not"]).map(|not| Box::new(Node::parse(&not))),
            properties: keyed(&value["properties"]),
            additional: additional(&value["additionalProperties"]),
            pattern_properties: keyed(&value["patternProperties"]),
            definitions: keyed(&value["definitions"]),
            dependencies: dependencies(&value["dependencies"]),
            additional_items: additional(&value["additionalItems"]),
            external_docs: value["externalDocs"].as_map().is_some(),
            example: some(&value["example"]),
            preserve_unknown: value["x-kubernetes-preserve-unknown-fields"].as_bool(),
            embedded: flag("x-kubernetes-embedded-resource"),
            int_or_string: flag("x-kubernetes-int-or-string"),
            list_map_keys: texts(&value["x-kubernetes-list-map-keys"]),
            list_type: value["x-kubernetes-list-type"].as_str().map(str::to_owned),
            map_type: value["x-kubernetes-map-type"].as_str().map(str::to_owned),
            rules: value["x-kubernetes-validations"].items().iter().map(Rule::parse).collect(),
        }
    }

    pub fn preserves_unknown(&self) -> bool {
        self.preserve_unknown == Some(true)
    }

    /// The schema of the members that are not listed.
    pub fn additional_schema(&self) -> Option<&Node> {
        match &self.additional {
            Some(Additional::Of(node)) => Some(node),
            _ => None,
        }
    }

    pub fn property(&self, name: &str) -> Option<&Node> {
        self.properties.get(name)
    }

    /// Whether items of this list are told apart by keys.
    pub fn is_keyed_list(&self) -> bool {
        self.list_type.as_deref() == Some("map")
    }

    /// Whether members of this map are correlated with those of an older object.
    pub fn is_granular_map(&self) -> bool {
        self.map_type.as_deref().is_none_or(|ty| ty == "granular")
    }

    /// Whether `test` holds here or anywhere below.
    pub fn any(&self, test: &dyn Fn(&Node) -> bool) -> bool {
        test(self) || self.children().any(|child| child.any(test))
    }

    /// Every schema right below this one.
    pub fn children(&self) -> impl Iterator<Item = &Node> {
        let lists = [&self.items_list, &self.all_of, &self.any_of, &self.one_of];
        let maps = [&self.properties, &self.pattern_properties, &self.definitions];
        let additional =
            [&self.additional, &self.additional_items].into_iter().filter_map(|additional| match additional {
                Some(Additional::Of(node)) => Some(&**node),
                _ => None,
            });
        let single = self.items.iter().chain(&self.not).map(|node| &**node);
        let listed = lists.into_iter().flatten().chain(maps.into_iter().flat_map(BTreeMap::values));
        listed.chain(single).chain(additional).chain(self.dependencies.values().flatten())
    }
}

impl Rule {
    fn parse(value: &Value) -> Rule {
        Rule {
            rule: value.str_at(&["rule"]).to_owned(),
            message: value.str_at(&["message"]).to_owned(),
            message_expression: value.str_at(&["messageExpression"]).to_owned(),
            reason: value["reason"].as_str().map(str::to_owned),
            field_path: value.str_at(&["fieldPath"]).to_owned(),
            optional_old_self: value["optionalOldSelf"].as_bool(),
        }
    }
}

fn some(value: &Value) -> Option<Value> {
    (!value.is_null()).then(|| value.clone())
}

fn texts(value: &Value) -> Vec<String> {
    value.items().iter().filter_map(|text| text.as_str().map(str::to_owned)).collect()
}

fn nodes(values: &[Value]) -> Vec<Node> {
    values.iter().map(Node::parse).collect()
}

fn keyed(value: &Value) -> BTreeMap<String, Node> {
    let members = value.as_map().into_iter().flat_map(|map| map.iter());
    members.map(|(key, value)| (key.to_owned(), Node::parse(value))).collect()
}

fn additional(value: &Value) -> Option<Additional> {
    match value {
        Value::Bool(allowed) => Some(Additional::Allowed(*allowed)),
        Value::Map(_) => Some(Additional::Of(Box::new(Node::parse(value)))),
        _ => None,
    }
}

fn dependencies(value: &Value) -> BTreeMap<String, Option<Node>> {
    let members = value.as_map().into_iter().flat_map(|map| map.iter());
    let node = |value: &Value| value.as_map().is_some().then(|| Node::parse(value));
    members.map(|(key, value)| (key.to_owned(), node(value))).collect()
}
