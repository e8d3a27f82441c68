//! cel-go's grammar as data: the rules as a tree to walk, and as states that tell which tokens may come next.

mod rules;

use crate::lexer::Kind;
use rules::{Spec, specs};
use std::fmt;
use std::sync::OnceLock;

pub(super) const RULES: usize = 17;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    Start,
    Expr,
    Or,
    And,
    Relation,
    Calc,
    Unary,
    Member,
    Primary,
    ExprList,
    ListInit,
    FieldInits,
    OptField,
    MapInits,
    EscapeIdent,
    OptExpr,
    Literal,
}

/// How a choice is made.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Choice {
    /// By the next token alone.
    NextToken,
    RelationLoop,
    CalcLoop,
    Unary,
    MinusLoop,
    MemberSuffix,
    Primary,
    /// A comma goes on only if an element follows it.
    ListLoop,
    FieldLoop,
    MapLoop,
    Literal,
}

/// Kinds of tokens, and whether the rule may end.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Set(u64);

const END: u64 = 1 << 63;

impl Set {
    pub fn of(kinds: &[Kind]) -> Set {
        Set(kinds.iter().fold(0, |set, kind| set | 1 << *kind as u64))
    }

    pub fn contains(self, kind: Kind) -> bool {
        self.0 & 1 << kind as u64 != 0
    }

    pub fn union(self, other: Set) -> Set {
        Set(self.0 | other.0)
    }

    pub fn has_end(self) -> bool {
        self.0 & END != 0
    }

    pub fn without_end(self) -> Set {
        Set(self.0 & !END)
    }
}

/// One token by itself, several in braces; in the order of the grammar, the end of the source first.
impl fmt::Display for Set {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ordered = [Kind::Eof].iter().chain(&ALL).filter(|kind| self.contains(**kind));
        let names: Vec<&str> = ordered.map(|kind| kind.display()).collect();
        match names.as_slice() {
            [one] => formatter.write_str(one),
            many => write!(formatter, "{{{}}}", many.join(", ")),
        }
    }
}

/// All but the end of the source.
const ALL: [Kind; 35] = {
    use Kind::*;
    [
        Equal,
        NotEqual,
        In,
        Less,
        LessEqual,
        GreaterEqual,
        Greater,
        And,
        Or,
        LeftBracket,
        RightBracket,
        LeftBrace,
        RightBrace,
        LeftParen,
        RightParen,
        Dot,
        Comma,
        Minus,
        Not,
        Question,
        Colon,
        Plus,
        Star,
        Slash,
        Percent,
        True,
        False,
        Null,
        Float,
        Int,
        Uint,
        String,
        Bytes,
        Ident,
        EscapedIdent,
    ]
};

/// A part of a rule, with the states that stand for it.
pub(super) enum Node {
    /// One token of a set; `next` is the state behind it.
    Token {
        state: usize,
        set: Set,
        next: usize,
    },
    Rule {
        state: usize,
        rule: Rule,
        precedence: u8,
    },
    Sequence(Vec<Node>),
    Optional {
        state: usize,
        body: Box<Node>,
        choice: Choice,
    },
    Star {
        entry: usize,
        back: usize,
        body: Box<Node>,
        choice: Choice,
    },
    Plus {
        start: usize,
        back: usize,
        body: Box<Node>,
        choice: Choice,
    },
    Alternatives {
        state: usize,
        bodies: Vec<Node>,
        choice: Choice,
    },
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum StateKind {
    Plain,
    /// Before alternatives, options and loops.
    Choice,
    /// Behind a round of a loop.
    LoopBack,
}

struct State {
    kind: StateKind,
    edges: Vec<Edge>,
}

#[derive(Clone, Copy)]
enum Edge {
    Empty(usize),
    Token(Set),
    Call { rule: Rule, follow: usize },
}

pub(super) struct Grammar {
    states: Vec<State>,
    bodies: Vec<Node>,
    /// Where each rule begins and ends.
    ends: Vec<(usize, usize)>,
    /// What may come next at each state.
    next: Vec<Set>,
}

impl Grammar {
    pub fn get() -> &'static Grammar {
        static GRAMMAR: OnceLock<Grammar> = OnceLock::new();
        GRAMMAR.get_or_init(Grammar::build)
    }

    pub fn body(&self, rule: Rule) -> &Node {
        &self.bodies[rule as usize]
    }

    pub fn kind(&self, state: usize) -> StateKind {
        self.states[state].kind
    }

    pub fn next(&self, state: usize) -> Set {
        self.next[state]
    }

    /// The state behind the call that a state makes; the state itself where it makes none.
    pub fn follow(&self, state: usize) -> usize {
        match self.states[state].edges.first() {
            Some(Edge::Call { follow, .. }) => *follow,
            _ => state,
        }
    }

    /// What a part may begin with.
    pub fn first(&self, node: &Node) -> Set {
        match node {
            Node::Token { set, .. } => *set,
            Node::Rule { rule, .. } => self.next[self.ends[*rule as usize].0],
            Node::Sequence(parts) => {
                let mut first = Set::default();
                for part in parts {
                    first = first.union(self.first(part));
                    if !matches!(part, Node::Optional { .. } | Node::Star { .. }) {
                        break;
                    }
                }
                first
            }
            Node::Optional { body, .. } | Node::Star { body, .. } | Node::Plus { body, .. } => self.first(body),
            Node::Alternatives { bodies, .. } => {
                bodies.iter().fold(Set::default(), |first, body| first.union(self.first(body)))
            }
        }
    }

    fn build() -> Grammar {
        let mut grammar = Grammar { states: Vec::new(), bodies: Vec::new(), ends: Vec::new(), next: Vec::new() };
        for _ in 0..RULES {
            let ends = (grammar.state(StateKind::Plain), grammar.state(StateKind::Plain));
            grammar.ends.push(ends);
        }
        for (index, spec) in specs().iter().enumerate() {
            let (begin, end) = grammar.ends[index];
            let body = grammar.compile(spec, begin, end);
            grammar.bodies.push(body);
        }
        grammar.next = (0..grammar.states.len())
            .map(|state| {
                let mut next = Set::default();
                grammar.look(state, &mut vec![false; grammar.states.len()], &mut next);
                next
            })
            .collect();
        grammar
    }

    fn state(&mut self, kind: StateKind) -> usize {
        self.states.push(State { kind, edges: Vec::new() });
        self.states.len() - 1
    }

    fn edge(&mut self, from: usize, edge: Edge) {
        self.states[from].edges.push(edge);
    }

    /// Lays a part between two states.
    fn compile(&mut self, spec: &Spec, from: usize, to: usize) -> Node {
        match spec {
            Spec::Token(kinds) => {
                let set = Set::of(kinds);
                self.edge(from, Edge::Token(set));
                Node::Token { state: from, set, next: to }
            }
            Spec::Rule(rule, precedence) => {
                self.edge(from, Edge::Call { rule: *rule, follow: to });
                Node::Rule { state: from, rule: *rule, precedence: *precedence }
            }
            Spec::Sequence(parts) => {
                let mut nodes = Vec::new();
                let mut at = from;
                for (index, part) in parts.iter().enumerate() {
                    let next = if index + 1 == parts.len() { to } else { self.state(StateKind::Plain) };
                    nodes.push(self.compile(part, at, next));
                    at = next;
                }
                Node::Sequence(nodes)
            }
            Spec::Optional(body, choice) => {
                let state = self.state(StateKind::Choice);
                self.edge(from, Edge::Empty(state));
                let body = self.branch(body, state, to);
                self.edge(state, Edge::Empty(to));
                Node::Optional { state, body: Box::new(body), choice: *choice }
            }
            Spec::Star(body, choice) => {
                let (entry, back) = (self.state(StateKind::Choice), self.state(StateKind::LoopBack));
                self.edge(from, Edge::Empty(entry));
                let body = self.branch(body, entry, back);
                self.edge(entry, Edge::Empty(to));
                self.edge(back, Edge::Empty(entry));
                Node::Star { entry, back, body: Box::new(body), choice: *choice }
            }
            Spec::Plus(body, choice) => {
                let (start, back) = (self.state(StateKind::Choice), self.state(StateKind::LoopBack));
                self.edge(from, Edge::Empty(start));
                let body = self.branch(body, start, back);
                self.edge(back, Edge::Empty(start));
                self.edge(back, Edge::Empty(to));
                Node::Plus { start, back, body: Box::new(body), choice: *choice }
            }
            Spec::Alternatives(bodies, choice) => {
                let state = self.state(StateKind::Choice);
                self.edge(from, Edge::Empty(state));
                let bodies = bodies.iter().map(|body| self.branch(body, state, to)).collect();
                Node::Alternatives { state, bodies, choice: *choice }
            }
        }
    }

    fn branch(&mut self, body: &Spec, from: usize, to: usize) -> Node {
        let state = self.state(StateKind::Plain);
        self.edge(from, Edge::Empty(state));
        self.compile(body, state, to)
    }

    fn look(&self, state: usize, seen: &mut [bool], next: &mut Set) {
        if std::mem::replace(&mut seen[state], true) {
            return;
        }
        if self.ends.iter().any(|(_, end)| *end == state) {
            next.0 |= END;
        }
        for edge in &self.states[state].edges {
            match edge {
                Edge::Empty(to) => self.look(*to, seen, next),
                Edge::Token(set) => *next = next.union(*set),
                // No rule is empty, so what follows the call does not matter.
                Edge::Call { rule, .. } => {
                    let mut first = Set::default();
                    self.look(self.ends[*rule as usize].0, &mut vec![false; self.states.len()], &mut first);
                    *next = next.union(first);
                }
            }
        }
    }
}
