//! In a log of several kinds: fields that hold what tells the records of another kind apart. What several kinds refer to
//! is a table.

use super::guess::Ty;
use super::names;
use super::profile::Distinct;
use super::record::{Field, Record};
use super::{Sample, record};
use rustc_hash::FxHashSet;

/// Fewer different values may be in another field by chance.
const FEWEST: usize = 2;

/// A field of one kind whose values are all those of another kind's identity.
struct Reference {
    from: usize,
    to: usize,
    dotted: String,
}

pub fn refer(records: &mut [(&str, Record)], sample: &Sample) {
    let known: Vec<Option<&FxHashSet<u64>>> = records.iter().map(|(value, r)| identities(value, r, sample)).collect();
    let mut found = Vec::new();
    for (from, (value, of)) in records.iter().enumerate() {
        let Some(tree) = sample.trees.get(*value) else { continue };
        for field in record::fields(&of.items) {
            let own = of.identity.as_deref() == Some(&field.dotted);
            let plain = field.guess.ty == Ty::Text && field.guess.fits && field.guess.written == "text";
            let values = &tree.node(field.node).profile.distinct;
            let to = (0..records.len())
                .filter(|_| plain && !own)
                .find(|to| known[*to].is_some_and(|k| (*to != from || values.again.is_some()) && holds(values, k)));
            found.extend(to.map(|to| Reference { from, to, dotted: field.dotted.clone() }));
        }
    }
    for to in 0..records.len() {
        let others: FxHashSet<usize> = found.iter().filter(|r| r.to == to && r.from != to).map(|r| r.from).collect();
        let table = others.len() > 1 && records[to].1.by.is_none();
        if table {
            make_table(&mut records[to].1, others.len());
        }
        let name = records[to].1.name.clone();
        for reference in found.iter().filter(|r| r.to == to && (table || r.from != to)) {
            let key = records[to].1.identity.clone().unwrap_or_default();
            let items = &mut records[reference.from].1.items;
            record::change(items, &reference.dotted, &mut |field| point(field, &name, &key, table));
        }
    }
}

/// What tells its records apart, where that is one field.
fn identities<'s>(value: &str, of: &Record, sample: &'s Sample) -> Option<&'s FxHashSet<u64>> {
    let identity = of.identity.as_deref()?;
    let field = record::fields(&of.items).into_iter().find(|f| f.dotted == identity && f.guess.ty == Ty::Text)?;
    let distinct = &sample.trees.get(value)?.node(field.node).profile.distinct;
    (distinct.full.is_none() && !identity.contains('.')).then_some(&distinct.held)
}

fn holds(values: &Distinct, known: &FxHashSet<u64>) -> bool {
    values.full.is_none() && values.held.len() >= FEWEST && values.held.iter().all(|v| known.contains(v))
}

fn point(field: &mut Field, name: &str, key: &str, table: bool) {
    if table {
        field.guess.written = format!("ref {name}");
        // The table says who is a person.
        field.marks.clear();
    } else {
        field.guess.remarks.insert(0, format!("Each is the `{key}` of a `{name}`."));
    }
}

/// Rows that are looked up; each holds from a day on, where it says so.
fn make_table(of: &mut Record, kinds: usize) {
    let Some(key) = of.identity.take() else { return };
    let dates: Vec<&Field> =
        record::fields(&of.items).into_iter().filter(|f| f.guess.ty == Ty::Time && f.guess.fits).collect();
    let start = dates.iter().find(|f| !f.optional && f.dotted == f.name && names::is_start(&f.name));
    let end = start.and_then(|s| {
        let fits = |f: &&&Field| f.dotted == f.name && names::is_end(&f.name) && f.guess.written == s.guess.written;
        dates.iter().find(fits)
    });
    let mut head = format!("key {key}");
    if let Some(start) = start {
        head.push_str(&format!(" valid from {}", start.name));
    }
    if let Some(end) = end {
        head.push_str(&format!(" until {}", end.name));
    }
    let valid = match (start, end) {
        (None, _) => "no field says from when a row holds",
        (Some(_), None) => "a row holds from a day on, by the name of the field",
        (Some(_), Some(_)) => "a row holds from a day on until another, by the names of the fields",
    };
    of.remarks = vec![format!("A table, as records of {kinds} other kinds name its `{key}`; {valid}.")];
    of.identity = Some(key);
    of.table = Some(head);
}
