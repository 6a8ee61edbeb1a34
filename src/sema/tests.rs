//! Tests: given records, and the verdicts that are expected of them.

use super::expr::Typer;
use super::figures;
use super::hir::{Body, Case, Cell, Constant, Expect, ExprKind, Given, Metric, Rule, Test};
use super::names::What;
use super::params;
use super::report::Reporter;
use super::rules::known_rule;
use super::world::{Decl, Names, World};
use crate::data::{ColumnId, KindId, Type, Value, Verdict};
use crate::diag::{Code, Diagnostic};
use crate::source::{FileId, Span};
use crate::syntax::ast::{self, DefaultItem, Given as GivenRecord, GivenField, GivenValue, Ident, Message, TestClause};
use crate::syntax::{PlainTest, second_default, unfold, words};

/// A test without `cases`, grids, defaults and the like, and where it comes from.
pub struct Plain {
    file: FileId,
    span: Span,
    /// Some of it could not be read: what is missing may have been there.
    broken: bool,
    test: PlainTest,
}

/// All tests, each row of `cases` as one.
pub fn plain(report: &Reporter, names: &Names) -> Vec<Plain> {
    for (i, (file, default)) in names.defaults.iter().enumerate() {
        let same = |(f, d): &&(FileId, &DefaultItem)| f == file && d.kind.text == default.kind.text;
        if let Some((_, first)) = names.defaults[..i].iter().find(same) {
            report.tell(second_default(&default.kind, &first.kind));
        }
    }
    let mut all = Vec::new();
    for (file, item, whole) in &names.tests {
        let defaults: Vec<_> = names.defaults.iter().filter(|(f, _)| f == file).map(|(_, d)| *d).collect();
        let (tests, errors) = unfold(item, &defaults);
        errors.into_iter().filter(|e| !whole.broken || e.code != Code::UnknownAlias).for_each(|e| report.tell(e));
        let plain = |test| Plain { file: *file, span: whole.span, broken: whole.broken, test };
        all.extend(tests.into_iter().map(plain));
    }
    all
}

/// Checks the fields of a `default`, used or not.
pub fn default<'a>(world: &World<'a>, file: FileId, item: &'a DefaultItem) {
    given(world, file, &item.kind, &item.fields);
}

/// `rules` are those that could be checked.
pub fn test<'a>(
    world: &World<'a>,
    names: &Names,
    plain: &'a Plain,
    (rules, metrics): (&[Rule], &[Metric]),
) -> Option<Test> {
    let Plain { file, span, broken, test: PlainTest { test: item, case } } = plain;
    let (file, span) = (*file, *span);
    let mut test = Test {
        title: item.title.text.clone(),
        given: Vec::new(),
        as_of: None,
        set: Vec::new(),
        expect: Vec::new(),
        figures: Vec::new(),
        nothing_else: None,
        case: case.map(|(index, span)| Case { index, label: label(world.report.text(span)), span }),
        span,
    };
    // Aliases in order of the given records; records that are in error are kept, so that the rest is still checked.
    let mut aliases: Vec<Option<&Ident>> = Vec::new();
    let mut failed = *broken;
    for clause in &item.clauses {
        if let TestClause::Given(GivenRecord { alias, .. }) = clause {
            let first = alias.as_ref().and_then(|a| aliases.iter().flatten().find(|o| o.text == a.text));
            if let (Some(first), Some(alias)) = (first, alias) {
                world.report.tell(
                    Diagnostic::error(
                        Code::Duplicate,
                        format!("two given records are named `{}`", alias.text),
                        alias.span,
                        "again here",
                    )
                    .label(first.span, "the first is here")
                    .help("give each its own name"),
                );
                failed = true;
            }
            aliases.push(alias.as_ref());
        }
    }
    for clause in &item.clauses {
        match clause {
            TestClause::Given(GivenRecord { kind, alias, fields, span, .. }) => {
                match given(world, file, kind, fields) {
                    Some((kind, cells)) => {
                        let alias = alias.as_ref().map(|a| a.text.clone());
                        test.given.push(Given { kind, alias, cells, span: *span });
                    }
                    None => failed = true,
                }
            }
            TestClause::AsOf(e) => match as_of(world, file, e) {
                Some(value) if test.as_of.is_none() => test.as_of = Some(value),
                Some(_) => world.report.tell(
                    Diagnostic::error(Code::DuplicateClause, "the test has a second `as_of`", e.span, "again here")
                        .help("write a test for each"),
                ),
                None => failed = true,
            },
            TestClause::Set { param, value } => match set(world, file, param, value) {
                Some(value) => test.set.push((param.text.clone(), value)),
                None => failed = true,
            },
            TestClause::Expect { verdict, rule, on, whose, by, span } => {
                let expected = expect(world, &aliases, *broken, [verdict, rule], on.as_ref(), *span);
                let expected = expected.and_then(|e| of_one(world, file, e, whose.as_ref(), rules));
                match expected.and_then(|e| excepted_by(world, e, by.as_ref(), rules)) {
                    Some(expect) => test.expect.push(expect),
                    None => failed = true,
                }
            }
            TestClause::Figure(of) => match figures::figure(world, names, file, of, metrics) {
                Some(figure) => test.figures.push(figure),
                None => failed = true,
            },
            TestClause::Message(Message::Text(text)) => match test.expect.last_mut() {
                Some(expect) if expect.message.is_none() => {
                    expect.message = Some((text.text.clone(), text.span));
                }
                _ if failed => {}
                _ => {
                    failed = true;
                    world.report.tell(
                        Diagnostic::error(
                            Code::BadExpectation,
                            "of which verdict is this the message?",
                            text.span,
                            "no verdict without a message is expected just before",
                        )
                        .help("write it below the verdict: `expect finding RULE on NAME`, then `expect message \"…\"`"),
                    );
                }
            },
            TestClause::NothingElse(span) => test.nothing_else = Some(*span),
            // A plain test has none of these.
            TestClause::GivenGrid { .. }
            | TestClause::Default(_)
            | TestClause::Cases(_)
            | TestClause::Message(Message::Column(_)) => {}
        }
    }
    if test.expect.is_empty() && test.figures.is_empty() && test.nothing_else.is_none() && !failed {
        world.report.tell(
            Diagnostic::error(Code::BadExpectation, "the test expects nothing", item.title.span, "no `expect`")
                .help("say what should come out:\n    expect nothing else"),
        );
        failed = true;
    }
    if failed { None } else { Some(test) }
}

fn as_of(world: &World, file: FileId, e: &ast::Expr) -> Option<Value> {
    let mut typer = Typer::new(world, file);
    let expr = typer.value(e, None)?;
    if matches!(expr.ty, Type::Date | Type::Timestamp) {
        return typer.folded(&expr);
    }
    let is = typer.a_type(&expr.ty);
    typer.fail(
        Diagnostic::error(Code::WrongType, format!("`as_of` is a date or a time, not {is}"), e.span, "no time")
            .help("write a date: `as_of 2026-01-01`"),
    )
}

fn set<'a>(world: &World<'a>, file: FileId, param: &Ident, value: &'a ast::Expr) -> Option<Constant> {
    if !matches!(world.values.get(param.text.as_str()), Some(Decl::Param(_))) {
        params::unknown_param(world, param, Some(param.span));
        return None;
    }
    world.named_value(param);
    let (ty, _) = world.params.get(param.text.as_str())?;
    params::constant(world, file, value, ty)
}

fn expect(
    world: &World,
    aliases: &[Option<&Ident>],
    broken: bool,
    [verdict, rule]: [&Ident; 2],
    on: Option<&Ident>,
    span: Span,
) -> Option<Expect> {
    let word = Verdict::ALL.into_iter().find(|v| v.as_str() == verdict.text);
    // `expect gift_limit violated`
    let said = Verdict::ALL.map(|v| v.as_str()).into_iter().find(|v| *v == rule.text);
    if word.is_none()
        && let Some(said) = said.or_else(|| words::verdict_known_as(&rule.text))
        && world.rules.contains_key(verdict.text.as_str())
    {
        let whole = verdict.span.to(rule.span);
        let d = Diagnostic::error(Code::NotOneOf, "the verdict stands before the rule", whole, "not written so");
        world.report.tell(world.report.rewrite(d, "write:", whole, &format!("{said} {}", verdict.text)));
        return None;
    }
    if word.is_none() {
        let d = Diagnostic::error(
            Code::NotOneOf,
            format!("`{}` is no verdict", verdict.text),
            verdict.span,
            "not a verdict",
        );
        let known = Verdict::ALL.map(|v| v.as_str());
        world.report.tell(match words::verdict_known_as(&verdict.text) {
            Some(word) => world.report.rewrite(d, &format!("it is called `{word}` here:"), verdict.span, word),
            None => world.report.suggest(d, verdict.span, &verdict.text, known),
        });
    }
    let rule_known = known_rule(world, rule);
    let on = match on {
        None => None,
        Some(alias) => match aliases.iter().position(|a| a.is_some_and(|a| a.text == alias.text)) {
            Some(at) => {
                aliases[at].iter().for_each(|declared| world.named(alias, What::Alias, declared.span));
                Some(at)
            }
            None if broken => return None,
            None => {
                let d = Diagnostic::error(
                    Code::UnknownAlias,
                    format!("no given record is named `{}`", alias.text),
                    alias.span,
                    "not given",
                );
                let known: Vec<&str> = aliases.iter().flatten().map(|a| a.text.as_str()).collect();
                return world.report.fail(match known.is_empty() {
                    true => d.help(format!("name one with `as`: `given gift as {} {{ … }}`", alias.text)),
                    false => world.report.suggest(d, alias.span, &alias.text, known),
                });
            }
        },
    };
    rule_known?;
    Some(Expect { verdict: word?, rule: rule.text.clone(), on, whose: None, by: None, message: None, span })
}

/// `for KEY`: for whom, where one record counts for several.
fn of_one<'a>(
    world: &World<'a>,
    file: FileId,
    expect: Expect,
    whose: Option<&'a ast::Expr>,
    rules: &[Rule],
) -> Option<Expect> {
    let Some(whose) = whose else { return Some(expect) };
    let of_rule: Vec<&Rule> = rules.iter().filter(|r| r.name == expect.rule).collect();
    if of_rule.is_empty() {
        return Some(expect);
    }
    let table = |rule: &&Rule| match &rule.body {
        Body::Limit { aggregate, .. } => aggregate.keys.iter().find_map(|k| match k.inner.kind {
            ExprKind::Every { table, .. } => Some(table),
            _ => None,
        }),
        _ => None,
    };
    let Some(table) = of_rule.iter().find_map(table) else {
        let d = Diagnostic::error(
            Code::BadExpectation,
            format!("`{}` has one verdict for a record, and none `for` each of several", expect.rule),
            whose.span,
            "for whom is the record's subject",
        );
        let d = d.label(of_rule[0].name_span, format!("`{}` is declared here", expect.rule));
        return world.report.fail(d.help("`for` tells apart the verdicts of a limit `per every … of …`; leave it out"));
    };
    let ty = Type::Ref(table);
    let mut typer = Typer::new(world, file);
    let expr = typer.value(whose, Some(&ty))?;
    let expr = typer.of_type(expr, &ty, Code::BadExpectation)?;
    Some(Expect { whose: Some(typer.folded(&expr)?), ..expect })
}

/// `by NAME`: the exception that applies.
fn excepted_by(world: &World, expect: Expect, by: Option<&Ident>, rules: &[Rule]) -> Option<Expect> {
    let Some(by) = by else { return Some(expect) };
    if expect.verdict != Verdict::Excepted {
        return world.report.fail(
            Diagnostic::error(
                Code::BadExpectation,
                format!("`by` names an exception, and `{}` has none", expect.verdict.as_str()),
                by.span,
                "only behind `expect excepted`",
            )
            .help(format!("write `expect excepted {}`, or leave the `by` out", expect.rule)),
        );
    }
    let of_rule: Vec<&Rule> = rules.iter().filter(|r| r.name == expect.rule).collect();
    let mut known = of_rule.iter().flat_map(|r| &r.unless).map(|e| e.name.as_str());
    if of_rule.is_empty() || known.any(|name| name == by.text) {
        let same = of_rule.iter().flat_map(|r| &r.unless).filter(|e| e.name == by.text);
        same.for_each(|e| world.named(by, What::Exception, e.name_span));
        return Some(Expect { by: Some(by.text.clone()), ..expect });
    }
    let d = Diagnostic::error(
        Code::UnknownName,
        format!("`{}` has no exception named `{}`", expect.rule, by.text),
        by.span,
        "not an `unless` of the rule",
    );
    let known: Vec<&str> = of_rule.iter().flat_map(|r| &r.unless).map(|e| e.name.as_str()).collect();
    let d = of_rule.iter().fold(d, |d, r| d.label(r.name_span, format!("`{}` is declared here", r.name)));
    world.report.fail(world.report.suggest(d, by.span, &by.text, known))
}

/// The cells of a row, on one line.
fn label(row: &str) -> String {
    let row = row.trim().trim_start_matches('|').trim_end_matches('|');
    let cells = row.split('|').map(|cell| cell.split_whitespace().collect::<Vec<_>>().join(" "));
    cells.collect::<Vec<_>>().join(" | ")
}

type Cells = Vec<(ColumnId, Cell)>;

fn given<'a>(world: &World<'a>, file: FileId, kind: &Ident, fields: &'a [GivenField]) -> Option<(KindId, Cells)> {
    let kind = world.declared_kind(kind)?;
    let mut cells = Vec::new();
    let mut places = Vec::new();
    let ok = record(world, file, kind, &[], fields, &mut cells, &mut places);
    ok.then(|| {
        cells.sort_by_key(|(column, _)| *column);
        (kind, cells)
    })
}

/// Adds the cells of a record or nested group; whether all of them are right.
fn record<'a>(
    world: &World<'a>,
    file: FileId,
    kind: KindId,
    above: &[Ident],
    fields: &'a [GivenField],
    cells: &mut Cells,
    places: &mut Vec<(String, Span)>,
) -> bool {
    let mut ok = true;
    for field in fields {
        let mut path = above.to_vec();
        path.push(field.name.clone());
        let name = super::world::dotted(&path);
        if let Some((_, first)) = places.iter().find(|(n, _)| *n == name) {
            world.report.tell(
                Diagnostic::error(Code::Duplicate, format!("`{name}` is given twice"), field.name.span, "again here")
                    .label(*first, "first here")
                    .help("take one of them out"),
            );
            ok = false;
            continue;
        }
        places.push((name.clone(), field.name.span));
        let info = &world.infos[kind.0 as usize];
        let nothing = matches!(field.value, GivenValue::Nothing(_));
        if nothing && (info.groups.contains_key(&name) || info.columns.contains_key(&name)) {
            continue;
        }
        world.named_field(&field.name, kind, &name);
        if info.groups.contains_key(&name) {
            let GivenValue::Record(inner) = &field.value else {
                world.report.tell(
                    Diagnostic::error(
                        Code::BadGiven,
                        format!("`{name}` is a group of fields"),
                        field.span,
                        "one value",
                    )
                    .help(format!("give its fields in braces: `{name}: {{ … }}`")),
                );
                ok = false;
                continue;
            };
            if let Some(column) = info.columns.get(&name) {
                cells.push((*column, Cell::Value(Value::Bool(true))));
            }
            ok &= record(world, file, kind, &path, inner, cells, places);
            continue;
        }
        let column = match info.columns.get(&name) {
            Some(column) => Some(*column),
            None if info.broken.contains(&name) => None,
            None => {
                let below = if above.is_empty() { String::new() } else { format!("{}.", super::world::dotted(above)) };
                let d = Diagnostic::error(
                    Code::UnknownField,
                    format!("`{}` has no field `{name}`", world.kind_name(kind)),
                    field.name.span,
                    "not a field",
                )
                .label(world.schema.kind(kind).span, format!("`{}` is declared here", world.kind_name(kind)));
                let near = world.schema.kind(kind).columns.iter().filter_map(|c| c.name.strip_prefix(&below));
                let mut near: Vec<&str> = near.map(|n| n.split('.').next().unwrap_or(n)).collect();
                near.dedup();
                world.report.fail(world.report.suggest(d, field.name.span, &field.name.text, near))
            }
        };
        let cell = column.and_then(|column| Some((column, cell(world, file, kind, column, field)?)));
        match cell {
            Some(cell) => cells.push(cell),
            None => ok = false,
        }
    }
    ok
}

fn cell<'a>(world: &World<'a>, file: FileId, kind: KindId, column: ColumnId, field: &'a GivenField) -> Option<Cell> {
    let declared = world.schema.column(kind, column);
    let mut typer = Typer::new(world, file);
    let value = match (&field.value, &declared.ty) {
        (GivenValue::Malformed(text), _) => return Some(Cell::Malformed(text.text.clone())),
        (GivenValue::List(elements, _), Type::List(of) | Type::Set(of)) => {
            let values: Vec<_> = elements.iter().map(|e| typer.constant_of(e, of)).collect();
            Value::List(values.into_iter().collect::<Option<Vec<_>>>()?)
        }
        (GivenValue::Expr(e), ty) if !matches!(ty, Type::List(_) | Type::Set(_)) => {
            let expr = typer.value(e, Some(ty))?;
            let expr = typer.of_type(expr, ty, Code::BadGiven)?;
            typer.folded(&expr)?
        }
        (_, ty) => {
            let name = world.type_name(ty);
            return world.report.fail(
                Diagnostic::error(
                    Code::BadGiven,
                    format!("`{}` is of type `{name}`", declared.name),
                    field.span,
                    "of another form",
                )
                .label(declared.span, "declared here")
                .help("a list stands in brackets, a group in braces, one value by itself: `tags: [\"a\", \"b\"]`"),
            );
        }
    };
    Some(Cell::Value(value))
}
