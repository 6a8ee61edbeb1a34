//! Who is above whom, by walking far enough that a circle shows.

use super::time::Moment;
use super::value::*;
use super::{Env, World};
use bylaws::internals::data::{Clock, ColumnId, KindId, Value};
use bylaws::internals::eval::Truth;
use bylaws::internals::sema::hir::{Expr, ExprKind, Rule};

/// The way up from somebody, as far as rows are known.
pub struct Way {
    /// Those met after the start, in order; each once.
    pub above: Vec<Value>,
    /// Of these, those about whom there is no doubt.
    pub sure: Vec<Value>,
    /// Nobody else can be above.
    pub whole: bool,
}

impl World<'_> {
    pub fn way_up(&self, start: &Value, table: KindId, column: ColumnId, t: Option<Moment>, clock: &Clock) -> Way {
        let mut path = vec![start.clone()];
        let mut whole = false;
        // Longer than there are people: who is met twice is in a circle.
        for _ in 0..2 * self.rows.len() + 4 {
            match self.look_up(&Val::Known(path[path.len() - 1].clone()), table, column, t, clock) {
                Val::Known(next) => path.push(next),
                Val::Absent => {
                    whole = true;
                    break;
                }
                _ => break,
            }
        }
        let round = |v: &Value| path.iter().filter(|p| *p == v).count() > 1;
        let entry = path.iter().find(|v| round(v)).filter(|e| **e != path[0]);
        let mut above: Vec<Value> = Vec::new();
        for v in &path[1..] {
            if !above.contains(v) {
                above.push(v.clone());
            }
        }
        let sure = above.iter().filter(|v| !round(v) || Some(*v) == entry).cloned().collect();
        Way { above, sure, whole }
    }

    /// Of a key that is a set.
    pub fn every(&self, rule: &Rule, key: &Expr, env: &Env) -> Option<Way> {
        let ExprKind::Every { who, table, column, root } = &key.kind else { return None };
        let t = env.get(*root as usize).and_then(Option::as_ref).and_then(|r| r.time);
        Some(match self.value(rule, who, env).known() {
            Some(start) => self.way_up(start, *table, *column, t, &rule.clock),
            None => Way { above: Vec::new(), sure: Vec::new(), whole: false },
        })
    }

    pub fn under(
        &self,
        who: &Val,
        above: &Val,
        table: KindId,
        column: ColumnId,
        t: Option<Moment>,
        clock: &Clock,
    ) -> Truth {
        match gap([who, above]) {
            Some(Val::Absent) => return Truth::False,
            Some(Val::Pending) => return Truth::Pending,
            _ => {}
        }
        let Some(start) = who.known() else { return Truth::Unknown };
        let way = self.way_up(start, table, column, t, clock);
        match above.known() {
            // Somebody not known is not above where nobody is.
            None if way.whole && way.above.is_empty() => Truth::False,
            None => Truth::Unknown,
            Some(v) if way.sure.contains(v) => Truth::True,
            Some(_) if way.whole => Truth::False,
            Some(_) => Truth::Unknown,
        }
    }
}
