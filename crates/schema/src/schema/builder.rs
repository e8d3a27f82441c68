//! Building a schema at run time, with types that refer to each other.

use super::{Schema, Type, TypeId};
use crate::Text;

#[derive(Default)]
pub struct Builder {
    schema: Schema,
}

impl Builder {
    /// The id of a type by name, which may be defined later.
    pub fn declare(&mut self, name: &str) -> TypeId {
        if let Some(&id) = self.schema.by_name.get(name) {
            return id;
        }
        let id = TypeId(self.schema.types.len() as u32);
        self.schema.types.push(Type { name: name.into(), ..Type::default() });
        self.schema.by_name.insert(name.into(), id);
        id
    }

    /// Gives a declared type its content; its name stays.
    pub fn define(&mut self, id: TypeId, content: Type) {
        let slot = &mut self.schema.types[id.0 as usize];
        let name = std::mem::take(&mut slot.name);
        *slot = Type { name, ..content };
        slot.index();
    }

    pub fn bind(&mut self, api_version: impl Into<Text>, kind: impl Into<Text>, id: TypeId) {
        self.schema.by_kind.insert((api_version.into(), kind.into()), id);
    }

    pub fn finish(self) -> Schema {
        self.schema
    }
}
