//! AdmissionConfiguration: what single plugins are told.

use schema::Value;
use std::collections::BTreeMap;

/// By plugin.
#[derive(Clone, Debug, Default)]
pub struct Configuration {
    plugins: BTreeMap<String, Value>,
}

/// What a configuration says of one plugin.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub name: String,
    /// A file with the plugin's configuration; relative to the configuration's own.
    pub path: String,
    /// The configuration itself; Null where it is in a file.
    pub inline: Value,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigurationError {
    #[error("no kind {kind:?} is registered for version {api_version:?}")]
    Kind { api_version: String, kind: String },
}

const VERSIONS: [&str; 2] = ["apiserver.config.k8s.io/v1", "apiserver.k8s.io/v1alpha1"];

impl Configuration {
    /// What a parsed AdmissionConfiguration says; the files that it names are the caller's to read.
    pub fn entries(parsed: &Value) -> Result<Vec<Entry>, ConfigurationError> {
        let (api_version, kind) = (parsed.str_at(&["apiVersion"]), parsed.str_at(&["kind"]));
        if !VERSIONS.contains(&api_version) || kind != "AdmissionConfiguration" {
            return Err(ConfigurationError::Kind { api_version: api_version.into(), kind: kind.into() });
        }
        let entry = |plugin: &Value| Entry {
            name: plugin.str_at(&["name"]).to_owned(),
            path: plugin.str_at(&["path"]).to_owned(),
            inline: plugin.at(&["configuration"]).clone(),
        };
        Ok(parsed.at(&["plugins"]).items().iter().map(entry).collect())
    }

    pub fn set(&mut self, plugin: &str, configuration: Value) {
        self.plugins.insert(plugin.to_owned(), configuration);
    }

    /// Null where nothing is said.
    pub fn of(&self, plugin: &str) -> &Value {
        static NOTHING: Value = Value::Null;
        self.plugins.get(plugin).unwrap_or(&NOTHING)
    }
}
