//! Which form the client wants its answer in, and which form its body has.

use crate::error;
use kind::ApiError;

pub const JSON: &str = "application/json";
pub const YAML: &str = "application/yaml";
pub const PROTOBUF: &str = "application/vnd.kubernetes.protobuf";
/// In upstream's order, which messages show.
pub const MEDIA_TYPES: [&str; 3] = [JSON, YAML, PROTOBUF];
const STREAM_TYPES: [&str; 2] = ["application/json;stream=watch", "application/vnd.kubernetes.protobuf;stream=watch"];

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Media {
    Json,
    Yaml,
    Protobuf,
}

impl Media {
    pub fn content_type(self) -> &'static str {
        match self {
            Media::Json => JSON,
            Media::Yaml => YAML,
            Media::Protobuf => PROTOBUF,
        }
    }
}

/// What the answer's object is turned into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transform {
    None,
    /// `Table` of `meta.k8s.io/v1` (or v1beta1).
    Table(MetaVersion),
    Partial(MetaVersion),
    PartialList(MetaVersion),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MetaVersion {
    V1,
    V1Beta1,
}

impl MetaVersion {
    pub fn api_version(self) -> &'static str {
        match self {
            MetaVersion::V1 => "meta.k8s.io/v1",
            MetaVersion::V1Beta1 => "meta.k8s.io/v1beta1",
        }
    }
}

/// What was agreed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accepted {
    pub media: Media,
    pub transform: Transform,
    pub pretty: bool,
    /// The client named the stream form (`;stream=watch`).
    pub stream: bool,
}

impl Accepted {
    pub const PLAIN: Accepted =
        Accepted { media: Media::Json, transform: Transform::None, pretty: false, stream: false };
}

/// One clause of an Accept header.
#[derive(Debug)]
struct Clause<'h> {
    main: &'h str,
    sub: &'h str,
    params: Vec<(&'h str, &'h str)>,
    quality: f32,
}

/// The router's check: some clause names one of the types (without parameters), or anything.
pub fn check_routable(accept: &str, list: bool) -> Result<(), ApiError> {
    let accept = if accept.is_empty() { "*/*" } else { accept };
    let fits = accept.split(',').any(|clause| {
        let media = clause.split(';').next().unwrap_or_default().trim();
        media == "*/*" || MEDIA_TYPES.contains(&media)
    });
    if fits {
        return Ok(());
    }
    let mut available: Vec<&str> = MEDIA_TYPES.to_vec();
    if list {
        available.extend(STREAM_TYPES);
    }
    let message = format!("406: Not Acceptable\n\nAvailable representations: {}", available.join(", "));
    Err(error::with_details(error::not_acceptable(message)))
}

/// Settles the form of an answer; `watch`: of a stream, which YAML has no form for; `custom`: of a kind that protobuf has
/// no form for.
pub fn output_of(accept: &str, watch: bool, custom: bool) -> Result<Accepted, ApiError> {
    if accept.trim().is_empty() {
        return Ok(Accepted::PLAIN);
    }
    let clauses = clauses(accept);
    let fits =
        |accepted: &Accepted| !custom || accepted.media != Media::Protobuf || accepted.transform != Transform::None;
    clauses.iter().flat_map(|clause| choices(clause, watch)).find(fits).ok_or_else(refusal)
}

/// The same for built-in kinds.
pub fn output(accept: &str, watch: bool) -> Result<Accepted, ApiError> {
    output_of(accept, watch, false)
}

/// For what no table can show: only the object itself.
pub fn plain_only(accepted: Accepted) -> Result<Accepted, ApiError> {
    if accepted.transform == Transform::None { Ok(accepted) } else { Err(refusal()) }
}

/// For errors: the wish, if it could be met for an object, else JSON.
pub fn output_for_error(accept: &str) -> Media {
    output(accept, false).map_or(Media::Json, |accepted| accepted.media)
}

fn refusal() -> ApiError {
    error::not_acceptable(format!("only the following media types are accepted: {}", MEDIA_TYPES.join(", ")))
}

fn media_of(clause: &Clause) -> Vec<Media> {
    [Media::Json, Media::Yaml, Media::Protobuf]
        .into_iter()
        .filter(|media| {
            let (main, sub) = media.content_type().split_once('/').expect("each has a slash");
            (clause.main == "*" && clause.sub == "*")
                || (clause.main == main && (clause.sub == sub || clause.sub == "*"))
        })
        .collect()
}

fn choices(clause: &Clause, watch: bool) -> Vec<Accepted> {
    media_of(clause).into_iter().filter_map(|media| choice(clause, media, watch)).collect()
}

fn choice(clause: &Clause, media: Media, watch: bool) -> Option<Accepted> {
    let param = |name: &str| clause.params.iter().find(|(key, _)| *key == name).map(|(_, value)| *value);
    let stream = param("stream").unwrap_or_default();
    if watch && media == Media::Yaml {
        return None;
    }
    if !stream.is_empty() && (media == Media::Yaml || !watch || stream != "watch") {
        return None;
    }
    let wants = [param("as"), param("g"), param("v")];
    let transform = if wants.iter().all(Option::is_none) {
        Transform::None
    } else {
        let [kind, group, version] = wants.map(Option::unwrap_or_default);
        let version = match (group, version) {
            ("meta.k8s.io", "v1") => MetaVersion::V1,
            ("meta.k8s.io", "v1beta1") => MetaVersion::V1Beta1,
            _ => return None,
        };
        match kind {
            "Table" if media != Media::Protobuf => Transform::Table(version),
            "PartialObjectMetadata" => Transform::Partial(version),
            "PartialObjectMetadataList" => Transform::PartialList(version),
            _ => return None,
        }
    };
    Some(Accepted { media, transform, pretty: param("pretty") == Some("1"), stream: !stream.is_empty() })
}

/// The clauses, the most wanted first; among equals the more exact, then the earlier.
fn clauses(header: &str) -> Vec<Clause<'_>> {
    let mut found: Vec<Clause> = header.split(',').filter_map(clause).collect();
    let exactness = |clause: &Clause| match (clause.main, clause.sub) {
        ("*", "*") => 0,
        (_, "*") => 1,
        _ => 2,
    };
    found.sort_by(|a, b| b.quality.total_cmp(&a.quality).then(exactness(b).cmp(&exactness(a))));
    found
}

fn clause(text: &str) -> Option<Clause<'_>> {
    let mut parts = text.split(';');
    let media = parts.next()?.trim();
    let (main, sub) = match media.split_once('/') {
        Some((main, sub)) => (main.trim(), sub.trim()),
        None if media == "*" => ("*", "*"),
        None => return None,
    };
    let mut found = Clause { main, sub, params: Vec::new(), quality: 1.0 };
    for part in parts {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        let (key, value) = (key.trim(), value.trim());
        if key == "q" {
            found.quality = value.parse().unwrap_or(1.0);
        } else {
            found.params.push((key, value));
        }
    }
    Some(found)
}

/// The form of a request's body.
pub fn input(content_type: &str) -> Result<Media, ApiError> {
    let media = content_type.split(';').next().unwrap_or_default().trim();
    match media {
        "" | JSON => Ok(Media::Json),
        YAML => Ok(Media::Yaml),
        PROTOBUF => Ok(Media::Protobuf),
        _ => Err(error::unsupported_media_type(&MEDIA_TYPES)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agreed(accept: &str) -> String {
        match output(accept, false) {
            Ok(Accepted { media, transform, .. }) => format!("{media:?} {transform:?}"),
            Err(error) => error.0.message.clone(),
        }
    }

    #[test]
    fn the_best_clause_that_can_be_met_wins() {
        let only = "only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf";
        for (accept, wanted) in [
            ("", "Json None"),
            ("*/*", "Json None"),
            ("application/yaml", "Yaml None"),
            ("text/html,application/xhtml+xml,*/*;q=0.8", "Json None"),
            ("application/json;q=0.5,application/vnd.kubernetes.protobuf", "Protobuf None"),
            ("application/json;as=Table;v=v1;g=meta.k8s.io,application/json", "Json Table(V1)"),
            ("application/vnd.kubernetes.protobuf;as=Table;g=meta.k8s.io;v=v1", only),
            ("application/json;as=Bogus;g=meta.k8s.io;v=v1", only),
            ("application/json; charset=utf-8", "Json None"),
        ] {
            assert_eq!(agreed(accept), wanted, "{accept}");
        }
        assert!(check_routable("bogus", false).is_err());
        assert!(output("application/yaml", true).is_err());
    }
}
