use crate::diag::{Code, Diagnostic, Level};
use crate::lint::fields::{self, Part, last};
use crate::lint::{Context, Found, Lint, words};

pub const LINT: Lint = Lint { code: Code::PrivateLife, level: Level::Advice, on: true, check };

const PRIVATE: [&str; 24] = [
    "home address", "home location", "home phone", "private phone", "private mobile", "private address", "private number",
    "private message", "private messages", "private chat", "private location", "personal phone", "personal mobile", "off duty",
    "whereabouts", "gps", "geolocation", "geo location", "=latitude", "=longitude", "social media", "browsing history",
    "住址", "定位",
];

fn check(context: &Context, found: &mut Found) {
    let schema = &context.hir.schema;
    for rule in &context.hir.rules {
        fields::each(rule, &mut |part, e, kinds| {
            let Some((kind, column)) = fields::of(e, kinds).filter(|_| part != Part::Message) else { return };
            let name = &schema.column(kind, column).name;
            if words::first(&words::of(last(name)), PRIVATE).is_some() {
                let message = format!("`{}` looks into private life", rule.name);
                let d = Diagnostic::advice(LINT.code, message, e.span, format!("`{name}` is about life outside of work"));
                found.push(d.help(
                    "read what belongs to work instead; where nothing else can show it, name the ground in `legal_basis` and allow \
                     this:\n    // lint: allow L0411 because …",
                ));
            }
        });
    }
}
