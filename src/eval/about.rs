//! Of whom a verdict is: whether its subject is a person, and what a table says of them at that time.

use super::message::field_value;
use super::tables::{Found, lookup};
use super::val::Val;
use super::verdicts::Findings;
use crate::data::{KindId, Type, Value};

impl Findings {
    /// Whether the subject of a verdict names a person: its field is `@person`, or refers to a table whose key is.
    pub fn is_of_person(&self, i: usize) -> bool {
        let schema = &self.plan.schema;
        match self.table_of_subject(i) {
            Some(table) => schema.names_people(&Type::Ref(table)),
            None => {
                let kind = self.entries[i].kind;
                schema.kind(kind).subject().is_some_and(|column| schema.is_person(kind, column))
            }
        }
    }

    /// The table that has the subject of a verdict, where it has one.
    pub fn table_of_subject(&self, i: usize) -> Option<KindId> {
        let entry = &self.entries[i];
        if self.owner(i).is_some() {
            return self.judging().above(entry).map(|(table, _)| table);
        }
        let kind = self.plan.schema.kind(entry.kind);
        if kind.is_table() {
            return Some(entry.kind);
        }
        match self.plan.schema.column(entry.kind, kind.subject()?).ty {
            Type::Ref(table) => Some(table),
            _ => None,
        }
    }

    /// What the subject's table has in a field, at the time of the verdict; none where the field is not one of the
    /// table's, or nothing is known.
    pub fn of_subject(&self, i: usize, field: &str) -> Option<String> {
        let table = self.table_of_subject(i)?;
        let schema = &self.plan.schema;
        let column = schema.kind(table).column(field).filter(|c| !schema.column(table, *c).sensitive)?;
        let entry = &self.entries[i];
        let cx = self.context(&self.plan.rules[entry.rule as usize], None);
        let frame = self.world().frame(entry.kind, entry.id);
        let of = schema.column(table, column);
        let value: Option<Value> = if entry.kind == table {
            Val::cell(frame.rows, frame.row, column, of.optional).owned(&of.ty, schema)
        } else {
            let key = match self.owner(i) {
                Some(owner) => Val::of(owner),
                None => {
                    let subject = schema.kind(entry.kind).subject()?;
                    Val::cell(frame.rows, frame.row, subject, schema.column(entry.kind, subject).optional)
                }
            };
            match lookup(&cx, table, key, column, entry.time) {
                Found::Row(_, value) => value.owned(&of.ty, schema),
                _ => None,
            }
        };
        value.map(|value| field_value(&cx, table, column, &value))
    }
}
