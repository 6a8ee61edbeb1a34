use crate::data::{Schema, Value};
use crate::diag::{Code, Diagnostic, Level};
use crate::lint::fields::{self, Part};
use crate::lint::{Context, Found, Lint, walk, words};
use crate::sema::hir::{Expr, ExprKind};
use crate::source::Span;

pub const LINT: Lint = Lint { code: Code::ProtectedTrait, level: Level::Warning, on: true, check };

/// What a trait is called, and the phrases that tell of it. `=age` is the whole of a name.
const TRAITS: [(&str, &[&str]); 12] = [
    ("religion or belief", &["religion", "religious", "=faith", "=creed", "=belief", "宗教", "信仰"]),
    (
        "health",
        &[
            "=health", "health status", "health condition", "health data", "illness", "disease", "diagnosis",
            "medical record", "medical condition", "medical history", "medical leave", "sick leave", "sick note",
            "sick day", "sick days", "=sick", "sickness", "mental health", "健康", "疾病", "病历", "病假",
        ],
    ),
    ("disability", &["disability", "disabilities", "is disabled", "handicap", "handicapped", "残疾", "残障"]),
    (
        "pregnancy or parenthood",
        &["pregnant", "pregnancy", "maternity", "paternity", "parental leave", "怀孕", "产假", "哺乳"],
    ),
    (
        "trade union membership",
        &["=union", "union member", "union membership", "trade union member", "unionised", "unionized", "工会会员"],
    ),
    (
        "ethnic origin",
        &["ethnicity", "ethnic", "=race", "racial", "skin color", "skin colour", "nationality", "national origin", "=caste",
          "=tribe", "民族", "种族", "国籍", "户籍"],
    ),
    ("sex or gender", &["=sex", "gender", "性别"]),
    ("sexual orientation", &["sexual orientation", "sexuality", "lgbt", "lgbtq", "性取向"]),
    (
        "age",
        &["=age", "age group", "age band", "birthday", "birth date", "date of birth", "birth year", "year of birth",
          "=dob", "年龄", "出生日期"],
    ),
    (
        "political opinion",
        &["political view", "political views", "political opinion", "political party", "political affiliation",
          "political belief", "party member", "party membership", "政治面貌", "党派"],
    ),
    ("family status", &["marital status", "=married", "=divorced", "婚姻"]),
    ("genetic data or emotions", &["genetic", "=dna", "emotion", "emotions", "emotional state", "=mood", "情绪"]),
];

fn check(context: &Context, found: &mut Found) {
    let schema = &context.hir.schema;
    for rule in &context.hir.rules {
        let mut seen: Vec<(Span, String, String)> = Vec::new();
        let mut look = |span: Span, name: &str, shown: String| {
            if let Some(of) = protected(context, name) {
                seen.push((span, of, shown));
            }
        };
        let kind = schema.kind(rule.trigger.kind());
        look(rule.trigger.span(), &kind.name, format!("a record of `{}`", kind.name));
        for history in walk::histories(rule).into_iter().filter(|h| h.kind != rule.trigger.kind()) {
            let kind = schema.kind(history.kind);
            look(history.span, &kind.name, format!("a record of `{}`", kind.name));
        }
        fields::each(rule, &mut |part, e, kinds| {
            if let Some((kind, column)) = fields::of(e, kinds) {
                let column = schema.column(kind, column);
                for name in column.path() {
                    look(e.span, name, format!("`{}`", column.name));
                }
            }
            if part != Part::Message {
                for text in constants(schema, e) {
                    look(e.span, &text, format!("`{text}`"));
                }
            }
        });
        for (span, of, shown) in seen {
            let message = format!("`{}` looks at a protected trait: {of}", rule.name);
            let d = Diagnostic::warning(LINT.code, message, span, format!("{shown} tells of {of}"));
            found.push(d.help(
                "write what was done instead of who did it. Where the law itself asks for this, say so in the policy:\n    \
                 // lint: allow L0403 because …",
            ));
        }
    }
}

fn protected(context: &Context, name: &str) -> Option<String> {
    let said = words::of(name);
    let known = TRAITS.iter().find(|(_, phrases)| words::first(&said, phrases.iter().copied()).is_some());
    let own = || words::first(&said, context.settings.protected.iter().map(String::as_str)).map(str::to_owned);
    known.map(|(of, _)| (*of).to_owned()).or_else(own)
}

/// Texts and words that an expression compares with.
pub fn constants(schema: &Schema, e: &Expr) -> Vec<String> {
    let values: &[Value] = match &e.kind {
        ExprKind::Constant(value) => std::slice::from_ref(value),
        ExprKind::In { set, .. } => set,
        _ => return Vec::new(),
    };
    let mut texts = Vec::new();
    for value in values {
        match value {
            Value::Text(text) => texts.push(text.clone()),
            Value::List(items) => texts.extend(items.iter().filter_map(|item| match item {
                Value::Text(text) => Some(text.clone()),
                _ => None,
            })),
            Value::Enum(of, word) => {
                if let Some(word) = schema.enum_def(*of).words.get(usize::from(*word)) {
                    texts.push(word.name.clone());
                    texts.extend(word.spelling.clone());
                }
            }
            _ => {}
        }
    }
    texts
}
