//! One condition or command after the other: what each is answered with.

use super::super::{Failure, Style, output};
use super::session::{Found, Judged, Session, listed};
use crate::data::Place;
use crate::diag::did_you_mean;
use crate::eval::Truth;
use crate::report::{self, tried};
use std::fmt::Write;

/// The commands, each with what it takes and what it does.
pub(super) const COMMANDS: [(&str, &str, &str); 10] = [
    (":help", "", "this list"),
    (":on", "KIND", "conditions are about this kind of record; without KIND, which there are"),
    (":record", "ID|N", "look at the record with this identity, at FILE:LINE, or at the Nth in the order of time"),
    (":next", "[TRUTH]", "the next record; with `true`, `false`, `unknown` or `pending`, the next that is so"),
    (":previous", "[TRUTH]", "the record before"),
    (":fields", "", "the fields of the record, with their types and what stands in them"),
    (":all", "", "what the last condition comes to at every record"),
    (
        ":let",
        "NAME = VALUE",
        "a name for the conditions that follow, as a `let` in a policy; without one, which there are",
    ),
    (":define", "NAME(x: TYPE) = VALUE", "a function for the conditions that follow, as a `define` in a policy"),
    (":quit", "", "end; so does ctrl-d"),
];

pub(super) struct Talk {
    pub session: Session,
    /// The last condition, judged.
    last: Option<(String, Judged)>,
    /// The record that is looked at.
    at: Option<Place>,
}

pub(super) enum Answer {
    Text(String),
    End,
}

impl Talk {
    pub fn new(session: Session) -> Talk {
        Talk { session, last: None, at: None }
    }

    /// Looks at a record from the beginning on.
    pub fn begin_at(&mut self, record: &str, style: Style) -> Result<(), Failure> {
        self.look_at(record, style).map(drop)
    }

    /// Answers one condition, or one command.
    pub fn answer(&mut self, line: &str, style: Style) -> Result<Answer, Failure> {
        let line = line.trim();
        if line.is_empty() || line.starts_with("//") {
            return Ok(Answer::Text(String::new()));
        }
        let Some(command) = line.strip_prefix(':') else { return self.condition(line, style).map(Answer::Text) };
        let (word, rest) = command.split_once(char::is_whitespace).unwrap_or((command, ""));
        let rest = rest.trim();
        let text = match word {
            "help" | "h" | "?" => help(),
            "quit" | "q" | "exit" => return Ok(Answer::End),
            "on" => self.on(rest, style)?,
            "record" | "r" => self.record(rest, style)?,
            "next" | "n" => self.step(true, rest, style)?,
            "previous" | "p" => self.step(false, rest, style)?,
            "fields" | "f" => self.fields(style)?,
            "all" => self.all(style)?,
            "let" => self.define("let", rest, style)?,
            "define" => self.define("define", rest, style)?,
            other => {
                let failure = Failure::new(format!("there is no command `:{other}`"));
                let wanted = format!(":{other}");
                return Err(match did_you_mean(&wanted, COMMANDS.iter().map(|c| c.0)) {
                    Some(near) => failure.help(format!("did you mean `{near}`?")),
                    None => failure.help("`:help` lists them"),
                });
            }
        };
        Ok(Answer::Text(text))
    }

    fn condition(&mut self, text: &str, style: Style) -> Result<String, Failure> {
        let judged = self.session.judge(text, style)?;
        self.last = Some((text.to_owned(), judged));
        Ok(self.shown(style))
    }

    /// The last condition at the record that is looked at: the first, where none was chosen.
    fn shown(&mut self, style: Style) -> String {
        let Some((_, judged)) = &self.last else { return String::new() };
        let n = self.at.and_then(|place| judged.at_place(place)).unwrap_or(0);
        self.at = judged.place(n);
        let what = super::what(&self.session, judged);
        if judged.order.is_empty() {
            return format!("there is no {what} of `{}` in the inputs\n", self.session.kind_name(judged));
        }
        let text = super::at_record(&self.session, judged, &Found::At(n), style);
        let which = format!("{what} {} · ", n + 1);
        format!(
            "{text}{}{}\n",
            tried::dimmed(&which, style.stdout),
            tried::counts_line(&judged.counts, what, style.stdout)
        )
    }

    fn on(&mut self, kind: &str, style: Style) -> Result<String, Failure> {
        if kind.is_empty() {
            let present = self.session.present()?;
            let now = match &self.session.kind {
                Some(kind) => format!("conditions are about `{kind}`"),
                None => "conditions are about the kind that they fit".into(),
            };
            return Ok(format!("{now}; in the inputs there is {}\n", listed(present.iter().map(String::as_str))));
        }
        self.session.on(kind)?;
        (self.last, self.at) = (None, None);
        let whole = self.session.whole(kind, style)?;
        let n = report::plural(whole.order.len(), super::what(&self.session, &whole));
        Ok(format!("{kind}: {n}\n"))
    }

    /// The kind that commands without a condition are about.
    fn kind(&mut self) -> Result<String, Failure> {
        if let Some(kind) = &self.session.kind {
            return Ok(kind.clone());
        }
        if let Some((_, judged)) = &self.last {
            return Ok(self.session.kind_name(judged).to_owned());
        }
        match self.session.present()?.as_slice() {
            [only] => Ok(only.clone()),
            [] => Err(Failure::new("the inputs hold no record that the policy declares")),
            several => Err(Failure::new("the inputs hold several kinds of record")
                .help(format!("say which with `:on KIND`: {}", listed(several.iter().map(String::as_str))))),
        }
    }

    fn record(&mut self, wanted: &str, style: Style) -> Result<String, Failure> {
        if !wanted.is_empty() {
            return self.look_at(wanted, style);
        }
        match &self.last {
            Some(_) => Ok(self.shown(style)),
            None => self.fields(style),
        }
    }

    fn look_at(&mut self, wanted: &str, style: Style) -> Result<String, Failure> {
        // `gift:17` also says which kind it is of.
        if let Some((kind, _)) = wanted.split_once(':')
            && self.session.plan.schema.kind_named(kind).is_some()
            && self.last.as_ref().is_none_or(|(_, judged)| self.session.kind_name(judged) != kind)
        {
            self.session.on(kind)?;
            self.last = None;
        }
        if let Some((_, judged)) = &self.last {
            return match self.session.find(judged, wanted)? {
                Found::At(n) => {
                    self.at = judged.place(n);
                    Ok(self.shown(style))
                }
                found => Ok(super::at_record(&self.session, judged, &found, style)),
            };
        }
        let kind = match self.kind() {
            // An identity may say which kind it is, too.
            Err(failure) if wanted.parse::<usize>().is_err() => {
                let found = self.of_some_kind(wanted, style)?.ok_or(failure)?;
                self.session.on(&found)?;
                found
            }
            kind => kind?,
        };
        let whole = self.session.whole(&kind, style)?;
        match self.session.find(&whole, wanted)? {
            Found::At(n) => self.at = whole.place(n),
            found => return Ok(super::at_record(&self.session, &whole, &found, style)),
        }
        self.fields(style)
    }

    /// The one kind that has such a record.
    fn of_some_kind(&mut self, wanted: &str, style: Style) -> Result<Option<String>, Failure> {
        let mut found = Vec::new();
        for kind in self.session.present()? {
            let whole = self.session.whole(&kind, style)?;
            if self.session.find(&whole, wanted).is_ok() {
                found.push(kind);
            }
        }
        Ok(if found.len() == 1 { found.pop() } else { None })
    }

    fn step(&mut self, ahead: bool, truth: &str, style: Style) -> Result<String, Failure> {
        let wanted = match truth {
            "" => None,
            "true" => Some(Truth::True),
            "false" => Some(Truth::False),
            "unknown" => Some(Truth::Unknown),
            "pending" => Some(Truth::Pending),
            other => {
                return Err(Failure::new(format!("`{other}` is nothing that a condition comes to"))
                    .help("it is `true`, `false`, `unknown` or `pending`"));
            }
        };
        let Some((_, judged)) = &self.last else {
            return Err(Failure::new("there is no condition yet").help("type one, like `value > 100 EUR`"));
        };
        let fits = |n: &usize| wanted.is_none_or(|w| judged.verdict(*n).map(tried::truth) == Some(w));
        let now = self.at.and_then(|place| judged.at_place(place));
        let next = match (now, ahead) {
            (Some(now), true) => (now + 1..judged.order.len()).find(fits),
            (None, true) => (0..judged.order.len()).find(fits),
            (Some(now), false) => (0..now).rev().find(fits),
            (None, false) => None,
        };
        let Some(n) = next else {
            let (side, is) = (if ahead { "after" } else { "before" }, if truth.is_empty() { "" } else { " that is " });
            return Ok(format!("there is no record {side} this one{is}{truth}\n"));
        };
        self.at = judged.place(n);
        Ok(self.shown(style))
    }

    fn fields(&mut self, style: Style) -> Result<String, Failure> {
        let kind = self.kind()?;
        let whole = self.session.whole(&kind, style)?;
        let names = self.session.input_names();
        let context = self.session.context(&whole, &names);
        let n = self.at.and_then(|place| whole.at_place(place)).unwrap_or(0);
        let Some(&i) = whole.order.get(n) else {
            let what = super::what(&self.session, &whole);
            return Ok(format!(
                "there is no {what} of `{kind}`; its fields:\n{}",
                tried::fields(&context, whole.kind, None)
            ));
        };
        let about = whole.findings.about_verdict(i);
        let cells = whole.findings.cells(&about);
        let why = whole.findings.looked_at(&about);
        let record = why.records.first().map(|r| (r, cells.as_slice()));
        let text = tried::fields(&context, whole.kind, record);
        let heading = tried::heading(&context, &why, style.stdout);
        let place = whole.place(n);
        drop(names);
        self.at = place;
        Ok(format!("{heading}\n{text}"))
    }

    fn all(&mut self, style: Style) -> Result<String, Failure> {
        let Some((_, judged)) = &self.last else {
            return Err(Failure::new("there is no condition yet").help("type one, like `value > 100 EUR`"));
        };
        Ok(super::numbers(&self.session, judged, style) + "\n" + &super::every(&self.session, judged, style))
    }

    fn define(&mut self, word: &str, text: &str, style: Style) -> Result<String, Failure> {
        if text.is_empty() {
            let own = self.session.names.iter();
            return Ok(format!("named here: {}\n", listed(own)));
        }
        self.session.define(&format!("{word} {text}"), style)?;
        Ok(String::new())
    }
}

fn help() -> String {
    let width = COMMANDS.iter().map(|(name, takes, _)| name.len() + 1 + takes.len()).max().unwrap_or(0);
    let mut text = String::from(
        "Type a condition as it stands in a rule behind `when`: `value > 100 EUR and giver == \"S1\"`.\n\
         It is shown at one record with each of its parts, and how many records it is true for.\n\n",
    );
    for (name, takes, what) in COMMANDS {
        let _ = writeln!(text, "  {:<width$}  {what}", format!("{name} {takes}").trim_end());
    }
    text
}

/// Whether a bracket or a text is open at the end: what follows on the next line belongs to it.
pub(super) fn is_open(text: &str) -> bool {
    let mut depth = 0i32;
    let mut quoted = false;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' if quoted => drop(chars.next()),
            '"' => quoted = !quoted,
            '(' | '{' | '[' if !quoted => depth += 1,
            ')' | '}' | ']' if !quoted => depth -= 1,
            _ => {}
        }
    }
    depth > 0 && !quoted && !text.trim_start().starts_with("//")
}

/// Conditions and commands from a file or a pipe, one a line, each shown before its answer. True: some were in error.
pub(super) fn script(talk: &mut Talk, text: &str, style: Style) -> Result<bool, Failure> {
    let mut failed = false;
    let mut whole = String::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        whole.push_str(line);
        if is_open(&whole) && lines.peek().is_some() {
            whole.push('\n');
            continue;
        }
        let said = std::mem::take(&mut whole);
        if said.trim().is_empty() {
            continue;
        }
        output::print(&format!("> {}\n", said.trim().replace('\n', "\n  ")))?;
        match talk.answer(&said, style) {
            Ok(Answer::Text(text)) => output::print(&if text.is_empty() { text } else { text + "\n" })?,
            Ok(Answer::End) => break,
            Err(failure) => {
                failure.tell(style);
                failed = true;
            }
        }
    }
    Ok(failed)
}

#[cfg(test)]
mod tests {
    use super::is_open;

    #[test]
    fn a_bracket_that_is_open_goes_on_in_the_next_line() {
        for (text, open) in [
            ("value > 1", false),
            ("(value > 1", true),
            ("(value > 1)", false),
            ("giver in { \"a\",", true),
            ("giver == \"(\"", false),
            ("giver == \"a\\\"(\"", false),
            ("giver == \"(", false),
            ("value > 1)", false),
            ("// a remark (", false),
            ("", false),
        ] {
            assert_eq!(is_open(text), open, "{text}");
        }
    }
}
