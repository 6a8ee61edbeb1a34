//! The pages behind `bylaws explain`: each wrong example gives its code and no other, each right one none.

use bylaws::internals::diag::Code;
use bylaws::internals::source::SourceMap;
use bylaws::internals::{sema, syntax};
use std::collections::BTreeSet;

/// What the examples speak of.
const RECORDS: &str = r#"
enum level { low, mid, high }
table person key id valid from since until left { id: text, unit: text, rank: level, since: date, left: date? }
record gift at day by who identity id {
  id: text, day: date, who: ref person, giver: text, occasion: text?, value: money, items: int, size: bytes, class: level,
}
record approval at day by who identity id { id: text, day: date, who: ref person, gift: text }
record visit at time by who { time: timestamp, who: ref person, host: text }
record note by who { who: ref person, text: text }
"#;

fn told(example: &str) -> BTreeSet<Code> {
    let text = format!("{RECORDS}\n{example}");
    let mut sources = SourceMap::default();
    let id = sources.add("example.bylaw", text.as_str());
    let parsed = syntax::parse(id, &text);
    let (_, told) = sema::check(sema::CheckInput { sources: &sources, files: &[(id, &parsed.file)], set: &[] });
    parsed.errors.iter().chain(&told).map(|d| d.code).collect()
}

/// The policy behind `Wrong:` or `Right:`.
fn example<'a>(page: &'a str, word: &str) -> Option<&'a str> {
    let after = page.split_once(&format!("\n{word}:\n"))?.1.trim_start().strip_prefix("```bylaw\n")?;
    Some(after.split_once("\n```")?.0)
}

#[test]
fn examples_of_the_checker() {
    // Too long to write out, or told by what runs a test.
    let elsewhere = ["B0212", "B0610", "B0622"];
    let mut wrong = Vec::new();
    for code in Code::ALL.iter().filter(|c| ("B02".."B07").contains(&c.as_str()) && !elsewhere.contains(&c.as_str())) {
        let (Some(bad), Some(good)) = (example(code.page(), "Wrong"), example(code.page(), "Right")) else { continue };
        if told(bad) != BTreeSet::from([*code]) {
            wrong.push(format!("{code}: the wrong example gives {:?}", told(bad)));
        }
        if !told(good).is_empty() {
            wrong.push(format!("{code}: the right example gives {:?}", told(good)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Too long for a page: definitions that grow by four at each step, and a table of more cases than anybody follows.
#[test]
fn what_grows_too_large_is_told() {
    let steps = (1..12).map(|i| {
        let uses: Vec<String> = (0..4).map(|k| format!("d{}(x + {k})", i - 1)).collect();
        format!("define d{i}(x: int) = {}\n", uses.join(" or "))
    });
    let text =
        format!("define d0(x: int) = x > 1\n{}forbid r {{ on gift when d11(items) }}", steps.collect::<String>());
    assert_eq!(told(&text), BTreeSet::from([Code::TooLarge]));
    let clauses = "  given gift as g { id: \"1\", day: 2026-01-01, who: \"E\", giver: \"a\", value: 1 EUR, items: n, size: 1 KiB, class: low }\n";
    let cases = |n: usize| {
        let rows = "    | 1 |\n".repeat(n);
        format!(
            "forbid r {{ on gift when items > 1 }}\ntest \"t\" {{\n{clauses}  expect compliant r on g\n  cases {{\n    | n |\n{rows}  }}\n}}"
        )
    };
    assert_eq!(told(&cases(3)), BTreeSet::new());
    assert_eq!(told(&cases(70_000)), BTreeSet::from([Code::TooLarge]));
}

/// Output of `bylaws test` on an example.
fn tested(example: &str, args: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let policy = folder.path().join("example.bylaw");
    std::fs::write(&policy, format!("{RECORDS}\n{example}")).unwrap();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_bylaws"));
    let output = command.arg("test").arg(&policy).args(args).output().expect("the built command runs");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn examples_of_coverage() {
    let page = Code::Undecided.page();
    let (bad, good) = (example(page, "Wrong").unwrap(), example(page, "Right").unwrap());
    let (bad, good) = (tested(bad, &["--coverage"]), tested(good, &["--coverage"]));
    assert!(bad.contains("1 passed, 0 failed") && bad.contains("B0622"), "{bad}");
    assert!(good.contains("3 passed, 0 failed") && good.contains("100 %") && !good.contains("B0622"), "{good}");
}
