//! A record as it came: each field that is read of it, with its value or why it has none.

use super::super::explain::{Trace, printable};
use super::super::gaps;
use super::super::interp::Frame;
use super::super::message::field_value;
use super::super::rows::Col;
use super::super::val::Val;
use super::super::{Findings, GapReason};
use super::About;
use crate::data::{ColumnId, display};

/// What stands in a field.
#[derive(Clone, Debug, PartialEq)]
pub enum Seen {
    /// As a report shows it; of what is never shown, that.
    Value(String),
    Absent,
    Unknown(GapReason),
}

impl Findings {
    /// The fields of a record that are read, in their order. `about`: the record, and the rule whose calendar shows times.
    pub fn cells(&self, about: &About) -> Vec<(ColumnId, Seen)> {
        let schema = &self.plan.schema;
        let cx = self.context(&self.plan.rules[about.rule], None);
        let frame: Frame<'_> = self.world.frame(about.kind, about.id);
        let kind = schema.kind(about.kind);
        let mut seen = Vec::new();
        for (column, of) in (0..).map(ColumnId).zip(&kind.columns) {
            if matches!(frame.rows.cols.get(column.0 as usize), None | Some(Col::None)) {
                continue;
            }
            let value = Val::cell(frame.rows, frame.row, column, of.optional);
            let what = match value {
                Val::Absent => Seen::Absent,
                Val::Unknown | Val::Pending => {
                    let mut trace = Trace::new(cx);
                    gaps::cell(&mut trace, frame, column, of.span);
                    Seen::Unknown(trace.explanation.gaps.pop().map_or(GapReason::Missing, |gap| gap.why))
                }
                _ if !printable(&cx, about.kind, column) => Seen::Value(display::WITHHELD.into()),
                value => match value.owned(&of.ty, schema) {
                    Some(value) => Seen::Value(field_value(&cx, about.kind, column, &value)),
                    None => Seen::Unknown(GapReason::Missing),
                },
            };
            seen.push((column, what));
        }
        seen
    }
}
