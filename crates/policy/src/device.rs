//! Selectors of devices, in claims and classes of dynamic resources.

use crate::field;
use cel::types::{Fields, ObjectType};
use cel::{Env, Program, Type};
use std::sync::{Arc, OnceLock};

/// Compiles a selector, which must be a bool, or something that is known only when it is evaluated. The error is upstream's
/// detail.
pub fn compile_device_selector(source: &str) -> Result<Program, String> {
    static ENV: OnceLock<Env> = OnceLock::new();
    let env = ENV.get_or_init(|| Env::base().extend().variable("device", Type::Object(device_type())).build());
    let program = env.compile(source).map_err(|error| format!("compilation failed: {error}"))?;
    match program.output() {
        Type::Bool | Type::Dyn => Ok(program),
        other => Err(format!("must evaluate to bool or the unknown type, not {other}")),
    }
}

/// `device`: attributes and capacity by domain, then by name.
fn device_type() -> Arc<ObjectType> {
    let of_domain = |value: Type| Type::map(Type::String, Type::map(Type::String, value));
    let fields = [
        ("driver", Type::String),
        ("attributes", of_domain(Type::Dyn)),
        ("capacity", of_domain(Type::Opaque("kubernetes.Quantity"))),
        ("allowMultipleAllocations", Type::Bool),
    ];
    let fields = fields.into_iter().map(|(name, ty)| (name.into(), field(ty, name))).collect();
    Arc::new(ObjectType { name: "kubernetes.DRADevice".into(), fields: Fields::Known(fields) })
}
