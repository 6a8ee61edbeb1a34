//! Whether a formula can hold: variable by variable, as far as the formula is still open.

use super::formula::{Node, Region, Variables};
use super::order::Orders;
use std::collections::BTreeMap;
use std::ops::ControlFlow;

/// Each variable that matters, and the region that it is in.
pub type Model<'v> = BTreeMap<&'v str, &'v Region>;

/// How a search ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Everything was looked at, and all that was found was shown.
    All,
    /// The one who was shown a model had seen enough.
    Stopped,
    /// There is more to look at than is worth it.
    TooMuch,
}

/// Steps of a search, after which it is given up.
const STEPS: usize = 200_000;

/// Shows each way in which the formula holds, until there is no other or the visitor has seen enough.
pub fn models<'v>(
    formula: &'v Node,
    variables: &'v Variables,
    visit: &mut dyn FnMut(&Model<'v>) -> ControlFlow<()>,
) -> Answer {
    let orders = Orders::of(variables);
    let mut search = Search { formula, variables, orders, model: Model::new(), steps: 0 };
    match search.go(visit) {
        Flow::On => Answer::All,
        Flow::Stop => Answer::Stopped,
        Flow::TooMuch => Answer::TooMuch,
    }
}

/// Whether it can hold; none where that is not known.
pub fn can_hold(formula: &Node, variables: &Variables) -> Option<bool> {
    match models(formula, variables, &mut |_| ControlFlow::Break(())) {
        Answer::All => Some(false),
        Answer::Stopped => Some(true),
        Answer::TooMuch => None,
    }
}

struct Search<'v> {
    formula: &'v Node,
    variables: &'v Variables,
    orders: Orders<'v>,
    model: Model<'v>,
    steps: usize,
}

enum Flow {
    On,
    Stop,
    TooMuch,
}

impl<'v> Search<'v> {
    fn go(&mut self, visit: &mut dyn FnMut(&Model<'v>) -> ControlFlow<()>) -> Flow {
        self.steps += 1;
        if self.steps > STEPS {
            return Flow::TooMuch;
        }
        let variable = match value(self.formula, &self.model) {
            Open::Known(false) => return Flow::On,
            Open::Known(true) => {
                return match visit(&self.model) {
                    ControlFlow::Continue(()) => Flow::On,
                    ControlFlow::Break(()) => Flow::Stop,
                };
            }
            Open::At(variable) => variable,
        };
        let Some(of) = self.variables.0.get(variable) else { return Flow::TooMuch };
        let beside = self.orders.concern(variable);
        for region in &of.regions {
            self.model.insert(variable, region);
            if beside && !self.orders.allow(&self.model) {
                continue;
            }
            match self.go(visit) {
                Flow::On => {}
                end => return end,
            }
        }
        self.model.remove(variable);
        Flow::On
    }
}

enum Open<'v> {
    Known(bool),
    /// It depends on this variable, among others.
    At(&'v str),
}

fn value<'v>(node: &'v Node, model: &Model<'v>) -> Open<'v> {
    match node {
        Node::Constant(b) => Open::Known(*b),
        Node::Not(of) => match value(of, model) {
            Open::Known(b) => Open::Known(!b),
            open => open,
        },
        Node::And(parts) => all(parts, model, false),
        Node::Or(parts) => all(parts, model, true),
        Node::Atom(atom) => match model.get(atom.variable.as_str()) {
            Some(region) => Open::Known(atom.test.holds(region)),
            None => Open::At(&atom.variable),
        },
    }
}

/// The first part that is `decisive` decides.
fn all<'v>(parts: &'v [Node], model: &Model<'v>, decisive: bool) -> Open<'v> {
    let mut open = None;
    for part in parts {
        match value(part, model) {
            Open::Known(b) if b == decisive => return Open::Known(decisive),
            Open::Known(_) => {}
            Open::At(variable) => open = open.or(Some(variable)),
        }
    }
    open.map_or(Open::Known(!decisive), Open::At)
}
