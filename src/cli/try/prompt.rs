//! The prompt on a terminal: lines with history and completion.

use super::super::{Failure, Style, output};
use super::talk::{Answer, COMMANDS, Talk, is_open};
use crate::data::{Schema, Type};
use crate::syntax::ast::ItemKind;
use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::DefaultHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{CompletionType, Config, Context, Editor, Helper};

/// Words of a condition that are not names.
const WORDS: [&str; 26] = [
    "absent",
    "across everyone",
    "after",
    "and",
    "as_of",
    "before",
    "contains",
    "count(",
    "ends_with",
    "exists",
    "ignoring case",
    "in",
    "in_domain",
    "matches",
    "max(",
    "min(",
    "no",
    "not",
    "or",
    "over",
    "overlaps",
    "present",
    "starts_with",
    "sum(",
    "under",
    "within",
];

/// Asks until the end.
pub(super) fn ask(talk: &mut Talk, style: Style) -> Result<(), Failure> {
    let failed = |error: ReadlineError| Failure::new(format!("cannot read from the terminal: {error}"));
    let config = Config::builder().completion_type(CompletionType::List).auto_add_history(true).build();
    let mut editor: Editor<Words, DefaultHistory> = Editor::with_config(config).map_err(failed)?;
    output::print("Type a condition, or `:help`. Ctrl-d ends.\n")?;
    loop {
        editor.set_helper(Some(Words { words: words(talk), kinds: kinds(talk) }));
        match editor.readline("> ") {
            Ok(line) => match talk.answer(&line, style) {
                Ok(Answer::Text(text)) => output::print(&text)?,
                Ok(Answer::End) => return Ok(()),
                Err(failure) => failure.tell(style),
            },
            // What was typed is dropped.
            Err(ReadlineError::Interrupted) => {}
            Err(ReadlineError::Eof) => return Ok(()),
            Err(error) => return Err(failed(error)),
        }
    }
}

/// What may be completed.
struct Words {
    words: Vec<String>,
    kinds: Vec<String>,
}

impl Completer for Words {
    type Candidate = String;

    fn complete(&self, line: &str, at: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<String>)> {
        let before = line.get(..at).unwrap_or(line);
        Ok(complete(before, &self.words, &self.kinds))
    }
}

/// Where the word before the cursor begins, and what it may become.
fn complete(before: &str, words: &[String], kinds: &[String]) -> (usize, Vec<String>) {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | ':');
    let start = before.char_indices().rev().find(|(_, c)| !is_part(*c)).map_or(0, |(i, c)| i + c.len_utf8());
    let word = &before[start..];
    let commands: Vec<String> = COMMANDS.iter().map(|c| c.0.to_owned()).collect();
    let truths = || ["true", "false", "unknown", "pending"].map(str::to_owned).to_vec();
    let from = match before.trim_start().split_once(char::is_whitespace) {
        None if before.trim_start().starts_with(':') => commands,
        Some((":on", _)) => kinds.to_vec(),
        Some((":next" | ":previous", _)) => truths(),
        Some((":record" | ":fields" | ":help" | ":all" | ":quit", _)) => Vec::new(),
        _ => words.to_vec(),
    };
    if word.is_empty() && !before.trim_start().starts_with(':') {
        return (start, Vec::new());
    }
    let mut fitting: Vec<String> = from.into_iter().filter(|w| w.starts_with(word)).collect();
    fitting.sort();
    fitting.dedup();
    (start, fitting)
}

impl Validator for Words {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        let open = is_open(context.input());
        Ok(if open { ValidationResult::Incomplete } else { ValidationResult::Valid(None) })
    }
}

impl Hinter for Words {
    type Hint = String;
}
impl Highlighter for Words {}
impl Helper for Words {}

fn kinds(talk: &Talk) -> Vec<String> {
    talk.session.plan.schema.declared().iter().map(|k| k.name.clone()).collect()
}

/// The names that a condition may use now.
fn words(talk: &Talk) -> Vec<String> {
    let session = &talk.session;
    let schema = &session.plan.schema;
    let mut words: Vec<String> = WORDS.iter().map(|w| (*w).to_owned()).collect();
    for kind in schema.declared() {
        words.push(kind.name.clone());
        let of_all = session.kind.is_none() && !kind.is_table();
        for column in kind.columns.iter().filter(|c| c.ty != Type::Struct) {
            if of_all || session.kind.as_deref() == Some(&kind.name) {
                words.push(column.name.clone());
                words.extend(looked_up(schema, &column.ty).map(|field| format!("{}.{field}", column.name)));
            }
            words.push(format!("{}.{}", kind.name, column.name));
        }
    }
    words.extend(schema.enums.iter().flat_map(|e| &e.words).map(|w| w.name.clone()));
    let items = session.policies.files().iter().flat_map(|(_, file)| &file.items);
    words.extend(items.filter_map(|item| match &item.kind {
        ItemKind::Let(item) => Some(item.name.text.clone()),
        ItemKind::Param(item) => Some(item.name.text.clone()),
        ItemKind::Define(item) => Some(format!("{}(", item.name.text)),
        _ => None,
    }));
    words.extend(session.names.iter().map(str::to_owned));
    words
}

/// The fields that stand behind a `ref`.
fn looked_up<'a>(schema: &'a Schema, ty: &Type) -> impl Iterator<Item = &'a str> {
    let table = match ty {
        Type::Ref(table) => Some(schema.kind(*table)),
        _ => None,
    };
    table.into_iter().flat_map(|t| &t.columns).map(|c| c.name.as_str())
}

#[cfg(test)]
mod tests {
    use super::complete;

    fn completed(before: &str) -> (usize, Vec<String>) {
        let words = ["value", "giver", "gift", "gift.value", "and"].map(str::to_owned);
        complete(before, &words, &["gift".to_owned(), "payment".to_owned()])
    }

    #[test]
    fn a_word_becomes_a_name_that_begins_so() {
        assert_eq!(completed("value > 1 and gi"), (14, vec!["gift".into(), "gift.value".into(), "giver".into()]));
        assert_eq!(completed("gift.v"), (0, vec!["gift.value".into()]));
        assert_eq!(completed(":o"), (0, vec![":on".into()]));
        assert_eq!(completed(":on p"), (4, vec!["payment".into()]));
        assert_eq!(completed(":next un"), (6, vec!["unknown".into()]));
        assert_eq!(completed(":record gi"), (8, vec![]));
        assert_eq!(completed("é gi").0, 3);
        assert_eq!(completed(""), (0, vec![]));
    }
}
