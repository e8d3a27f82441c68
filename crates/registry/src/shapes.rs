//! The kinds that are served, as admission sees them.

use crate::entry::{Entry, Routes};
use admission::BoxFuture;
use admission::shapes::{Endpoint, GroupVersionKind, ResourceOf, Shapes};
use kind::ApiError;
use schema::decode::{DecodeOptions, normalize};
use schema::{Schema, TypeRef, Value};
use std::sync::Arc;

/// The kinds as of one moment.
pub(crate) struct ServedShapes(pub Arc<Routes>);

impl ServedShapes {
    fn entry(&self, api_version: &str, kind: &str) -> Option<&Arc<Entry>> {
        let group = api_version.split_once('/').map_or("", |(group, _)| group);
        self.0.of_group(group).find(|entry| entry.names().kind == kind)
    }

    async fn convert_to(&self, object: Value, api_version: &str) -> Result<Value, ApiError> {
        let entry = self.entry(api_version, object.str_at(&["kind"]));
        let Some(entry) = entry.filter(|_| object.str_at(&["apiVersion"]) != api_version) else { return Ok(object) };
        let Some(converter) = &entry.converter else { return entry.kind.convert(object, api_version) };
        let converted = converter.convert(vec![object], api_version).await?;
        converted.into_iter().next().ok_or_else(|| ApiError::internal("a conversion gave nothing"))
    }

    async fn settle_as(&self, written: Value, api_version: &str) -> Result<Value, ApiError> {
        let (given, kind) = (written.str_at(&["apiVersion"]).to_owned(), written.str_at(&["kind"]).to_owned());
        let entry = self.entry(&given, &kind);
        let Some(ty) = self.type_of(&given, &kind) else { return Ok(written) };
        let custom = entry.and_then(|entry| entry.hub()).is_some_and(|view| view.custom);
        let options = DecodeOptions { strict: false, custom };
        let mut value =
            normalize(ty, written, &options).map_err(|error| ApiError::bad_request(error.to_string()))?.value;
        value.set(&["apiVersion"], given);
        value.set(&["kind"], kind.as_str());
        let mut value = self.convert_to(value, api_version).await?;
        if let Some(entry) = self.entry(api_version, &kind) {
            entry.kind.default(&mut value);
        }
        Ok(value)
    }
}

fn endpoint(entry: &Entry, version: &str, subresource: &str) -> Endpoint {
    let names = entry.names();
    let found = entry.subresource(subresource, version);
    let own = |kind: &str| GroupVersionKind { group: names.group.into(), version: version.into(), kind: kind.into() };
    let kind = match found {
        Some(sub) if !sub.version.is_empty() => {
            GroupVersionKind { group: sub.group.into(), version: sub.version.into(), kind: sub.kind.into() }
        }
        Some(sub) if !sub.kind.is_empty() => own(sub.kind),
        _ => own(names.kind),
    };
    Endpoint { group: names.group.into(), version: version.into(), resource: names.plural.into(), kind }
}

impl Shapes for ServedShapes {
    fn equivalents(&self, group: &str, resource: &str, subresource: &str) -> Vec<Endpoint> {
        let Some(own) = self.0.get(group, resource) else { return Vec::new() };
        let stored = own.kind.stored_as().unwrap_or((group, resource));
        let same = |entry: &&Arc<Entry>| {
            let names = entry.names();
            entry.kind.stored_as().unwrap_or((names.group, names.plural)) == stored
        };
        // Only events are in two groups, under one name.
        let mut entries: Vec<&Arc<Entry>> =
            self.0.iter().filter(|entry| entry.names().plural == resource).filter(same).collect();
        entries.sort_by_key(|entry| entry.names().group);
        let has =
            |entry: &Entry, version: &str| subresource.is_empty() || entry.subresource(subresource, version).is_some();
        entries
            .into_iter()
            .flat_map(|entry| entry.views.iter().map(move |view| (entry, view)))
            .filter(|(entry, view)| has(entry, &view.version))
            .map(|(entry, view)| endpoint(entry, &view.version, subresource))
            .collect()
    }

    fn resource_of(&self, api_version: &str, kind: &str) -> Option<ResourceOf> {
        let entry = self.entry(api_version, kind)?;
        let version = api_version.rsplit('/').next().unwrap_or(api_version);
        entry.view(version)?;
        let names = entry.names();
        Some(ResourceOf { group: names.group.into(), resource: names.plural.into(), namespaced: names.namespaced() })
    }

    fn type_of(&self, api_version: &str, kind: &str) -> Option<TypeRef<'_>> {
        let version = api_version.rsplit('/').next().unwrap_or(api_version);
        let served = self.entry(api_version, kind).and_then(|entry| entry.kind.type_of(version));
        served.or_else(|| Schema::builtin().by_kind(api_version, kind))
    }

    fn convert<'a>(&'a self, object: Value, api_version: &'a str) -> BoxFuture<'a, Result<Value, ApiError>> {
        Box::pin(self.convert_to(object, api_version))
    }

    fn settle<'a>(&'a self, written: Value, api_version: &'a str) -> BoxFuture<'a, Result<Value, ApiError>> {
        Box::pin(self.settle_as(written, api_version))
    }
}
