//! The pages of lints: what the wrong example shows is found, and in the right one it is not.

use bylaws::internals::diag::{Code, Diagnostic, Level};
use bylaws::internals::lint::{self, Choice, Context, Settings};
use bylaws::internals::source::SourceMap;
use bylaws::internals::{sema, syntax};
use std::collections::BTreeSet;

/// What the examples speak of, in a file of its own.
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
    Ok(told(example)?.0.iter().map(|d| d.code).collect())
}

/// What lints find within the example, and the example with the safe fixes made.
fn told(example: &str) -> Result<(Vec<Diagnostic>, String), String> {
    let mut sources = SourceMap::default();
    let records = sources.add("records.bylaw", RECORDS);
    let own = sources.add("example.bylaw", example);
    let parsed = [(records, syntax::parse(records, RECORDS)), (own, syntax::parse(own, example))];
    let errors = parsed.iter().flat_map(|(_, p)| p.errors.clone()).collect::<Vec<_>>();
    let files = parsed.map(|(id, parsed)| (id, parsed.file));
    let of: Vec<_> = files.iter().map(|(id, file)| (*id, file)).collect();
    let (hir, told, uses) = sema::check_names(sema::CheckInput { sources: &sources, files: &of, set: &[] });
    let errors: Vec<_> = errors.iter().chain(&told).filter(|d| d.level == Level::Error).collect();
    if !errors.is_empty() {
        return Err(format!("{errors:?}"));
    }
    let settings = Settings { select: vec![Choice::parse("all").unwrap()], ..Settings::default() };
    // 2026-01-01
    let paths = vec!["records.bylaw".into(), "example.bylaw".into()];
    let context = Context::new(&sources, &files, (&hir, &uses), 20_454, (&settings, &paths));
    let mut found = lint::run(&context, &settings);
    found.retain(|d| d.span().file == own);
    let mended = lint::apply(example, lint::edits(&found).iter());
    Ok((found, mended))
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

#[test]
fn what_is_mended_is_right_and_has_nothing_left_to_mend() {
    for code in lint::all().map(|l| l.code) {
        let mut text = example(code.page(), "Wrong").unwrap().to_owned();
        let could = told(&text).unwrap().0.iter().any(|d| d.code == code && d.fixes.iter().any(|f| f.safe));
        for round in 0.. {
            let (found, mended) = told(&text).unwrap_or_else(|errors| panic!("{code}: {errors}\n{text}"));
            if mended == text {
                assert!(!could || found.iter().all(|d| d.code != code), "{code} is still there:\n{text}");
                break;
            }
            assert!(round < 10, "{code}: there is always more to mend:\n{mended}");
            text = mended;
        }
    }
}
