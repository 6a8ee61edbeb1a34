//! The neutral rule files that other engines are measured with, as policies of this language.
//!
//! A rule file is a JSON array. A rule names a `kind` and lists predicates `{f, op, v, not}` in `when`;
//! with `agg`, `of`, `days` and `gt` it is a window over the same actor, with `a`, `b` and `days` a pair
//! of records. Kinds may have a dot in their name, so every kind gets a source that picks it by `kind`.

use serde_json::Value;
use std::fmt::Write as _;
use std::path::Path;

const GROUPS: [(&str, &[(&str, &str)]); 5] = [
    (
        "actor",
        &[
            ("id", "text"),
            ("dept", "text"),
            ("level", "int"),
            ("manager", "text"),
            ("country", "text"),
            ("tenure_days", "int"),
        ],
    ),
    ("target", &[("kind", "text"), ("name", "text"), ("domain", "text"), ("classification", "text"), ("bytes", "int")]),
    ("counterparty", &[("id", "text"), ("name", "text"), ("type", "text"), ("country", "text")]),
    ("amount", &[("value", "decimal"), ("currency", "text")]),
    ("device", &[("id", "text"), ("os", "text"), ("managed", "bool"), ("ip", "text")]),
];
/// Kinds with their groups, and whether they have a note.
const KINDS: [(&str, &[&str], bool); 9] = [
    ("login", &["target"], false),
    ("email.send", &["target"], false),
    ("file.export", &["target"], false),
    ("approval", &["target", "counterparty", "amount"], false),
    ("payment", &["counterparty", "amount"], true),
    ("training", &["target"], false),
    ("consultation", &["counterparty", "amount"], true),
    ("gift", &["counterparty", "amount"], true),
    ("disclosure", &["counterparty"], true),
];

/// Writes `NAME.bylaw` beside every rule file `NAME.json` of the folder.
pub fn folder(dir: &Path) -> Result<(), String> {
    let mut files: Vec<_> = std::fs::read_dir(dir)
        .map_err(|e| format!("{}: {e}", dir.display()))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|e| e == "json"))
        .collect();
    files.sort();
    if files.is_empty() {
        return Err(format!("{}: no rule files (NAME.json)", dir.display()));
    }
    for file in files {
        let named = |e: String| format!("{}: {e}", file.display());
        let text = std::fs::read_to_string(&file).map_err(|e| named(e.to_string()))?;
        let rules: Vec<Value> = serde_json::from_str(&text).map_err(|e| named(e.to_string()))?;
        let out = file.with_extension("bylaw");
        std::fs::write(&out, policy(&rules).map_err(named)?).map_err(|e| format!("{}: {e}", out.display()))?;
        println!("{} ({} rules)", out.display(), rules.len());
    }
    Ok(())
}

fn policy(rules: &[Value]) -> Result<String, String> {
    let mut text = String::from("policy measured { timezone \"UTC\" }\n");
    for (kind, groups, note) in KINDS {
        let name = kind.replace('.', "_");
        let mut fields = vec!["  id: text, time: timestamp, channel: text, session: text,".to_string()];
        let mut map: Vec<String> = ["id", "time", "channel", "session"].map(|f| format!("{f} = {f}")).into();
        if note {
            fields.push("  note: text,".into());
            map.push("note = note".into());
        }
        for (group, of) in GROUPS.iter().filter(|(g, _)| ["actor", "device"].contains(g) || groups.contains(g)) {
            let inner: Vec<String> = of.iter().map(|(f, ty)| format!("{f}: {ty}")).collect();
            fields.push(format!("  {group}: {{ {} }},", inner.join(", ")));
            map.extend(of.iter().map(|(f, _)| format!("{group}.{f} = {group}.{f}")));
        }
        let _ = write!(
            text,
            "record {name} at time by actor.id identity id {{\n{}\n}}\n\
             source {name} for {name} {{\n  format ndjson\n  files  \"events.ndjson\"\n  where  kind == \"{kind}\"\n  map {{ {} }}\n}}\n",
            fields.join("\n"),
            map.join(", ")
        );
    }
    for rule in rules {
        text.push_str(&one(rule)?);
    }
    Ok(text)
}

fn one(rule: &Value) -> Result<String, String> {
    let id = word(rule, "id")?;
    let days = &rule["days"];
    if rule["a"].is_object() {
        let (a, b) = (&rule["a"], &rule["b"]);
        let (a_kind, b_kind) = (word(a, "kind")?.replace('.', "_"), word(b, "kind")?.replace('.', "_"));
        let mut pair = format!("exists {a_kind} as a within {days} days before");
        if let Some(filter) = conditions(&a["when"], "a.")? {
            let _ = write!(pair, " where {filter}");
        }
        let when = conditions(&b["when"], "")?.map_or(pair.clone(), |own| format!("{own} and {pair}"));
        return Ok(format!("forbid {id} {{ on {b_kind} when {when} }}\n"));
    }
    let kind = word(rule, "kind")?.replace('.', "_");
    let own = conditions(&rule["when"], "")?;
    let when = match rule["agg"].as_str() {
        None => own.unwrap_or_else(|| "true".into()),
        Some(agg) => {
            let field = if agg == "count" { String::new() } else { format!(".{}", word(rule, "of")?) };
            let filter = conditions(&rule["when"], &format!("{kind}."))?;
            let filter = filter.map_or(String::new(), |f| format!(" where {f}"));
            let window = format!("{agg}({kind}{field} over {days} days{filter}) > {}", rule["gt"]);
            own.map_or(window.clone(), |own| format!("{own} and {window}"))
        }
    };
    Ok(format!("forbid {id} {{ on {kind} when {when} }}\n"))
}

fn word<'a>(of: &'a Value, key: &str) -> Result<&'a str, String> {
    of[key].as_str().ok_or_else(|| format!("a rule without `{key}`: {of}"))
}

fn conditions(when: &Value, prefix: &str) -> Result<Option<String>, String> {
    let all = when.as_array().ok_or_else(|| format!("`when` is not a list: {when}"))?;
    let all: Result<Vec<String>, String> = all.iter().map(|p| predicate(p, prefix)).collect();
    Ok(Some(all?.join(" and ")).filter(|text| !text.is_empty()))
}

fn predicate(of: &Value, prefix: &str) -> Result<String, String> {
    let field = format!("{prefix}{}", word(of, "f")?);
    // A list prints as a set, a text in its quotes.
    let value = match &of["v"] {
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(Value::to_string).collect();
            format!("{{ {} }}", items.join(", "))
        }
        other => other.to_string(),
    };
    let test = match word(of, "op")? {
        "eq" => format!("{field} == {value}"),
        "gt" => format!("{field} > {value}"),
        "ge" => format!("{field} >= {value}"),
        op @ ("in" | "contains" | "ends_with" | "starts_with") => format!("{field} {op} {value}"),
        op => return Err(format!("unknown predicate `{op}`")),
    };
    Ok(if of["not"] == Value::Bool(true) { format!("not ({test})") } else { test })
}
