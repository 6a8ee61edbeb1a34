//! Hostile and broken input: a clear error or a correct run, in bounded time, and never a panic; what is
//! missing or malformed is never a pass and never a finding.

use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

const POLICY: &str = r#"
policy conduct "Conduct" { timezone "Asia/Shanghai" }

enum relation { internal, external }

table employee key id { id: text, unit: text, manager: ref employee? }

record gift at day by actor identity id {
  id: text, day: date, actor: ref employee, giver: text, value: money, relation: relation, count: int, note: text?,
}

record approval at day by actor identity id { id: text, day: date, actor: ref employee, gift: text }

let sites = { "icloud.com", "dropbox.com" }
param cap: money = 500 CNY

/// A gift above the cap needs an approval.
forbid big_gift "Big gifts" {
  on       gift
  when     value > cap and (relation >= external or note? in_domain sites)
  unless   approved: exists approval within 30 days before where approval.gift == id
  severity major
  because  "{actor.unit}: {value} from {giver}"
}

require approval_filed { on gift where count > 3  need approval within 7 days before where approval.gift == id }

limit gifts_a_year { on gift  sum value per actor, giver over 365 days  to cap }
"#;

struct Run {
    code: i32,
    out: String,
    err: String,
}

/// Runs the command; a panic or a signal fails the test.
fn bylaws(args: &[&str]) -> Run {
    let mut command = assert_cmd::Command::cargo_bin("bylaws").unwrap();
    let output = command.args(args).env("NO_COLOR", "1").timeout(Duration::from_secs(300)).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let run = Run { code: output.status.code().unwrap_or(-1), out: text(&output.stdout), err: text(&output.stderr) };
    let all = || format!("{args:?}: exit {}\n{}\n{}", run.code, head(&run.out), head(&run.err));
    assert!((0..=3).contains(&run.code), "{}", all());
    assert!(!run.err.contains("panicked at") && !run.err.contains("overflowed its stack"), "{}", all());
    run
}

fn head(text: &str) -> String {
    text.chars().take(3000).collect()
}

fn check(policy: impl AsRef<[u8]>) -> Run {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("p.bylaw");
    std::fs::write(&path, policy).unwrap();
    bylaws(&["check", path.to_str().unwrap()])
}

fn audit(policy: &str, records: impl AsRef<[u8]>) -> Run {
    let folder = tempfile::tempdir().unwrap();
    let (p, r) = (folder.path().join("p.bylaw"), folder.path().join("r.ndjson"));
    std::fs::write(&p, policy).unwrap();
    std::fs::write(&r, records).unwrap();
    bylaws(&["audit", "--policy", path(&p), path(&r), "--format", "ndjson"])
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Rule and verdict of each line, compliant ones left out.
fn verdicts(run: &Run) -> Vec<(String, String)> {
    let lines = run.out.lines().filter_map(|l| serde_json::from_str::<serde_json::Value>(l).ok());
    let mut found: Vec<(String, String)> = lines
        .filter_map(|v| {
            let rule = v.get("rule")?;
            let name = rule.as_str().or_else(|| rule.get("id")?.as_str()).or_else(|| rule.get("name")?.as_str())?;
            Some((name.to_string(), v.get("verdict")?.as_str()?.to_string()))
        })
        .filter(|(_, verdict)| verdict != "compliant")
        .collect();
    found.sort();
    found
}

const EMPLOYEE: &str = r#"{"kind":"employee","id":"E1","unit":"market"}"#;

fn gift(changes: &[(&str, Option<&str>)]) -> String {
    let mut fields = vec![
        ("id", r#""G1""#),
        ("day", r#""2025-03-01""#),
        ("actor", r#""E1""#),
        ("giver", r#""Fund A""#),
        ("value", r#""900 CNY""#),
        ("relation", r#""external""#),
        ("count", "1"),
    ];
    for (name, value) in changes {
        fields.retain(|(n, _)| n != name);
        if let Some(value) = value {
            fields.push((name, value));
        }
    }
    let fields: Vec<String> = fields.iter().map(|(n, v)| format!("\"{n}\":{v}")).collect();
    format!("{{\"kind\":\"gift\",{}}}", fields.join(","))
}

#[test]
fn the_whole_policy_is_good_and_finds() {
    let run = check(POLICY);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    let run = audit(POLICY, format!("{EMPLOYEE}\n{}\n", gift(&[])));
    assert_eq!(
        verdicts(&run),
        [("big_gift".into(), "finding".into()), ("gifts_a_year".into(), "finding".into())],
        "{}{}",
        run.out,
        run.err
    );
    assert_eq!(run.code, 1);
}

#[test]
fn a_truncated_policy() {
    for end in (0..POLICY.len()).step_by(50) {
        let run = check(&POLICY.as_bytes()[..end]);
        assert!(run.code == 0 || run.code == 2, "cut at {end}: exit {}", run.code);
        assert!(run.code == 0 || run.err.contains("B0") || run.out.contains("B0"), "cut at {end}: no code");
    }
}

#[test]
fn a_policy_with_one_byte_changed() {
    for at in (7..POLICY.len()).step_by(61) {
        let mut bytes = POLICY.as_bytes().to_vec();
        bytes[at] = [b'{', b'"', 0, 0xff, b'\\', b'('][at % 6];
        let run = check(bytes);
        assert!(run.code == 0 || run.code == 2, "changed at {at}: exit {}", run.code);
    }
}

#[test]
fn a_table_whose_fields_cannot_be_read() {
    let run = check(
        "table person key id { 5: text }\n\
         require seen { on each person at as_of need person within 5 days before }\n\
         waive seen { from 2026-01-01 until 2026-02-01 approved_by \"B\" reason \"r\" }\n",
    );
    assert_eq!(run.code, 2, "{}", run.err);
    assert!(run.err.contains("5: text"), "{}", run.err);
}

#[test]
fn a_binary_file_is_no_policy() {
    let bytes: Vec<u8> = (0..50_000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    assert_eq!(check(&bytes).code, 2);
    assert_eq!(check([0u8; 1000]).code, 2);
    let run = audit(POLICY, &bytes);
    assert_eq!(run.code, 3, "{}", run.err);
    assert!(verdicts(&run).is_empty());
}

#[test]
fn a_line_of_a_mebibyte() {
    let long = "x".repeat(1 << 20);
    assert_eq!(check(format!("{POLICY}\n// {long}\n")).code, 0);
    assert_eq!(check(format!("{POLICY}\nlet a = \"{long}\"\n")).code, 0);
    assert_eq!(check(format!("{POLICY}\n{long}\n")).code, 2);
    assert_eq!(check(format!("{POLICY}\nlet a = {}1\n", "1 + ".repeat(1 << 15))).code % 2, 0);
    let run = audit(POLICY, format!("{EMPLOYEE}\n{}\n", gift(&[("giver", Some(&format!("\"{long}\"")))])));
    assert_eq!(verdicts(&run).len(), 2);
    assert_eq!(run.code, 1);
    let run = audit(POLICY, format!("{EMPLOYEE}\n{long}\n{}\n", gift(&[("value", Some("\"1 CNY\""))])));
    assert_eq!(run.code, 3, "{}", run.err);
}

#[test]
fn ten_thousand_levels() {
    const DEEP: usize = 10_000;
    let nest = |open: &str, inner: &str, close: &str| format!("{}{inner}{}", open.repeat(DEEP), close.repeat(DEEP));
    for when in [
        nest("(", "count > 1", ")"),
        nest("not ", "(count > 1)", ""),
        nest("(", "count > 1", ""),
        nest("- ", "count > 1", ""),
        nest("exists approval within 1 day before where (", "count > 1", ")"),
        nest("{", "1", "}"),
        format!("count > 1{}", ".a".repeat(DEEP)),
        format!("count > 1{}", " and count > 1".repeat(DEEP)),
        format!("count > 1{}", " + 1".repeat(DEEP)),
        format!("count > 1{}", "?".repeat(DEEP)),
    ] {
        let run = check(format!("{POLICY}\nforbid deep {{ on gift when {when} }}\n"));
        assert!(run.code == 0 || run.code == 2, "{}: exit {}", &when[..40], run.code);
    }
    check(format!("record r at d {{ d: date, a: {} }}", nest("{ a: ", "int", " }")));
    check(format!("record r at d {{ d: date, a: {} }}", nest("list of ", "int", "")));
    check("{".repeat(DEEP));

    let deep = nest("[", "", "]");
    let run = audit(POLICY, format!("{EMPLOYEE}\n{}\n", gift(&[("other", Some(&deep))])));
    assert!(run.code == 1 || run.code == 3, "{}", run.err);
    for value in [deep, nest("{\"a\":", "1", "}"), "[".repeat(DEEP)] {
        let run = audit(POLICY, format!("{EMPLOYEE}\n{}\n", gift(&[("value", Some(&value))])));
        assert_eq!(run.code, 3, "{}", run.err);
        assert!(!verdicts(&run).iter().any(|v| v.1 == "finding"));
    }
}

/// Short texts that come to much, or to something deep, where they are put in their place.
#[test]
fn definitions_that_grow() {
    let chain = |first: &str, next: &dyn Fn(usize) -> String| -> String {
        format!("{POLICY}\n{first}\n{}", (1..40).map(|i| next(i) + "\n").collect::<String>())
    };
    let rule = |when: &str| format!("forbid grown {{ on gift when {when} }}\n");
    let not = "not (".repeat(150);
    for policy in [
        // Twice as large each time.
        chain("define d0(n: int) = n > 1", &|i| format!("define d{i}(n: int) = d{}(n + n)", i - 1))
            + &rule("d39(count)"),
        chain("define d0(n: int) = n > 1", &|i| format!("define d{i}(n: int) = d{}(n{})", i - 1, " + 1".repeat(150)))
            + &rule("d39(count)"),
        // Deeper each time.
        chain("define d0(n: int) = n > 1", &|i| format!("define d{i}(n: int) = {not}d{}(n){}", i - 1, ")".repeat(150)))
            + &rule("d39(count)"),
        chain("let v0 = 1", &|i| format!("let v{i} = v{}{}", i - 1, " + 1".repeat(150))) + &rule("count > v39"),
    ] {
        let run = check(&policy);
        assert_eq!(run.code, 2, "{}", head(&run.err));
        assert!(run.err.contains("B0212"), "{}", head(&run.err));
    }
    let few = chain("define d0(n: int) = n > 1", &|i| format!("define d{i}(n: int) = d{}(n + 1)", i - 1));
    assert_eq!(check(few + &rule("d39(count)")).code, 0);
}

/// A fifth of what a release build takes in its stride, so that a debug build has its say too.
#[test]
fn thousands_of_rules() {
    let rules = std::env::var("BYLAWS_RULES").ok().and_then(|n| n.parse().ok()).unwrap_or(2_000);
    let mut policy = POLICY.to_string();
    for i in 0..rules {
        let _ = write!(
            policy,
            "\n/// Rule {i} of many, with a remark that is as long as such remarks are.\nforbid rule_{i} \"Rule number {i}\" {{\n  \
             on gift\n  when value > {i} CNY and count in {{ {i}, 1, 2 }} and giver starts_with \"Fund {i}\"\n         \
             and (relation == external or note? contains \"{i}\" ignoring case)\n  severity minor\n  cite \"Code, section \
             {i}\"\n  because \"{{giver}} gave {{value}} to {{actor.unit}}, which is more than {i} CNY\"\n}}\n"
        );
    }
    assert_eq!(check(&policy).code, 0);
    let run = audit(&policy, format!("{EMPLOYEE}\n{}\n", gift(&[])));
    assert_eq!(run.code, 1, "{}", head(&run.err));
}

#[test]
fn a_misspelt_field_is_an_error_at_check() {
    for (right, wrong) in [
        ("value > cap", "valeu > cap"),
        ("relation >= external", "relation >= extrenal"),
        ("{giver}", "{gvier}"),
        ("per actor, giver", "per actor, gvier"),
        ("approval.gift == id", "approval.gfit == id"),
        ("actor.unit", "actor.untí"),
        ("timezone \"Asia/Shanghai\"", "timezone \"Asia/Shangai\""),
        ("value > cap", "value > 500"),
        ("value > cap", "value > \"500 CNY\""),
        ("count > 3", "count > \"3\""),
        ("note? in_domain", "note in_domain"),
        ("to cap", "to 500"),
        ("within 7 days before", "within 7 GBP before"),
    ] {
        let policy = POLICY.replacen(right, wrong, 1);
        assert_ne!(policy, POLICY, "{right}");
        let run = check(&policy);
        assert_eq!(run.code, 2, "`{wrong}` passes:\n{}{}", run.out, run.err);
    }
}

/// Each of these records may break a rule or may not: nobody can say.
#[test]
fn gaps_are_neither_passes_nor_findings() {
    let indeterminate = |rule: &str| (rule.to_string(), "indeterminate".to_string());
    /// What it is, the fields replaced (or left out), and the rules that cannot be judged.
    type Case<'a> = (&'a str, Vec<(&'a str, Option<&'a str>)>, Vec<&'a str>);
    let cases: [Case; 10] = [
        ("a misspelt field", vec![("value", None), ("valeu", Some("\"900 CNY\""))], vec!["big_gift", "gifts_a_year"]),
        ("no amount", vec![("value", None)], vec!["big_gift", "gifts_a_year"]),
        ("null", vec![("value", Some("null"))], vec!["big_gift", "gifts_a_year"]),
        ("no currency", vec![("value", Some("900"))], vec!["big_gift", "gifts_a_year"]),
        ("another currency", vec![("value", Some("\"900 USD\""))], vec!["big_gift", "gifts_a_year"]),
        ("an unknown word", vec![("relation", Some("\"foreign\""))], vec!["big_gift"]),
        ("no day", vec![("day", None)], vec!["big_gift", "gifts_a_year"]),
        ("no such day", vec![("day", Some("\"2025-02-30\""))], vec!["big_gift", "gifts_a_year"]),
        ("no key", vec![("giver", None)], vec!["gifts_a_year"]),
        ("a number as text", vec![("count", Some("\"5\"")), ("value", Some("\"1 CNY\""))], vec!["approval_filed"]),
    ];
    for (what, changes, rules) in cases {
        let run = audit(POLICY, format!("{EMPLOYEE}\n{}\n", gift(&changes)));
        let found = verdicts(&run);
        for rule in &rules {
            assert!(found.contains(&indeterminate(rule)), "{what}: {rule} in {found:?}\n{}", run.err);
        }
        if what == "an unknown word" || what == "no key" {
            // The other rules do not read the field.
            assert_eq!(run.code, 1, "{what}: {found:?}");
        } else {
            assert!(!found.iter().any(|(_, verdict)| verdict == "finding"), "{what}: {found:?}");
            assert_eq!(run.code, 3, "{what}: {}", run.err);
        }
    }
}

#[test]
fn broken_lines_are_rejected_and_the_rest_is_read() {
    for line in [
        "{",
        "[1,2",
        "\"text\"",
        "5",
        "nul",
        "{\"kind\":5}",
        "{\"id\":\"G1\"}",
        "{\"kind\":\"gift\",\"id\":\"G9\",\"id\":\"G8\"}",
        "{\"kind\":\"gfit\",\"id\":\"G9\"}",
        "{\"kind\":\"gift\",\"id\":\"G9\u{0}\",}",
        "{\"kind\":\"gift\" \"id\":1}",
    ] {
        let run = audit(POLICY, format!("{EMPLOYEE}\n{line}\n{}\n", gift(&[])));
        assert_eq!(verdicts(&run).iter().filter(|v| v.1 == "finding").count(), 2, "{line}: {}{}", run.out, run.err);
        let run = audit(POLICY, format!("{EMPLOYEE}\n{line}\n"));
        assert_eq!(run.code, 3, "{line}: {}{}", run.out, run.err);
    }
}

const CHAIN: &str = r#"
table employee key id valid from since { id: text, manager: ref employee?, since: date }
record gift at day by actor identity id { id: int, day: date, actor: ref employee }
forbid below { on gift when actor under "E0" }
limit team { on gift  count per every manager of actor over 30 days  to 1 }
"#;

/// Ten thousand people, each under the next, their rows from other days; and the same with the ends joined.
#[test]
fn a_long_way_up_and_a_large_circle() {
    let day = |i: usize| {
        let date = jiff::civil::date(1990, 1, 1).saturating_add(jiff::Span::new().days(i as i64));
        date.to_string()
    };
    let mut records = String::new();
    for i in 0..10_000 {
        let manager = if i == 0 { String::new() } else { format!(r#","manager":"E{}""#, i - 1) };
        let _ = writeln!(records, r#"{{"kind":"employee","id":"E{i}","since":"{}"{manager}}}"#, day(i));
    }
    for i in 0..3 {
        let _ = writeln!(records, r#"{{"kind":"gift","id":{i},"day":"2025-01-01","actor":"E9999"}}"#);
    }
    let start = std::time::Instant::now();
    let straight = audit(CHAIN, &records);
    let (below, team): (Vec<_>, Vec<_>) = verdicts(&straight).into_iter().partition(|v| v.0 == "below");
    assert_eq!(below, vec![("below".into(), "finding".into()); 3]);
    assert_eq!(team.len(), 9_999);
    assert!(team.iter().all(|v| v.1 == "finding"));
    let joined =
        records.replacen(r#""id":"E0","since":"1990-01-01""#, r#""id":"E0","since":"1990-01-01","manager":"E9999""#, 1);
    let circle = audit(CHAIN, &joined);
    assert!(verdicts(&circle).iter().all(|v| v.1 == "indeterminate"), "{}", head(&circle.out));
    assert!(start.elapsed() < Duration::from_secs(120), "{:?}", start.elapsed());
}
