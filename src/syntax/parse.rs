//! The grammar at work. Only this file names pest.

use pest::Parser as _;
use pest::iterators::{Pair, Pairs};
use pest::{Token, error};

#[derive(pest_derive::Parser)]
#[grammar = "../grammar/lexical.pest"]
#[grammar = "../grammar/expressions.pest"]
#[grammar = "../grammar/items.pest"]
struct Grammar;

/// Stack that one level of nesting takes at the most, and what it takes before the first.
const LEVEL: usize = 12 << 10;
const BASE: usize = 256 << 10;
/// More levels than this are not tried.
const MOST_LEVELS: usize = 1 << 16;

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
    let levels = levels(text);
    if levels > MOST_LEVELS {
        return Err(Failure { at: 0, expected: Vec::new(), too_deep: true });
    }
    let stack = BASE + levels * LEVEL;
    stacker::maybe_grow(stack, stack + BASE, || Grammar::parse(rule, text)).map_err(|error| {
        let at = match error.location {
            error::InputLocation::Pos(at) | error::InputLocation::Span((at, _)) => at,
        };
        match error.variant {
            error::ErrorVariant::ParsingError { positives, .. } => Failure { at, expected: positives, too_deep: false },
            error::ErrorVariant::CustomError { .. } => Failure { at, expected: Vec::new(), too_deep: true },
        }
    })
}

/// The grammar nests no deeper in this text: whatever refers to itself there has a bracket or a `where` in it.
fn levels(text: &str) -> usize {
    let brackets = [b'(', b'{', b'['].map(|bracket| bytecount::count(text.as_bytes(), bracket));
    brackets.iter().sum::<usize>() + memchr::memmem::find_iter(text.as_bytes(), "where").count()
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

#[cfg(test)]
mod tests {
    use super::*;
    use pest_meta::optimizer::OptimizedExpr;
    use std::collections::BTreeMap;

    /// Nested by brackets and filters only; here the grammar looks at the stack that is left, in a release build it does not.
    #[test]
    fn a_level_takes_no_more_stack_than_it_is_given() {
        let nested = |open: &str, inner: &str, close: &str, n| format!("{}{inner}{}", open.repeat(n), close.repeat(n));
        for (open, inner, close) in [
            ("(", "a", ")"),
            ("not (- ", "a", ") present"),
            ("{ b, ", "a", "}"),
            ("f(b, ", "a", ")"),
            ("a and no b within 1 day before by c.d where ", "a", ""),
            ("count(b as c over 2 days by d where ", "a", ") > 1"),
            ("exists b as c in calendar month where a ?? 1 + 2 * -", "a", ""),
        ] {
            for n in [1, 10, 200] {
                let text = nested(open, inner, close, n);
                let stack = BASE + levels(&text) * LEVEL;
                let read = move || Grammar::parse(Rule::only_expr, &text).is_ok();
                let read =
                    std::thread::Builder::new().stack_size(stack + (64 << 10)).spawn(read).unwrap().join().unwrap();
                assert!(read, "{n} of `{open}`");
            }
        }
    }

    #[test]
    fn whatever_refers_to_itself_has_a_bracket_or_a_filter() {
        let grammar = ["lexical", "expressions", "items"]
            .map(|name| std::fs::read_to_string(format!("{}/grammar/{name}.pest", env!("CARGO_MANIFEST_DIR"))).unwrap())
            .concat();
        let (_, rules) = pest_meta::parse_and_optimize(&grammar).unwrap();
        let mut inside: BTreeMap<&str, Vec<&str>> = rules.iter().map(|r| (&*r.name, reached(&r.expr))).collect();
        // What is left refers to nothing in a circle: one by one, each that refers to nothing left can be taken away.
        let alone = |all: &BTreeMap<&str, Vec<&str>>| {
            all.iter().find(|(_, parts)| !parts.iter().any(|p| all.contains_key(p))).map(|(name, _)| name.to_string())
        };
        while let Some(name) = alone(&inside) {
            inside.remove(&*name);
        }
        assert!(inside.is_empty(), "{:?}", inside.keys());
    }

    fn opens(expr: &OptimizedExpr) -> bool {
        match expr {
            OptimizedExpr::Ident(name) => ["lparen", "lbrace", "lbracket", "kw_where"].contains(&&**name),
            OptimizedExpr::Seq(a, b) => opens(a) || opens(b),
            OptimizedExpr::Choice(a, b) => opens(a) && opens(b),
            _ => false,
        }
    }

    /// The rules that can come without a bracket or a `where` beside them.
    fn reached(expr: &OptimizedExpr) -> Vec<&str> {
        use OptimizedExpr::*;
        match expr {
            Ident(name) => vec![name],
            Seq(..) if opens(expr) => Vec::new(),
            Seq(a, b) | Choice(a, b) => [reached(a), reached(b)].concat(),
            Opt(of) | Rep(of) | PosPred(of) | NegPred(of) | Push(of) | RestoreOnErr(of) => reached(of),
            _ => Vec::new(),
        }
    }
}
