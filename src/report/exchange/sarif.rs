//! SARIF 2.1.0, as OASIS publishes it: <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>.
//!
//! The results come before the rules, as those are written while the former are made.

use super::{Notice, Outcome, Place, Rule, Run, Standing, uri};
use crate::data::Severity;
use serde_json::{Value, json};
use std::io::{Result, Write};

pub(super) fn head(out: &mut dyn Write) -> Result<()> {
    out.write_all(
        b"{\n\"$schema\": \"https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json\",\n\
          \"version\": \"2.1.0\",\n\"runs\": [{\n\"columnKind\": \"unicodeCodePoints\",\n\"results\": [\n",
    )
}

pub(super) fn piece(run: &Run, notice: &Notice, out: &mut Vec<u8>) -> Result<()> {
    let related = notice.related.iter().zip(1..).map(|((place, text), id)| {
        let mut at = location(place);
        at["id"] = json!(id);
        at["message"] = json!({ "text": text });
        at
    });
    let mut result = json!({
        "ruleId": run.rules[notice.rule].id,
        "kind": kind(notice.outcome),
        "level": if kind(notice.outcome) == "fail" { level(notice.grade) } else { "none" },
        "message": { "text": notice.text() },
        "locations": notice.places.iter().map(location).collect::<Vec<_>>(),
    });
    let mut add = |name: &str, value: Value| result[name] = value;
    let related: Vec<Value> = related.collect();
    if !related.is_empty() {
        add("relatedLocations", json!(related));
    }
    add("fingerprints", json!({ "bylaws/v1": notice.id }));
    add("partialFingerprints", json!({ "primaryLocationLineHash": notice.id }));
    // An exception is a part of the rule; a waiver is granted from outside, by a named person.
    let suppressed = match notice.outcome {
        Outcome::Excepted => Some("inSource"),
        Outcome::Waived | Outcome::Repeated => Some("external"),
        _ => None,
    };
    if let Some(kind) = suppressed {
        add(
            "suppressions",
            json!([{ "kind": kind, "status": "accepted", "justification": notice.because.as_deref().unwrap_or(notice.outcome.as_str()) }]),
        );
    }
    if let Some(standing) = notice.standing {
        let state = match standing {
            Standing::New => "new",
            Standing::Known => "unchanged",
            Standing::Gone => "absent",
        };
        add("baselineState", json!(state));
    }
    if !notice.mends.is_empty() {
        let fix = |m: &super::Mend| {
            let replacement =
                json!({ "deletedRegion": region(&m.place), "insertedContent": { "text": m.replacement } });
            let change = json!({ "artifactLocation": { "uri": uri(&m.place.file) }, "replacements": [replacement] });
            json!({ "description": { "text": m.title }, "artifactChanges": [change] })
        };
        add("fixes", json!(notice.mends.iter().map(fix).collect::<Vec<_>>()));
    }
    let mut properties = json!({ "severity": notice.grade });
    if run.command == "audit" {
        properties["verdict"] = json!(notice.outcome.as_str());
        properties["subject"] = json!(notice.subject);
        properties["time"] = json!(notice.time.as_ref().map(|(shown, _)| shown));
        properties["revision"] = json!(notice.revision);
        properties["records"] =
            notice.records.iter().map(|(kind, identity)| json!({ "kind": kind, "identity": identity })).collect();
    }
    add("properties", properties);
    serde_json::to_writer(out, &result)?;
    Ok(())
}

pub(super) fn foot(run: &Run, out: &mut dyn Write) -> Result<()> {
    // The wordings of one rule are one rule here: the last.
    let last = |(i, rule): &(usize, &Rule)| !run.rules[i + 1..].iter().take_while(|r| r.id == rule.id).any(|_| true);
    let rules: Vec<Value> = run.rules.iter().enumerate().filter(last).map(|(_, r)| descriptor(r)).collect();
    let driver = json!({
        "name": "Bylaws",
        "semanticVersion": env!("CARGO_PKG_VERSION"),
        "fullName": concat!("Bylaws ", env!("CARGO_PKG_VERSION")),
        "rules": rules,
    });
    let troubles = run.troubles.iter().map(|t| json!({ "level": "error", "message": { "text": t } }));
    let invocation = json!({
        "executionSuccessful": run.troubles.is_empty(),
        "toolExecutionNotifications": troubles.collect::<Vec<_>>(),
    });
    writeln!(
        out,
        "\n],\n\"tool\": {},\n\"automationDetails\": {},\n\"invocations\": [{}]\n}}]\n}}",
        json!({ "driver": driver }),
        json!({ "id": format!("bylaws/{}/", run.command) }),
        invocation
    )
}

fn descriptor(rule: &Rule) -> Value {
    let mut descriptor = json!({
        "id": rule.id,
        "shortDescription": { "text": rule.title },
        "help": { "text": rule.page, "markdown": rule.page },
    });
    if let Some(grade) = rule.grade {
        descriptor["defaultConfiguration"] = json!({ "level": level(grade) });
        let mut properties = json!({ "severity": grade, "problem.severity": problem(grade) });
        let known = [("cite", &rule.cite), ("policy", &rule.policy), ("consequence", &rule.consequence)];
        for (name, value) in known {
            if let Some(value) = value {
                properties[name] = json!(value);
            }
        }
        properties["tags"] = json!(["compliance"]);
        descriptor["properties"] = properties;
    }
    descriptor
}

fn location(place: &Place) -> Value {
    json!({ "physicalLocation": { "artifactLocation": { "uri": uri(&place.file) }, "region": region(place) } })
}

fn region(place: &Place) -> Value {
    let mut region = json!({ "startLine": place.line });
    if let Some(column) = place.column {
        region["startColumn"] = json!(column);
    }
    if let Some((line, column)) = place.end {
        region["endLine"] = json!(line);
        region["endColumn"] = json!(column);
    }
    region
}

/// Of a result, by the section on `kind`: `open` is for what could not be decided from what is known.
fn kind(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Found | Outcome::Excepted | Outcome::Waived | Outcome::Repeated => "fail",
        Outcome::Indeterminate => "open",
        Outcome::Pending => "review",
        Outcome::Passed => "pass",
    }
}

fn level(grade: Severity) -> &'static str {
    match grade {
        Severity::Critical | Severity::Major => "error",
        Severity::Minor => "warning",
        Severity::Info => "note",
    }
}

/// As code hosts sort by it.
fn problem(grade: Severity) -> &'static str {
    match grade {
        Severity::Critical | Severity::Major => "error",
        Severity::Minor => "warning",
        Severity::Info => "recommendation",
    }
}
