//! `cargo xtask codegen protos`: our own `.proto` files and the Rust made from them.
//!
//! The facts (fields, tags, services) come from the reference data beside the repository; this module writes them down
//! as a `.proto` of our own and compiles that with protox and prost, so that neither `protoc` nor a `build.rs` is
//! needed. Both results are committed: nothing at build time needs the reference data. A further interface is one more
//! row in [`TARGETS`].
//!
//! Deliberately absent: server stubs (we are only ever the client of a runtime) and comments in the `.proto` (facts
//! carry none).

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde_json::Value;

/// Writes every target's files or, with `check`, fails when one differs from what is committed.
pub fn run(check: bool) -> anyhow::Result<()> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask stands in the workspace")?;
    let facts_path = reference_dir(workspace).join("node-protos.json");
    let facts = std::fs::read(&facts_path).with_context(|| format!("cannot read {}", facts_path.display()))?;
    let facts: Value = serde_json::from_slice(&facts)?;
    for target in TARGETS {
        let interface = &facts[target.interface];
        let proto = Interface::read(interface).with_context(|| format!("in {}", target.interface))?.to_proto(target);
        put(&workspace.join(target.proto), &proto, check)?;
        let rust = compile(target, &proto)?;
        put(&workspace.join(target.rust), &rust, check)?;
    }
    Ok(())
}

/// One gRPC interface that a crate of ours speaks.
struct Target {
    /// Its key in `node-protos.json`.
    interface: &'static str,
    /// The `.proto` that we write, from the workspace's root.
    proto: &'static str,
    /// The Rust that we make of it, from the workspace's root.
    rust: &'static str,
}

const TARGETS: &[Target] = &[Target {
    interface: "cri/v1",
    proto: "crates/cri/proto/cri-v1.proto",
    rust: "crates/cri/src/generated/runtime.v1.rs",
}];

/// The reference data stands beside the repository, in `../shared/reference`, unless `TIPHYS_REFERENCE` says otherwise.
fn reference_dir(workspace: &Path) -> PathBuf {
    std::env::var_os("TIPHYS_REFERENCE").map_or_else(|| workspace.join("../shared/reference"), PathBuf::from)
}

fn put(path: &Path, text: &str, check: bool) -> anyhow::Result<()> {
    if std::fs::read_to_string(path).is_ok_and(|committed| committed == text) {
        return Ok(());
    }
    if check {
        bail!("{} is not what the reference data makes: run `cargo xtask codegen protos`", path.display());
    }
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

/// Compiles one `.proto` text to the text of its Rust client.
fn compile(target: &Target, proto: &str) -> anyhow::Result<String> {
    let scratch = Scratch::new()?;
    let file_name = Path::new(target.proto).file_name().context("a target names a file")?;
    let proto_path = scratch.0.join(file_name);
    std::fs::write(&proto_path, proto)?;
    let descriptors = protox::compile([&proto_path], [&scratch.0])?;
    let out_dir = scratch.0.join("out");
    std::fs::create_dir(&out_dir)?;
    tonic_prost_build::configure()
        .build_server(false)
        .build_transport(false)
        .out_dir(&out_dir)
        .compile_fds(descriptors)?;
    let rust_name = Path::new(target.rust).file_name().context("a target names a file")?;
    let rust = std::fs::read_to_string(out_dir.join(rust_name))
        .with_context(|| format!("{} does not follow its package's name", target.rust))?;
    Ok(format!("// Made from {} by `cargo xtask codegen protos`; nobody edits it.\n{rust}", target.proto))
}

/// A directory for one compilation, removed when that is over.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> anyhow::Result<Self> {
        let path = std::env::temp_dir().join(format!("tiphys-xtask-protos-{}", std::process::id()));
        if path.exists() {
            std::fs::remove_dir_all(&path)?;
        }
        std::fs::create_dir(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            eprintln!("cannot remove {}: {error}", self.0.display());
        }
    }
}

/// The facts of one interface, in the order in which the `.proto` tells them.
struct Interface {
    package: String,
    services: BTreeMap<String, Vec<Method>>,
    messages: BTreeMap<String, Vec<Field>>,
    /// A nested enum is named `Message.Enum`.
    enums: BTreeMap<String, Vec<(String, i64)>>,
}

struct Method {
    name: String,
    request: String,
    response: String,
    client_streams: bool,
    server_streams: bool,
}

struct Field {
    name: String,
    tag: u64,
    /// The type with its label, as a `.proto` writes it.
    declared: String,
    oneof: Option<String>,
}

impl Interface {
    fn read(facts: &Value) -> anyhow::Result<Self> {
        let mut services = BTreeMap::new();
        for (service, methods) in object(&facts["services"])? {
            let methods = object(methods)?.iter().map(|(name, method)| Method::read(name, method));
            services.insert(service.clone(), methods.collect::<anyhow::Result<_>>()?);
        }
        let mut messages = BTreeMap::new();
        for (message, fields) in object(&facts["messages"])? {
            let fields = object(fields)?.iter().map(|(name, field)| Field::read(name, field));
            let mut fields: Vec<Field> =
                fields.collect::<anyhow::Result<_>>().with_context(|| format!("in message {message}"))?;
            fields.sort_by_key(|field| field.tag);
            messages.insert(message.clone(), fields);
        }
        let mut enums = BTreeMap::new();
        for (name, values) in object(&facts["enums"])? {
            let values = object(values)?.iter();
            let mut values: Vec<(String, i64)> = values
                .map(|(value, number)| Ok((value.clone(), number.as_i64().context("an enum's number")?)))
                .collect::<anyhow::Result<_>>()?;
            values.sort_by_key(|(_, number)| *number);
            enums.insert(name.clone(), values);
        }
        Ok(Self { package: string(&facts["package"])?, services, messages, enums })
    }

    fn to_proto(&self, target: &Target) -> String {
        let mut out = format!(
            "// The {} interface, written from facts about it (names, tags, types) by `cargo xtask codegen protos`.\n\
             // Nobody edits this file.\n\n\
             syntax = \"proto3\";\n\npackage {};\n",
            target.interface, self.package
        );
        for (service, methods) in &self.services {
            let _ = write!(out, "\nservice {service} {{\n");
            for method in methods {
                let _ = writeln!(
                    out,
                    "  rpc {}({}{}) returns ({}{});",
                    method.name,
                    stream(method.client_streams),
                    method.request,
                    stream(method.server_streams),
                    method.response
                );
            }
            out.push_str("}\n");
        }
        for (message, fields) in &self.messages {
            let _ = write!(out, "\nmessage {message} {{\n");
            let prefix = format!("{message}.");
            for (name, values) in &self.enums {
                if let Some(nested) = name.strip_prefix(&prefix) {
                    write_enum(&mut out, "  ", nested, values);
                }
            }
            write_fields(&mut out, fields);
            out.push_str("}\n");
        }
        for (name, values) in self.enums.iter().filter(|(name, _)| !name.contains('.')) {
            out.push('\n');
            write_enum(&mut out, "", name, values);
        }
        out
    }
}

impl Method {
    fn read(name: &str, facts: &Value) -> anyhow::Result<Self> {
        Ok(Self {
            name: name.to_owned(),
            request: string(&facts["request"])?,
            response: string(&facts["response"])?,
            client_streams: facts["clientStreams"].as_bool().context("clientStreams")?,
            server_streams: facts["serverStreams"].as_bool().context("serverStreams")?,
        })
    }
}

impl Field {
    fn read(name: &str, facts: &Value) -> anyhow::Result<Self> {
        let kind = string(&facts["type"])?;
        let declared = match facts["label"].as_str().context("a field's label")? {
            "plain" => kind,
            "repeated" => format!("repeated {kind}"),
            "optional" => format!("optional {kind}"),
            "map" => format!("map<{}, {kind}>", string(&facts["key"])?),
            label => bail!("field {name} has the unknown label {label}"),
        };
        let tag = facts["tag"].as_u64().context("a field's tag")?;
        Ok(Self { name: name.to_owned(), tag, declared, oneof: facts["oneof"].as_str().map(str::to_owned) })
    }
}

fn write_fields(out: &mut String, fields: &[Field]) {
    let mut oneofs: Vec<&str> = Vec::new();
    for field in fields {
        match &field.oneof {
            None => {
                let _ = writeln!(out, "  {} {} = {};", field.declared, field.name, field.tag);
            }
            Some(oneof) if oneofs.contains(&oneof.as_str()) => {}
            Some(oneof) => {
                oneofs.push(oneof);
                let _ = writeln!(out, "  oneof {oneof} {{");
                for member in fields.iter().filter(|member| member.oneof.as_deref() == Some(oneof)) {
                    let _ = writeln!(out, "    {} {} = {};", member.declared, member.name, member.tag);
                }
                out.push_str("  }\n");
            }
        }
    }
}

fn write_enum(out: &mut String, indent: &str, name: &str, values: &[(String, i64)]) {
    let _ = writeln!(out, "{indent}enum {name} {{");
    for (value, number) in values {
        let _ = writeln!(out, "{indent}  {value} = {number};");
    }
    let _ = writeln!(out, "{indent}}}");
}

fn stream(streams: bool) -> &'static str {
    if streams { "stream " } else { "" }
}

fn object(value: &Value) -> anyhow::Result<&serde_json::Map<String, Value>> {
    value.as_object().context("an object is expected")
}

fn string(value: &Value) -> anyhow::Result<String> {
    Ok(value.as_str().context("a string is expected")?.to_owned())
}
