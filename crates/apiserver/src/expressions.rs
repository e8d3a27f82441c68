//! Expressions of the configuration: over the claims of a token, over a user, over a question to an authorizer.

use api_misc::authentication::v1::UserInfo;
use api_misc::authorization::v1::SubjectAccessReviewSpec;
use authn::oidc::{Expression, Expressions, Over};
use authz::webhook::Condition;
use cel::ast::{Expr, ExprKind, Literal};
use cel::cost::RUNTIME_BUDGET;
use cel::types::of_question;
use cel::{Budget, Env, Program, Type, Val};
use schema::{Typed, json};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;

/// One expression over one variable.
struct Compiled {
    program: Program,
    variable: &'static str,
    ty: Type,
    text: String,
}

/// Compiles expressions over claims and users.
pub struct Cel;

impl Expressions for Cel {
    fn compile(&self, text: &str, over: Over) -> Result<Box<dyn Expression>, String> {
        let compiled = match over {
            Over::Claims => Compiled::new(text, "claims", Type::map(Type::String, Type::Dyn))?,
            Over::User => Compiled::new(text, "user", of_question(UserInfo::type_ref()))?,
        };
        Ok(Box::new(compiled))
    }
}

/// Compiles a condition over `request`, the spec of a SubjectAccessReview.
pub fn condition(text: &str) -> Result<Box<dyn Condition>, String> {
    let compiled = Compiled::new(text, "request", of_question(SubjectAccessReviewSpec::type_ref()))?;
    match compiled.program.output() {
        Type::Bool | Type::Dyn => Ok(Box::new(compiled)),
        _ => Err("must evaluate to bool".to_owned()),
    }
}

impl Compiled {
    fn new(text: &str, variable: &'static str, ty: Type) -> Result<Compiled, String> {
        let env = Env::base().extend().variable(variable, ty.clone()).build();
        let program = env.compile(text).map_err(|error| format!("compilation failed: {error}"))?;
        Ok(Compiled { program, variable, ty, text: text.to_owned() })
    }

    fn value(&self, over: &Value) -> Result<Val, String> {
        let over = json::parse(over.to_string().as_bytes(), json::Limits::default());
        let over = Arc::new(over.map_err(|error| error.to_string())?);
        let variables = HashMap::from([(self.variable, Val::of(&over, &self.ty))]);
        let evaluated = self.program.evaluate(&variables, &mut Budget::new(RUNTIME_BUDGET));
        evaluated.map_err(|error| format!("expression '{}' resulted in error: {error}", self.text))
    }
}

impl Expression for Compiled {
    fn evaluate(&self, over: &Value) -> Result<Value, String> {
        let value = self.value(over)?.to_value();
        let value = value.ok_or_else(|| format!("expression '{}' gives nothing that JSON has", self.text))?;
        let mut text = Vec::new();
        json::write(&value, &mut text);
        serde_json::from_slice(&text).map_err(|error| error.to_string())
    }

    fn reads_claim(&self, name: &str) -> bool {
        let mut rest = vec![&self.program.ast.root];
        while let Some(expr) = rest.pop() {
            if reads(expr, self.variable, name) {
                return true;
            }
            expr.push_children(&mut rest);
        }
        false
    }
}

/// `variable.field` or `variable.?field`
fn reads(expr: &Expr, variable: &str, field: &str) -> bool {
    let is_variable = |expr: &Expr| matches!(&expr.kind, ExprKind::Ident(name) if **name == *variable);
    let is_field = |expr: &Expr| matches!(&expr.kind, ExprKind::Literal(Literal::String(text)) if **text == *field);
    match &expr.kind {
        ExprKind::Select { operand, field: selected, .. } => is_variable(operand) && **selected == *field,
        ExprKind::Call { target: None, function, args } if &**function == "_?._" => match args.as_slice() {
            [operand, selected] => is_variable(operand) && is_field(selected),
            _ => false,
        },
        _ => false,
    }
}

impl Condition for Compiled {
    fn holds(&self, spec: &Value) -> Result<bool, String> {
        let value = self.value(spec).map_err(|error| format!("cel evaluation error: {error}"))?;
        value.as_bool().ok_or_else(|| format!("cel evaluation error: expression '{}' is no bool", self.text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn claims_are_whatever_a_token_holds() {
        let claims = json!({ "sub": "eve", "roles": ["a", "b"], "email": "e@x", "email_verified": true });
        for (text, value) in [
            ("'idp:' + claims.sub", json!("idp:eve")),
            ("claims.roles.map(role, 'r:' + role)", json!(["r:a", "r:b"])),
            ("claims.?team.orValue('none')", json!("none")),
            ("claims.email_verified && claims.email.endsWith('@x')", json!(true)),
        ] {
            let expression = Cel.compile(text, Over::Claims).unwrap();
            assert_eq!(expression.evaluate(&claims), Ok(value), "{text}");
        }
        let missing = Cel.compile("claims.team", Over::Claims).unwrap().evaluate(&claims).unwrap_err();
        assert_eq!(missing, "expression 'claims.team' resulted in error: no such key: team");
    }

    #[test]
    fn what_an_expression_reads_is_known() {
        for (text, reads) in [
            ("claims.email", true),
            ("claims.?email.orValue('')", true),
            ("has(claims.email) ? 'a' : 'b'", true),
            ("claims.emails", false),
            ("'email'", false),
        ] {
            assert_eq!(Cel.compile(text, Over::Claims).unwrap().reads_claim("email"), reads, "{text}");
        }
    }

    #[test]
    fn users_have_their_fields_only() {
        let rule = Cel.compile("!user.username.startsWith('system:') && user.groups.all(g, g != 'x')", Over::User);
        assert_eq!(rule.unwrap().evaluate(&json!({ "username": "eve", "groups": ["a"] })), Ok(json!(true)));
        assert!(Cel.compile("user.name == 'x'", Over::User).err().unwrap().contains("undefined field 'name'"));
    }

    #[test]
    fn conditions_are_over_the_question() {
        let text = "has(request.resourceAttributes) && request.resourceAttributes.namespace == 'a'";
        let holds = condition(text).unwrap();
        assert_eq!(holds.holds(&json!({ "resourceAttributes": { "namespace": "a" } })), Ok(true));
        assert_eq!(holds.holds(&json!({ "nonResourceAttributes": { "path": "/" } })), Ok(false));
        let unguarded = condition("request.resourceAttributes.namespace == 'a'").unwrap();
        assert!(unguarded.holds(&json!({ "user": "eve" })).unwrap_err().contains("no such key: resourceAttributes"));
        assert_eq!(condition("request.user").err().unwrap(), "must evaluate to bool");
    }
}
