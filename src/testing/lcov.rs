//! Coverage as an LCOV tracefile, which genhtml, Codecov and editors read: a rule as a function, its parts as branches.

use super::coverage::Coverage;
use crate::eval::PartKind;
use crate::source::{FileId, SourceMap};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// One `BRDA` group: a part's sides, or a rule's verdicts, and how often each was decided.
struct Branches {
    line: usize,
    taken: Vec<u64>,
}

pub(crate) fn lcov(coverage: &Coverage, sources: &SourceMap) -> String {
    let mut files: BTreeMap<FileId, Vec<usize>> = BTreeMap::new();
    for (i, rule) in coverage.rules.iter().enumerate() {
        files.entry(rule.name_span.file).or_default().push(i);
    }
    let mut text = String::new();
    for (file, rules) in files {
        one_file(&mut text, coverage, sources, file, &rules);
    }
    text
}

fn one_file(text: &mut String, coverage: &Coverage, sources: &SourceMap, file: FileId, rules: &[usize]) {
    let line = |span| sources.line_col(span).0;
    let mut lines: BTreeMap<usize, u64> = BTreeMap::new();
    let mut branches: Vec<Branches> = Vec::new();
    let mut functions = Vec::new();
    for rule in rules.iter().map(|&i| &coverage.rules[i]) {
        let expected = rule.verdicts.iter().map(|(_, n)| n).sum::<u64>();
        let name = if rule.revision == "1" { rule.name.clone() } else { format!("{}@{}", rule.name, rule.revision) };
        functions.push((line(rule.name_span), name, expected));
        *lines.entry(line(rule.name_span)).or_default() += expected;
        branches.push(Branches { line: line(rule.name_span), taken: rule.verdicts.iter().map(|(_, n)| *n).collect() });
        // A part that stands in another file, as in a `define`, is told there by the rules of that file.
        for of in rule.parts.iter().filter(|p| p.part.span.file == file) {
            let at = line(of.part.span);
            let hits = lines.entry(at).or_default();
            *hits = (*hits).max(of.yes + of.no);
            branches.push(Branches {
                line: at,
                taken: match of.part.kind {
                    PartKind::Condition | PartKind::Exception => vec![of.yes, of.no],
                    PartKind::Boundary | PartKind::Edge => vec![of.yes],
                },
            });
        }
    }
    branches.sort_by_key(|b| b.line);
    let _ = writeln!(text, "TN:\nSF:{}", sources.file(file).name);
    for (line, name, _) in &functions {
        let _ = writeln!(text, "FN:{line},{name}");
    }
    for (_, name, n) in &functions {
        let _ = writeln!(text, "FNDA:{n},{name}");
    }
    let hit = functions.iter().filter(|f| f.2 > 0).count();
    let _ = writeln!(text, "FNF:{}\nFNH:{hit}", functions.len());
    let (mut found, mut taken) = (0, 0);
    let (mut block, mut before) = (0, 0);
    for branch in &branches {
        block = if branch.line == before { block + 1 } else { 0 };
        before = branch.line;
        let reached = branch.taken.iter().any(|n| *n > 0);
        for (i, n) in branch.taken.iter().enumerate() {
            let shown = if reached { n.to_string() } else { "-".to_owned() };
            let _ = writeln!(text, "BRDA:{},{block},{i},{shown}", branch.line);
            found += 1;
            taken += usize::from(*n > 0);
        }
    }
    let _ = writeln!(text, "BRF:{found}\nBRH:{taken}");
    for (line, n) in &lines {
        let _ = writeln!(text, "DA:{line},{n}");
    }
    let hit = lines.values().filter(|n| **n > 0).count();
    let _ = writeln!(text, "LF:{}\nLH:{hit}\nend_of_record", lines.len());
}
