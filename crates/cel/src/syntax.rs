//! Says why tokens are no expression, in the words of cel-go's parser, which ANTLR generates.
//!
//! [`crate::parser`] is fast and knows only that something does not fit. What clients read depends on how ANTLR recovers:
//! where it deletes or inserts a token, what it skips, what it says of the rest. So tokens that do not parse are walked once
//! more along the grammar as data ([`grammar`]), with ANTLR's default strategy of recovery here and its choices between
//! alternatives in [`predict`].

mod grammar;
mod predict;

use crate::error::Issue;
use crate::lexer::{Kind, Scan, Token};
use grammar::{Grammar, Node, RULES, Rule, Set, StateKind};
use std::ops::Range;

/// Recoveries in one expression.
const MAX_RECOVERIES: u32 = 30;
/// Tokens that one recovery skips.
const MAX_SKIPPED: u32 = 256;
/// How often one rule may stand within itself, as in the parser.
const MAX_RECURSION: u32 = 250;
/// Rules within rules: deeper down nothing is explained any more, which bounds the stack.
const MAX_RULES: usize = 500;

/// Issues of tokens that did not parse; the first that did not fit is at `at`.
pub(crate) fn explain(source: &[char], scan: &Scan, at: usize) -> Vec<Issue> {
    let mut issues = walk(source, scan);
    if issues.is_empty() {
        let message = format!("Syntax error: mismatched input {}", display(source, scan.tokens[at]));
        issues.push(Issue::at(scan.tokens[at].start, message));
    }
    issues
}

/// All that is wrong with these tokens, as far as the walk comes.
fn walk(source: &[char], scan: &Scan) -> Vec<Issue> {
    let mut walk = Walk {
        source,
        tokens: &scan.tokens,
        holes: &scan.holes,
        grammar: Grammar::get(),
        at: 0,
        state: 0,
        contexts: Vec::new(),
        precedences: Vec::new(),
        depths: [0; RULES],
        recovering: false,
        last_error: None,
        recoveries: 0,
        issues: Vec::new(),
    };
    // Whatever ended the walk has been reported.
    let _ = walk.rule(Rule::Start, 0, None);
    walk.issues
}

/// What ends a rule early.
enum Trouble {
    NoViable {
        start: usize,
        offending: usize,
    },
    Mismatch {
        offending: usize,
        expected: Set,
    },
    /// A limit: the whole walk ends.
    Limit,
}

struct Walk<'s> {
    source: &'s [char],
    tokens: &'s [Token],
    holes: &'s [Range<u32>],
    grammar: &'static Grammar,
    at: usize,
    /// Where in the grammar the walk is.
    state: usize,
    /// The states that called the rules which are not finished; the outermost was called by none.
    contexts: Vec<usize>,
    /// How tightly the operators of each rule must bind at least.
    precedences: Vec<u8>,
    depths: [u32; RULES],
    /// From an error to the next token that fits: nothing is reported then.
    recovering: bool,
    /// Where the last recovery was, and in which states.
    last_error: Option<(usize, Vec<usize>)>,
    recoveries: u32,
    issues: Vec<Issue>,
}

impl Walk<'_> {
    /// Walks a rule that a state called. What is wrong within it is reported and skipped here.
    fn rule(&mut self, rule: Rule, precedence: u8, caller: Option<usize>) -> Result<(), Trouble> {
        self.depths[rule as usize] += 1;
        if self.depths[rule as usize] >= MAX_RECURSION {
            self.issues.push(Issue::nowhere(format!("expression recursion limit exceeded: {MAX_RECURSION}")));
            return Err(Trouble::Limit);
        }
        if self.precedences.len() >= MAX_RULES {
            return Err(Trouble::Limit);
        }
        self.contexts.extend(caller);
        self.precedences.push(precedence);
        let grammar = self.grammar;
        let walked = self.node(grammar.body(rule));
        let result = match walked {
            Ok(()) => Ok(()),
            Err(Trouble::Limit) => return Err(Trouble::Limit),
            Err(trouble) => {
                self.report(&trouble);
                self.recover()
            }
        };
        self.precedences.pop();
        if caller.is_some() {
            self.contexts.pop();
        }
        self.depths[rule as usize] -= 1;
        result
    }

    fn node(&mut self, node: &Node) -> Result<(), Trouble> {
        match node {
            Node::Token { state, set, next } => self.token(*state, *set, *next),
            Node::Rule { state, rule, precedence } => {
                self.state = *state;
                self.rule(*rule, *precedence, Some(*state))
            }
            Node::Sequence(parts) => parts.iter().try_for_each(|part| self.node(part)),
            Node::Optional { state, body, choice } => {
                self.sync(*state)?;
                if self.enters(*choice, *state, body)? { self.node(body) } else { Ok(()) }
            }
            Node::Star { entry, back, body, choice } => {
                self.sync(*entry)?;
                while self.enters(*choice, *entry, body)? {
                    self.node(body)?;
                    self.sync(*back)?;
                }
                Ok(())
            }
            Node::Plus { start, back, body, choice } => {
                self.sync(*start)?;
                loop {
                    self.node(body)?;
                    self.sync(*back)?;
                    if !self.enters(*choice, *start, body)? {
                        return Ok(());
                    }
                }
            }
            Node::Alternatives { state, bodies, choice } => {
                self.sync(*state)?;
                let chosen = self.choose(*choice, bodies)?;
                self.node(&bodies[chosen])
            }
        }
    }

    fn token(&mut self, state: usize, set: Set, next: usize) -> Result<(), Trouble> {
        self.state = state;
        if set.contains(self.kind(0)) {
            self.matched();
            self.consume();
            return Ok(());
        }
        self.check_recoveries()?;
        if self.delete_token() {
            self.consume();
            return Ok(());
        }
        // If the token fits behind the one that is wanted, that one is missing.
        let expected = self.expected(state);
        if self.expected(next).contains(self.kind(0)) {
            let message = format!("missing {expected} at {}", self.display(self.at));
            self.begin_error(self.at, message);
            return Ok(());
        }
        Err(Trouble::Mismatch { offending: self.at, expected })
    }

    /// Looks, before a choice, whether the next token can be right at all.
    fn sync(&mut self, state: usize) -> Result<(), Trouble> {
        self.state = state;
        if self.recovering {
            return Ok(());
        }
        let next = self.grammar.next(state);
        if next.has_end() || next.contains(self.kind(0)) {
            return Ok(());
        }
        match self.grammar.kind(state) {
            StateKind::Choice => {
                if self.delete_token() {
                    return Ok(());
                }
                Err(Trouble::Mismatch { offending: self.at, expected: self.expected(state) })
            }
            StateKind::LoopBack => {
                self.report_unwanted();
                let wanted = self.expected(state).union(self.recovery_set());
                self.skip_until(wanted)
            }
            StateKind::Plain => Ok(()),
        }
    }

    /// Drops the next token if the one behind it fits.
    fn delete_token(&mut self) -> bool {
        if !self.expected(self.state).contains(self.kind(1)) {
            return false;
        }
        self.report_unwanted();
        self.consume();
        self.matched();
        true
    }

    fn recover(&mut self) -> Result<(), Trouble> {
        self.check_recoveries()?;
        let (at, state) = (self.at, self.state);
        if self.last_error.as_ref().is_some_and(|(index, states)| *index == at && states.contains(&state)) {
            // The same error again: go on somehow.
            self.consume();
        }
        let mut states = self.last_error.take().map(|(_, states)| states).unwrap_or_default();
        states.push(state);
        self.last_error = Some((self.at, states));
        let wanted = self.recovery_set();
        self.skip_until(wanted)
    }

    fn check_recoveries(&mut self) -> Result<(), Trouble> {
        if self.recoveries == MAX_RECOVERIES {
            let message = format!("Syntax error: error recovery attempt limit exceeded: {MAX_RECOVERIES}");
            self.issues.push(Issue::at(self.tokens[self.at].start, message));
            return Err(Trouble::Limit);
        }
        self.recoveries += 1;
        Ok(())
    }

    fn skip_until(&mut self, wanted: Set) -> Result<(), Trouble> {
        let mut skipped = 0;
        while self.kind(0) != Kind::Eof && !wanted.contains(self.kind(0)) {
            if skipped == MAX_SKIPPED {
                let message = format!("error recovery token lookahead limit exceeded: {MAX_SKIPPED}");
                self.issues.push(Issue::nowhere(message));
                return Err(Trouble::Limit);
            }
            skipped += 1;
            self.consume();
        }
        Ok(())
    }

    /// All that may follow the rules which are not finished.
    fn recovery_set(&self) -> Set {
        self.contexts.iter().fold(Set::default(), |set, caller| {
            set.union(self.grammar.next(self.grammar.follow(*caller)).without_end())
        })
    }

    /// All that may come at a state, as far as the callers tell.
    fn expected(&self, state: usize) -> Set {
        let mut following = self.grammar.next(state);
        let mut expected = following.without_end();
        for caller in self.contexts.iter().rev() {
            if !following.has_end() {
                return expected;
            }
            following = self.grammar.next(self.grammar.follow(*caller));
            expected = expected.union(following.without_end());
        }
        if following.has_end() { expected.union(Set::of(&[Kind::Eof])) } else { expected }
    }

    fn report(&mut self, trouble: &Trouble) {
        match trouble {
            Trouble::NoViable { start, offending } => {
                let text = match self.tokens[*start].kind {
                    Kind::Eof => "<EOF>".to_string(),
                    _ => self.text(*start, *offending),
                };
                self.begin_error(*offending, format!("no viable alternative at input '{}'", escape(&text)));
            }
            Trouble::Mismatch { offending, expected } => {
                let message = format!("mismatched input {} expecting {expected}", self.display(*offending));
                self.begin_error(*offending, message);
            }
            Trouble::Limit => {}
        }
    }

    fn report_unwanted(&mut self) {
        let message = format!("extraneous input {} expecting {}", self.display(self.at), self.expected(self.state));
        self.begin_error(self.at, message);
    }

    /// Reports, unless the parser is still recovering from the error before.
    fn begin_error(&mut self, offending: usize, message: String) {
        if !self.recovering {
            self.recovering = true;
            self.issues.push(Issue::at(self.tokens[offending].start, format!("Syntax error: {message}")));
        }
    }

    fn matched(&mut self) {
        self.recovering = false;
        self.last_error = None;
    }

    fn consume(&mut self) {
        if self.kind(0) != Kind::Eof {
            self.at += 1;
        }
    }

    fn kind(&self, ahead: usize) -> Kind {
        self.tokens.get(self.at + ahead).map_or(Kind::Eof, |token| token.kind)
    }

    fn display(&self, at: usize) -> String {
        display(self.source, self.tokens[at])
    }

    /// The source from one token to the end of another, with what stands between and could be read.
    fn text(&self, from: usize, to: usize) -> String {
        let range = self.tokens[from].start..self.tokens[to].end;
        let is_read = |at: &u32| {
            let next = self.holes.partition_point(|hole| hole.end <= *at);
            !self.holes.get(next).is_some_and(|hole| hole.contains(at))
        };
        range.filter(is_read).map(|at| self.source[at as usize]).collect()
    }
}

/// A token as errors write it.
fn display(source: &[char], token: Token) -> String {
    match token.kind {
        Kind::Eof => "'<EOF>'".into(),
        _ => {
            let text: String = source[token.start as usize..token.end as usize].iter().collect();
            format!("'{}'", escape(&text))
        }
    }
}

fn escape(text: &str) -> String {
    text.replace('\t', "\\t").replace('\n', "\\n").replace('\r', "\\r")
}

#[cfg(test)]
mod tests;
