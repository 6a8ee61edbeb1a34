//! Advice about policies that are right as far as `check` can tell: conditions that never hold, names that nothing
//! uses, windows that reach too far.
//!
//! One folder a topic, one file a lint; the topic's table, `lints! { … }`, names its files. A lint is a code (with its
//! page, as every code), a level and a function. What it finds are plain diagnostics; a remark in the policy or
//! `bylaws.toml` may let them pass, see `allow` and `settings`.

#[macro_use]
mod table;
mod allow;
mod context;
mod fields;
mod fix;
mod likeness;
mod reason;
mod settings;
pub(crate) mod walk;
mod words;

mod allowing;
mod logic;
mod people;
mod time;
mod unused;
mod upkeep;
mod values;
mod waivers;
mod wording;

pub use context::Context;
pub use fix::{Edit, apply, edits};
pub use settings::{Change, Choice, Settings};

use crate::diag::{Code, Diagnostic, Level};
use crate::source::FileId;

/// What lints find.
pub type Found = Vec<Diagnostic>;

/// One thing that is looked for.
pub struct Lint {
    pub code: Code,
    /// Unless `bylaws.toml` says otherwise.
    pub level: Level,
    /// Without being asked for.
    pub on: bool,
    pub check: fn(&Context, &mut Found),
}

/// All lints, by topic.
pub fn all() -> impl Iterator<Item = &'static Lint> {
    let topics = [
        allowing::LINTS,
        logic::LINTS,
        time::LINTS,
        values::LINTS,
        people::LINTS,
        waivers::LINTS,
        upkeep::LINTS,
        wording::LINTS,
        unused::LINTS,
    ];
    topics.into_iter().flatten()
}

/// Whether the code is that of a lint.
pub fn is_lint(code: Code) -> bool {
    code.as_str().starts_with('L')
}

/// All that the chosen lints find and nothing allows, in the order of the files and of the places in them.
pub fn run(context: &Context, settings: &Settings) -> Found {
    let mut found = Found::new();
    for lint in all() {
        let Some(level) = settings.level(lint) else { continue };
        let before = found.len();
        (lint.check)(context, &mut found);
        found[before..].iter_mut().for_each(|d| d.level = level);
    }
    found.retain(|d| !settings.lets_pass(d.code, context.path(d.span().file)));
    let mut allows = allow::read(context);
    found.retain(|d| !allow::allowed(&mut allows, d));
    found.extend(allow::told(context, settings, &allows));
    found.sort_by(|a, b| (a.span(), a.code, &a.message).cmp(&(b.span(), b.code, &b.message)));
    // A rule is there once for each of its times: what is wrong at one place is told once.
    found.dedup_by(|a, b| a.code == b.code && a.span() == b.span());
    found
}

/// How many there are of each level: errors, warnings, advice.
pub fn counts(found: &[Diagnostic]) -> [usize; 3] {
    [Level::Error, Level::Warning, Level::Advice].map(|level| found.iter().filter(|d| d.level == level).count())
}

/// Files that something was found in.
pub fn files(found: &[Diagnostic]) -> Vec<FileId> {
    let mut files: Vec<FileId> = found.iter().map(|d| d.span().file).collect();
    files.sort_unstable();
    files.dedup();
    files
}
