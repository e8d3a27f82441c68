//! What a generated struct is made of: one macro for the struct and its traits, one more where it is served as a resource.
//!
//! ```ignore
//! schema::typed_struct! {
//!     Pod = "io.k8s.api.core.v1.Pod", kind "v1" "Pod" {
//!         "metadata" metadata: api_meta::v1::ObjectMeta,
//!         "spec" spec: PodSpec,
//!         "status" status: PodStatus,
//!     }
//! }
//! ```
//!
//! The fields stand in the order of their JSON names, so that a struct and a map are walked side by side.

use crate::typed::Part;
use crate::{Map, Text, Value};

/// Reads the members of a map in the order of their keys.
pub struct Fields<'v> {
    map: Option<&'v Map>,
    at: usize,
}

impl<'v> Fields<'v> {
    /// Anything but a map has no fields.
    pub fn of(value: &'v Value) -> Fields<'v> {
        Fields { map: value.as_map(), at: 0 }
    }

    /// The field `key`, which sorts after all that were read before.
    pub fn read<P: Part>(&mut self, key: &str) -> P {
        self.find(key).map(P::read).unwrap_or_default()
    }

    fn find(&mut self, key: &str) -> Option<&'v Value> {
        let map = self.map?;
        while let Some((have, value)) = map.entry_at(self.at) {
            match have.cmp(key) {
                std::cmp::Ordering::Less => self.at += 1,
                std::cmp::Ordering::Equal => {
                    self.at += 1;
                    return Some(value);
                }
                std::cmp::Ordering::Greater => return None,
            }
        }
        None
    }
}

/// The first entries of a struct's map: its kind, if it says one.
pub fn type_meta(kind: &[(&'static str, &'static str)]) -> Vec<(Text, Value)> {
    kind.iter().map(|&(key, value)| (Text::const_new(key), Value::Str(Text::const_new(value)))).collect()
}

pub fn finish(entries: Vec<(Text, Value)>) -> Value {
    Value::Map(Map::build(entries).0)
}

/// Declares a struct, `Part` and `Typed`. With `kind`, `apiVersion` and `kind` are written first.
#[macro_export]
macro_rules! typed_struct {
    ($name:ident = $type:literal $(, kind $version:literal $kind:literal)? {
        $($json:literal $field:ident: $part:ty,)*
    }) => {
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct $name {
            $(pub $field: $part,)*
        }

        impl $crate::typed::Part for $name {
            fn read(value: &$crate::Value) -> Self {
                #[allow(unused_mut, unused_variables)]
                let mut fields = $crate::typed::Fields::of(value);
                Self { $($field: fields.read($json),)* }
            }
            fn write(&self) -> $crate::Value {
                #[allow(unused_mut)]
                let mut entries = $crate::typed::type_meta(&[$(("apiVersion", $version), ("kind", $kind))?]);
                $($crate::typed::write(&mut entries, $json, &self.$field);)*
                $crate::typed::finish(entries)
            }
            fn is_zero(&self) -> bool {
                true $(&& $crate::typed::Part::is_zero(&self.$field))*
            }
        }

        impl $crate::Typed for $name {
            const TYPE: &'static str = $type;

            fn from_value(value: &$crate::Value) -> Self {
                $crate::typed::Part::read(value)
            }
            fn to_value(&self) -> $crate::Value {
                $crate::typed::Part::write(self)
            }
        }
    };
}

/// Says where a struct with `metadata` is served: its name, the type of its metadata, `namespaced` or `cluster`, plural,
/// group, version and kind.
#[macro_export]
macro_rules! typed_object {
    ($name:ident, $meta:ty, namespaced $($names:literal)*) => {
        $crate::typed_object!(@ $name, $meta, true, $($names)*);
    };
    ($name:ident, $meta:ty, cluster $($names:literal)*) => {
        $crate::typed_object!(@ $name, $meta, false, $($names)*);
    };
    (@ $name:ident, $meta:ty, $namespaced:literal, $plural:literal $group:literal $version:literal $kind:literal) => {
        impl $crate::Object for $name {
            const RESOURCE: $crate::ResourceInfo = $crate::ResourceInfo {
                group: $group,
                version: $version,
                kind: $kind,
                plural: $plural,
                namespaced: $namespaced,
            };
            type Meta = $meta;

            fn meta(&self) -> &Self::Meta {
                &self.metadata
            }
            fn meta_mut(&mut self) -> &mut Self::Meta {
                &mut self.metadata
            }
        }
    };
}
