//! Which lints look, and how grave what they find is: `bylaws.toml` and the command line.

use super::{Lint, all};
use crate::diag::{Code, Diagnostic, Level, did_you_mean};
use crate::source::{FileId, Span};
use glob::{MatchOptions, Pattern};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// One lint by its code, `L0101`; those of a topic, `L01`; or `all`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice(String);

impl Choice {
    /// # Errors
    /// No lint is called so; with the name that was probably meant.
    pub fn parse(text: &str) -> Result<Choice, Option<&'static str>> {
        let upper = text.trim().to_ascii_uppercase();
        if upper == "ALL" {
            return Ok(Choice("L".into()));
        }
        if upper.len() >= 3 && all().any(|lint| lint.code.as_str().starts_with(&upper)) {
            return Ok(Choice(upper));
        }
        Err(did_you_mean(&upper, all().map(|lint| lint.code.as_str())))
    }

    fn takes(&self, code: Code) -> bool {
        code.as_str().starts_with(&self.0)
    }
}

/// How a choice of lints is to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    Off,
    To(Level),
}

/// What the project has settled about its lints.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Empty: those that are on by themselves.
    pub select: Vec<Choice>,
    pub ignore: Vec<Choice>,
    pub levels: Vec<(Choice, Change)>,
    /// Paths as seen from the folder of `bylaws.toml`, and what is not told of files there.
    pub per_path: Vec<(Pattern, Vec<Choice>)>,
    /// Further words that name protected traits, as `religion` does.
    pub protected: Vec<String>,
    /// Further words that name those whom people may always speak to, as `regulator` does.
    pub regulators: Vec<String>,
}

impl Settings {
    /// How grave what the lint finds is; none where it does not look.
    pub fn level(&self, lint: &Lint) -> Option<Level> {
        let takes = |choices: &[Choice]| choices.iter().any(|c| c.takes(lint.code));
        // The longest name of several says it, of equal ones the last.
        let change = self.levels.iter().filter(|(c, _)| c.takes(lint.code)).max_by_key(|(c, _)| c.0.len());
        let named = change.is_some_and(|(c, _)| c.0 == lint.code.as_str());
        let on = if self.select.is_empty() { lint.on || named } else { takes(&self.select) };
        match change {
            _ if !on || takes(&self.ignore) => None,
            Some((_, Change::Off)) => None,
            Some((_, Change::To(level))) => Some(*level),
            None => Some(lint.level),
        }
    }

    /// Whether nothing of this code is told of a file.
    pub fn lets_pass(&self, code: Code, path: &str) -> bool {
        // `*` stays within a folder, `**` does not.
        let options = MatchOptions { require_literal_separator: true, ..MatchOptions::default() };
        self.per_path
            .iter()
            .any(|(pattern, choices)| choices.iter().any(|c| c.takes(code)) && pattern.matches_with(path, options))
    }

    /// Reads `bylaws.toml`.
    ///
    /// # Errors
    /// All that is not known there, or not of the kind that is needed.
    pub fn read(file: FileId, text: &str) -> Result<Settings, Vec<Diagnostic>> {
        let table = match DeTable::parse(text) {
            Ok(table) => table,
            Err(error) => {
                let at = error.span().unwrap_or(0..0);
                let span = Span::new(file, at.start.min(text.len()), at.end.min(text.len()));
                let message = error.message().lines().next().unwrap_or_default().to_owned();
                let d = Diagnostic::error(Code::BadSettings, "the settings are not TOML", span, message);
                return Err(vec![d.help("TOML is described at https://toml.io")]);
            }
        };
        let mut reader = Reader { file, wrong: Vec::new() };
        let mut settings = Settings::default();
        for (key, value) in table.get_ref() {
            match &**key.get_ref() {
                "lint" => reader.lint(value, &mut settings),
                other => reader.unknown("settings", key, other, &["lint"]),
            }
        }
        reader.wrong.sort_by_key(Diagnostic::span);
        if reader.wrong.is_empty() { Ok(settings) } else { Err(reader.wrong) }
    }
}

struct Reader {
    file: FileId,
    wrong: Vec<Diagnostic>,
}

const KEYS: [&str; 6] = ["select", "ignore", "levels", "per-path", "protected-traits", "regulators"];

impl Reader {
    fn lint(&mut self, value: &Spanned<DeValue>, settings: &mut Settings) {
        let Some(table) = self.table(value, "`lint`") else { return };
        for (key, value) in table {
            match &**key.get_ref() {
                "select" => settings.select = self.choices(value),
                "ignore" => settings.ignore = self.choices(value),
                "levels" => settings.levels = self.levels(value),
                "per-path" => settings.per_path = self.per_path(value),
                "protected-traits" => settings.protected = self.words(value),
                "regulators" => settings.regulators = self.words(value),
                other => self.unknown("`[lint]`", key, other, &KEYS),
            }
        }
    }

    fn levels(&mut self, value: &Spanned<DeValue>) -> Vec<(Choice, Change)> {
        const LEVELS: [&str; 4] = ["error", "warning", "advice", "off"];
        let mut levels = Vec::new();
        for (key, value) in self.table(value, "`levels`").into_iter().flatten() {
            let choice = self.choice(&key.span(), key.get_ref());
            let change = match value.get_ref().as_str() {
                Some("error") => Change::To(Level::Error),
                Some("warning") => Change::To(Level::Warning),
                Some("advice") => Change::To(Level::Advice),
                Some("off") => Change::Off,
                Some(other) => {
                    let d = self.problem(&value.span(), format!("`{other}` is no level"), "not known");
                    let d = match did_you_mean(other, LEVELS) {
                        Some(near) => d.help(format!("did you mean `{near}`?")),
                        None => d.help("levels are `error`, `warning`, `advice` and `off`"),
                    };
                    self.wrong.push(d);
                    continue;
                }
                None => {
                    let d = self.problem(&value.span(), "a level is a text".into(), "not a text");
                    self.wrong.push(d.help("levels are \"error\", \"warning\", \"advice\" and \"off\""));
                    continue;
                }
            };
            levels.extend(choice.map(|choice| (choice, change)));
        }
        levels
    }

    fn per_path(&mut self, value: &Spanned<DeValue>) -> Vec<(Pattern, Vec<Choice>)> {
        let mut all = Vec::new();
        for (key, value) in self.table(value, "`per-path`").into_iter().flatten() {
            let choices = self.choices(value);
            match Pattern::new(key.get_ref()) {
                Ok(pattern) => all.push((pattern, choices)),
                Err(why) => {
                    let d = self.problem(&key.span(), format!("`{}` is no pattern of paths", key.get_ref()), why.msg);
                    self.wrong.push(d.help("`*` stands for any name, `**` for any folders: \"tests/**\""));
                }
            }
        }
        all
    }

    fn choices(&mut self, value: &Spanned<DeValue>) -> Vec<Choice> {
        let words = self.texts(value, "[\"L0101\", \"L02\"]");
        words.into_iter().filter_map(|(span, word)| self.choice(&span, &word)).collect()
    }

    fn words(&mut self, value: &Spanned<DeValue>) -> Vec<String> {
        self.texts(value, "[\"caste\"]").into_iter().map(|(_, word)| word).collect()
    }

    fn texts(&mut self, value: &Spanned<DeValue>, sample: &str) -> Vec<(std::ops::Range<usize>, String)> {
        let Some(list) = value.get_ref().as_array() else {
            let d = self.problem(&value.span(), "a list of texts is needed".into(), "not a list");
            self.wrong.push(d.help(format!("write `{sample}`")));
            return Vec::new();
        };
        let mut found = Vec::new();
        for element in list.iter() {
            match element.get_ref().as_str() {
                Some(text) => found.push((element.span(), text.to_owned())),
                None => {
                    let d = self.problem(&element.span(), "a list of texts is needed".into(), "not a text");
                    self.wrong.push(d.help(format!("write `{sample}`")));
                }
            }
        }
        found
    }

    fn choice(&mut self, span: &std::ops::Range<usize>, word: &str) -> Option<Choice> {
        match Choice::parse(word) {
            Ok(choice) => Some(choice),
            Err(near) => {
                let d = self.problem(span, format!("there is no lint `{word}`"), "not known");
                self.wrong.push(match near {
                    Some(near) => d.help(format!("did you mean `{near}`?")),
                    None => d.help("`bylaws lint --list` shows every lint"),
                });
                None
            }
        }
    }

    fn table<'v, 'i>(&mut self, value: &'v Spanned<DeValue<'i>>, what: &str) -> Option<&'v DeTable<'i>> {
        let table = value.get_ref().as_table();
        if table.is_none() {
            let d = self.problem(&value.span(), format!("{what} is a table"), "not a table");
            self.wrong.push(d.help("write `[lint]` on a line of its own, or `{ L0101 = \"error\" }`"));
        }
        table
    }

    fn unknown(&mut self, place: &str, key: &Spanned<std::borrow::Cow<str>>, word: &str, known: &[&str]) {
        let d = self.problem(&key.span(), format!("{place} has no `{word}`"), "not known");
        self.wrong.push(match did_you_mean(word, known.iter().copied()) {
            Some(near) => d.help(format!("did you mean `{near}`?")),
            None => d.help(format!("known here: `{}`", known.join("`, `"))),
        });
    }

    fn problem(&self, at: &std::ops::Range<usize>, message: String, label: &str) -> Diagnostic {
        Diagnostic::error(Code::BadSettings, message, Span::new(self.file, at.start, at.end), label)
    }
}
