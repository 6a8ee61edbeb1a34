//! A row a verdict, in Arrow columns.

use super::{Notice, Run, Standing};
use arrow_array::builder::{StringBuilder, StringDictionaryBuilder, TimestampMillisecondBuilder, UInt64Builder};
use arrow_array::types::Int32Type;
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::ArrowError;
use std::sync::Arc;

/// The columns of the CSV, with times as instants.
pub(crate) fn rows(run: &Run, notices: &[Notice]) -> Result<RecordBatch, ArrowError> {
    let rule = |n: &Notice| &run.rules[n.rule];
    let columns: [(&str, ArrayRef, bool); 17] = [
        ("id", texts(notices, |n| Some(&n.id)), false),
        ("rule", words(notices, |n| Some(&rule(n).id)), false),
        ("revision", words(notices, |n| n.revision.as_deref()), true),
        ("severity", words(notices, |n| Some(n.grade.as_str())), false),
        ("verdict", words(notices, |n| Some(n.outcome.as_str())), false),
        ("baseline", words(notices, |n| n.standing.map(Standing::as_str)), true),
        ("subject", texts(notices, |n| n.subject.as_deref()), true),
        ("time", texts(notices, |n| n.time.as_ref().map(|(shown, _)| shown.as_str())), true),
        ("instant", instants(notices), true),
        ("about", texts(notices, |n| Some(&n.about)), false),
        ("message", texts(notices, |n| Some(&n.message)), false),
        ("because", texts(notices, |n| n.because.as_deref()), true),
        ("cite", words(notices, |n| rule(n).cite.as_deref()), true),
        ("policy", words(notices, |n| rule(n).policy.as_deref()), true),
        ("title", words(notices, |n| Some(&rule(n).title)), false),
        ("file", words(notices, |n| n.place().map(|p| p.file.as_str())), true),
        ("line", numbers(notices, |n| n.place().map(|p| p.line)), true),
    ];
    RecordBatch::try_from_iter_with_nullable(columns)
}

fn texts<'n>(notices: &'n [Notice], of: impl Fn(&'n Notice) -> Option<&'n str>) -> ArrayRef {
    let mut column = StringBuilder::new();
    notices.iter().for_each(|n| column.append_option(of(n)));
    Arc::new(column.finish())
}

/// Of few different ones.
fn words<'n>(notices: &'n [Notice], of: impl Fn(&'n Notice) -> Option<&'n str>) -> ArrayRef {
    let mut column = StringDictionaryBuilder::<Int32Type>::new();
    notices.iter().for_each(|n| column.append_option(of(n)));
    Arc::new(column.finish())
}

fn numbers(notices: &[Notice], of: impl Fn(&Notice) -> Option<u64>) -> ArrayRef {
    let mut column = UInt64Builder::new();
    notices.iter().for_each(|n| column.append_option(of(n)));
    Arc::new(column.finish())
}

fn instants(notices: &[Notice]) -> ArrayRef {
    let mut column = TimestampMillisecondBuilder::new().with_timezone("UTC");
    let at = |n: &Notice| n.time.as_ref().and_then(|(_, at)| at.map(|at| at.div_euclid(1_000_000)));
    notices.iter().for_each(|n| column.append_option(at(n)));
    Arc::new(column.finish())
}
