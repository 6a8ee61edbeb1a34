//! JUnit XML as Jenkins, GitLab, Azure and GitHub's reporters read it: one suite, a case for each notice, and one for
//! each rule that was kept.

use super::{Notice, Outcome, Run};
use crate::report::markup::{attribute, escaped};
use std::io::{Result, Write};

pub(super) fn head(run: &Run, out: &mut dyn Write) -> Result<()> {
    let silent = run.silent().count() as u64 + u64::from(is_empty(run));
    let untried = run.silent().filter(|r| r.passed == Some(0)).count() as u64;
    let set_aside = [Outcome::Pending, Outcome::Excepted, Outcome::Waived, Outcome::Repeated];
    let known: u64 = run.known.iter().sum();
    let skipped = set_aside.iter().map(|o| run.total(*o)).sum::<u64>() + untried + known;
    let [found, indeterminate] = run.calling();
    let tests = run.totals.iter().map(|(_, n)| n).sum::<u64>() + silent + run.troubles.len() as u64;
    let counts = format!(
        "tests=\"{tests}\" failures=\"{found}\" errors=\"{}\" skipped=\"{skipped}\"",
        indeterminate + run.troubles.len() as u64,
    );
    write!(
        out,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"bylaws\" {counts}>\n  <testsuite name=\"bylaws {}\" {counts}>\n",
        run.command
    )
}

pub(super) fn piece(run: &Run, notice: &Notice, out: &mut Vec<u8>) -> Result<()> {
    let rule = &run.rules[notice.rule];
    let name = if notice.about.is_empty() { &notice.message } else { &notice.about };
    let place =
        notice.place().map_or(String::new(), |p| format!(" file=\"{}\" line=\"{}\"", attribute(&p.file), p.line));
    let class = match (run.command, notice.place()) {
        ("test", Some(place)) => &place.file,
        _ => &rule.id,
    };
    write!(out, "    <testcase classname=\"{}\" name=\"{}\"{place}", attribute(class), attribute(name))?;
    let message = attribute(notice.message.lines().next().unwrap_or_default());
    if notice.outcome == Outcome::Passed {
        return out.write_all(b"/>\n");
    }
    if !notice.calls() {
        let excuse = attribute(&notice.excuse());
        return writeln!(out, ">\n      <skipped message=\"{excuse}\"/>\n    </testcase>");
    }
    let (element, kind) = match notice.outcome {
        Outcome::Indeterminate => ("error", "indeterminate"),
        _ => ("failure", notice.grade.as_str()),
    };
    let body = escaped(&body(run, notice));
    writeln!(out, ">\n      <{element} type=\"{kind}\" message=\"{message}\">{body}</{element}>\n    </testcase>")
}

pub(super) fn foot(run: &Run, out: &mut dyn Write) -> Result<()> {
    for rule in run.silent() {
        let id = attribute(&rule.id);
        match rule.passed {
            Some(0) | None => writeln!(
                out,
                "    <testcase classname=\"{id}\" name=\"kept\">\n      <skipped message=\"found compliant on no record\"/>\n    </testcase>"
            )?,
            Some(n) => writeln!(out, "    <testcase classname=\"{id}\" name=\"kept on {n}\"/>")?,
        }
    }
    for trouble in &run.troubles {
        let trouble = attribute(trouble);
        writeln!(
            out,
            "    <testcase classname=\"bylaws\" name=\"{trouble}\">\n      <error message=\"{trouble}\"/>\n    </testcase>"
        )?;
    }
    if is_empty(run) {
        writeln!(out, "    <testcase classname=\"bylaws\" name=\"{}\"/>", run.command)?;
    }
    out.write_all(b"  </testsuite>\n</testsuites>\n")
}

/// A report without a case is taken for a fault by some servers.
fn is_empty(run: &Run) -> bool {
    run.totals.iter().all(|(_, n)| *n == 0) && run.troubles.is_empty() && run.silent().next().is_none()
}

fn body(run: &Run, notice: &Notice) -> String {
    let rule = &run.rules[notice.rule];
    let mut lines = vec![notice.message.clone()];
    lines.extend(notice.help.clone());
    let at = |p: &super::Place| match p.column {
        Some(column) => format!("{}:{}:{column}", p.file, p.line),
        None => format!("{}:{}", p.file, p.line),
    };
    lines.extend(notice.places.iter().map(|p| format!("at {}", at(p))));
    lines.extend(notice.related.iter().map(|(p, text)| format!("   {}: {text}", at(p))));
    lines.push(format!("{}: {}", rule.id, rule.title));
    lines.extend(rule.cite.iter().map(|cite| format!("cite: {cite}")));
    lines.push(format!("id: {}", notice.id));
    lines.join("\n")
}
