//! The pages of lints: what the wrong example shows is found, and in the right one it is not.

use bylaws::internals::diag::{Code, Level};
use bylaws::internals::lint::{self, Choice, Context, Settings};
use bylaws::internals::source::SourceMap;
use bylaws::internals::{sema, syntax};
use std::collections::BTreeSet;

/// What the examples speak of.
const RECORDS: &str = r#"
enum level { low, mid, high }
table person key id valid from since until left {
  id: text @person, unit: text, rank: level, manager: ref person?, since: date, left: date?,
}
record gift at day by who identity id {
  id: text, day: date, who: ref person, giver: text, occasion: text?, value: money, items: int, size: bytes, class: level,
}
record approval at day by who identity id { id: text, day: date, who: ref person, approver: ref person, gift: text }
record visit at time by who identity id { id: text, time: timestamp, who: ref person, host: text }
record note by who identity id { id: text, who: ref person, text: text }
"#;

/// Codes of what lints find within the example, of all lints.
fn found(example: &str) -> Result<BTreeSet<Code>, String> {
    let text = format!("{RECORDS}\n{example}");
    let mut sources = SourceMap::default();
    let id = sources.add("example.bylaw", text.as_str());
    let parsed = syntax::parse(id, &text);
    let files = [(id, parsed.file)];
    let of: Vec<_> = files.iter().map(|(id, file)| (*id, file)).collect();
    let (hir, told, uses) = sema::check_names(sema::CheckInput { sources: &sources, files: &of, set: &[] });
    let errors: Vec<_> = parsed.errors.iter().chain(&told).filter(|d| d.level == Level::Error).collect();
    if !errors.is_empty() {
        return Err(format!("{errors:?}"));
    }
    let settings = Settings { select: vec![Choice::parse("all").unwrap()], ..Settings::default() };
    // 2026-01-01
    let paths = vec!["example.bylaw".into()];
    let context = Context::new(&sources, &files, (&hir, &uses), 20_454, (&settings, &paths));
    let found = lint::run(&context, &settings);
    Ok(found.iter().filter(|d| d.span().start as usize > RECORDS.len()).map(|d| d.code).collect())
}

fn example<'a>(page: &'a str, word: &str) -> Option<&'a str> {
    let after = page.split_once(&format!("\n{word}:\n"))?.1.trim_start().strip_prefix("```bylaw\n")?;
    Some(after.split_once("\n```")?.0)
}

#[test]
fn each_wrong_example_is_found_and_each_right_one_is_not() {
    let mut wrong = Vec::new();
    for code in lint::all().map(|l| l.code) {
        for part in ["What it does: ", "Why it is bad: ", "Fix: "] {
            if !code.page().contains(&format!("\n{part}")) {
                wrong.push(format!("{code}: its page lacks `{part}`"));
            }
        }
        let (Some(bad), Some(good)) = (example(code.page(), "Wrong"), example(code.page(), "Right")) else {
            wrong.push(format!("{code}: its page lacks an example"));
            continue;
        };
        match found(bad) {
            Ok(codes) if codes.contains(&code) => {}
            Ok(codes) => wrong.push(format!("{code}: the wrong example gives {codes:?}")),
            Err(errors) => wrong.push(format!("{code}: the wrong example has errors: {errors}")),
        }
        match found(good) {
            Ok(codes) if !codes.contains(&code) => {}
            Ok(codes) => wrong.push(format!("{code}: the right example gives {codes:?}")),
            Err(errors) => wrong.push(format!("{code}: the right example has errors: {errors}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_code_of_a_lint_is_in_a_table_once() {
    let codes: Vec<Code> = lint::all().map(|l| l.code).collect();
    let unique: BTreeSet<Code> = codes.iter().copied().collect();
    assert_eq!(codes.len(), unique.len());
    let declared: BTreeSet<Code> = Code::ALL.iter().copied().filter(|c| lint::is_lint(*c)).collect();
    assert_eq!(unique, declared);
}
