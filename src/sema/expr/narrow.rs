//! Narrowing: what a guard has shown to be present.

use super::super::hir::{Expr, ExprKind};
use super::{Base, Group, Typer};
use crate::data::{ColumnId, Type};

impl Typer<'_, '_> {
    /// Remembers what must be present where `condition` holds (or does not).
    pub fn learn(&mut self, condition: &Expr, holds: bool) {
        match (&condition.kind, holds) {
            (ExprKind::Present(of), true) => {
                if let Some(key) = self.key(of) {
                    // What is in a group or behind a reference needs these to be there too.
                    for (at, _) in key.match_indices('.').skip(1) {
                        self.facts.push(key[..at].to_owned());
                    }
                    self.facts.push(key);
                }
            }
            (ExprKind::Not(of), holds) => self.learn(of, !holds),
            (ExprKind::And(parts), true) | (ExprKind::Or(parts), false) => {
                for part in parts {
                    self.learn(part, holds);
                }
            }
            (ExprKind::Named { body, .. }, holds) => self.learn(body, holds),
            _ => {}
        }
    }

    /// Runs with what was learnt, and forgets it.
    pub fn facts_len(&self) -> usize {
        self.facts.len()
    }

    pub fn forget(&mut self, len: usize) {
        self.facts.truncate(len);
    }

    pub fn known(&self, expr: &Expr) -> bool {
        !self.facts.is_empty() && self.key(expr).is_some_and(|k| self.facts.contains(&k))
    }

    /// One text for one place, such as `r0.actor.manager`.
    fn key(&self, expr: &Expr) -> Option<String> {
        match &expr.kind {
            ExprKind::Column { root, column } => {
                let kind = self.roots.get(*root as usize).map(|(kind, _)| self.world.schema.kind(*kind));
                Some(match kind.and_then(|k| k.columns.get(column.0 as usize)) {
                    Some(column) => format!("r{root}.{}", column.name),
                    None => format!("r{root}.#{}", column.0),
                })
            }
            ExprKind::Lookup { key, table, column, .. } => {
                Some(format!("{}.{}", self.key(key)?, self.world.schema.column(*table, *column).name))
            }
            ExprKind::Named { body, .. } | ExprKind::Convert(body) => self.key(body),
            _ => None,
        }
    }

    pub(super) fn may_be_absent(&self, group: &Group, column: ColumnId, expr: &Expr) -> bool {
        if self.known(expr) {
            return false;
        }
        let base = match &group.base {
            Base::Row(root) => Some(format!("r{root}")),
            Base::Ref { key, .. } => {
                if key.optional {
                    return true;
                }
                self.key(key)
            }
        };
        let info = &self.world.infos[group.kind.0 as usize];
        if info.own_optional[column.0 as usize] {
            return true;
        }
        // An optional group on the way that is not known to be there.
        let name = &self.world.schema.column(group.kind, column).name;
        name.match_indices('.').any(|(at, _)| {
            let above = &name[..at];
            let is_optional =
                info.columns.get(above).is_some_and(|c| self.world.schema.column(group.kind, *c).ty == Type::Struct);
            is_optional && !base.as_ref().is_some_and(|b| self.facts.contains(&format!("{b}.{above}")))
        })
    }
}
