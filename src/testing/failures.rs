//! What a failed test says: what was expected, what came, and why.

use super::{compare, given_of};
use crate::data::Verdict;
use crate::diag::{Code, Diagnostic};
use crate::eval::{ClauseRole, ClauseTrace, Explanation, Findings, Truth};
use crate::sema::hir::{Expect, Test};
use crate::source::Span;

pub(super) fn not_run(test: &Test, why: &str) -> Diagnostic {
    Diagnostic::error(Code::Expectation, format!("`{}` cannot be run: {why}", test.title), test.span, "")
}

/// The rule ended otherwise on the record, or was not triggered by it. `fits`: its verdicts there.
pub(super) fn other_verdict(findings: &Findings, test: &Test, expect: &Expect, fits: &[usize]) -> Diagnostic {
    let wanted = expected(expect.verdict);
    let whose = compare::whose(findings, expect).map(|w| format!(" for `{w}`")).unwrap_or_default();
    let Some(&first) = fits.first() else {
        let on = expect.on.and_then(|on| test.given.get(on));
        let triggers = findings.plan().rule_named(&expect.rule).map(|r| &findings.plan().rules[r].trigger);
        let diagnostic = Diagnostic::error(
            Code::Expectation,
            format!("expected {wanted}, but `{}` does not judge {}{whose}", expect.rule, name(test, expect.on)),
            expect.span,
            "not triggered",
        );
        return match (on, triggers) {
            (Some(given), Some(trigger)) => diagnostic
                .label(trigger.span(), "this does not take it")
                .label(given.span, format!("given as {}", name(test, expect.on))),
            (None, Some(trigger)) => diagnostic.label(trigger.span(), "no given record is taken by this"),
            _ => diagnostic,
        };
    };
    let row = findings.row(first);
    let verdict = row.verdict;
    let why = findings.explain(first);
    let (by, wanted) = match (&expect.by, row.exception) {
        (Some(wanted), Some(by)) if verdict == expect.verdict => {
            (format!(" by `{by}`"), format!("it to be excepted by `{wanted}`"))
        }
        _ => (String::new(), wanted.to_owned()),
    };
    let mut diagnostic = Diagnostic::error(
        Code::Expectation,
        format!(
            "expected {wanted}, but `{}` is {}{by} on {}{whose}",
            expect.rule,
            a_verdict(verdict),
            name(test, given_of(findings, first))
        ),
        expect.span,
        format!("it is {}{by}", a_verdict(verdict)),
    );
    for (span, label) in reasons(verdict, &why) {
        if diagnostic.labels.iter().all(|l| l.span != span) {
            diagnostic = diagnostic.label(span, label);
        }
    }
    if verdict == Verdict::Finding {
        diagnostic = diagnostic.help(format!("its message: {}", why.message));
    }
    diagnostic
}

pub(super) fn other_message(findings: &Findings, expected: &str, span: Span, i: usize) -> Diagnostic {
    let actual = findings.explain(i).message;
    Diagnostic::error(
        Code::Expectation,
        format!("expected the message `{expected}`"),
        span,
        format!("it is `{actual}`"),
    )
    .fix("expect this message", span, format!("{actual:?}"))
}

pub(super) fn something_else(findings: &Findings, test: &Test, span: Span, others: &[usize]) -> Diagnostic {
    let list: Vec<String> = others
        .iter()
        .map(|&i| {
            let row = findings.row(i);
            let whose = findings.owner(i).and(row.subject).map(|w| format!(" for `{w}`")).unwrap_or_default();
            let on = name(test, given_of(findings, i)) + &whose;
            match row.verdict {
                Verdict::Finding => format!("a finding of `{}` on {on}", row.rule.name),
                other => format!("a verdict `{}` of `{}` on {on}", other.as_str(), row.rule.name),
            }
        })
        .collect();
    let mut diagnostic = Diagnostic::error(
        Code::Expectation,
        format!("expected nothing else, but there is {}", list.join(", ")),
        span,
        if others.len() == 1 { "one more verdict".into() } else { format!("{} more verdicts", others.len()) },
    );
    for &i in others {
        let row = findings.row(i);
        let why = findings.explain(i);
        diagnostic = diagnostic.label(row.rule.name_span, format!("{} here: {}", row.verdict.as_str(), why.message));
        if row.verdict != Verdict::Finding {
            for (span, label) in reasons(row.verdict, &why) {
                if diagnostic.labels.iter().all(|l| l.span != span) {
                    diagnostic = diagnostic.label(span, label);
                }
            }
        }
    }
    diagnostic
}

/// The clauses that made the verdict what it is.
pub(super) fn deciding(verdict: Verdict, why: &Explanation) -> impl Iterator<Item = &ClauseTrace> {
    why.clauses.iter().filter(move |clause| match verdict {
        Verdict::Compliant => match clause.role {
            ClauseRole::Need => clause.truth == Truth::True,
            ClauseRole::Unless(_) => false,
            _ => clause.truth == Truth::False,
        },
        Verdict::Excepted => matches!(&clause.role, ClauseRole::Unless(n) if Some(n) == why.exception.as_ref()),
        Verdict::Pending => clause.truth == Truth::Pending,
        Verdict::Indeterminate => clause.truth == Truth::Unknown,
        Verdict::Finding | Verdict::Waived | Verdict::Repeated => match clause.role {
            ClauseRole::Need => clause.truth == Truth::False,
            _ => clause.truth == Truth::True,
        },
    })
}

/// The places of the rule that made the verdict what it is.
fn reasons(verdict: Verdict, why: &Explanation) -> Vec<(Span, String)> {
    let mut places = Vec::new();
    for clause in deciding(verdict, why) {
        let holds = match clause.truth {
            Truth::True => "holds",
            Truth::False => "does not hold",
            Truth::Unknown => "is not known",
            Truth::Pending => "is not decided yet",
        };
        let values: Vec<_> = clause.values.iter().filter(|v| v.span != clause.span).collect();
        if values.is_empty() {
            let own = clause.values.first().map(|v| format!(": {}", v.value)).unwrap_or_default();
            places.push((clause.span, format!("{holds}{own}")));
        }
        places.extend(values.into_iter().map(|v| (v.span, v.value.clone())));
    }
    places
}

/// The given record as the test calls it.
pub(super) fn name(test: &Test, given: Option<usize>) -> String {
    match given.and_then(|g| test.given.get(g).map(|of| (g, of))) {
        Some((_, of)) if of.alias.is_some() => format!("`{}`", of.alias.as_deref().unwrap_or_default()),
        Some((g, _)) => format!("given record {}", g + 1),
        None => "any given record".into(),
    }
}

/// What a test expects, behind "expects".
pub(super) fn expected(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Finding => "a finding",
        Verdict::Compliant => "it to be compliant",
        Verdict::Excepted => "it to be excepted",
        Verdict::Waived => "it to be waived",
        Verdict::Repeated => "it to be repeated",
        Verdict::Pending => "it to be pending",
        Verdict::Indeterminate => "it to be indeterminate",
    }
}

fn a_verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Finding => "a finding",
        other => other.as_str(),
    }
}
