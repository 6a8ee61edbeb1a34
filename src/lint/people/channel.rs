use super::protected::constants;
use crate::data::{KindId, Type};
use crate::diag::{Code, Diagnostic, Level};
use crate::lint::fields::{self, Part};
use crate::lint::walk::{self, Role};
use crate::lint::{Context, Found, Lint, words};
use crate::sema::hir::{CompareOp, Expr, ExprKind, Func, Rule, Times, Trigger, Verb};
use crate::source::Span;
use rustc_hash::FxHashSet;

pub const LINT: Lint = Lint { code: Code::ProtectedContact, level: Level::Warning, on: true, check };

/// With whom people may always speak.
const CHANNELS: [(&str, &[&str]); 4] = [
    (
        "a regulator or authority",
        &["regulator", "regulators", "regulatory authority", "supervisory authority", "supervisory authorities",
          "labor inspectorate", "labour inspectorate", "ombudsman", "ombudsperson", "监管", "证监会", "信访", "劳动仲裁"],
    ),
    (
        "counsel",
        &["=counsel", "legal counsel", "outside counsel", "=lawyer", "own lawyer", "=attorney", "law firm", "律师"],
    ),
    (
        "a union or works council",
        &["=union", "trade union", "labor union", "labour union", "union representative", "works council",
          "staff council", "shop steward", "工会"],
    ),
    (
        "the hotline",
        &["hotline", "whistleblower", "whistle blower", "whistleblowing", "ethics line", "speak up", "speakup",
          "举报", "热线"],
    ),
];

const AUTHORITIES: [&str; 12] = [
    "sec.gov", "osha.gov", "dol.gov", "eeoc.gov", "nlrb.gov", "cftc.gov", "justice.gov", "fca.org.uk", "ico.org.uk",
    "bafin.de", "csrc.gov.cn", "europa.eu",
];

fn check(context: &Context, found: &mut Found) {
    let schema = &context.hir.schema;
    // A `require` is about what the company owes.
    for rule in context.hir.rules.iter().filter(|rule| rule.verb != Verb::Require) {
        let mut seen: Vec<(Span, String)> = Vec::new();
        for (kind, span) in triggers(rule) {
            seen.extend(channel(context, &schema.kind(kind).name).map(|of| (span, of)));
        }
        let turned = turned(rule);
        fields::each(rule, &mut |part, e, kinds| {
            if part != Part::Condition || turned.contains(&std::ptr::from_ref(e)) {
                return;
            }
            if let Some((kind, column)) = fields::of(e, kinds) {
                let column = schema.column(kind, column);
                let name = fields::last(&column.name);
                seen.extend(channel(context, name).filter(|_| column.ty == Type::Bool).map(|of| (e.span, of)));
            }
            let domains = match &e.kind {
                ExprKind::InDomain { domains, .. } => domains.clone(),
                _ => constants(schema, e),
            };
            seen.extend(domains.iter().find_map(|text| channel(context, text)).map(|of| (e.span, of)));
        });
        for (span, of) in seen {
            let message = format!("`{}` is about contact with {of}", rule.name);
            let d = Diagnostic::warning(LINT.code, message, span, "what people may always do")
                .label(rule.name_span, "each such contact may be a finding");
            found.push(d.help(
                "nobody is held to account for speaking to a regulator, counsel, a union or the hotline: look at what was \
                 done besides, or leave these contacts out (`and not …`)",
            ));
        }
    }
}

fn channel(context: &Context, name: &str) -> Option<String> {
    let said = words::of(name);
    let known = CHANNELS.iter().find(|(_, phrases)| words::first(&said, phrases.iter().copied()).is_some());
    let own = || words::first(&said, context.settings.regulators.iter().map(String::as_str)).map(str::to_owned);
    let host = name.to_ascii_lowercase();
    let at = |domain: &str| host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with(['.', '@']));
    let authority = || AUTHORITIES.into_iter().find(|domain| at(domain)).map(|domain| format!("an authority ({domain})"));
    known.map(|(of, _)| (*of).to_owned()).or_else(own).or_else(authority)
}

fn triggers(rule: &Rule) -> Vec<(KindId, Span)> {
    match &rule.trigger {
        Trigger::Sequence(sequence) => {
            let there = sequence.steps.iter().filter(|step| step.times != Times::None);
            there.map(|step| (step.kind, step.span)).collect()
        }
        trigger => vec![(trigger.kind(), trigger.span())],
    }
}

/// What has to be otherwise for a finding: under `not` and `!=`, and of records that must not be there.
fn turned(rule: &Rule) -> FxHashSet<*const Expr> {
    let mut found = FxHashSet::default();
    for (role, e) in walk::expressions(rule) {
        if matches!(role, Role::Filter | Role::Step(_) | Role::When) {
            turn(e, false, &mut found);
        }
    }
    found
}

fn turn(e: &Expr, turned: bool, found: &mut FxHashSet<*const Expr>) {
    if turned {
        found.insert(std::ptr::from_ref(e));
    }
    let next = match &e.kind {
        ExprKind::Not(_) | ExprKind::Compare { op: CompareOp::Ne, .. } => !turned,
        _ => turned,
    };
    e.children().into_iter().for_each(|child| turn(child, next, found));
    if let ExprKind::History(history) = &e.kind {
        let next = turned != (history.func == Func::No);
        walk::parts_of_history(history).into_iter().for_each(|part| turn(part, next, found));
    }
}
