use crate::diag::{Code, Diagnostic, Level};
use crate::lint::{Context, Found, Lint, words};
use crate::source::Span;
use crate::syntax::ast::{ClauseKind, ItemKind, RuleItem, TemplatePart};

pub const LINT: Lint = Lint { code: Code::JudgingWord, level: Level::Warning, on: true, check };

const JUDGING: [&str; 42] = [
    "guilt", "guilty", "offender", "offenders", "culprit", "culprits", "perpetrator", "perpetrators", "wrongdoer",
    "wrongdoers", "violator", "violators", "thief", "thieves", "fraudster", "fraudsters", "cheater", "cheaters", "liar", "liars",
    "crook", "crooks", "intentionally", "intentional", "deliberately", "wilfully", "willfully", "wilful", "willful",
    "maliciously", "malicious", "in bad faith", "criminals", "convicted", "罪犯", "犯罪", "违规者", "作案", "嫌疑人", "故意", "恶意",
    "蓄意",
];

fn check(context: &Context, found: &mut Found) {
    for item in context.items() {
        let mut texts: Vec<(String, Span)> = Vec::new();
        match &item.kind {
            ItemKind::Policy(policy) => texts.extend(policy.title.iter().map(|s| (s.text.clone(), s.span))),
            ItemKind::Metric(metric) => {
                texts.push((metric.name.text.clone(), metric.name.span));
                texts.extend(metric.title.iter().map(|s| (s.text.clone(), s.span)));
            }
            ItemKind::Rule(rule) | ItemKind::Revise(rule) => of_rule(rule, &mut texts),
            _ => {}
        }
        for (text, span) in texts {
            let Some(word) = words::first(&words::of(&text), JUDGING) else { continue };
            let d = Diagnostic::warning(LINT.code, format!("`{word}` judges a person"), span, "a finding is not a judgement");
            found.push(d.help(
                "say what the records show, not what somebody is or meant: a finding is an allegation that people have still to \
                 look into",
            ));
        }
    }
}

fn of_rule(rule: &RuleItem, texts: &mut Vec<(String, Span)>) {
    texts.push((rule.name.text.clone(), rule.name.span));
    texts.extend(rule.title.iter().map(|s| (s.text.clone(), s.span)));
    for clause in &rule.clauses {
        match &clause.kind {
            ClauseKind::Unless { name, .. } => texts.push((name.text.clone(), name.span)),
            ClauseKind::Consequence(word) => texts.push((word.text.clone(), word.span)),
            ClauseKind::Purpose(s) => texts.push((s.text.clone(), s.span)),
            ClauseKind::Because(sentence) => texts.extend(sentence.parts.iter().filter_map(|part| match part {
                TemplatePart::Text(text) => Some((text.clone(), sentence.span)),
                TemplatePart::Expr(_) => None,
            })),
            _ => {}
        }
    }
}
