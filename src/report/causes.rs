//! What leaves verdicts undecided, each cause once: one malformed record may stand behind very many.

use super::entry::{Context, Entry};
use super::{crop::plain, grouped, plural};
use crate::data::Verdict;
use crate::eval::{Findings, GapReason};
use std::collections::BTreeMap;
use std::fmt::Write;

/// So many indeterminate verdicts are looked at.
const MOST: usize = 5000;
/// So many causes are listed.
const LISTED: usize = 12;

#[derive(Debug, Default)]
pub(crate) struct Causes {
    /// What is missing or malformed, and where: the verdicts that hang on it. The most first.
    lines: Vec<(u64, String)>,
    /// Of how many verdicts.
    looked_at: usize,
    all: usize,
}

/// The causes that stand behind more than one verdict.
pub(crate) fn causes(context: &Context, findings: &Findings) -> Causes {
    let open = || (0..findings.len()).filter(|&i| findings.verdicts()[i] == Verdict::Indeterminate);
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    let mut looked_at = 0;
    for i in open().take(MOST) {
        let entry = Entry::of(findings, i);
        looked_at += 1;
        let gaps = entry.why.gaps.iter().filter(|g| !matches!(g.why, GapReason::NotYet { .. }));
        let mut told: Vec<String> = gaps
            .map(|gap| {
                let what = plain(&context.gap(&entry, gap)).replace('\n', " ");
                let record = gap.record.and_then(|r| entry.why.records.get(r));
                match record.and_then(|r| context.place(r)) {
                    Some(place) => format!("{place}: {what}"),
                    None => what,
                }
            })
            .collect();
        told.sort();
        told.dedup();
        told.into_iter().for_each(|what| *counts.entry(what).or_default() += 1);
    }
    let mut lines: Vec<(u64, String)> = counts.into_iter().filter(|c| c.1 > 1).map(|(what, n)| (n, what)).collect();
    lines.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    Causes { lines, looked_at, all: open().count() }
}

impl Causes {
    /// The verdicts that hang on a cause, and what it is; the most first.
    pub fn lines(&self) -> &[(u64, String)] {
        &self.lines
    }

    pub(super) fn write(&self, text: &mut String) {
        if self.lines.is_empty() {
            return;
        }
        let of = match self.looked_at < self.all {
            true => format!(" (of the first {})", grouped(self.looked_at as u64)),
            false => String::new(),
        };
        let _ = writeln!(text, "what leaves verdicts indeterminate{of}");
        let width = self.lines.first().map_or(0, |l| grouped(l.0).len());
        for (n, what) in self.lines.iter().take(LISTED) {
            let _ = writeln!(text, "  {:>width$}  {what}", grouped(*n));
        }
        if self.lines.len() > LISTED {
            let more = plural(self.lines.len() - LISTED, "cause");
            let _ = writeln!(text, "  and {more} more with at least 2 verdicts");
        }
        text.push('\n');
    }
}
