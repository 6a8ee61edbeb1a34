//! The grammar chapter of the book: the rules of `grammar/` in the notation of the W3C, with their comments.

use pest_meta::ast::{Expr, Rule};
use pest_meta::parser;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

const HEAD: &str = "# Grammar

What can be written, in the notation that the [XML recommendation](https://www.w3.org/TR/xml/#sec-notation) uses:
`?` may be left out, `*` any number, `+` at least one, `|` one of several, `A - B` an A that is no B. Where several
readings fit, the first one is taken. Blanks, line ends and remarks (`// …`) may stand between any two parts, but not
inside the words of the last section. A word in quotes is not the beginning of a longer word. What of this can be
understood (names, types, units) is the checker's to say; [the language](../language.md) tells what it means.

This page is made from the grammar that the program itself reads with.
";

/// Of one file.
struct Chapter {
    title: &'static str,
    rules: Vec<Rule>,
    /// The comments before each rule.
    docs: BTreeMap<String, String>,
}

fn chapter(title: &'static str, text: &str) -> Chapter {
    let pairs = parser::parse(parser::Rule::grammar_rules, text).expect("the grammar can be read");
    let rules = parser::consume_rules(pairs).expect("the grammar holds together");
    let mut docs = BTreeMap::new();
    let mut before: Vec<&str> = Vec::new();
    for line in text.lines() {
        if let Some(doc) = line.strip_prefix("///") {
            before.push(doc.trim());
        } else {
            if let Some((name, _)) = line.split_once(" = ") {
                docs.insert(name.to_string(), before.join(" "));
            }
            before.clear();
        }
    }
    Chapter { title, rules, docs }
}

/// The page; the texts of the items, the expressions and the words.
pub fn page(items: &str, expressions: &str, words: &str) -> String {
    // The expressions' rules refer to those of the other files: each file is read with all before it.
    let chapters = [chapter("Items", items), chapter("Conditions and values", expressions), chapter("Words", words)];
    let mut spelled: BTreeMap<String, String> = BTreeMap::new();
    let mut keywords = BTreeSet::new();
    for rule in chapters.iter().flat_map(|c| &c.rules) {
        if let Some(text) = sole_text(&rule.expr).filter(|_| rule.name.starts_with("kw_") || is_sign(&rule.expr)) {
            spelled.insert(rule.name.clone(), quoted(text));
        }
        if !rule.name.starts_with("not_a_") {
            words_of(&rule.expr, &mut keywords);
        }
    }
    let mut out = HEAD.to_string();
    for chapter in &chapters {
        let _ = write!(out, "\n## {}\n\n```ebnf\n", chapter.title);
        let shown = chapter.rules.iter().filter(|r| !spelled.contains_key(&r.name) && !r.name.starts_with("only_"));
        for (i, rule) in shown.filter(|r| r.name != "WHITESPACE" && r.name != "gap").enumerate() {
            if i > 0 {
                out.push('\n');
            }
            if let Some(doc) = chapter.docs.get(&rule.name).filter(|d| !d.is_empty()) {
                out.push_str(&folded(&format!("/* {doc} */"), 3));
            }
            out.push_str(&production(rule, &spelled));
        }
        out.push_str("```\n");
    }
    let keywords: Vec<String> = keywords.iter().map(|w| format!("`{w}`")).collect();
    let _ = write!(
        out,
        "\n## Words with a meaning\n\nEach has its meaning only where the grammar has it, and may be a name elsewhere; but for \
         `and`, `or`,\n`not`, `in`, `true` and `false` where a value is expected.\n\n{}\n",
        wrapped(&keywords)
    );
    out
}

fn wrapped(words: &[String]) -> String {
    let mut out = String::new();
    let mut width = 0;
    for word in words {
        if width > 0 && width + word.len() > 110 {
            out.push('\n');
            width = 0;
        } else if width > 0 {
            out.push(' ');
        }
        out.push_str(word);
        width += word.len() + 1;
    }
    out
}

/// The text, where a rule is that and perhaps where it must end.
fn sole_text(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Str(text) => Some(text),
        Expr::Seq(first, end) if matches!(**end, Expr::NegPred(_)) => sole_text(first),
        _ => None,
    }
}

fn is_sign(expr: &Expr) -> bool {
    sole_text(expr).is_some_and(|t| !t.chars().any(char::is_alphanumeric))
}

fn words_of(expr: &Expr, found: &mut BTreeSet<String>) {
    match expr {
        Expr::Str(text) if text.len() > 1 && text.starts_with(|c: char| c.is_ascii_lowercase()) => {
            found.insert(text.clone());
        }
        Expr::Seq(a, b) | Expr::Choice(a, b) => {
            words_of(a, found);
            words_of(b, found);
        }
        Expr::Opt(of) | Expr::Rep(of) | Expr::RepOnce(of) => words_of(of, found),
        _ => {}
    }
}

fn quoted(text: &str) -> String {
    if let [control @ 0..32] = text.as_bytes() {
        return format!("#x{control:X}");
    }
    if text.contains('"') { format!("'{text}'") } else { format!("\"{text}\"") }
}

fn production(rule: &Rule, spelled: &BTreeMap<String, String>) -> String {
    let head = format!("{} ::= ", rule.name);
    let one = format!("{head}{}\n", shown(&rule.expr, spelled, 0));
    let choices = alternatives(unended(&rule.expr));
    // Many words are easier to take in as a block than as a column.
    let words = choices.iter().all(|c| matches!(unended(c), Expr::Str(_) | Expr::Choice(..)));
    if one.len() <= 120 || choices.len() == 1 || words {
        return folded(&one, head.len());
    }
    let mut out = String::new();
    for (i, choice) in choices.iter().enumerate() {
        let start = if i == 0 { head.clone() } else { format!("{:>1$}", "| ", head.len()) };
        out.push_str(&folded(&format!("{start}{}\n", shown(choice, spelled, 1)), head.len()));
    }
    out
}

/// A line that is too long goes on under its beginning.
fn folded(line: &str, indent: usize) -> String {
    let mut out = String::new();
    let mut width = 0;
    for part in line.trim_end().split_inclusive(' ') {
        if width + part.trim_end().len() > 118 && width > indent {
            out.truncate(out.trim_end().len());
            let _ = write!(out, "\n{:indent$}", "");
            width = indent;
        }
        out.push_str(part);
        width += part.len();
    }
    out.push('\n');
    out
}

/// Without what a word must not go on with.
fn unended(expr: &Expr) -> &Expr {
    match expr {
        Expr::Seq(first, end) if matches!(**end, Expr::NegPred(_)) => first,
        other => other,
    }
}

fn alternatives(expr: &Expr) -> Vec<&Expr> {
    match expr {
        Expr::Choice(a, b) => [alternatives(a), alternatives(b)].concat(),
        Expr::Seq(ahead, of) if matches!(**ahead, Expr::PosPred(_)) => alternatives(of),
        other => vec![other],
    }
}

/// Without blanks, which may be anywhere, and without what only looks ahead, so that less is tried.
fn parts(expr: &Expr) -> Vec<&Expr> {
    let all = in_a_row(expr);
    let is_gap = |of: Option<&&Expr>| matches!(of, Some(Expr::Ident(name)) if name == "gap");
    let says = |(i, of): (usize, &&Expr)| match of {
        Expr::PosPred(_) => false,
        Expr::NegPred(_) => !is_gap(all.get(i + 1)),
        _ => !is_gap(all.get(i)),
    };
    all.iter().enumerate().filter(|(i, of)| says((*i, of))).map(|(_, of)| *of).collect()
}

fn in_a_row(expr: &Expr) -> Vec<&Expr> {
    match expr {
        Expr::Seq(a, b) => [in_a_row(a), in_a_row(b)].concat(),
        other => vec![other],
    }
}

/// What is repeated, without a look at whether it is over.
fn repeated(expr: &Expr) -> &Expr {
    let is_end = |of: &Expr| matches!(of, Expr::Str(text) if text == "}") || *of == Expr::Ident("EOI".into());
    match expr {
        Expr::Seq(first, rest) if matches!(&**first, Expr::NegPred(of) if is_end(of)) => rest,
        other => other,
    }
}

/// `around`: 0 a choice needs no parentheses, 1 a sequence needs none, 2 both do.
fn shown(expr: &Expr, spelled: &BTreeMap<String, String>, around: u8) -> String {
    let grouped = |text: String, level: u8| if around > level { format!("({text})") } else { text };
    match expr {
        Expr::Str(text) => quoted(text),
        Expr::Range(from, to) => format!("[{from}-{to}]"),
        Expr::Ident(name) => spelled.get(name).cloned().unwrap_or_else(|| class(name)),
        Expr::Choice(..) => {
            let all: Vec<String> = alternatives(expr).into_iter().map(|e| shown(e, spelled, 1)).collect();
            // What comes again later is only tried earlier where it is all there can be.
            let last = |(i, text): &(usize, &String)| !all[i + 1..].contains(text);
            let all: Vec<&str> = all.iter().enumerate().filter(last).map(|(_, text)| text.as_str()).collect();
            grouped(all.join(" | "), 0)
        }
        Expr::Seq(..) => {
            let parts = parts(expr);
            let all = sequence(&parts, spelled);
            match parts[0] {
                // What follows only says where it must end.
                first if all.len() == 1 && !matches!(first, Expr::NegPred(_)) => shown(first, spelled, around),
                _ if all.len() == 1 => all[0].clone(),
                _ => grouped(all.join(" "), 1),
            }
        }
        Expr::Opt(of) => format!("{}?", shown(of, spelled, 2)),
        Expr::Rep(of) => format!("{}*", shown(repeated(of), spelled, 2)),
        Expr::RepOnce(of) => format!("{}+", shown(of, spelled, 2)),
        Expr::RepExact(of, n) => vec![shown(of, spelled, 2); *n as usize].join(" "),
        other => panic!("{other:?} has no notation yet"),
    }
}

/// What must not come next is taken from what comes next where that is one thing, and else left out.
fn sequence(parts: &[&Expr], spelled: &BTreeMap<String, String>) -> Vec<String> {
    let mut out = Vec::new();
    let mut except: Vec<String> = Vec::new();
    for part in parts {
        match part {
            Expr::NegPred(of) => except.push(shown(of, spelled, 2)),
            Expr::Ident(name) if name == "SOI" || name == "EOI" => {}
            Expr::Ident(_) if !except.is_empty() => {
                let text = shown(part, spelled, 2);
                out.push(format!("({text} - {})", except.join(" - ")));
                except.clear();
            }
            _ => {
                except.clear();
                out.push(shown(part, spelled, 2));
            }
        }
    }
    out
}

/// The classes of characters that come with the notation of the grammar's own.
fn class(name: &str) -> String {
    match name {
        "ASCII_DIGIT" => "[0-9]".into(),
        "ASCII_ALPHA" => "[A-Za-z]".into(),
        "ASCII_ALPHANUMERIC" => "[A-Za-z0-9]".into(),
        "ANY" => "any".into(),
        other => other.into(),
    }
}
