//! The handbook as one page that loads nothing: what it says stands in it as it is; a script adds the filter alone.

use super::Part;
use super::catalogue::{Arg, Catalogue};
use super::definitions::{Glossary, Parameter};
use super::examples::{Example, Table};
use super::markdown::{NOTES, slug};
use super::model::{Domain, Handbook, RuleEntry, Wording};
use super::reading::Block;
use super::words;
use crate::data::{Severity, Verdict};
use std::collections::BTreeMap;

const STYLE: &str = include_str!("page/style.css");
const SCRIPT: &str = include_str!("page/page.js");

struct Page<'a> {
    out: String,
    catalogue: &'a Catalogue,
    /// The anchors of the rules, by name: remarks that name a rule lead to it.
    rules: BTreeMap<&'a str, String>,
}

pub fn page(handbook: &Handbook, catalogue: &Catalogue) -> String {
    let all = handbook.domains.iter().flat_map(|domain| &domain.rules);
    let rules = all.map(|rule| (rule.name.as_str(), slug(&rule.anchor))).collect();
    let mut page = Page { out: String::new(), catalogue, rules };
    page.head(handbook);
    page.raw("<div class=\"columns\">\n");
    page.contents(handbook);
    page.raw("<main id=\"main\">\n");
    page.how_to_read();
    page.charters(handbook);
    handbook.domains.iter().for_each(|domain| page.domain(domain));
    page.parameters(&handbook.parameters);
    page.metrics(handbook);
    page.definitions(handbook);
    page.glossary(&handbook.glossary);
    page.raw("</main>\n</div>\n");
    page.element("footer", "", &page.say("intro", &[]));
    page.raw(&format!("<script>\n{SCRIPT}</script>\n</body>\n</html>\n"));
    page.out
}

/// Text between or within tags.
pub fn escape(text: &str) -> String {
    // What XML, and so a page that is to be well-formed, has no place for.
    let text: String = text.chars().map(|c| if is_control(c) { '\u{fffd}' } else { c }).collect();
    let mut out = String::with_capacity(text.len() + 8);
    // A `String` takes everything.
    let written = pulldown_cmark_escape::escape_html(&mut out, &text);
    debug_assert!(written.is_ok());
    out
}

fn is_control(c: char) -> bool {
    (c.is_control() && !matches!(c, '\n' | '\t')) || matches!(c, '\u{fffe}' | '\u{ffff}' | '\u{fdd0}'..='\u{fdef}')
}

impl<'a> Page<'a> {
    fn say(&self, id: &str, args: &[(&str, Arg)]) -> String {
        self.catalogue.say(id, args)
    }

    fn raw(&mut self, html: &str) {
        self.out.push_str(html);
    }

    /// An element with text alone in it.
    fn element(&mut self, tag: &str, attributes: &str, text: &str) {
        self.out.push_str(&format!("<{tag}{attributes}>{}</{tag}>\n", escape(text)));
    }

    fn head(&mut self, handbook: &Handbook) {
        let title = escape(&handbook.title);
        self.raw(&format!(
            "<!DOCTYPE html>\n{}\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\" />\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\" />\n\
             <meta name=\"color-scheme\" content=\"light dark\" />\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
             style-src 'unsafe-inline'; script-src 'unsafe-inline'\" />\n\
             <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n",
            super::MARK,
            escape(&handbook.language)
        ));
        self.raw(&format!("<a class=\"skip\" href=\"#main\">{}</a>\n", escape(&self.say("skip", &[]))));
        self.raw("<header>\n");
        self.element("h1", "", &handbook.title);
        if let Some(day) = &handbook.as_of {
            self.element("p", "", &self.say("as-of", &[("day", day.into())]));
        }
        self.raw("</header>\n");
    }

    fn contents(&mut self, handbook: &Handbook) {
        let label = escape(&self.say("contents", &[]));
        self.raw(&format!("<nav aria-label=\"{label}\">\n"));
        self.filter(handbook);
        self.raw("<ul class=\"contents\">\n");
        self.link("how-to-read", &self.say("how-to-read", &[]));
        if !handbook.charters.is_empty() {
            self.link("charter", &self.say("charter", &[]));
        }
        for domain in &handbook.domains {
            let (anchor, title) = (slug(&domain.anchor), escape(&domain.title));
            self.raw(&format!("<li><a href=\"#{anchor}\">{title}</a>\n<ul>\n"));
            for rule in &domain.rules {
                let (anchor, title) = (slug(&rule.anchor), escape(&rule.title));
                let (class, severity) =
                    (severity_class(rule.severity), escape(&self.say(words::severity_id(rule.severity), &[])));
                self.raw(&format!(
                    "<li data-for=\"{anchor}\"><a href=\"#{anchor}\"><span class=\"dot {class}\" title=\"{severity}\"></span>\
                     <span class=\"off\">{severity}: </span>{title}</a></li>\n"
                ));
            }
            self.raw("</ul></li>\n");
        }
        let parts = [
            ("parameters", handbook.parameters.is_empty()),
            ("metrics", handbook.metrics.is_empty()),
            ("definitions", handbook.definitions.is_empty()),
            ("glossary", handbook.glossary.is_empty()),
        ];
        for (id, empty) in parts {
            if !empty {
                self.link(id, &self.say(id, &[]));
            }
        }
        self.raw("</ul>\n</nav>\n");
    }

    fn link(&mut self, anchor: &str, text: &str) {
        self.raw(&format!("<li><a href=\"#{anchor}\">{}</a></li>\n", escape(text)));
    }

    /// The script shows it; without a script there is nothing to filter by.
    fn filter(&mut self, handbook: &Handbook) {
        let say = |id: &str| escape(&self.say(id, &[]));
        let count = escape(&self.say("filter-count", &[("shown", "%1".into()), ("all", "%2".into())]));
        let mut form = format!(
            "<form id=\"filter\" role=\"search\" hidden=\"hidden\" data-count=\"{count}\">\n\
             <label for=\"words\">{}</label>\n<input type=\"search\" id=\"words\" autocomplete=\"off\" />\n\
             <label for=\"severity\">{}</label>\n<select id=\"severity\">\n<option value=\"\">{}</option>\n",
            say("filter-words"),
            say("severity"),
            say("filter-all")
        );
        for severity in Severity::ALL {
            let has = handbook.domains.iter().flat_map(|d| &d.rules).any(|rule| rule.severity == severity);
            if has {
                let name = say(words::severity_id(severity));
                form.push_str(&format!("<option value=\"{}\">{name}</option>\n", severity.as_str()));
            }
        }
        form.push_str("</select>\n<p id=\"count\" role=\"status\"></p>\n</form>\n");
        self.raw(&form);
    }

    fn how_to_read(&mut self) {
        self.raw("<section id=\"how-to-read\" aria-labelledby=\"how-to-read-title\">\n");
        self.element("h2", " id=\"how-to-read-title\"", &self.say("how-to-read", &[]));
        self.element("p", "", &self.say("intro", &[]));
        self.raw("<ul>\n");
        for id in NOTES {
            self.element("li", "", &self.say(id, &[]));
        }
        self.raw("</ul>\n</section>\n");
    }

    fn charters(&mut self, handbook: &Handbook) {
        for (i, charter) in handbook.charters.iter().enumerate() {
            let id = if i == 0 { "charter".to_owned() } else { format!("charter-{}", i + 1) };
            let heading = self.say("charter", &[]);
            self.raw(&format!("<section id=\"{id}\" aria-labelledby=\"{id}-title\">\n"));
            self.element("h2", &format!(" id=\"{id}-title\""), charter.title.as_deref().unwrap_or(&heading));
            self.doc(charter.doc.as_deref());
            self.raw("<ul>\n");
            charter.lines.iter().for_each(|line| self.element("li", "", line));
            self.raw("</ul>\n</section>\n");
        }
    }

    fn domain(&mut self, domain: &Domain) {
        let anchor = slug(&domain.anchor);
        self.raw(&format!("<section class=\"domain\" id=\"{anchor}\" aria-labelledby=\"{anchor}-title\">\n"));
        self.element("h2", &format!(" id=\"{anchor}-title\""), &domain.title);
        self.doc(domain.doc.as_deref());
        self.facts(&domain.facts);
        domain.rules.iter().for_each(|rule| self.rule(rule));
        self.raw("</section>\n");
    }

    /// Names and values.
    fn facts(&mut self, facts: &[(String, String)]) {
        if facts.is_empty() {
            return;
        }
        self.raw("<dl>\n");
        for (name, value) in facts {
            self.raw(&format!("<div><dt>{}</dt><dd>{}</dd></div>\n", escape(name), escape(value)));
        }
        self.raw("</dl>\n");
    }

    fn rule(&mut self, rule: &RuleEntry) {
        let (anchor, severity) = (slug(&rule.anchor), rule.severity.as_str());
        self.raw(&format!(
            "<article class=\"rule\" id=\"{anchor}\" data-severity=\"{severity}\" aria-labelledby=\"{anchor}-title\">\n"
        ));
        self.element("h3", &format!(" id=\"{anchor}-title\""), &rule.title);
        let name = self.say(words::severity_id(rule.severity), &[]);
        let label = self.say("label", &[("name", (&self.say("severity", &[])).into())]);
        let class = severity_class(rule.severity);
        self.raw(&format!(
            "<p class=\"badges\"><span class=\"badge {class}\"><span class=\"off\">{} </span>{}</span> <code>{}</code></p>\n",
            escape(&label),
            escape(&name),
            escape(&rule.name)
        ));
        self.doc(rule.doc.as_deref());
        let shown = &rule.wordings[rule.shown];
        self.reading(shown);
        let mut facts = shown.facts.clone();
        facts.push((self.say("in-force", &[]), rule.in_force.clone()));
        if rule.wordings.len() > 1 {
            facts.push((self.say("this-wording", &[]), shown.in_force.clone()));
        }
        self.facts(&facts);
        self.list("changes", &rule.changes);
        self.values(&rule.parameters);
        self.waivers(shown);
        self.others(rule);
        self.examples(&rule.examples);
        self.raw("</article>\n");
    }

    fn list(&mut self, heading: &str, lines: &[String]) {
        if lines.is_empty() {
            return;
        }
        self.element("h4", "", &self.say(heading, &[]));
        self.raw("<ul>\n");
        lines.iter().for_each(|line| self.element("li", "", line));
        self.raw("</ul>\n");
    }

    fn reading(&mut self, wording: &Wording) {
        self.raw("<div class=\"reading\">\n");
        wording.reading.iter().for_each(|block| self.block(block, "p"));
        if !wording.approver.is_empty() {
            self.element("h4", "", &self.say("who-may-approve", &[]));
            wording.approver.iter().for_each(|block| self.block(block, "p"));
        }
        self.raw("</div>\n");
    }

    fn block(&mut self, block: &Block, tag: &str) {
        match block {
            Block::Line(line) => self.element(tag, "", line),
            Block::List { lead, items } => {
                // A list stands behind a paragraph, and inside of an item.
                match tag {
                    "p" => self.element("p", " class=\"lead\"", lead),
                    _ => self.raw(&format!("<li>{}\n", escape(lead))),
                }
                self.raw("<ul>\n");
                items.iter().for_each(|item| self.block(item, "li"));
                self.raw("</ul>\n");
                if tag != "p" {
                    self.raw("</li>\n");
                }
            }
        }
    }

    /// An author's remarks: paragraphs, and names in backticks.
    fn doc(&mut self, doc: Option<&str>) {
        for paragraph in super::remarks(doc.unwrap_or_default()) {
            let html = self.parts(&paragraph);
            self.raw(&format!("<p class=\"remark\">{html}</p>\n"));
        }
    }

    fn parts(&self, parts: &[Part]) -> String {
        let part = |part: &Part| match part {
            Part::Text(text) => escape(text),
            Part::Code(name) => match self.rules.get(name) {
                Some(anchor) => format!("<a href=\"#{anchor}\"><code>{}</code></a>", escape(name)),
                None => format!("<code>{}</code>", escape(name)),
            },
        };
        parts.iter().map(part).collect()
    }

    fn remark(&self, doc: Option<&str>) -> String {
        let paragraphs = super::remarks(doc.unwrap_or_default());
        paragraphs.iter().map(|paragraph| self.parts(paragraph)).collect::<Vec<_>>().join("<br />")
    }

    /// The parameters of a rule, with the values that they have and will have.
    fn values(&mut self, parameters: &[Parameter]) {
        if parameters.is_empty() {
            return;
        }
        self.element("h4", "", &self.say("values-in-rule", &[]));
        self.raw("<ul>\n");
        for parameter in parameters {
            let (anchor, title) = (slug(&parameter.anchor), escape(&parameter.title));
            let link = format!("<a href=\"#{anchor}\">{title}</a>");
            let line = self.say("labelled", &[("name", (&link).into()), ("value", (&escape(&parameter.value)).into())]);
            self.raw(&format!("<li>{line}"));
            self.times(parameter);
            self.raw("</li>\n");
        }
        self.raw("</ul>\n");
    }

    fn times(&mut self, parameter: &Parameter) {
        if !parameter.values.is_empty() {
            self.raw("\n<ul>\n");
            for (when, value) in &parameter.values {
                self.element("li", "", &self.say("labelled", &[("name", when.into()), ("value", value.into())]));
            }
            self.raw("</ul>\n");
        }
    }

    fn waivers(&mut self, wording: &Wording) {
        if !wording.waivers.is_empty() {
            self.element("h4", "", &self.say("waivers", &[]));
            self.raw("<ul>\n");
            wording.waivers.iter().for_each(|waiver| self.block(waiver, "li"));
            self.raw("</ul>\n");
        }
    }

    /// The wordings that are not shown first.
    fn others(&mut self, rule: &RuleEntry) {
        let shown = &rule.wordings[rule.shown];
        for (i, wording) in rule.wordings.iter().enumerate().filter(|(i, _)| *i != rule.shown) {
            let id = if i < rule.shown { "earlier-wording" } else { "later-wording" };
            let when = self.say(id, &[("when", (&wording.in_force).into())]);
            self.raw(&format!("<details><summary>{}</summary>\n", escape(&when)));
            if wording.title != shown.title {
                self.element("h4", "", &wording.title);
            }
            if wording.doc != shown.doc {
                self.doc(wording.doc.as_deref());
            }
            self.reading(wording);
            let differ = wording.facts.iter().filter(|fact| !shown.facts.contains(fact));
            self.facts(&differ.cloned().collect::<Vec<_>>());
            self.waivers(wording);
            self.raw("</details>\n");
        }
    }

    fn examples(&mut self, examples: &[Example]) {
        if examples.is_empty() {
            return;
        }
        let n = i64::try_from(examples.len()).unwrap_or(i64::MAX);
        let summary = self.say("examples", &[("n", n.into())]);
        self.raw(&format!("<details class=\"examples\"><summary>{}</summary>\n", escape(&summary)));
        for example in examples {
            self.element("h4", "", &example.title);
            example.tables.iter().for_each(|table| self.table(table));
            self.raw("<ul class=\"verdicts\">\n");
            example.notes.iter().for_each(|note| self.element("li", "", note));
            for line in &example.verdicts {
                let class = if line.verdict == Verdict::Finding { " class=\"finding\"" } else { "" };
                let message = line.message.as_ref().map(|m| format!(" <q>{}</q>", escape(m))).unwrap_or_default();
                self.raw(&format!("<li{class}>{}{message}</li>\n", escape(&line.text)));
            }
            self.raw("</ul>\n");
        }
        self.raw("</details>\n");
    }

    fn table(&mut self, table: &Table) {
        let head: Vec<String> = table.head.iter().map(|h| format!("<th scope=\"col\">{}</th>", escape(h))).collect();
        self.raw(&format!(
            "<div class=\"scroll\"><table>\n<caption>{}</caption>\n<thead><tr>{}</tr></thead>\n<tbody>\n",
            escape(&table.caption),
            head.concat()
        ));
        for row in &table.rows {
            let cells = row.iter().enumerate().map(|(i, cell)| match i {
                0 => format!("<th scope=\"row\">{}</th>", escape(cell)),
                _ => format!("<td>{}</td>", escape(cell)),
            });
            let cells: String = cells.collect();
            self.raw(&format!("<tr>{cells}</tr>\n"));
        }
        self.raw("</tbody>\n</table></div>\n");
    }

    fn parameters(&mut self, parameters: &[Parameter]) {
        if parameters.is_empty() {
            return;
        }
        self.raw("<section id=\"parameters\" aria-labelledby=\"parameters-title\">\n");
        self.element("h2", " id=\"parameters-title\"", &self.say("parameters", &[]));
        let head = ["field", "value", "name-in-policy", "remark"].map(|id| self.say(id, &[]));
        self.head_row(&[&self.say("parameter", &[]), &head[1], &head[2], &head[3]]);
        for parameter in parameters {
            let (anchor, title) = (slug(&parameter.anchor), escape(&parameter.title));
            self.raw(&format!("<tr id=\"{anchor}\"><th scope=\"row\">{title}</th><td>{}", escape(&parameter.value)));
            self.times(parameter);
            let remark = self.remark(parameter.doc.as_deref());
            self.raw(&format!("</td><td><code>{}</code></td><td>{remark}</td></tr>\n", escape(&parameter.name)));
        }
        self.raw("</tbody>\n</table></div>\n</section>\n");
    }

    fn head_row(&mut self, head: &[&str]) {
        let head: String = head.iter().map(|h| format!("<th scope=\"col\">{}</th>", escape(h))).collect();
        self.raw(&format!("<div class=\"scroll\"><table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n"));
    }

    fn metrics(&mut self, handbook: &Handbook) {
        if handbook.metrics.is_empty() {
            return;
        }
        self.raw("<section id=\"metrics\" aria-labelledby=\"metrics-title\">\n");
        self.element("h2", " id=\"metrics-title\"", &self.say("metrics", &[]));
        for metric in &handbook.metrics {
            self.element("h3", &format!(" id=\"{}\"", slug(&metric.anchor)), &metric.title);
            self.raw(&format!("<p class=\"badges\"><code>{}</code></p>\n", escape(&metric.name)));
            self.doc(metric.doc.as_deref());
            metric.reading.iter().for_each(|block| self.block(block, "p"));
        }
        self.raw("</section>\n");
    }

    fn definitions(&mut self, handbook: &Handbook) {
        if handbook.definitions.is_empty() {
            return;
        }
        self.raw("<section id=\"definitions\" aria-labelledby=\"definitions-title\">\n");
        self.element("h2", " id=\"definitions-title\"", &self.say("definitions", &[]));
        let titles: BTreeMap<&str, (&str, String)> = handbook
            .domains
            .iter()
            .flat_map(|domain| &domain.rules)
            .map(|rule| (rule.name.as_str(), (rule.title.as_str(), slug(&rule.anchor))))
            .collect();
        for definition in &handbook.definitions {
            self.element("h3", "", &definition.title);
            self.raw(&format!("<p class=\"badges\"><code>{}</code></p>\n", escape(&definition.name)));
            self.doc(definition.doc.as_deref());
            let named = definition.rules.iter().filter_map(|name| titles.get(name.as_str()));
            let links: Vec<String> = named
                .map(|(title, anchor)| format!("<li><a href=\"#{anchor}\">{}</a></li>\n", escape(title)))
                .collect();
            if !links.is_empty() {
                self.element("p", " class=\"lead\"", &self.say("read-by", &[]));
                self.raw(&format!("<ul>\n{}</ul>\n", links.concat()));
            }
        }
        self.raw("</section>\n");
    }

    fn glossary(&mut self, glossary: &[Glossary]) {
        if glossary.is_empty() {
            return;
        }
        self.raw("<section id=\"glossary\" aria-labelledby=\"glossary-title\">\n");
        self.element("h2", " id=\"glossary-title\"", &self.say("glossary", &[]));
        let head = ["field", "type", "name-in-policy", "remark"].map(|id| self.say(id, &[]));
        for kind in glossary {
            self.element("h3", &format!(" id=\"{}\"", slug(&kind.anchor)), &kind.title);
            let what = self.say(if kind.table { "is-table" } else { "is-record" }, &[]);
            self.raw(&format!("<p class=\"badges\">{} <code>{}</code></p>\n", escape(&what), escape(&kind.name)));
            self.doc(kind.doc.as_deref());
            if !kind.notes.is_empty() {
                self.raw("<ul>\n");
                kind.notes.iter().for_each(|note| self.element("li", "", note));
                self.raw("</ul>\n");
            }
            self.head_row(&[&head[0], &head[1], &head[2], &head[3]]);
            for field in &kind.fields {
                let remark = self.remark(field.doc.as_deref());
                self.raw(&format!(
                    "<tr><th scope=\"row\">{}</th><td>{}</td><td><code>{}</code></td><td>{remark}</td></tr>\n",
                    escape(&field.title),
                    escape(&field.ty),
                    escape(&field.name)
                ));
            }
            self.raw("</tbody>\n</table></div>\n");
        }
        self.raw("</section>\n");
    }
}

fn severity_class(of: Severity) -> &'static str {
    match of {
        Severity::Info => "s-info",
        Severity::Minor => "s-minor",
        Severity::Major => "s-major",
        Severity::Critical => "s-critical",
    }
}
