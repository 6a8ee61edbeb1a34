//! Conditions as questions to an SMT solver, over [SMT-LIB](https://smt-lib.org): it decides what regions of single
//! values do not, such as arithmetic between fields, values beside each other, and the letters of texts.
//!
//! Each value has a state: known, absent or unknown; each condition is two formulas, that it certainly holds and that
//! it certainly does not. So *unsat* is a proof for all records, those with gaps too. A model becomes a record that
//! the evaluator has to confirm. What cannot be said in the solver's language is a value of its own that may be
//! anything.

mod arithmetic;
mod condition;
mod model;
mod sexpr;
mod term;

use super::canon::{Apart, Names};
use super::lower::{Limits, Whole};
use super::witness::Wanted;
use crate::data::Schema;
use crate::sema::hir::Rule;
use crate::source::Span;
use condition::Truth;
use model::Asked;
use std::collections::BTreeMap;
use term::Term;

/// A program that answers SMT-LIB.
pub trait Solver {
    /// All that it prints for these commands.
    fn ask(&self, script: &str) -> Result<String, Trouble>;
    /// As it is called.
    fn name(&self) -> &str;
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// It did not answer in the time that it had.
    Late,
    /// It ended, or said that something is wrong.
    Broken(String),
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Trouble::Late => f.write_str("the solver did not answer in time"),
            Trouble::Broken(said) => write!(f, "the solver failed: {said}"),
        }
    }
}

/// What came of a question.
#[derive(Clone, Debug)]
pub enum Reply {
    /// Proved: no record is so.
    Never,
    /// Perhaps this one.
    Model(Wanted),
    Unknown(String),
}

/// What is known of a rule: that it looks at a record, would find it if nothing were excepted, and finds it.
pub struct Read {
    pub scope: Truth,
    pub base: Truth,
    pub found: Truth,
    pub wholes: Vec<(Span, Whole)>,
}

/// Conditions that are asked about together.
pub struct Question {
    lines: Vec<String>,
    terms: BTreeMap<String, Term>,
    truths: BTreeMap<String, Truth>,
    functions: BTreeMap<String, String>,
    words: Vec<String>,
    currencies: Vec<String>,
    /// States, none of which is unknown in a record that can be made.
    states: Vec<String>,
    /// What makes values that people would write.
    usual: Vec<String>,
    asked: Vec<Asked>,
    count: usize,
}

impl Question {
    pub fn new() -> Question {
        Question {
            lines: Vec::new(),
            terms: BTreeMap::new(),
            truths: BTreeMap::new(),
            functions: BTreeMap::new(),
            words: Vec::new(),
            currencies: Vec::new(),
            states: Vec::new(),
            usual: Vec::new(),
            asked: Vec::new(),
            count: 0,
        }
    }

    /// All wordings of a rule, each in its time.
    pub fn read(&mut self, schema: &Schema, wordings: &[&Rule], apart: &Apart, limits: Limits) -> Read {
        let mut all: Vec<Read> = wordings
            .iter()
            .map(|rule| {
                let names = Names::of(schema, &rule.trigger, apart);
                let utc = rule.clock.timezone == "UTC";
                Reader { names, utc, question: self, limits, wholes: Vec::new() }.rule(rule)
            })
            .collect();
        let mut first = all.remove(0);
        for other in all {
            first.scope = first.scope.or(&other.scope);
            first.base = first.base.or(&other.base);
            first.found = first.found.or(&other.found);
            first.wholes.extend(other.wholes);
        }
        first
    }

    /// Whether all of these can hold in one record.
    pub fn ask(mut self, solver: &dyn Solver, schema: &Schema, all: &[String]) -> Reply {
        let mut script = String::from("(reset)\n(set-option :produce-models true)\n(set-logic ALL)\n");
        self.lines.iter().for_each(|line| {
            script.push_str(line);
            script.push('\n');
        });
        all.iter().for_each(|a| script.push_str(&format!("(assert {a})\n")));
        let known: String = self.states.iter().map(|s| format!("(assert (not (= {s} 2)))\n")).collect();
        let usual: String = self.usual.iter().map(|u| format!("(assert {u})\n")).collect();
        // First records without gaps, of values that people would write; then all without gaps; then all there are.
        script.push_str(&format!("(push 1)\n{known}(push 1)\n{usual}(check-sat)\n"));
        for (next, last) in [("(pop 1)\n(check-sat)\n", false), ("(pop 1)\n(check-sat)\n", false), ("", true)] {
            let said = match solver.ask(&script) {
                Ok(said) => said.trim().to_owned(),
                Err(trouble) => return Reply::Unknown(trouble.to_string()),
            };
            match said.as_str() {
                "unsat" if last => return Reply::Never,
                "sat" if !last => return self.model(solver, schema),
                "unsat" => script = next.to_owned(),
                // It may know more of it without what is usual.
                "unknown" | "timeout" if !last => script = next.to_owned(),
                _ => return Reply::Unknown(unsettled(&said)),
            }
        }
        Reply::Unknown(unsettled("unknown"))
    }

    fn model(&mut self, solver: &dyn Solver, schema: &Schema) -> Reply {
        let asked = std::mem::take(&mut self.asked);
        let names: Vec<&str> = asked.iter().flat_map(Asked::names).collect();
        let values = match names.is_empty() {
            true => Ok(String::new()),
            false => solver.ask(&format!("(get-value ({}))\n", names.join(" "))),
        };
        match values {
            Ok(text) => match model::wanted(schema, &asked, &sexpr::values(&text), &self.words, &self.currencies) {
                Some(wanted) => Reply::Model(wanted),
                None => Reply::Unknown("the solver's model is no record".into()),
            },
            Err(trouble) => Reply::Unknown(trouble.to_string()),
        }
    }

    fn fresh(&mut self, what: &str) -> String {
        self.count += 1;
        format!("{what}{}", self.count)
    }

    /// A name for an expression.
    fn define(&mut self, sort: &str, body: &str) -> String {
        // A name or a number is one already.
        if !body.contains(' ') && !body.starts_with('"') {
            return body.to_owned();
        }
        let name = self.fresh("t");
        self.lines.push(format!("(define-fun {name} () {sort} {body})"));
        name
    }

    fn declare(&mut self, what: &str, sort: &str) -> String {
        let name = self.fresh(what);
        self.lines.push(format!("(declare-const {name} {sort})"));
        name
    }

    fn assert(&mut self, body: &str) {
        self.lines.push(format!("(assert {body})"));
    }

    /// Whether a value is known (0), absent (1) or unknown (2).
    fn state(&mut self, optional: bool) -> String {
        let state = self.declare("s", "Int");
        self.bound_state(&state, optional);
        state
    }

    fn bound_state(&mut self, state: &str, optional: bool) {
        self.assert(&match optional {
            true => format!("(and (<= 0 {state}) (<= {state} 2))"),
            false => format!("(or (= {state} 0) (= {state} 2))"),
        });
        self.states.push(state.to_owned());
    }

    /// A function of one value.
    fn function(&mut self, key: String, from: &str, to: &str) -> String {
        if let Some(name) = self.functions.get(&key) {
            return name.clone();
        }
        let name = self.fresh("f");
        self.lines.push(format!("(declare-fun {name} ({from}) {to})"));
        self.functions.insert(key, name.clone());
        name
    }

    fn word(&mut self, word: &str) -> usize {
        place(&mut self.words, word)
    }

    fn currency(&mut self, currency: &str) -> usize {
        place(&mut self.currencies, currency)
    }
}

fn unsettled(said: &str) -> String {
    match said.lines().next().unwrap_or_default() {
        "unknown" | "timeout" => "the solver does not know".into(),
        "" => "the solver said nothing".into(),
        line => format!("the solver said: {line}"),
    }
}

fn place(all: &mut Vec<String>, one: &str) -> usize {
    match all.iter().position(|w| w == one) {
        Some(at) => at,
        None => {
            all.push(one.to_owned());
            all.len() - 1
        }
    }
}

/// Reads one wording into a question.
struct Reader<'a, 'q> {
    names: Names<'a>,
    /// Days begin as they do in UTC.
    utc: bool,
    question: &'q mut Question,
    limits: Limits,
    wholes: Vec<(Span, Whole)>,
}
