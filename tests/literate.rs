//! Markdown pages with policies, and what `check` says of each.
//!
//! In `tests/literate/*.md` every `bylaw` block is a policy set of its own; the block behind it is `clean`, or
//! `diagnostics` with a line `CODE line:column message` for each. `BYLAWS_BLESS=1` rewrites them: read what it wrote.

use bylaws::{MemoryFiles, PolicySet};
use std::path::Path;

/// `CODE line:column message`, in the order of the text.
fn told(policy: &str) -> Vec<String> {
    let files = MemoryFiles::from_iter([("policy.bylaw", policy)]);
    let mut set = PolicySet::load(&files, &["policy.bylaw"]).expect("the policy is there");
    let checked = set.check(&[]);
    let line = |d: &bylaws::Diagnostic| {
        let (line, column) = set.sources().line_col(d.span());
        let level = if d.level == bylaws::Level::Warning { " (warning)" } else { "" };
        format!("{} {line}:{column} {}{level}", d.code, d.message)
    };
    checked.diagnostics().iter().map(line).collect()
}

fn fenced(lines: &[String]) -> String {
    match lines {
        [] => "```clean\n```".into(),
        lines => format!("```diagnostics\n{}\n```", lines.join("\n")),
    }
}

/// The page as it should be, from what the checker says.
fn rewritten(page: &str) -> String {
    let mut out = String::new();
    let mut rest = page;
    while let Some(at) = rest.find("```bylaw\n") {
        let body = &rest[at + "```bylaw\n".len()..];
        let end = body.find("```").expect("the block ends");
        let policy = &body[..end];
        out.push_str(&rest[..at + "```bylaw\n".len() + end + "```".len()]);
        rest = &body[end + "```".len()..];
        let trimmed = rest.trim_start();
        if trimmed.starts_with("```clean") || trimmed.starts_with("```diagnostics") {
            let inner = &trimmed["```".len()..];
            rest = &inner[inner.find("```").expect("the answer ends") + "```".len()..];
        }
        out.push_str(&format!("\n\n{}", fenced(&told(policy))));
    }
    out + rest
}

#[test]
fn pages_say_what_the_checker_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/literate");
    let mut pages: Vec<_> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    pages.sort();
    let mut wrong = Vec::new();
    for path in pages {
        let page = std::fs::read_to_string(&path).unwrap();
        let should = rewritten(&page);
        if std::env::var_os("BYLAWS_BLESS").is_some() {
            std::fs::write(&path, should).unwrap();
        } else if page != should {
            let line = page.lines().zip(should.lines()).position(|(a, b)| a != b).unwrap_or(0);
            let said = should.lines().nth(line).unwrap_or_default();
            wrong.push(format!("{}:{}: the checker says: {said}", path.display(), line + 1));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Ten thousand rules are checked in a time that grows with their number, not its square.
#[test]
fn many_rules_and_many_mistakes_end_in_time() {
    let mut text = String::from("record gift at received by actor { received: date, actor: text, value: money }\n");
    for i in 0..10_000 {
        text.push_str(&format!(
            "forbid rule_{i} {{ on gift when valeu_{i} > {i} CNY and count(gift over 30 days) > 3 }}\n"
        ));
    }
    let start = std::time::Instant::now();
    assert_eq!(told(&text).len(), 10_000);
    assert!(start.elapsed() < std::time::Duration::from_secs(60), "{:?}", start.elapsed());
}
