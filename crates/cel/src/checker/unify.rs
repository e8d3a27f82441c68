//! Which type may stand where which is wanted, and what that says about the checker's variables.
//!
//! Solutions are kept in a trail, so that an overload that does not fit leaves nothing behind. Types share parts, so walking
//! them can take far longer than they are large; [`MAX_STEPS`] bounds the walks over one expression.

use crate::types::Type;
use std::sync::Arc;

/// Steps of walking types, over a whole expression.
const MAX_STEPS: u64 = 10_000_000;

/// What is known of the variables.
#[derive(Default)]
pub(super) struct Solver {
    solutions: Vec<Option<Type>>,
    /// Variables that changed, with what they were, so that a failed attempt can be taken back.
    trail: Vec<(u32, Option<Type>)>,
    steps: u64,
}

impl Solver {
    pub fn fresh(&mut self) -> Type {
        self.solutions.push(None);
        Type::Var((self.solutions.len() - 1) as u32)
    }

    /// Whether the types were too large to be walked; then nothing that was said of them counts.
    pub fn exhausted(&self) -> bool {
        self.steps > MAX_STEPS
    }

    /// Whether `given` may stand where `wanted` is; if so, the solutions say under which conditions.
    pub fn assignable(&mut self, wanted: &Type, given: &Type) -> bool {
        self.attempt(|solver| solver.fits(wanted, given))
    }

    pub fn all_assignable(&mut self, wanted: &[Type], given: &[Type]) -> bool {
        wanted.len() == given.len()
            && self.attempt(|solver| wanted.iter().zip(given).all(|(wanted, given)| solver.fits(wanted, given)))
    }

    fn attempt(&mut self, fits: impl FnOnce(&mut Solver) -> bool) -> bool {
        self.trail.clear();
        if fits(self) {
            return true;
        }
        while let Some((variable, before)) = self.trail.pop() {
            self.solutions[variable as usize] = before;
        }
        false
    }

    /// The type with what is known filled in; what is not becomes `dyn` if asked.
    pub fn substitute(&mut self, ty: &Type, unknown_to_dyn: bool) -> Type {
        self.substituted(ty, unknown_to_dyn).unwrap_or_else(|| ty.clone())
    }

    /// The same, or nothing where the type stays as it is: parts stay shared.
    fn substituted(&mut self, ty: &Type, unknown_to_dyn: bool) -> Option<Type> {
        if self.step() {
            return Some(Type::Dyn);
        }
        let mut inner = |ty: &Arc<Type>| self.substituted(ty, unknown_to_dyn).map(Arc::new);
        match ty {
            Type::Var(variable) => match self.solutions[*variable as usize].clone() {
                Some(solution) => Some(self.substitute(&solution, unknown_to_dyn)),
                None => unknown_to_dyn.then_some(Type::Dyn),
            },
            Type::List(element) => inner(element).map(Type::List),
            Type::Optional(value) => inner(value).map(Type::Optional),
            Type::Type(value) => inner(value).map(Type::Type),
            Type::Map(key, value) => match (inner(key), inner(value)) {
                (None, None) => None,
                (new_key, new_value) => {
                    let key = new_key.unwrap_or_else(|| key.clone());
                    Some(Type::Map(key, new_value.unwrap_or_else(|| value.clone())))
                }
            },
            _ => None,
        }
    }

    fn step(&mut self) -> bool {
        self.steps += 1;
        self.exhausted()
    }

    fn fits(&mut self, wanted: &Type, given: &Type) -> bool {
        if self.step() {
            return false;
        }
        if let Type::Var(variable) = given {
            match self.solve(wanted, *variable) {
                (true, _) => return true,
                (false, true) => return false,
                (false, false) => {}
            }
        }
        if let Type::Var(variable) = wanted {
            return self.solve(given, *variable).0;
        }
        match (wanted, given) {
            (Type::Dyn | Type::Error, _) | (_, Type::Dyn | Type::Error) => true,
            (Type::Null, other) | (other, Type::Null) => nullable(other),
            (Type::List(a), Type::List(b)) | (Type::Optional(a), Type::Optional(b)) => self.fits(a, b),
            (Type::Map(key_a, value_a), Type::Map(key_b, value_b)) => {
                self.fits(key_a, key_b) && self.fits(value_a, value_b)
            }
            // A type is a type, whatever of.
            (Type::Type(_), Type::Type(_)) => true,
            _ => wanted == given,
        }
    }

    /// Whether `ty` is or can become what `variable` stands for, and whether the variable had a solution.
    fn solve(&mut self, ty: &Type, variable: u32) -> (bool, bool) {
        if matches!(ty, Type::Var(other) if *other == variable) {
            return (true, true);
        }
        if let Some(solution) = self.solutions[variable as usize].clone() {
            if matches!((ty, &solution), (Type::Var(a), Type::Var(b)) if a == b) {
                return (true, true);
            }
            if !self.fits(ty, &solution) {
                return (false, true);
            }
            let general = self.more_general(ty, &solution);
            if !self.occurs(variable, &general) {
                self.set(variable, general);
            }
            return (true, true);
        }
        if self.occurs(variable, ty) {
            return (false, false);
        }
        self.set(variable, ty.clone());
        (true, false)
    }

    fn set(&mut self, variable: u32, ty: Type) {
        let before = self.solutions[variable as usize].replace(ty);
        self.trail.push((variable, before));
    }

    fn occurs(&mut self, variable: u32, within: &Type) -> bool {
        if self.step() {
            return true;
        }
        match within {
            Type::Var(other) => {
                *other == variable
                    || self.solutions[*other as usize].clone().is_some_and(|solution| self.occurs(variable, &solution))
            }
            Type::List(inner) | Type::Optional(inner) => self.occurs(variable, inner),
            Type::Map(key, value) => self.occurs(variable, key) || self.occurs(variable, value),
            _ => false,
        }
    }

    /// The more general of two types that fit each other.
    pub fn more_general(&mut self, first: &Type, second: &Type) -> Type {
        if self.less_specific(first, second) { first.clone() } else { second.clone() }
    }

    /// Whether the first is the second, or the same with `dyn` in places.
    fn less_specific(&mut self, first: &Type, second: &Type) -> bool {
        if self.step() {
            return true;
        }
        match (first, second) {
            (Type::Dyn | Type::Var(_), _) => true,
            (_, Type::Dyn | Type::Var(_)) => false,
            (Type::List(a), Type::List(b)) | (Type::Optional(a), Type::Optional(b)) => self.less_specific(a, b),
            (Type::Map(key_a, value_a), Type::Map(key_b, value_b)) => {
                self.less_specific(key_a, key_b) && self.less_specific(value_a, value_b)
            }
            (Type::Type(_), Type::Type(_)) => true,
            _ => first == second,
        }
    }

    /// Whether two types are the same, part for part.
    pub fn same(&mut self, first: &Type, second: &Type) -> bool {
        if self.step() {
            return false;
        }
        match (first, second) {
            (Type::List(a), Type::List(b))
            | (Type::Optional(a), Type::Optional(b))
            | (Type::Type(a), Type::Type(b)) => self.same(a, b),
            (Type::Map(key_a, value_a), Type::Map(key_b, value_b)) => {
                self.same(key_a, key_b) && self.same(value_a, value_b)
            }
            (Type::List(_) | Type::Optional(_) | Type::Type(_) | Type::Map(..), _) => false,
            _ => first == second,
        }
    }
}

fn nullable(ty: &Type) -> bool {
    matches!(ty, Type::Null | Type::Object(_) | Type::Optional(_) | Type::Opaque(_) | Type::Duration | Type::Timestamp)
}
