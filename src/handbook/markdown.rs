//! The handbook in Markdown, as GitHub shows it.

use super::catalogue::{Arg, Catalogue};
use super::definitions::{FieldEntry, Parameter};
use super::examples::{Example, Table};
use super::model::{Domain, Handbook, RuleEntry, Wording};
use super::reading::Block;
use super::words;
use std::fmt::Write;

struct Page<'a> {
    out: String,
    catalogue: &'a Catalogue,
}

pub fn text(handbook: &Handbook, catalogue: &Catalogue) -> String {
    let mut page = Page { out: String::new(), catalogue };
    page.line(super::MARK);
    page.line(&format!("# {}", escape(&handbook.title)));
    page.gap();
    page.paragraph(&escape(&page.say("intro", &[])));
    if let Some(day) = &handbook.as_of {
        page.paragraph(&escape(&catalogue.say("as-of", &[("day", day.into())])));
    }
    page.contents(handbook);
    page.heading(2, "how-to-read", &page.say("how-to-read", &[]));
    for id in NOTES {
        page.line(&format!("- {}", escape(&page.say(id, &[]))));
    }
    page.gap();
    for (i, charter) in handbook.charters.iter().enumerate() {
        let title = charter.title.clone().unwrap_or_else(|| page.say("charter", &[]));
        let anchor = if i == 0 { "charter".to_owned() } else { format!("charter-{}", i + 1) };
        page.heading(2, &anchor, &title);
        page.doc(charter.doc.as_deref());
        for line in &charter.lines {
            page.line(&format!("- {}", escape(line)));
        }
        page.gap();
    }
    handbook.domains.iter().for_each(|domain| page.domain(domain));
    page.appendix(handbook);
    // One blank line between what stands apart, and one end of line at the end.
    let mut out = String::with_capacity(page.out.len());
    let mut blank = false;
    for line in page.out.lines() {
        if line.is_empty() && blank {
            continue;
        }
        blank = line.is_empty();
        out.push_str(line);
        out.push('\n');
    }
    let end = out.trim_end().len();
    out.truncate(end);
    out.push('\n');
    out
}

/// What holds for every reading.
pub const NOTES: [&str; 9] = [
    "note-allegation",
    "note-lists",
    "note-windows",
    "note-same-day",
    "note-looked-up",
    "note-not-stated",
    "note-figures",
    "note-limits",
    "note-unknown",
];

impl Page<'_> {
    fn say(&self, id: &str, args: &[(&str, Arg)]) -> String {
        self.catalogue.say(id, args)
    }

    fn line(&mut self, line: &str) {
        self.out.push_str(line);
        self.out.push('\n');
    }

    fn gap(&mut self) {
        self.out.push('\n');
    }

    /// Of text that is escaped.
    fn paragraph(&mut self, text: &str) {
        self.line(text);
        self.gap();
    }

    fn heading(&mut self, level: usize, anchor: &str, title: &str) {
        self.gap();
        let anchor = slug(anchor);
        self.line(&format!("{} <a id=\"{anchor}\"></a>{}", "#".repeat(level), escape(title)));
        self.gap();
    }

    /// An author's remarks: paragraphs, and names in backticks.
    fn doc(&mut self, doc: Option<&str>) {
        if let Some(doc) = doc {
            for paragraph in super::remarks(doc) {
                let mut text = String::new();
                for part in &paragraph {
                    match part {
                        super::Part::Text(part) => text.push_str(&escape(part)),
                        super::Part::Code(part) => text.push_str(&code(part)),
                    }
                }
                self.paragraph(&text);
            }
        }
    }

    fn contents(&mut self, handbook: &Handbook) {
        self.heading(2, "contents", &self.say("contents", &[]));
        for domain in &handbook.domains {
            self.line(&format!("- [{}](#{})", escape(&domain.title), slug(&domain.anchor)));
            for rule in &domain.rules {
                let severity = self.severity(rule);
                let link = format!("[{}](#{})", escape(&rule.title), slug(&rule.anchor));
                self.line(&format!("  - {link} ({})", escape(&severity)));
            }
        }
        let parts = [
            ("parameters", "parameters", handbook.parameters.is_empty()),
            ("metrics", "metrics", handbook.metrics.is_empty()),
            ("definitions", "definitions", handbook.definitions.is_empty()),
            ("glossary", "glossary", handbook.glossary.is_empty()),
        ];
        for (id, anchor, empty) in parts {
            if !empty {
                self.line(&format!("- [{}](#{anchor})", escape(&self.say(id, &[]))));
            }
        }
        self.gap();
    }

    fn severity(&self, rule: &RuleEntry) -> String {
        self.say(words::severity_id(rule.severity), &[])
    }

    fn domain(&mut self, domain: &Domain) {
        self.heading(2, &domain.anchor, &domain.title);
        self.doc(domain.doc.as_deref());
        domain.facts.iter().for_each(|(name, value)| self.fact(name, &escape(value)));
        self.gap();
        domain.rules.iter().for_each(|rule| self.rule(rule));
    }

    fn rule(&mut self, rule: &RuleEntry) {
        self.heading(3, &rule.anchor, &rule.title);
        self.doc(rule.doc.as_deref());
        let shown = &rule.wordings[rule.shown];
        self.reading(shown);
        shown.facts.iter().for_each(|(name, value)| self.fact(name, &escape(value)));
        self.fact(&self.say("in-force", &[]), &escape(&rule.in_force));
        if rule.wordings.len() > 1 {
            self.fact(&self.say("this-wording", &[]), &escape(&shown.in_force));
        }
        self.fact(&self.say("name-in-policy", &[]), &code(&rule.name));
        self.gap();
        if !rule.changes.is_empty() {
            self.paragraph(&format!("**{}**", escape(&self.say("changes", &[]))));
            rule.changes.iter().for_each(|change| self.line(&format!("- {}", escape(change))));
            self.gap();
        }
        self.parameters_of(&rule.parameters);
        self.waivers(shown);
        self.others(rule);
        self.examples(&rule.examples);
    }

    fn reading(&mut self, wording: &Wording) {
        for block in &wording.reading {
            self.block(block);
        }
        if !wording.approver.is_empty() {
            self.paragraph(&format!("**{}**", escape(&self.say("who-may-approve", &[]))));
            wording.approver.iter().for_each(|block| self.block(block));
        }
    }

    /// A paragraph, or one that leads to a list.
    fn block(&mut self, block: &Block) {
        match block {
            Block::Line(line) => self.paragraph(&escape(line)),
            Block::List { lead, items } => {
                self.paragraph(&escape(lead));
                items.iter().for_each(|item| self.item(item, 0));
                self.gap();
            }
        }
    }

    fn item(&mut self, block: &Block, depth: usize) {
        let indent = "  ".repeat(depth);
        match block {
            Block::Line(line) => self.line(&format!("{indent}- {}", escape(line))),
            Block::List { lead, items } => {
                self.line(&format!("{indent}- {}", escape(lead)));
                items.iter().for_each(|item| self.item(item, depth + 1));
            }
        }
    }

    fn parameters_of(&mut self, parameters: &[Parameter]) {
        if parameters.is_empty() {
            return;
        }
        self.paragraph(&format!("**{}**", escape(&self.say("values-in-rule", &[]))));
        for parameter in parameters {
            let link = format!("[{}](#{})", escape(&parameter.title), slug(&parameter.anchor));
            let line = self.say("labelled", &[("name", (&link).into()), ("value", (&escape(&parameter.value)).into())]);
            self.line(&format!("- {line}"));
            self.times(parameter);
        }
        self.gap();
    }

    /// The values that a parameter has from day to day, where it changes.
    fn times(&mut self, parameter: &Parameter) {
        for (when, value) in &parameter.values {
            let line = self.say("labelled", &[("name", when.into()), ("value", value.into())]);
            self.line(&format!("  - {}", escape(&line)));
        }
    }

    /// A name and a value, which is escaped.
    fn fact(&mut self, name: &str, value: &str) {
        let label = self.say("label", &[("name", name.into())]);
        self.line(&format!("- **{}** {value}", escape(&label)));
    }

    fn waivers(&mut self, wording: &Wording) {
        if !wording.waivers.is_empty() {
            self.paragraph(&format!("**{}**", escape(&self.say("waivers", &[]))));
            wording.waivers.iter().for_each(|waiver| self.item(waiver, 0));
            self.gap();
        }
    }

    /// The wordings that are not in force on the handbook's day.
    fn others(&mut self, rule: &RuleEntry) {
        let shown = &rule.wordings[rule.shown];
        for (i, wording) in rule.wordings.iter().enumerate() {
            if i == rule.shown {
                continue;
            }
            let id = if i < rule.shown { "earlier-wording" } else { "later-wording" };
            let when = self.say(id, &[("when", (&wording.in_force).into())]);
            self.line(&format!("<details><summary>{}</summary>", html(&when)));
            self.gap();
            if wording.title != shown.title {
                self.paragraph(&format!("**{}**", escape(&wording.title)));
            }
            if wording.doc.is_some() && wording.doc != shown.doc {
                self.doc(wording.doc.as_deref());
            }
            self.reading(wording);
            let differ = wording.facts.iter().filter(|fact| !shown.facts.contains(fact));
            differ.for_each(|(name, value)| self.fact(name, &escape(value)));
            self.gap();
            self.waivers(wording);
            self.line("</details>");
            self.gap();
        }
    }

    fn examples(&mut self, examples: &[Example]) {
        if examples.is_empty() {
            return;
        }
        let n = i64::try_from(examples.len()).unwrap_or(i64::MAX);
        let summary = self.say("examples", &[("n", n.into())]);
        self.line(&format!("<details><summary>{}</summary>", html(&summary)));
        self.gap();
        for example in examples {
            self.paragraph(&format!("**{}**", escape(&example.title)));
            example.tables.iter().for_each(|table| self.table(table));
            for note in &example.notes {
                self.line(&format!("- {}", escape(note)));
            }
            for line in &example.verdicts {
                let message = line.message.as_ref().map(|m| format!(" *{}*", escape(m))).unwrap_or_default();
                self.line(&format!("- {}{message}", escape(&line.text)));
            }
            self.gap();
        }
        self.line("</details>");
        self.gap();
    }

    fn table(&mut self, table: &Table) {
        self.paragraph(&escape(&table.caption));
        self.rows(&table.head, &table.rows);
    }

    fn rows(&mut self, head: &[String], rows: &[Vec<String>]) {
        let row = |cells: &[String]| {
            let mut line = String::from("|");
            for cell in cells {
                let _ = write!(line, " {} |", escape(cell));
            }
            line
        };
        self.line(&row(head));
        self.line(&format!("|{}", " --- |".repeat(head.len())));
        rows.iter().for_each(|cells| self.line(&row(cells)));
        self.gap();
    }

    fn appendix(&mut self, handbook: &Handbook) {
        if !handbook.parameters.is_empty() {
            self.heading(2, "parameters", &self.say("parameters", &[]));
            handbook.parameters.iter().for_each(|parameter| self.parameter(parameter));
        }
        if !handbook.metrics.is_empty() {
            self.heading(2, "metrics", &self.say("metrics", &[]));
            for metric in &handbook.metrics {
                self.heading(3, &metric.anchor, &metric.title);
                self.doc(metric.doc.as_deref());
                metric.reading.iter().for_each(|block| self.block(block));
                self.fact(&self.say("name-in-policy", &[]), &code(&metric.name));
                self.gap();
            }
        }
        if !handbook.definitions.is_empty() {
            self.heading(2, "definitions", &self.say("definitions", &[]));
            for definition in &handbook.definitions {
                self.paragraph(&format!("**{}** ({})", escape(&definition.title), code(&definition.name)));
                self.doc(definition.doc.as_deref());
                self.read_by(handbook, &definition.rules);
            }
        }
        if !handbook.glossary.is_empty() {
            self.heading(2, "glossary", &self.say("glossary", &[]));
            for kind in &handbook.glossary {
                self.heading(3, &kind.anchor, &kind.title);
                self.doc(kind.doc.as_deref());
                let what = if kind.table { "is-table" } else { "is-record" };
                self.fact(&self.say(what, &[]), &code(&kind.name));
                kind.notes.iter().for_each(|note| self.line(&format!("- {}", escape(note))));
                self.gap();
                self.fields(&kind.fields);
            }
        }
    }

    /// Links to the rules that read a definition.
    fn read_by(&mut self, handbook: &Handbook, names: &[String]) {
        let all = handbook.domains.iter().flat_map(|domain| &domain.rules);
        let rules: Vec<&RuleEntry> = all.filter(|rule| names.contains(&rule.name)).collect();
        if !rules.is_empty() {
            self.paragraph(&escape(&self.say("read-by", &[])));
            for rule in rules {
                self.line(&format!("- [{}](#{})", escape(&rule.title), slug(&rule.anchor)));
            }
            self.gap();
        }
    }

    fn parameter(&mut self, parameter: &Parameter) {
        self.heading(3, &parameter.anchor, &parameter.title);
        self.doc(parameter.doc.as_deref());
        self.fact(&self.say("value", &[]), &escape(&parameter.value));
        self.times(parameter);
        self.fact(&self.say("name-in-policy", &[]), &code(&parameter.name));
        self.gap();
    }

    fn fields(&mut self, fields: &[FieldEntry]) {
        let head = ["field", "name-in-policy", "type", "remark"].map(|id| self.say(id, &[]));
        let row = |cells: [String; 4]| format!("| {} | {} | {} | {} |", cells[0], cells[1], cells[2], cells[3]);
        self.line(&row(head.map(|h| escape(&h))));
        self.line("| --- | --- | --- | --- |");
        for field in fields {
            let doc = field.doc.as_deref().unwrap_or_default();
            self.line(&row([escape(&field.title), code(&field.name), escape(&field.ty), escape(doc)]));
        }
        self.gap();
    }
}

/// Text that means itself: whatever may begin something in Markdown or HTML has a backslash before it.
pub fn escape(text: &str) -> String {
    let text = text.replace(['\n', '\r'], " ");
    let mut out = String::with_capacity(text.len() + 8);
    let start = text.len() - text.trim_start().len();
    let digits = text[start..].bytes().take_while(u8::is_ascii_digit).count();
    for (i, c) in text.char_indices() {
        let at_start = i == start;
        let ends = text[i + c.len_utf8()..].chars().next().is_none_or(char::is_whitespace);
        let after_number = digits > 0 && i == start + digits && ends;
        let active = match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '~' | '&' | '$' | '@' => true,
            '#' | '-' | '+' | '=' => at_start,
            '.' | ')' => after_number,
            _ => false,
        };
        if active {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// A name as it stands in the policy; in a table a bar keeps its backslash.
pub fn code(text: &str) -> String {
    let text = text.replace(['\n', '\r'], " ");
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let ticks = "`".repeat(longest + 1);
    let space = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{ticks}{space}{text}{space}{ticks}").replace('|', "\\|")
}

fn html(text: &str) -> String {
    super::html::escape(text)
}

/// An anchor of letters, digits, `-` and `_` alone.
pub fn slug(anchor: &str) -> String {
    anchor.chars().map(|c| if c.is_alphanumeric() || c == '_' { c } else { '-' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use pulldown_cmark::{Event, Options, Parser};

    /// What a reader sees of a paragraph; none where there is anything but text in it.
    fn seen(markdown: &str) -> Option<String> {
        let mut out = String::new();
        for event in Parser::new_ext(markdown, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH) {
            match event {
                Event::Text(text) => out.push_str(&text),
                Event::Start(pulldown_cmark::Tag::Paragraph) | Event::End(pulldown_cmark::TagEnd::Paragraph) => {}
                Event::Code(text) => out.push_str(&text),
                _ => return None,
            }
        }
        Some(out)
    }

    proptest! {
        #[test]
        fn text_means_itself(text in "[ -~äé中]{0,40}") {
            let text = text.trim();
            prop_assert_eq!(seen(&escape(text)), Some(text.to_owned()));
        }

        #[test]
        fn code_means_itself(text in "[ -{}~]{0,20}") {
            let text = text.trim();
            prop_assume!(!text.is_empty());
            prop_assert_eq!(seen(&code(text)), Some(text.to_owned()));
        }
    }
}
