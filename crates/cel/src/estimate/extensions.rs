//! What calls of extensions cost: cel-go's lists and sets, and Kubernetes' libraries.

use super::functions::or_unknown;
use super::{Call, Estimator, LIST, Node, REGEX_LENGTH, Range, STRING_TRAVERSAL, STRUCT};
use crate::ast::{ExprKind, Literal};
use crate::types::Type;

const ONE: Range = Range::exactly(1);
/// Two authorization checks are as much as one expression may make.
const AUTHORIZATION_CHECK: Range = Range::exactly(350_000);
/// Longest regular expression of a named format.
const NAMED_FORMAT_REGEX: f64 = 128.0;
/// Longest name of a format.
const NAMED_FORMAT: u64 = 64;
/// What is compared of two addresses: 4 or 16 bytes.
const ADDRESS: Range = Range { min: 4, max: 16 };

impl<'p> Estimator<'p> {
    /// cel-go's lists and sets.
    pub(super) fn extension(&mut self, overload: &str, target: Option<&Node<'p>>, args: &[Node<'p>]) -> Option<Call> {
        if let Some(factor) = match overload {
            "list_sets_contains_list" | "list_sets_intersects_list" => Some(1.0),
            "list_sets_equivalent_list" => Some(2.0),
            _ => None,
        } {
            let [left, right] = args else { return None };
            let pairs = or_unknown(left.size).times(or_unknown(right.size));
            return Call::costs(pairs.scale(factor).plus(ONE));
        }
        if overload == "lists_range" {
            let [count] = args else { return None };
            return new_list(1.0, Range::exactly(integer(count).unwrap_or(u64::MAX)));
        }
        let list = or_unknown(target?.size);
        match (overload, args) {
            ("list_slice", [start, end]) => {
                let end = integer(end).unwrap_or(list.max);
                new_list(1.0, Range::exactly(end.saturating_sub(integer(start).unwrap_or(0))))
            }
            ("list_reverse", []) => new_list(1.0, list),
            ("list_flatten", []) => new_list(1.0, list),
            ("list_flatten_int", [depth]) => {
                new_list(integer(depth).map_or(u64::MAX as f64, |depth| depth as f64), list)
            }
            ("list_distinct", []) => new_list(2.0, list.times(list)),
            _ => {
                let kind = overload.strip_prefix("list_")?;
                let sorted = match kind.strip_suffix("_sortByAssociatedKeys") {
                    Some(kind) => kind,
                    None => kind.strip_suffix("_sort")?,
                };
                let text = if matches!(sorted, "string" | "bytes") { STRING_TRAVERSAL } else { 0.0 };
                let size = args.first().map_or(list, |keys| or_unknown(keys.size));
                new_list(2.0 + text, size.times(size))
            }
        }
    }

    /// Kubernetes' libraries, by the name of the function.
    pub(super) fn kubernetes(
        &mut self,
        function: &str,
        overload: &str,
        target: Option<&Node<'p>>,
        args: &[Node<'p>],
    ) -> Option<Call> {
        match function {
            "check" => Call::costs(AUTHORIZATION_CHECK),
            "serviceAccount"
            | "path"
            | "group"
            | "resource"
            | "subresource"
            | "namespace"
            | "name"
            | "allowed"
            | "reason"
            | "error"
            | "errored"
            | "masked"
            | "prefixLength"
            | "family"
            | "isUnspecified"
            | "isLoopback"
            | "isLinkLocalMulticast"
            | "isLinkLocalUnicast"
            | "isGlobalUnicast"
            | "format.named"
            | "sign"
            | "asInteger"
            | "isInteger"
            | "asApproximateFloat"
            | "isGreaterThan"
            | "isLessThan"
            | "compareTo"
            | "add"
            | "sub"
            | "major"
            | "minor"
            | "patch"
            | "getScheme"
            | "getHostname"
            | "getHost"
            | "getPort"
            | "getEscapedPath"
            | "getQuery" => Call::costs(ONE),
            "fieldSelector" | "labelSelector" if args.len() == 1 => {
                let length = or_unknown(args[0].size);
                // A list of requirements, each a struct with a list; the shortest has two characters.
                let requirements = length.scale(0.5).times(LIST.plus(STRUCT));
                Call::costs(LIST.plus(length.scale(STRING_TRAVERSAL)).plus(requirements))
            }
            "url" | "jsonpatch.escapeKey" if args.len() == 1 => {
                let size = or_unknown(args[0].size);
                Call::sized(size.scale(STRING_TRAVERSAL), size)
            }
            "isSorted" | "sum" | "max" | "min" | "indexOf" | "lastIndexOf" => Some(self.over_elements(target?)),
            "lowerAscii" | "upperAscii" | "substring" | "trim" => {
                let size = or_unknown(target?.size);
                Call::sized(size.scale(STRING_TRAVERSAL), size)
            }
            "replace" if args.len() >= 2 => {
                let size = or_unknown(target?.size);
                let result = replaced(size, or_unknown(args[0].size), or_unknown(args[1].size));
                Call::sized(size.scale(2.0 * STRING_TRAVERSAL), result)
            }
            "split" => {
                let size = or_unknown(target?.size);
                let parts = args.get(1).and_then(integer).unwrap_or(size.max);
                Call::sized(size.scale(2.0 * STRING_TRAVERSAL), Range { min: 0, max: parts })
            }
            "join" => Some(self.join(target?, args)),
            "find" | "findAll" if !args.is_empty() => {
                let size = or_unknown(target?.size);
                let text = size.plus(ONE).scale(STRING_TRAVERSAL);
                let pattern = or_unknown(args[0].size).scale(REGEX_LENGTH);
                Call::sized(text.times(pattern), Range { min: 0, max: size.max })
            }
            "validate" => {
                target?;
                let text = or_unknown(args.first()?.size).scale(STRING_TRAVERSAL);
                Call::costs(text.scale(NAMED_FORMAT_REGEX * REGEX_LENGTH))
            }
            "ip" => {
                target?;
                match args.first() {
                    Some(text) if overload != "cidr_ip" => Call::costs(or_unknown(text.size).scale(STRING_TRAVERSAL)),
                    _ => Call::costs(ONE),
                }
            }
            "containsIP" | "containsCIDR" => {
                target?;
                contains(function, overload, args.first()?)
            }
            "_==_" => equality(args),
            _ => None,
        }
    }

    /// Functions that look at every element once.
    fn over_elements(&self, target: &Node<'p>) -> Call {
        let size = or_unknown(target.size);
        let Some(element) = element_type(&target.ty) else {
            return Call { cost: size.scale(STRING_TRAVERSAL), size: None };
        };
        let mut each = ONE;
        if matches!(element, Type::String | Type::Bytes) {
            each = each.plus(self.element_size(target, element).scale(STRING_TRAVERSAL));
        }
        Call { cost: size.times(each), size: None }
    }

    fn join(&self, target: &Node<'p>, args: &[Node<'p>]) -> Call {
        let count = or_unknown(target.size);
        let mut size = match element_type(&target.ty) {
            Some(element) => count.times(self.element_size(target, element)),
            None => Range::ZERO,
        };
        if let Some(separator) = args.first() {
            let gaps = Range { min: count.min.saturating_sub(1), max: count.max.saturating_sub(1) };
            size = size.plus(or_unknown(separator.size).times(gaps));
        }
        Call { cost: size.scale(STRING_TRAVERSAL), size: Some(size) }
    }

    fn element_size(&self, list: &Node<'p>, element: &Type) -> Range {
        let path = if list.path.is_empty() { list.path.clone() } else { list.path.then_static("@items") };
        or_unknown(self.hinted(&path, element))
    }
}

fn element_type(ty: &Type) -> Option<&Type> {
    match ty {
        Type::List(inner) | Type::Optional(inner) | Type::Type(inner) => Some(inner),
        Type::Map(key, _) => Some(key),
        _ => None,
    }
}

/// A call that makes a list of a size.
fn new_list(factor: f64, size: Range) -> Option<Call> {
    Call::sized(size.scale(factor).plus(ONE).plus(LIST), size)
}

/// The number that an argument is, where it is a literal.
fn integer(node: &Node<'_>) -> Option<u64> {
    match &node.expr.kind {
        ExprKind::Literal(Literal::Int(number)) => Some((*number).max(0) as u64),
        _ => None,
    }
}

/// The size of a text after replacements.
fn replaced(text: Range, old: Range, new: Range) -> Range {
    let (mut count, mut kept) = (Range::ZERO, Range::ZERO);
    if old.min == 0 {
        // An empty text stands around every character.
        count.max = text.max.saturating_add(1);
        kept.max = text.max;
    } else if new.max <= old.min {
        kept.max = text.max;
    } else {
        count.max = (text.max as f64 / old.min as f64).ceil() as u64;
    }
    if old.max == 0 {
        count.min = text.min.saturating_add(1);
        kept.min = text.min;
    } else if old.max <= new.min {
        kept.min = text.min;
    } else {
        count.min = (text.min as f64 / old.max as f64).ceil() as u64;
    }
    count.times(new).plus(kept)
}

fn contains(function: &str, overload: &str, other: &Node<'_>) -> Option<Call> {
    let mut cost = ADDRESS.plus(ADDRESS).scale(STRING_TRAVERSAL);
    if function == "containsCIDR" {
        // The base is masked before it is compared.
        cost = cost.plus(ADDRESS.scale(STRING_TRAVERSAL)).plus(ONE);
    }
    if overload.ends_with("_string") {
        cost = cost.plus(or_unknown(other.size).scale(STRING_TRAVERSAL));
    }
    Call::costs(cost)
}

/// Values of the libraries' own types compare in one step.
fn equality(args: &[Node<'_>]) -> Option<Call> {
    let [left, right] = args else { return None };
    match (&left.ty, &right.ty) {
        (Type::Opaque("kubernetes.NamedFormat"), Type::Opaque("kubernetes.NamedFormat")) => {
            Call::costs(Range { min: 1, max: NAMED_FORMAT }.scale(STRING_TRAVERSAL))
        }
        (Type::Opaque("kubernetes.URL"), Type::Opaque("kubernetes.URL")) => {
            let max = right.size.map_or(1, |size| size.max);
            Call::costs(Range { min: 1, max }.scale(STRING_TRAVERSAL))
        }
        (Type::Opaque(left), Type::Opaque(right)) if left == right => Call::costs(ONE),
        _ => None,
    }
}
