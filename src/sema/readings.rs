//! `as …`: how a raw value is read as the type of its field.

use super::currencies;
use super::declare::type_of;
use super::report::with_article;
use super::units::{self, Unit};
use super::world::World;
use crate::data::mapping::How;
use crate::data::{Column, ColumnId, KindId, Type, Value};
use crate::diag::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::ast::{Cast, CastArg, Ident, Str, TypeExpr, TypeExprKind};

/// The type that is read: that of the field, of its elements, or of the key that it refers by.
fn scalar<'w>(world: &'w World, ty: &'w Type) -> &'w Type {
    match ty {
        Type::List(of) | Type::Set(of) => scalar(world, of),
        Type::Ref(table) => {
            let kind = world.schema.kind(*table);
            kind.subject().and_then(|k| kind.columns.get(k.0 as usize)).map_or(&Type::Text, |c| &c.ty)
        }
        ty => ty,
    }
}

fn fits(world: &World, ty: &Type, declared: &Column, to: &Cast) -> Option<()> {
    let wanted = scalar(world, ty);
    if to.ty.text == "enum" && matches!(wanted, Type::Enum(_)) {
        return Some(());
    }
    let named = TypeExpr { kind: TypeExprKind::Name(to.ty.clone()), optional: false, span: to.ty.span };
    let given = type_of(world, &named)?;
    if given == *wanted {
        return Some(());
    }
    let name = world.type_name(wanted);
    let d = Diagnostic::error(
        Code::BadCast,
        format!("`{}` is {}, and is read as {}", declared.name, with_article(&name), with_article(&to.ty.text)),
        to.span,
        format!("{} is needed", with_article(&name)),
    )
    .label(declared.span, "declared here");
    let plain = matches!(to.arg, CastArg::None) && !name.contains(' ');
    world.report.fail(match plain {
        true => world.report.rewrite(d, "read it as the field's type:", to.ty.span, &name),
        false => d.help("a value is read as the type of its field"),
    })
}

/// How it is read, where that is not the type's own way.
pub fn how(world: &World, ty: &Type, declared: &Column, to: &Cast) -> Option<Option<How>> {
    fits(world, ty, declared, to)?;
    match &to.arg {
        CastArg::None => Some(match scalar(world, ty) {
            // Numbers in quotes count too.
            Type::Int | Type::Decimal => Some(How::Unit(1)),
            Type::Percent => Some(How::Hundredths),
            _ => None,
        }),
        CastArg::Unit(word) => unit(world, scalar(world, ty), to, word).map(Some),
        CastArg::Format(format) => time_format(world, scalar(world, ty), to, format).map(Some),
        CastArg::Words(_) => Some(None),
    }
}

fn unit(world: &World, ty: &Type, to: &Cast, word: &Ident) -> Option<How> {
    let text = word.text.as_str();
    let found = match ty {
        Type::Money => match currencies::known(text) {
            Some(currency) => return Some(How::Currency(currency)),
            None => {
                let d = Diagnostic::error(
                    Code::UnknownUnit,
                    format!("`{text}` is no currency code"),
                    word.span,
                    "not known",
                );
                return world.report.fail(match world.report.guess(text, currencies::all()) {
                    Some(near) => world.report.rewrite(d, &format!("did you mean `{near}`?"), word.span, near),
                    None => d.help("currency codes are those of ISO 4217: `as money GBP`"),
                });
            }
        },
        Type::Timestamp => match text {
            "seconds" => Some(1_000_000_000),
            "milliseconds" => Some(1_000_000),
            "microseconds" => Some(1_000),
            "nanoseconds" => Some(1),
            _ => None,
        },
        Type::Duration => match (text, units::unit(text)) {
            (_, Some(Unit::Nanos(n))) => Some(n),
            (_, Some(Unit::Days(n))) => n.checked_mul(86_400_000_000_000),
            ("milliseconds", _) => Some(1_000_000),
            _ => None,
        },
        Type::Bytes => match units::unit(text) {
            Some(Unit::Bytes(n)) => Some(n),
            _ => None,
        },
        Type::Percent if text == "hundredths" => return Some(How::Hundredths),
        _ => {
            return world.report.fail(
                Diagnostic::error(
                    Code::BadCast,
                    format!("{} has no unit", with_article(&to.ty.text)),
                    word.span,
                    "not a unit",
                )
                .help("units are for money, durations, sizes and timestamps counted since 1970"),
            );
        }
    };
    found.map(How::Unit).or_else(|| {
        let (known, sample): (&[&str], &str) = match ty {
            Type::Timestamp => (&["seconds", "milliseconds", "microseconds", "nanoseconds"], "timestamp milliseconds"),
            Type::Duration => (&["milliseconds", "seconds", "minutes", "hours", "days", "weeks"], "duration hours"),
            _ => (&["B", "kB", "MB", "GB", "TB", "KiB", "MiB", "GiB", "TiB"], "bytes MB"),
        };
        let d = Diagnostic::error(
            Code::UnknownUnit,
            format!("{} is not counted in `{text}`", with_article(&to.ty.text)),
            word.span,
            format!("a unit as in `{sample}`"),
        );
        world.report.fail(world.report.suggest(d, word.span, text, known.iter().copied()))
    })
}

/// Tries the format on a day and time of its own, written and read again.
fn time_format(world: &World, ty: &Type, to: &Cast, format: &Str) -> Option<How> {
    let text = format.text.as_str();
    // 2025-11-28T13:45:07Z, a Friday
    let instant = jiff::Timestamp::from_second(1_764_337_507).unwrap_or_default();
    let sample = instant.to_zoned_datetime(jiff::tz::TimeZone::UTC);
    let parsed = jiff::fmt::strtime::format(text, &sample).and_then(|t| jiff::fmt::strtime::parse(text, t));
    let problem = match ty {
        Type::Date => parsed.and_then(|parts| parts.to_date()).err(),
        Type::Timestamp => {
            parsed.and_then(|parts| parts.to_timestamp().map(|_| ()).or_else(|_| parts.to_datetime().map(|_| ()))).err()
        }
        _ => {
            return world.report.fail(
                Diagnostic::error(
                    Code::BadCast,
                    format!("{} has no format", with_article(&to.ty.text)),
                    format.span,
                    "a format of dates and times",
                )
                .help("formats are for dates and timestamps: `as date \"%d/%m/%Y\"`"),
            );
        }
    };
    match problem {
        None => Some(How::Format(text.into())),
        Some(_) if let Some(meant) = in_letters(text) => {
            let d = Diagnostic::error(
                Code::BadTimeFormat,
                format!("`{text}` does not give a {}", to.ty.text),
                format.span,
                "the parts of a time are written with `%`",
            );
            world.report.fail(world.report.rewrite(d, "write:", format.span, &format!("\"{meant}\"")))
        }
        Some(problem) => world.report.fail(
            Diagnostic::error(
                Code::BadTimeFormat,
                format!("`{text}` does not give a {}", to.ty.text),
                format.span,
                problem.to_string(),
            )
            .help("a date needs year, month and day, as in `%Y-%m-%d` or `%d/%m/%Y`; a timestamp the time too: `%Y-%m-%dT%H:%M:%S`"),
        ),
    }
}

/// `dd/mm/yyyy`, `YYYY-MM-DD HH:mm:ss`, as the language has it.
fn in_letters(text: &str) -> Option<String> {
    let (mut meant, mut rest, mut hours) = (String::new(), text, false);
    while let Some(c) = rest.chars().next() {
        let run = rest.chars().take_while(|other| *other == c).count();
        let directive = match (c, run) {
            ('y' | 'Y', 4) => "%Y",
            ('y' | 'Y', 2) => "%y",
            ('d' | 'D', 1 | 2) => "%d",
            ('H' | 'h', 1 | 2) => "%H",
            ('s' | 'S', 1 | 2) => "%S",
            // Months before the hours, minutes behind them.
            ('m' | 'M', 1 | 2) if hours => "%M",
            ('m' | 'M', 1 | 2) => "%m",
            ('m' | 'M', 3) => "%b",
            ('m' | 'M', 4) => "%B",
            ('T' | 'Z', 1) => rest.get(..1)?,
            _ if c.is_alphanumeric() || c == '%' => return None,
            _ => rest.get(..run * c.len_utf8())?,
        };
        hours |= directive == "%H";
        meant += directive;
        rest = &rest[run * c.len_utf8()..];
    }
    meant.contains('%').then_some(meant)
}

/// `bool { true: "True", false: "False" }`: each spelling with its value.
pub fn how_words(
    world: &World,
    ty: &Type,
    declared: &Column,
    to: &Cast,
    words: &[(Ident, Vec<Str>)],
) -> Option<Option<How>> {
    fits(world, ty, declared, to)?;
    let wanted = scalar(world, ty);
    let mut found: Vec<(String, Value)> = Vec::new();
    let mut places: Vec<&Str> = Vec::new();
    let mut failed = false;
    for (word, spellings) in words {
        let Some(value) = word_value(world, wanted, to, word) else {
            failed = true;
            continue;
        };
        for spelling in spellings {
            if let Some(first) = places.iter().find(|p| p.text == spelling.text) {
                world.report.tell(
                    Diagnostic::error(
                        Code::Duplicate,
                        format!("the spelling `{}` has two meanings", spelling.text),
                        spelling.span,
                        "again here",
                    )
                    .label(first.span, "first here")
                    .help("take one of them out"),
                );
                failed = true;
            }
            places.push(spelling);
            found.push((spelling.text.clone(), value.clone()));
        }
    }
    if failed { None } else { Some(Some(How::Words(found))) }
}

fn word_value(world: &World, ty: &Type, to: &Cast, word: &Ident) -> Option<Value> {
    let text = word.text.as_str();
    match ty {
        Type::Bool => match text {
            "true" => Some(Value::Bool(true)),
            "false" => Some(Value::Bool(false)),
            _ => {
                let d = Diagnostic::error(
                    Code::UnknownWord,
                    format!("`{text}` is neither `true` nor `false`"),
                    word.span,
                    "not a truth",
                );
                world.report.fail(match text.to_ascii_lowercase().as_str() {
                    "yes" | "y" | "on" | "no" | "n" | "off" | "x" => {
                        d.help("how it is spelled stands behind it: `bool { true: \"yes\", false: \"no\" }`")
                    }
                    _ => world.report.suggest(d, word.span, text, ["true", "false"]),
                })
            }
        },
        Type::Text => Some(Value::Text(text.into())),
        Type::Enum(id) => match world.words[id.0 as usize].get(text) {
            Some(at) => Some(Value::Enum(*id, *at)),
            None => {
                let def = world.schema.enum_def(*id);
                let d = Diagnostic::error(
                    Code::UnknownWord,
                    format!("`{text}` is no word of the enum"),
                    word.span,
                    "not one of its words",
                )
                .label(def.span, "the words are declared here");
                world.report.fail(world.report.suggest(d, word.span, text, def.words.iter().map(|w| w.name.as_str())))
            }
        },
        _ => world.report.fail(
            Diagnostic::error(
                Code::BadCast,
                format!("{} is not read by words", with_article(&to.ty.text)),
                to.span,
                "spellings",
            )
            .help("spellings are for `bool`, `text` and enums"),
        ),
    }
}

/// Joins what sources say of a kind's identity with what the record itself says.
pub fn identity(world: &mut World, kind: KindId, columns: Vec<ColumnId>, span: Span, said: &mut Vec<(KindId, Span)>) {
    let declared = world.schema.kind(kind);
    let mut sorted = columns.clone();
    sorted.sort();
    let mut own = declared.identity.clone();
    own.sort();
    if own == sorted {
        return;
    }
    let before = said.iter().find(|(k, _)| *k == kind).map(|(_, span)| *span);
    if own.is_empty() && before.is_none() {
        said.push((kind, span));
        world.schema.kinds[kind.0 as usize].identity = columns;
        return;
    }
    let name = declared.name.clone();
    let d = Diagnostic::error(
        Code::IdentityConflict,
        format!("`{name}` has another identity already"),
        span,
        "a different one",
    )
    .label(before.unwrap_or(declared.span), "the first is said here");
    world.report.tell(d.help("all sources of a kind share one identity: say it once, at the record"));
}

#[cfg(test)]
mod tests {
    use super::in_letters;

    #[test]
    fn formats_in_letters() {
        for (written, meant) in [
            ("dd/mm/yyyy", Some("%d/%m/%Y")),
            ("YYYY-MM-DD", Some("%Y-%m-%d")),
            ("DD.MM.YY HH:mm", Some("%d.%m.%y %H:%M")),
            ("yyyy-MM-ddTHH:mm:ss", Some("%Y-%m-%dT%H:%M:%S")),
            ("d MMM yyyy", Some("%d %b %Y")),
            ("%d/%m", None),
            ("day", None),
            ("", None),
            ("é", None),
        ] {
            assert_eq!(in_letters(written).as_deref(), meant, "{written}");
        }
    }
}
