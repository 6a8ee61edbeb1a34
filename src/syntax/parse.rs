//! The grammar at work. Only this file names pest.

use pest::Parser as _;
use pest::iterators::{Pair, Pairs};
use pest::{Token, error};

#[derive(pest_derive::Parser)]
#[grammar = "../grammar/lexical.pest"]
#[grammar = "../grammar/expressions.pest"]
#[grammar = "../grammar/items.pest"]
struct Grammar;

/// Enough for the deepest nesting that is let through to the grammar.
const STACK: usize = 3 << 19;

/// What a rule of the grammar matched.
pub type Node<'t> = Pair<'t, Rule>;
/// Nodes next to each other.
pub type Nodes<'t> = Pairs<'t, Rule>;

/// The text does not fit.
#[derive(Debug)]
pub struct Failure {
    /// The furthest place, in bytes, that was reached.
    pub at: usize,
    /// What would have fitted there.
    pub expected: Vec<Rule>,
    /// It fits perhaps, but the stack does not suffice to find out.
    pub too_deep: bool,
}

/// Reads the whole of `text` by one rule.
pub fn read(rule: Rule, text: &str) -> Result<Nodes<'_>, Failure> {
    stacker::maybe_grow(STACK, 4 * STACK, || Grammar::parse(rule, text)).map_err(|error| {
        let at = match error.location {
            error::InputLocation::Pos(at) | error::InputLocation::Span((at, _)) => at,
        };
        match error.variant {
            error::ErrorVariant::ParsingError { positives, .. } => Failure { at, expected: positives, too_deep: false },
            error::ErrorVariant::CustomError { .. } => Failure { at, expected: Vec::new(), too_deep: true },
        }
    })
}

/// A node begins or ends at this byte.
pub enum Edge {
    Enter(Rule, usize),
    Leave(Rule, usize),
}

/// All nodes in the order of the text, without recursion.
pub fn edges(nodes: &Nodes<'_>) -> impl Iterator<Item = Edge> {
    nodes.clone().tokens().map(|token| match token {
        Token::Start { rule, pos } => Edge::Enter(rule, pos.pos()),
        Token::End { rule, pos } => Edge::Leave(rule, pos.pos()),
    })
}
