//! What an earlier run found, and what became of it.

use crate::data::Verdict;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// The verdicts of an earlier run, by the findings' ids.
pub(crate) struct Earlier {
    name: String,
    /// By which key people were called, where that is known; ids of findings are made with it.
    pub pseudonyms: Option<Option<String>>,
    verdicts: BTreeMap<String, Before>,
}

struct Before {
    rule: String,
    severity: Option<String>,
    time: Option<String>,
    verdict: String,
}

/// What changed since.
#[derive(Debug, Serialize)]
pub(crate) struct Since {
    pub file: String,
    pub new: usize,
    pub known: usize,
    /// Findings of then that are none any more.
    pub gone: Vec<Gone>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Gone {
    pub id: String,
    pub rule: String,
    pub severity: Option<String>,
    pub time: Option<String>,
    /// What the rule says of the record now; none where it is compliant, or the record is no longer there.
    pub now: Option<&'static str>,
}

#[derive(Deserialize)]
struct Line {
    id: String,
    rule: Value,
    verdict: String,
    severity: Option<String>,
    time: Option<String>,
}

impl Earlier {
    /// A report or a document of findings in JSON, or findings one a line.
    pub fn read(name: String, text: &str) -> Result<Earlier, String> {
        let whole: Result<Value, _> = serde_json::from_str(text);
        let mut pseudonyms = None;
        let lines: Vec<Value> = match whole {
            Ok(Value::Object(mut all)) if all.contains_key("findings") => {
                let key = all.get("pseudonyms").or_else(|| all.get("summary")?.get("pseudonyms"));
                pseudonyms = Some(key.and_then(Value::as_str).map(str::to_owned));
                match all.remove("findings") {
                    Some(Value::Array(findings)) => findings,
                    _ => return Err("its `findings` are no list".into()),
                }
            }
            Ok(one) if one.get("schema").and_then(Value::as_str) == Some("bylaws.finding/1") => vec![one],
            Ok(_) => return Err("it has no `findings`".into()),
            Err(_) => {
                let lines = text.lines().enumerate().filter(|(_, l)| !l.trim().is_empty());
                lines
                    .map(|(i, l)| serde_json::from_str(l).map_err(|e| format!("line {}: {e}", i + 1)))
                    .collect::<Result<_, _>>()?
            }
        };
        let mut verdicts = BTreeMap::new();
        for (i, line) in lines.into_iter().enumerate() {
            let of: Line = serde_json::from_value(line).map_err(|e| format!("finding {}: {e}", i + 1))?;
            let rule = of.rule.as_str().ok_or_else(|| format!("finding {}: its `rule` is no name", i + 1))?.to_owned();
            let before = Before { rule, severity: of.severity, time: of.time, verdict: of.verdict };
            verdicts.insert(of.id, before);
        }
        Ok(Earlier { name, pseudonyms, verdicts })
    }

    /// Whether it was a finding then.
    pub fn knew(&self, id: &str) -> bool {
        self.verdicts.get(id).is_some_and(|b| b.verdict == Verdict::Finding.as_str())
    }

    /// `now`: the verdicts of this run, by id.
    pub fn since(&self, now: &BTreeMap<&str, Verdict>) -> Since {
        let finding = |id: &str| now.get(id) == Some(&Verdict::Finding);
        let found = now.iter().filter(|(_, v)| **v == Verdict::Finding);
        let (known, new): (Vec<_>, Vec<_>) = found.partition(|(id, _)| self.knew(id));
        let gone = self.verdicts.iter().filter(|(id, _)| self.knew(id) && !finding(id));
        Since {
            file: self.name.clone(),
            new: new.len(),
            known: known.len(),
            gone: gone
                .map(|(id, b)| Gone {
                    id: id.clone(),
                    rule: b.rule.clone(),
                    severity: b.severity.clone(),
                    time: b.time.clone(),
                    now: now.get(id.as_str()).map(|v| v.as_str()),
                })
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_is_read() {
        let line = r#"{"schema":"bylaws.finding/1","id":"a","rule":"r","verdict":"finding","severity":"major","time":"2026-01-01"}"#;
        let document = format!("{{\"schema\":\"bylaws.audit/1\",\"findings\":[{line}]}}");
        for text in [line, &format!("{line}\n{}\n", line.replace("\"a\"", "\"b\"")), &document] {
            let earlier = Earlier::read("f".into(), text).unwrap();
            assert!(earlier.knew("a"), "{text}");
        }
        assert!(Earlier::read("f".into(), "").unwrap().verdicts.is_empty());
        for (text, why) in [
            ("{\"findings\": 1}", "no list"),
            ("[1]", "no `findings`"),
            ("{\"id\": 1}\n{", "line 2"),
            ("{\"findings\": [{\"id\": \"a\"}]}", "finding 1"),
        ] {
            let found = Earlier::read("f".into(), text).err().unwrap();
            assert!(found.contains(why), "{text}: {found}");
        }
    }

    #[test]
    fn new_known_and_gone() {
        let line = |id: &str, verdict: &str| format!("{{\"id\":\"{id}\",\"rule\":\"r\",\"verdict\":\"{verdict}\"}}\n");
        let text =
            line("known", "finding") + &line("gone", "finding") + &line("open", "pending") + &line("x", "finding");
        let earlier = Earlier::read("f".into(), &text).unwrap();
        let now = [("known", Verdict::Finding), ("open", Verdict::Finding), ("x", Verdict::Excepted)];
        let since = earlier.since(&now.into_iter().collect());
        assert_eq!((since.new, since.known), (1, 1));
        let gone: Vec<_> = since.gone.iter().map(|g| (g.id.as_str(), g.now)).collect();
        assert_eq!(gone, [("gone", None), ("x", Some("excepted"))]);
    }
}
