//! Compliance Findings (class 2003) of the Open Cybersecurity Schema Framework: <https://schema.ocsf.io/classes/compliance_finding>.

use super::{Notice, Outcome, Run};
use crate::data::Severity;
use serde_json::{Value, json};
use std::io::{Result, Write};

/// Of the schema that the objects follow.
const VERSION: &str = "1.6.0";

pub(super) fn piece(run: &Run, notice: &Notice, out: &mut Vec<u8>) -> Result<()> {
    let rule = &run.rules[notice.rule];
    // Milliseconds since 1970, as the schema counts.
    let time = notice.time.as_ref().and_then(|(_, at)| at.map(|at| at.div_euclid(1_000_000)));
    let (severity_id, severity) = severity(notice.grade);
    let (status_id, status) = match notice.outcome {
        Outcome::Found | Outcome::Indeterminate | Outcome::Pending => (1, "New"),
        Outcome::Excepted | Outcome::Waived | Outcome::Repeated => (3, "Suppressed"),
        Outcome::Passed => (4, "Resolved"),
    };
    let (compliance_id, compliance) = match notice.outcome {
        Outcome::Found | Outcome::Waived | Outcome::Repeated => (3, "Fail"),
        Outcome::Excepted | Outcome::Passed => (1, "Pass"),
        Outcome::Indeterminate | Outcome::Pending => (99, notice.outcome.as_str()),
    };
    let resource = |(kind, identity): &(String, String)| json!({ "type": kind, "uid": identity });
    let evidence = |place: &super::Place| json!({ "data": { "file": place.file, "line": place.line } });
    let mut event = json!({
        "activity_id": 1,
        "activity_name": "Create",
        "category_uid": 2,
        "category_name": "Findings",
        "class_uid": 2003,
        "class_name": "Compliance Finding",
        "type_uid": 200_301,
        "type_name": "Compliance Finding: Create",
        "time": time.unwrap_or_default(),
        "severity_id": severity_id,
        "severity": severity,
        "status_id": status_id,
        "status": status,
        "message": notice.line(),
        "metadata": {
            "version": VERSION,
            "uid": notice.id,
            "product": { "name": "Bylaws", "vendor_name": "Bylaws", "version": env!("CARGO_PKG_VERSION") },
        },
        "finding_info": {
            "uid": notice.id,
            "title": rule.title,
            "desc": notice.message,
            "types": ["conduct"],
            "analytic": { "name": rule.id, "uid": rule.id, "type": "Rule", "type_id": 1, "version": notice.revision },
        },
        "compliance": {
            "control": rule.id,
            "desc": rule.title,
            "requirements": rule.cite.iter().collect::<Vec<_>>(),
            "standards": rule.policy.iter().collect::<Vec<_>>(),
            "status_id": compliance_id,
            "status": compliance,
        },
        "resources": notice.records.iter().map(resource).collect::<Vec<_>>(),
        "evidences": notice.places.iter().chain(notice.related.iter().map(|(p, _)| p)).map(evidence).collect::<Vec<_>>(),
        "unmapped": unmapped(notice, time),
    });
    if let Some(subject) = &notice.subject {
        let observable = json!({ "name": "unmapped.subject", "type": "User Name", "type_id": 4, "value": subject });
        event["observables"] = json!([observable]);
    }
    if let Some(because) = &notice.because {
        event["status_detail"] = json!(because);
    }
    serde_json::to_writer(&mut *out, &event)?;
    out.write_all(b"\n")
}

/// What the class has no place for. `time` has to be there: where it is not known, that is said here.
fn unmapped(notice: &Notice, time: Option<i64>) -> Value {
    json!({
        "verdict": notice.outcome.as_str(),
        "subject": notice.subject,
        "time": notice.time.as_ref().map(|(shown, _)| shown),
        "time_known": time.is_some(),
        "baseline": notice.standing.map(super::Standing::as_str),
    })
}

fn severity(grade: Severity) -> (u8, &'static str) {
    match grade {
        Severity::Info => (1, "Informational"),
        Severity::Minor => (2, "Low"),
        Severity::Major => (4, "High"),
        Severity::Critical => (5, "Critical"),
    }
}
