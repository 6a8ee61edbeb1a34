//! Coverage as a table, and as JSON.

use super::coverage::{Coverage, PartCoverage, RuleCoverage, Share, Shares};
use crate::eval::{PartKind, PartRole};
use crate::report::{place, plural, shorten};
use crate::source::SourceMap;
use serde_json::{Value, json};

const HEAD: [&str; 6] = ["", "verdicts", "conditions", "exceptions", "boundaries", "decided"];

/// One line a rule, and the sum.
pub(crate) fn table(coverage: &Coverage) -> String {
    let mut rows: Vec<[String; 6]> = vec![HEAD.map(str::to_owned)];
    rows.extend(coverage.rules.iter().map(|rule| row(title(rule), rule.shares())));
    if coverage.rules.len() != 1 {
        rows.push(row(plural(coverage.rules.len(), "rule"), coverage.shares()));
    }
    let widths: Vec<usize> =
        (0..HEAD.len()).map(|c| rows.iter().map(|r| r[c].chars().count()).max().unwrap_or(0)).collect();
    let mut text = String::new();
    for cells in rows {
        let mut line = String::new();
        for (c, cell) in cells.iter().enumerate() {
            let blanks = " ".repeat(widths[c].saturating_sub(cell.chars().count()));
            match c {
                0 => line.push_str(&format!("{cell}{blanks}")),
                _ => line.push_str(&format!("   {blanks}{cell}")),
            }
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn title(rule: &RuleCoverage) -> String {
    if rule.revision == "1" { rule.name.clone() } else { format!("{} from {}", rule.name, rule.revision) }
}

fn row(name: String, shares: Shares) -> [String; 6] {
    let cell = |share: Share| match share.of {
        0 => "-".to_owned(),
        of => format!("{} of {of}", share.decided),
    };
    let all = shares.all();
    [
        name,
        cell(shares.verdicts),
        cell(shares.conditions),
        cell(shares.exceptions),
        cell(shares.boundaries),
        format!("{} %", percent(all)),
    ]
}

/// Whole per cent, rounded down: 100 only where nothing is left.
pub(crate) fn percent(share: Share) -> u64 {
    (share.decided * 100).checked_div(share.of).unwrap_or(100)
}

pub(crate) fn to_json(coverage: &Coverage, sources: &SourceMap) -> Value {
    let rules: Vec<Value> = coverage
        .rules
        .iter()
        .map(|rule| {
            let verdicts: serde_json::Map<String, Value> =
                rule.verdicts.iter().map(|(v, n)| (v.as_str().to_owned(), json!(n))).collect();
            json!({
                "rule": rule.name,
                "revision": rule.revision,
                "place": place(sources, rule.name_span),
                "verdicts": verdicts,
                "parts": rule.parts.iter().map(|p| part(p, sources)).collect::<Vec<_>>(),
                "decided": rule.shares().all().decided,
                "of": rule.shares().all().of,
            })
        })
        .collect();
    let all = coverage.shares().all();
    json!({ "schema": "bylaws.coverage/1", "decided": all.decided, "of": all.of, "rules": rules })
}

fn part(of: &PartCoverage, sources: &SourceMap) -> Value {
    let (role, exception) = match &of.part.role {
        PartRole::Where => ("where", None),
        PartRole::When => ("when", None),
        PartRole::Need => ("need", None),
        PartRole::Limit => ("limit", None),
        PartRole::Unless(name) => ("unless", Some(name)),
        PartRole::Within => ("within", None),
        PartRole::Step if of.part.kind == PartKind::Boundary => ("step", None),
        PartRole::Step => ("not_step", None),
        PartRole::Waiver(_) => ("waiver", None),
    };
    let mut value = json!({
        "role": role,
        "text": shorten(sources.text(of.part.span), 200),
        "place": place(sources, of.part.span),
    });
    if let Some(name) = exception {
        value["exception"] = json!(name);
    }
    match of.part.kind {
        PartKind::Condition => {
            value["kind"] = json!("condition");
            value["true"] = json!(of.yes);
            value["false"] = json!(of.no);
        }
        PartKind::Exception => {
            value["kind"] = json!("exception");
            value["applied"] = json!(of.yes);
            value["not_applied"] = json!(of.no);
        }
        PartKind::Boundary | PartKind::Edge => {
            value["kind"] = json!(if of.part.kind == PartKind::Edge { "edge" } else { "boundary" });
            value["met"] = json!(of.yes);
        }
    }
    value
}
