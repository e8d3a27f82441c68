//! Tokens that stand in a file, one a line: `token,user,uid,"group1,group2"`.

use crate::{AuthnError, UserInfo};
use std::collections::HashMap;

/// The users of a file, by token.
#[derive(Default)]
pub struct TokenFile {
    users: HashMap<String, UserInfo>,
}

/// At most this many lines are read.
const MAX_LINES: usize = 100_000;

impl TokenFile {
    pub fn parse(text: &str) -> Result<TokenFile, AuthnError> {
        let mut users = HashMap::new();
        for (number, line) in text.lines().enumerate().take(MAX_LINES) {
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            let columns = columns(line);
            let [token, name, uid, rest @ ..] = columns.as_slice() else {
                let why = format!(
                    "token file must have at least 3 columns (token, user name, user uid), found {}",
                    columns.len()
                );
                return Err(AuthnError::Config(format!("line {}: {why}", number + 1)));
            };
            if token.is_empty() {
                continue;
            }
            let groups = rest.first().map(|groups| groups.split(',').map(|group| group.trim().to_owned()).collect());
            let groups: Vec<String> = groups.unwrap_or_default();
            let groups = groups.into_iter().filter(|group| !group.is_empty()).collect();
            let user = UserInfo { name: name.clone(), uid: uid.clone(), groups, ..UserInfo::default() };
            users.insert(token.clone(), user);
        }
        Ok(TokenFile { users })
    }

    pub fn user(&self, token: &str) -> Option<UserInfo> {
        self.users.get(token).cloned().map(UserInfo::authenticated)
    }
}

/// The columns of a line of CSV; a quoted one may hold commas, and quotes written twice.
fn columns(line: &str) -> Vec<String> {
    let (mut columns, mut column, mut quoted) = (Vec::new(), String::new(), false);
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                column.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => columns.push(std::mem::take(&mut column)),
            c => column.push(c),
        }
    }
    columns.push(column);
    columns.into_iter().map(|column| column.trim().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_users() {
        let file = TokenFile::parse("t1,eve,7\nt2, bob ,8,\"dev,ops\"\n\n").unwrap();
        assert_eq!(file.user("t1").unwrap().groups, ["system:authenticated"]);
        let bob = file.user("t2").unwrap();
        assert_eq!((bob.name.as_str(), bob.uid.as_str()), ("bob", "8"));
        assert_eq!(bob.groups, ["dev", "ops", "system:authenticated"]);
        assert_eq!(file.user("t3"), None);
        assert!(TokenFile::parse("t1,eve").is_err());
    }
}
