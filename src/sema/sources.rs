//! Sources: how files become records of a kind.

use super::expr::Typer;
use super::readings::{how, how_words};
use super::report::{list, with_article};
use super::world::{World, dotted};
use crate::data::limits::grouped;
use crate::data::mapping::{Cond, Format, MapExpr, Path, Source, Step};
use crate::data::{ColumnId, Decimal, KindId, Type, Value};
use crate::diag::{Code, Diagnostic};
use crate::source::{FileId, Span};
use crate::syntax::ast::{self, MapCondKind, MapExprKind, PathStep, SourceClause, SourceItem};

pub struct Checked {
    pub source: Option<Source>,
    pub kind: Option<KindId>,
    /// What the source says of its records' identity.
    pub identity: Option<(Vec<ColumnId>, Span)>,
}

/// What is read at most once, with its place.
#[derive(Default)]
struct Found<'a> {
    format: Option<(Option<Format>, Span)>,
    delimiter: Option<(u8, Span)>,
    timezone: Option<(String, Span)>,
    each: Option<&'a ast::MapPath>,
    filter: Option<&'a ast::MapCond>,
    files: Vec<String>,
    entries: Vec<&'a ast::MapEntry>,
    map: bool,
    identity: Option<(&'a [Vec<ast::Ident>], Span)>,
}

fn gather<'a>(world: &World<'a>, item: &'a SourceItem) -> Found<'a> {
    let mut found = Found::default();
    let twice = |word: &str, first: Option<Span>, again: Span| {
        let Some(first) = first else { return };
        world.report.tell(
            Diagnostic::error(
                Code::DuplicateClause,
                format!("`{}` has a second `{word}`", item.name.text),
                again,
                "again here",
            )
            .label(first, "the first is here")
            .help("take one of them out"),
        );
    };
    for clause in &item.clauses {
        match clause {
            SourceClause::Format(word) => {
                twice("format", found.format.as_ref().map(|f| f.1), word.span);
                let format = match word.text.as_str() {
                    "csv" => Some(Format::Csv),
                    "ndjson" => Some(Format::Ndjson),
                    "json" => Some(Format::Json),
                    "parquet" => Some(Format::Parquet),
                    other => {
                        let d = Diagnostic::error(
                            Code::NotOneOf,
                            format!("no format is named `{other}`"),
                            word.span,
                            "not a format",
                        );
                        let known = ["csv", "ndjson", "json", "parquet"];
                        world.report.tell(world.report.suggest(d, word.span, other, known));
                        None
                    }
                };
                found.format = Some((format, word.span));
            }
            SourceClause::Files(glob) => found.files.push(glob.text.clone()),
            SourceClause::Delimiter(text) => {
                twice("delimiter", found.delimiter.map(|d| d.1), text.span);
                let delimiter = match text.text.as_bytes() {
                    [byte] if byte.is_ascii() && !matches!(byte, b'"' | b'\n' | b'\r') => *byte,
                    _ => {
                        world.report.tell(
                            Diagnostic::error(
                                Code::SourceClause,
                                format!("`{}` cannot separate fields", text.text),
                                text.span,
                                "one sign is needed",
                            )
                            .help("use a comma, semicolon, tab or bar: `delimiter \";\"`"),
                        );
                        b','
                    }
                };
                found.delimiter = Some((delimiter, text.span));
            }
            SourceClause::Timezone(name) => {
                twice("timezone", found.timezone.as_ref().map(|t| t.1), name.span);
                if world.timezone(name).is_some() {
                    found.timezone = Some((name.text.clone(), name.span));
                }
            }
            SourceClause::Each(path) => {
                twice("each", found.each.map(|p| p.span), path.span);
                found.each = Some(path);
            }
            SourceClause::Where(cond) => {
                twice("where", found.filter.map(|c| c.span), cond.span);
                found.filter = Some(cond);
            }
            SourceClause::Map(entries) => {
                found.map = true;
                found.entries.extend(entries);
            }
            SourceClause::Identity(paths, span) => {
                twice("identity", found.identity.map(|i| i.1), *span);
                found.identity = Some((paths, *span));
            }
        }
    }
    found
}

/// One source, resolved against the kind that it makes.
pub fn source<'a>(world: &World<'a>, file: FileId, item: &'a SourceItem, span: Span) -> Checked {
    let kind = world.declared_kind(&item.kind);
    let found = gather(world, item);
    let mut reader = Reader { world, file, each: found.each.is_some() };
    let each = found.each.map(|path| reader.each(path));
    let filter = found.filter.map(|cond| reader.cond(cond));
    let Some(kind) = kind else { return Checked { source: None, kind: None, identity: None } };
    if !found.map {
        world.report.tell(
            Diagnostic::error(
                Code::SourceClause,
                format!("`{}` has no `map`", item.name.text),
                item.name.span,
                "fills no field",
            )
            .help("say where each field comes from:\n    map { id = \"ID\" }"),
        );
    }
    let mut map: Vec<(ColumnId, MapExpr)> = Vec::new();
    let mut places: Vec<(ColumnId, Span)> = Vec::new();
    let mut failed = false;
    for entry in &found.entries {
        let Some(column) = world.column(kind, &entry.field) else {
            failed = true;
            continue;
        };
        let name = &entry.field[0];
        if let Some((_, first)) = places.iter().find(|(c, _)| *c == column) {
            world.report.tell(
                Diagnostic::error(
                    Code::Duplicate,
                    format!("`{}` is filled twice", dotted(&entry.field)),
                    name.span,
                    "again here",
                )
                .label(*first, "first here")
                .help("take one of them out, or write `a ?? b` for the first that is there"),
            );
            continue;
        }
        places.push((column, name.span));
        match reader.expr(kind, column, &entry.value) {
            Some(expr) => map.push((column, expr)),
            None => failed = true,
        }
    }
    let unknown = found.entries.len() > places.len() + usize::from(failed);
    if found.map && !unknown {
        missing(world, kind, item, &found.entries, &places);
    }
    let identity = found.identity.and_then(|(paths, span)| {
        let columns: Vec<Option<ColumnId>> = paths.iter().map(|path| world.column(kind, path)).collect();
        Some((columns.into_iter().collect::<Option<Vec<_>>>()?, span))
    });
    let name = &world.report.sources.file(file).name;
    let source = Source {
        name: item.name.text.clone(),
        kind,
        format: found.format.and_then(|f| f.0),
        files: found.files,
        folder: name.rfind(['/', '\\']).map_or(String::new(), |i| name[..i].to_owned()),
        delimiter: found.delimiter.map_or(b',', |d| d.0),
        timezone: found.timezone.map_or_else(|| world.policy(file).clock.timezone.clone(), |t| t.0),
        each: each.flatten(),
        filter: filter.flatten(),
        map,
        span,
    };
    Checked { source: Some(source), kind: Some(kind), identity }
}

/// Required fields that nothing fills.
fn missing(world: &World, kind: KindId, item: &SourceItem, entries: &[&ast::MapEntry], filled: &[(ColumnId, Span)]) {
    let declared = world.schema.kind(kind);
    let lacking: Vec<&str> = (0u32..)
        .zip(&declared.columns)
        .filter(|(i, c)| !c.optional && !filled.iter().any(|(f, _)| f.0 == *i))
        .map(|(_, c)| c.name.as_str())
        .filter(|name| !entries.iter().any(|e| dotted(&e.field) == *name))
        .collect();
    let Some(first) = lacking.first() else { return };
    let lines: Vec<String> = lacking.iter().take(8).map(|n| format!("    {n} = …")).collect();
    let what = if lacking.len() == 1 { "a required field" } else { "required fields" };
    let column = world.infos[kind.0 as usize].columns[*first];
    world.report.tell(
        Diagnostic::error(
            Code::Unmapped,
            format!("`{}` does not fill {}", item.name.text, list(lacking.iter().copied().take(8))),
            item.name.span,
            format!("{what} of `{}`", declared.name),
        )
        .label(world.column_span(kind, column), "declared here")
        .help(format!("add to `map`:\n{}\nor make the field optional with `?`", lines.join("\n"))),
    );
}

struct Reader<'w, 'a> {
    world: &'w World<'a>,
    file: FileId,
    each: bool,
}

impl<'a> Reader<'_, 'a> {
    fn fail<T>(&self, d: Diagnostic) -> Option<T> {
        self.world.report.fail(d)
    }

    fn each(&mut self, path: &ast::MapPath) -> Option<Path> {
        if !matches!(path.steps.last(), Some(PathStep::Every(_))) {
            let text = self.world.report.text(path.span);
            let d = Diagnostic::error(
                Code::BadPath,
                format!("`{text}` names no elements"),
                path.span,
                "of what, each one?",
            );
            return self.fail(self.world.report.rewrite(d, "mark the list:", path.span, &format!("{text}[]")));
        }
        self.each = false;
        let typed = self.path(path, true);
        self.each = true;
        typed
    }

    fn path(&self, path: &ast::MapPath, every: bool) -> Option<Path> {
        let most = self.world.limits.path_steps;
        if path.steps.len() as u64 > most {
            let (has, most) = (path.steps.len(), grouped(most));
            return self.fail(
                Diagnostic::error(Code::BadPath, format!("a path of {has} steps"), path.span, "too long").help(
                    format!("a path has {most} steps at most; if this is right, allow more: `--limit path-steps=…`"),
                ),
            );
        }
        let mut steps = Vec::new();
        let mut from_item = false;
        for (i, step) in path.steps.iter().enumerate() {
            steps.push(match step {
                PathStep::Key(key) if i == 0 && self.each && key.text == "item" => {
                    from_item = true;
                    continue;
                }
                PathStep::Key(key) => Step::Key(key.text.clone()),
                PathStep::Index(n, _) => Step::Index(*n),
                PathStep::Filter { key, equals, .. } => Step::Filter {
                    key: key.iter().map(|k| k.text.clone()).collect(),
                    equals: self.constant(equals)?,
                },
                PathStep::Every(span) if !every => {
                    return self.fail(
                        Diagnostic::error(Code::BadPath, "several values for one", *span, "every element")
                            .help("take one with `[0]` or `[name == \"…\"]`, make a record of each with `each`, or make the field a `list of …`"),
                    );
                }
                PathStep::Every(_) => Step::Every,
            });
        }
        Some(Path { from_item, steps, span: path.span })
    }

    /// A text, number or truth to compare raw data with.
    fn constant(&self, e: &ast::Expr) -> Option<Value> {
        let mut typer = Typer::new(self.world, self.file);
        let expr = typer.value(e, None)?;
        if matches!(expr.ty, Type::Text | Type::Int | Type::Decimal | Type::Bool) {
            return typer.folded(&expr);
        }
        let is = typer.a_type(&expr.ty);
        let text = self.world.report.text(e.span);
        let d = Diagnostic::error(
            Code::WrongType,
            format!("`{text}` is {is}"),
            e.span,
            "raw data has texts, numbers, true and false",
        );
        self.fail(self.world.report.rewrite(
            d,
            "compare with the text as it stands in the data:",
            e.span,
            &format!("\"{text}\""),
        ))
    }

    fn expr(&self, kind: KindId, column: ColumnId, e: &'a ast::MapExpr) -> Option<MapExpr> {
        let declared = self.world.schema.column(kind, column);
        match &e.kind {
            MapExprKind::Path(path) => {
                let list = matches!(declared.ty, Type::List(_) | Type::Set(_));
                self.path(path, list).map(MapExpr::Path)
            }
            MapExprKind::Constant(value) => {
                let mut typer = Typer::new(self.world, self.file);
                typer.constant_of(value, &declared.ty).map(MapExpr::Constant)
            }
            MapExprKind::Cast { of, to } => {
                let inner = self.expr(kind, column, of);
                let how = match &to.arg {
                    ast::CastArg::Words(words) => how_words(self.world, &declared.ty, declared, to, words),
                    _ => how(self.world, &declared.ty, declared, to),
                };
                let (inner, how) = (inner?, how?);
                Some(match how {
                    Some(how) => MapExpr::Read { of: Box::new(inner), how },
                    None => inner,
                })
            }
            MapExprKind::Money(amount, currency) => {
                if declared.ty != Type::Money {
                    let ty = self.world.type_name(&declared.ty);
                    return self.fail(
                        Diagnostic::error(
                            Code::BadCast,
                            format!("`{}` is {}, not money", declared.name, with_article(&ty)),
                            e.span,
                            "gives money",
                        )
                        .label(declared.span, "declared here")
                        .help("make the field's type `money`, or map the amount alone"),
                    );
                }
                let (amount, currency) = (self.expr(kind, column, amount), self.expr(kind, column, currency));
                Some(MapExpr::Money { amount: Box::new(amount?), currency: Box::new(currency?) })
            }
            MapExprKind::Coalesce(left, right) => {
                let (left, right) = (self.expr(kind, column, left), self.expr(kind, column, right));
                Some(MapExpr::Coalesce(Box::new(left?), Box::new(right?)))
            }
            MapExprKind::Call { name, .. } => {
                let d = Diagnostic::error(
                    Code::UnknownFunction,
                    format!("`{}` cannot be called in a `map`", name.text),
                    name.span,
                    "not a function of maps",
                );
                let d = self.world.report.suggest(d, name.span, &name.text, ["money"]);
                let told = d.help.is_some();
                self.fail(if told {
                    d
                } else {
                    d.help("a map has paths, casts with `as`, `constant`, `??` and `money(amount, currency)`")
                })
            }
        }
    }

    fn cond(&self, cond: &ast::MapCond) -> Option<Cond> {
        let all = |parts: &[ast::MapCond]| {
            let typed: Vec<_> = parts.iter().map(|p| self.cond(p)).collect();
            typed.into_iter().collect::<Option<Vec<_>>>()
        };
        Some(match &cond.kind {
            MapCondKind::And(parts) => Cond::And(all(parts)?),
            MapCondKind::Or(parts) => Cond::Or(all(parts)?),
            MapCondKind::Not(of) => Cond::Not(Box::new(self.cond(of)?)),
            MapCondKind::Present { path, negated } => negate(Cond::Present(self.path(path, false)?), *negated),
            MapCondKind::In { path, set, negated } => {
                let path = self.path(path, false);
                let values: Vec<_> = set.iter().map(|e| self.constant(e)).collect();
                let values = values.into_iter().collect::<Option<Vec<_>>>()?;
                negate(Cond::In(path?, values), *negated)
            }
            MapCondKind::Compare { path, op, right } => {
                let (path, value) = (self.path(path, false), self.constant(right));
                let (path, value) = (path?, value?);
                match op {
                    ast::CompareOp::Eq => Cond::In(path, vec![value]),
                    ast::CompareOp::Ne => negate(Cond::In(path, vec![value]), true),
                    op => {
                        let than = self.decimal(right, &value)?;
                        let or_equal = matches!(op, ast::CompareOp::Le | ast::CompareOp::Ge);
                        match op {
                            ast::CompareOp::Lt | ast::CompareOp::Le => Cond::Less { path, than, or_equal },
                            _ => Cond::Greater { path, than, or_equal },
                        }
                    }
                }
            }
            MapCondKind::TextTest { path, op, right } => {
                let (path, value) = (self.path(path, false), self.constant(right));
                let (path, Value::Text(text)) = (path?, value?) else {
                    let text = self.world.report.text(right.span);
                    return self.fail(
                        Diagnostic::error(
                            Code::NotText,
                            format!("`{text}` is no text"),
                            right.span,
                            "a text is needed",
                        )
                        .help(format!("write it in quotes: `\"{text}\"`")),
                    );
                };
                match op {
                    ast::TextOp::StartsWith => Cond::StartsWith(path, text),
                    ast::TextOp::EndsWith => Cond::EndsWith(path, text),
                    ast::TextOp::Contains => Cond::Contains(path, text),
                    ast::TextOp::InDomain => {
                        let below = Cond::EndsWith(path.clone(), format!(".{text}"));
                        Cond::Or(vec![Cond::In(path, vec![Value::Text(text)]), below])
                    }
                }
            }
            MapCondKind::Matches { path, pattern } => {
                let ok = Typer::new(self.world, self.file).pattern(pattern, false);
                let path = self.path(path, false);
                ok?;
                Cond::Matches(path?, pattern.text.clone())
            }
        })
    }

    fn decimal(&self, e: &ast::Expr, value: &Value) -> Option<Decimal> {
        match value {
            Value::Int(n) => Some(Decimal::from_int(*n)),
            Value::Decimal(d) => Some(*d),
            _ => {
                let text = self.world.report.text(e.span);
                self.fail(
                    Diagnostic::error(
                        Code::NotOrdered,
                        format!("`{text}` is no number"),
                        e.span,
                        "raw data is ordered by numbers only",
                    )
                    .help("filter by a number here, and by dates and times in the rules"),
                )
            }
        }
    }
}

fn negate(cond: Cond, negated: bool) -> Cond {
    if negated { Cond::Not(Box::new(cond)) } else { cond }
}
