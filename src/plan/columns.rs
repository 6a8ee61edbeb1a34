//! Which columns have to be read.

use crate::data::{ColumnId, KindId, Origin, Schema, Type};
use std::sync::Arc;

/// The columns met so far, by kind.
pub struct Columns<'a> {
    schema: &'a Schema,
    /// None: nothing reads the kind.
    wanted: Vec<Option<Vec<bool>>>,
}

impl<'a> Columns<'a> {
    pub fn new(schema: &'a Schema) -> Columns<'a> {
        Columns { schema, wanted: vec![None; schema.kinds.len()] }
    }

    pub fn add(&mut self, kind: KindId, column: ColumnId) {
        self.record(kind);
        if let Some(wanted) = &mut self.wanted[kind.0 as usize] {
            wanted[column.0 as usize] = true;
        }
    }

    /// A rule reads the kind: what says which record it is, whose and when.
    pub fn record(&mut self, kind: KindId) {
        if self.wanted[kind.0 as usize].is_some() {
            return;
        }
        let of = self.schema.kind(kind);
        // A finding is named by its rule too.
        let mut wanted = vec![of.origin == Origin::Findings; of.columns.len()];
        of.telling().into_iter().for_each(|c| wanted[c.0 as usize] = true);
        self.wanted[kind.0 as usize] = Some(wanted);
    }

    /// What others met too.
    pub fn join(&mut self, other: &Columns<'_>) {
        for (own, other) in self.wanted.iter_mut().zip(&other.wanted) {
            match (own.as_mut(), other) {
                (Some(own), Some(other)) => own.iter_mut().zip(other).for_each(|(own, other)| *own |= other),
                (None, Some(_)) => own.clone_from(other),
                (_, None) => {}
            }
        }
    }

    /// Whether an amount is read of some kind.
    pub fn read_amounts(&self) -> bool {
        let mut kinds = self.schema.kinds.iter().zip(&self.wanted);
        kinds.any(|(kind, wanted)| {
            let wanted = wanted.iter().flatten();
            kind.columns.iter().zip(wanted).any(|(c, wanted)| *wanted && c.ty == Type::Money)
        })
    }

    /// What stands for the fields of a kind that is made of others is read of these.
    fn pass_on(&mut self) {
        for (kind, of) in self.schema.kinds.iter().enumerate() {
            let (Origin::Union(members), Some(wanted)) = (&of.origin, self.wanted[kind].clone()) else { continue };
            for (member, columns) in members {
                self.record(*member);
                columns.iter().zip(&wanted).filter(|(_, wanted)| **wanted).for_each(|(c, _)| self.add(*member, *c));
            }
        }
    }

    pub fn projections(&mut self) -> Vec<Option<Arc<[ColumnId]>>> {
        self.pass_on();
        let ids = |wanted: &Vec<bool>| {
            (0..wanted.len() as u32).map(ColumnId).filter(|c| wanted[c.0 as usize]).collect::<Arc<[ColumnId]>>()
        };
        self.wanted.iter().map(|w| w.as_ref().map(ids)).collect()
    }
}

/// By kind: the columns that say which record it is, whose and when.
pub fn plain(schema: &Schema) -> Vec<Arc<[ColumnId]>> {
    let mut columns = Columns::new(schema);
    (0..schema.kinds.len() as u32).for_each(|k| columns.record(KindId(k)));
    columns.projections().into_iter().flatten().collect()
}
