//! The wordings of a rule, one after the other: each day has one, or it is told which days have none or two.

use super::super::expr::Typer;
use super::super::hir::Rule;
use super::super::memo::Memo;
use super::super::world::{Names, World};
use super::{effective, known_rule, rule};
use crate::data::display;
use crate::diag::{Code, Diagnostic};
use crate::source::{FileId, Span};
use crate::syntax::ast::{self, Clause, ClauseKind, RuleItem};
use crate::threads;
use std::sync::atomic::Ordering::Relaxed;

/// Days since 1970: from the first on, and before the second.
pub type Force = (Option<i32>, Option<i32>);

/// What a wording takes from the one before it where it does not say it again.
#[derive(Clone, Copy, Default)]
pub struct Kept<'a> {
    pub title: Option<&'a ast::Str>,
    pub doc: Option<&'a str>,
    pub severity: Option<&'a Clause>,
    pub cite: Option<&'a Clause>,
    pub consequence: Option<&'a Clause>,
    pub purpose: Option<&'a Clause>,
    pub legal_basis: Option<&'a Clause>,
    pub retention: Option<&'a Clause>,
}

impl<'a> Kept<'a> {
    /// As of this wording on.
    fn after(self, item: &'a RuleItem, whole: &'a ast::Item) -> Kept<'a> {
        let clause = |f: fn(&ClauseKind) -> bool| item.clauses.iter().find(|c| f(&c.kind));
        Kept {
            title: item.title.as_ref().or(self.title),
            doc: whole.doc.as_deref().or(self.doc),
            severity: clause(|c| matches!(c, ClauseKind::Severity(_))).or(self.severity),
            cite: clause(|c| matches!(c, ClauseKind::Cite(_))).or(self.cite),
            consequence: clause(|c| matches!(c, ClauseKind::Consequence(_))).or(self.consequence),
            purpose: clause(|c| matches!(c, ClauseKind::Purpose(_))).or(self.purpose),
            legal_basis: clause(|c| matches!(c, ClauseKind::LegalBasis(_))).or(self.legal_basis),
            retention: clause(|c| matches!(c, ClauseKind::Retention(_))).or(self.retention),
        }
    }
}

/// One wording as written.
struct Wording<'a> {
    item: &'a RuleItem,
    whole: &'a ast::Item,
    clause: Option<&'a Clause>,
    /// None: its dates are in error.
    force: Option<Force>,
}

impl Wording<'_> {
    fn from(&self) -> Option<i32> {
        self.force.and_then(|f| f.0)
    }

    /// Where it says from when on it holds.
    fn start_span(&self) -> Span {
        match self.clause.map(|c| &c.kind) {
            Some(ClauseKind::Effective { from, .. }) => from.span,
            _ => self.item.name.span,
        }
    }

    /// Where it says until when it holds.
    fn end_span(&self) -> Span {
        match self.clause.map(|c| &c.kind) {
            Some(ClauseKind::Effective { until: Some(until), .. }) => until.span,
            _ => self.start_span(),
        }
    }
}

/// All wordings of all rules, those that are not in error. Where there is a memo, rules without revisions that are in it
/// are not read again.
pub fn rules<'a>(world: &World<'a>, names: &Names<'a>, mut memo: Option<&mut Memo>) -> Vec<Rule> {
    let plain = memo.is_none() && names.revisions.is_empty() && !world.report.names.is_on();
    if let Some(rules) = plain.then(|| at_once(world, names)).flatten() {
        return rules;
    }
    let mut all = Vec::new();
    let mut of: rustc_hash::FxHashMap<&str, Vec<usize>> = rustc_hash::FxHashMap::default();
    for (i, (_, item, _)) in names.revisions.iter().enumerate() {
        if known_rule(world, &item.name).is_some() {
            of.entry(item.name.text.as_str()).or_default().push(i);
        } else {
            // Without its rule nothing says what it has to hold; its dates can still be read.
            wording(world, item.name.span.file, item, names.revisions[i].2);
        }
    }
    for (file, item, whole) in &names.rules {
        let alone = !of.contains_key(item.name.text.as_str());
        let mut memo = memo.as_deref_mut().filter(|_| alone);
        if let Some(rules) = memo.as_mut().and_then(|memo| memo.take(world, item, whole)) {
            all.extend(rules);
            continue;
        }
        let (told, before) = (world.report.tells(), all.len());
        let mut wordings = vec![wording(world, *file, item, whole)];
        for i in of.get(item.name.text.as_str()).into_iter().flatten() {
            let (_, item, whole) = names.revisions[*i];
            wordings.push(wording(world, *file, item, whole));
        }
        order(world, &mut wordings);
        let mut kept = Kept::default();
        for wording in &wordings {
            kept = kept.after(wording.item, wording.whole);
            // The rule's own file says in which time zone its days begin, and whose it is.
            all.extend(readings(world, *file, wording, &kept));
        }
        if let Some(memo) = memo.filter(|_| world.report.tells() == told && all.len() > before && !whole.broken) {
            memo.keep(world, item, whole);
        }
    }
    all
}

/// Each thread has so many rules at the least.
const WORTH_A_THREAD: usize = 128;
const MOST_THREADS: usize = 8;

/// The rules on several threads; none where they are few, or where something is told: that may hang on what was told before.
fn at_once<'a>(world: &World<'a>, names: &Names<'a>) -> Option<Vec<Rule>> {
    let threads = threads::at_most(MOST_THREADS).min(names.rules.len() / WORTH_A_THREAD);
    if threads < 2 {
        return None;
    }
    let (told, patterns) = (world.report.standing(), world.patterns.load(Relaxed));
    let read = |some: &[(FileId, &'a RuleItem, &'a ast::Item)]| {
        // Most have one reading.
        let mut rules = Vec::with_capacity(some.len());
        for (file, item, whole) in some {
            let wording = wording(world, *file, item, whole);
            rules.extend(readings(world, *file, &wording, &Kept::default().after(item, whole)));
        }
        rules
    };
    let mut pieces = threads::pieces(threads, &names.rules, read);
    if world.report.standing() == told {
        let mut rules = Vec::with_capacity(pieces.iter().map(Vec::len).sum());
        pieces.iter_mut().for_each(|piece| rules.append(piece));
        return Some(rules);
    }
    world.report.back_to(told);
    world.patterns.store(patterns, Relaxed);
    None
}

/// A wording as it reads from day to day: anew from each on which a parameter that it reads changes.
fn readings<'a>(world: &World<'a>, file: FileId, wording: &Wording<'a>, kept: &Kept<'a>) -> Vec<Rule> {
    let mut changing = Vec::new();
    let mut read = |force| rule(world, file, wording.item, wording.whole, force, kept, &mut changing);
    let Some(mut first) = read(wording.force) else { return Vec::new() };
    let (from, until) = first.effective;
    let mut days: Vec<i32> = changing
        .iter()
        .flat_map(|name| world.later.get(name).into_iter().flatten())
        .map(|(day, _)| *day)
        .filter(|day| from.is_none_or(|from| from < *day) && until.is_none_or(|until| *day < until))
        .collect();
    days.sort_unstable();
    days.dedup();
    let mut all = Vec::with_capacity(days.len() + 1);
    first.effective.1 = days.first().copied().or(until);
    all.push(first);
    let mut again = Vec::new();
    for (i, day) in days.iter().enumerate() {
        let force = (Some(*day), days.get(i + 1).copied().or(until));
        match rule(world, file, wording.item, wording.whole, Some(force), kept, &mut again) {
            Some(rule) => all.push(rule),
            // What is wrong has been told.
            None => return Vec::new(),
        }
    }
    all
}

fn wording<'a>(world: &World<'a>, file: FileId, item: &'a RuleItem, whole: &'a ast::Item) -> Wording<'a> {
    let clause = item.clauses.iter().find(|c| matches!(c.kind, ClauseKind::Effective { .. }));
    let force = effective(&mut Typer::new(world, file), clause);
    // A head that could not be read.
    let force = force.filter(|f| item.verb.is_some() || f.0.is_some());
    Wording { item, whole, clause, force }
}

/// Puts the wordings in the order of time, ends each where the next begins, and tells where that cannot be.
fn order(world: &World, wordings: &mut [Wording]) {
    let revisions = &mut wordings[1..];
    if revisions.is_empty() || revisions.iter().any(|w| w.force.is_none()) {
        return;
    }
    revisions.sort_by_key(Wording::from);
    if wordings[0].force.is_none() {
        return;
    }
    let name = &wordings[0].item.name.text;
    let day = display::date;
    for i in 1..wordings.len() {
        let (before, after) = (&wordings[i - 1], &wordings[i]);
        let (Some(start), until) = (after.from(), before.force.and_then(|f| f.1)) else { continue };
        let began = before.from();
        let d = match (began, until) {
            (Some(began), _) if start == began => Diagnostic::error(
                Code::Overlap,
                format!("two wordings of `{name}` begin on {}", day(start)),
                after.start_span(),
                "again here",
            )
            .label(before.start_span(), "the other begins here")
            .help("keep one of them, or let one begin later"),
            (Some(began), _) if start < began => Diagnostic::error(
                Code::NeverInForce,
                format!("`{name}` is revised from {}, before it begins on {}", day(start), day(began)),
                after.start_span(),
                "earlier than the rule itself",
            )
            .label(before.start_span(), "the rule begins here")
            .help("what is in force first stands in the rule itself; a `revise` begins later"),
            (_, Some(until)) if start < until => {
                let d = Diagnostic::error(
                    Code::Overlap,
                    format!("two wordings of `{name}` are in force from {} until {}", day(start), day(until)),
                    after.start_span(),
                    "this one begins before the other has ended",
                )
                .label(before.end_span(), "the other holds until here");
                world.report.rewrite(d, "end the other one on that day:", before.end_span(), &day(start))
            }
            (_, Some(until)) if start > until => {
                let d = Diagnostic::error(
                    Code::Gap,
                    format!("no wording of `{name}` is in force from {} until {}", day(until), day(start)),
                    after.start_span(),
                    "begins only here",
                )
                .label(before.end_span(), "the one before ends here");
                world.report.rewrite(d, "let one begin where the other ends:", after.start_span(), &day(until))
            }
            _ => {
                if let Some(force) = &mut wordings[i - 1].force {
                    force.1 = Some(start);
                }
                continue;
            }
        };
        world.report.tell(d);
    }
}

#[cfg(test)]
mod tests {
    use crate::sema::{CheckInput, check, check_noting};
    use crate::source::SourceMap;
    use crate::syntax;

    /// Who notes what names stand for has one thread.
    #[test]
    fn threads_change_nothing() {
        let all = |field: &dyn Fn(usize) -> &'static str| {
            let mut text =
                "record gift at day by actor { day: date, actor: text, value: int, note: text }\n".to_string();
            for n in 0..900 {
                let field = field(n);
                text += &format!(
                    "forbid r{n} {{ on gift when {field} > {n} and note matches /a{n}/ because \"{{value}}\" }}\n"
                );
            }
            text
        };
        // Of some a field is not known, and more than are guessed at.
        for (text, told) in [(all(&|_| "value"), 0), (all(&|n| if n % 2 == 0 { "value" } else { "valeu" }), 450)] {
            let mut sources = SourceMap::default();
            let id = sources.add("a.bylaw", text.as_str());
            let parsed = syntax::parse(id, &text);
            let files = [(id, &parsed.file)];
            let input = || CheckInput { sources: &sources, files: &files, set: &[] };
            let (one, one_told, _) = check_noting(input());
            let (several, several_told) = check(input());
            assert_eq!((one_told.len(), several.rules.len()), (told, 900 - told));
            assert!(one == several && one_told == several_told);
        }
    }
}
