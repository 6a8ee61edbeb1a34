//! From a test as it is written to the plain tests that it stands for: one for each row of its `cases`, every given
//! record with all of its fields, whether they come from a grid, a `default`, another record or the row.

mod values;

use super::ast::{
    DefaultItem, Expr, ExprKind, Figure, Given, GivenField, GivenValue, Grid, Ident, Message, Row, Str, TestClause,
    TestItem,
};
use crate::diag::{Code, Diagnostic, did_you_mean};
use crate::source::Span;
use std::cell::Cell;
use values::{children, insert, over, parts, path_of, value_span};

/// A value that is made of more parts than this is refused: each may be used twice in the next.
const MOST_PARTS: usize = 500;
/// So many clauses come of one test at most.
const MOST_CLAUSES: usize = 200_000;

/// A test without `cases`, grids, defaults, `like` and references.
#[derive(Clone, Debug, PartialEq)]
pub struct PlainTest {
    pub test: TestItem,
    /// The row of `cases` that it is for: its number, from 0, and its place.
    pub case: Option<(usize, Span)>,
}

/// `defaults` are those of the test's file. What is wrong is told beside what could be made.
pub fn unfold(item: &TestItem, defaults: &[&DefaultItem]) -> (Vec<PlainTest>, Vec<Diagnostic>) {
    let mut errors = Vec::new();
    let mut grids = item.clauses.iter().filter_map(|c| match c {
        TestClause::Cases(grid) => Some(grid),
        _ => None,
    });
    let Some(grid) = grids.next() else {
        let mut unfold =
            Unfold { errors: &mut errors, defaults, columns: &[], row: None, all: Vec::new(), done: Vec::new() };
        let test = unfold.test(item);
        return (vec![PlainTest { test, case: None }], errors);
    };
    for second in grids {
        errors.push(
            Diagnostic::error(Code::DuplicateClause, "the test has a second `cases`", second.span, "again here")
                .label(grid.span, "the first is here")
                .help("write their rows under one heading, or a test for each"),
        );
    }
    let columns = columns(grid, &mut errors);
    if grid.rows.len().saturating_mul(item.clauses.len()) > MOST_CLAUSES {
        let ends = grid.head.first().and_then(|p| p.first()).zip(grid.head.last().and_then(|p| p.last()));
        let heading = ends.map_or(grid.span, |(first, last)| first.span.to(last.span));
        let message = format!("{} rows for a test of {} lines", grid.rows.len(), item.clauses.len());
        errors.push(
            Diagnostic::error(Code::TooLarge, message, heading, "too many below this")
                .help("spread them over several tests"),
        );
        return (Vec::new(), errors);
    }
    let mut plain = Vec::new();
    for (i, row) in grid.rows.iter().enumerate() {
        let mut unfold = Unfold {
            errors: &mut errors,
            defaults,
            columns: &columns,
            row: Some(row),
            all: Vec::new(),
            done: Vec::new(),
        };
        plain.push(PlainTest { test: unfold.test(item), case: Some((i, row.span)) });
    }
    for column in columns.iter().filter(|c| !c.used.get()) {
        errors.push(
            Diagnostic::error(
                Code::BadGrid,
                format!("nothing in the test reads `{}`", column.name.text),
                column.name.span,
                "a column without use",
            )
            .help("write the column's name where its values belong: `given gift as g { value: value }`"),
        );
    }
    (plain, errors)
}

struct Column<'a> {
    name: &'a Ident,
    used: Cell<bool>,
}

fn columns<'a>(grid: &'a Grid, errors: &mut Vec<Diagnostic>) -> Vec<Column<'a>> {
    let mut columns: Vec<Column<'a>> = Vec::new();
    for path in &grid.head {
        let name = &path[0];
        if let Some(more) = path.get(1) {
            errors.push(
                Diagnostic::error(Code::BadGrid, "a column of cases has a single name", more.span, "not needed")
                    .help("name it as you like: `| value | verdict |`"),
            );
        }
        if let Some(first) = columns.iter().find(|c| c.name.text == name.text) {
            errors.push(twice(name, first.name));
        }
        columns.push(Column { name, used: Cell::new(path.len() > 1) });
    }
    columns
}

fn twice(name: &Ident, first: &Ident) -> Diagnostic {
    Diagnostic::error(Code::BadGrid, format!("two columns named `{}`", name.text), name.span, "again here")
        .label(first.span, "the first is here")
        .help("give each its own name")
}

/// One row's test in the making.
struct Unfold<'a, 'e> {
    errors: &'e mut Vec<Diagnostic>,
    defaults: &'a [&'a DefaultItem],
    columns: &'a [Column<'a>],
    row: Option<&'a Row>,
    /// The names of all given records.
    all: Vec<String>,
    /// The given records so far.
    done: Vec<Given>,
}

impl<'a> Unfold<'a, '_> {
    fn test(&mut self, item: &'a TestItem) -> TestItem {
        for clause in &item.clauses {
            match clause {
                TestClause::Given(Given { alias: Some(alias), .. }) => self.all.push(alias.text.clone()),
                TestClause::GivenGrid { grid, .. } => {
                    let at = grid.head.iter().position(|p| p.len() == 1 && p[0].text == "as");
                    let cells = grid.rows.iter().filter_map(|r| r.cells.get(at?)?.as_ref());
                    self.all.extend(cells.filter_map(|cell| match cell {
                        GivenValue::Expr(Expr { kind: ExprKind::Name(name), .. }) => Some(name.text.clone()),
                        _ => None,
                    }));
                }
                _ => {}
            }
        }
        let mut own: Vec<(&'a Ident, Vec<GivenField>)> = Vec::new();
        for clause in &item.clauses {
            if let TestClause::Default(default) = clause {
                if let Some((first, _)) = own.iter().find(|(kind, _)| kind.text == default.kind.text) {
                    self.errors.push(second_default(&default.kind, first));
                }
                own.push((&default.kind, self.fields(&default.fields)));
            }
        }
        let mut clauses = Vec::new();
        for clause in &item.clauses {
            self.clause(clause, &own, &mut clauses);
        }
        TestItem { title: item.title.clone(), clauses }
    }

    fn clause(&mut self, clause: &'a TestClause, own: &[(&Ident, Vec<GivenField>)], into: &mut Vec<TestClause>) {
        match clause {
            TestClause::Given(given) => {
                let fields = self.fields(&given.fields);
                into.push(self.given(Given { fields, ..given.clone() }, own));
            }
            TestClause::GivenGrid { kind, grid } => {
                for (i, path) in grid.head.iter().enumerate() {
                    let same = |p: &&Vec<Ident>| p.iter().map(|w| &w.text).eq(path.iter().map(|w| &w.text));
                    if let (Some(first), Some(name)) = (grid.head[..i].iter().find(same), path.last()) {
                        self.errors.push(twice(name, &first[0]));
                    }
                }
                for row in &grid.rows {
                    let given = self.row(kind, grid, row);
                    into.push(self.given(given, own));
                }
            }
            // They have been read.
            TestClause::Default(_) | TestClause::Cases(_) => {}
            TestClause::AsOf(e) => into.extend(self.expr(e).map(TestClause::AsOf)),
            TestClause::Set { param, value } => {
                into.extend(self.expr(value).map(|value| TestClause::Set { param: param.clone(), value }));
            }
            TestClause::Expect { verdict, rule, on, whose, by, span } => {
                let (verdict, rule) = (self.word(verdict, true), self.word(rule, true));
                let on = on.as_ref().and_then(|w| self.word(w, false));
                let whose = whose.as_ref().and_then(|e| self.expr(e));
                let by = by.as_ref().and_then(|w| self.word(w, false));
                if let (Some(verdict), Some(rule)) = (verdict, rule) {
                    into.push(TestClause::Expect { verdict, rule, on, whose, by, span: *span });
                }
            }
            TestClause::Figure(figure) => into.extend(self.figure(figure).map(TestClause::Figure)),
            TestClause::Message(message) => {
                into.extend(self.message(message).map(|text| TestClause::Message(Message::Text(text))));
            }
            TestClause::NothingElse(span) => into.push(TestClause::NothingElse(*span)),
        }
    }

    /// Puts in what the record does not say itself.
    fn given(&mut self, mut given: Given, own: &[(&Ident, Vec<GivenField>)]) -> TestClause {
        let base = match given.like.take() {
            Some(like) => self.like(&given, &like),
            None => {
                let of_file = self.defaults.iter().find(|d| d.kind.text == given.kind.text);
                let of_test = own.iter().find(|(kind, _)| kind.text == given.kind.text);
                let base = of_file.map(|d| d.fields.clone()).unwrap_or_default();
                of_test.map(|(_, fields)| over(&base, fields.clone())).unwrap_or(base)
            }
        };
        given.fields = over(&base, given.fields);
        self.done.push(given.clone());
        TestClause::Given(given)
    }

    /// The fields of the record that another is like.
    fn like(&mut self, given: &Given, like: &Ident) -> Vec<GivenField> {
        match self.done.iter().find(|g| g.alias.as_ref().is_some_and(|a| a.text == like.text)) {
            Some(other) if other.kind.text == given.kind.text => other.fields.clone(),
            Some(other) => {
                self.errors.push(
                    Diagnostic::error(
                        Code::BadReference,
                        format!("`{}` is given as `{}`, not as `{}`", like.text, other.kind.text, given.kind.text),
                        like.span,
                        "another kind of record",
                    )
                    .label(other.kind.span, "given here")
                    .help("a record is like another of its own kind"),
                );
                Vec::new()
            }
            None => {
                let known: Vec<&str> =
                    self.done.iter().filter_map(|g| g.alias.as_ref()).map(|a| a.text.as_str()).collect();
                let d = Diagnostic::error(
                    Code::UnknownAlias,
                    format!("no record given above is named `{}`", like.text),
                    like.span,
                    "not given above",
                );
                self.errors.push(match did_you_mean(&like.text, known) {
                    Some(near) => d.help(format!("did you mean `{near}`?")).fix("write it so", like.span, near),
                    None => d.help(format!("name it above with `as {}`", like.text)),
                });
                Vec::new()
            }
        }
    }

    /// A row of a grid, as a given record.
    fn row(&mut self, kind: &Ident, grid: &'a Grid, row: &'a Row) -> Given {
        let mut given = Given { kind: kind.clone(), alias: None, like: None, fields: Vec::new(), span: row.span };
        for (path, cell) in grid.head.iter().zip(&row.cells) {
            let Some(cell) = cell else { continue };
            if path.len() == 1 && path[0].text == "as" {
                match cell {
                    GivenValue::Expr(Expr { kind: ExprKind::Name(name), .. }) => given.alias = Some(name.clone()),
                    _ => self.errors.push(
                        Diagnostic::error(
                            Code::BadGrid,
                            "a record's name is a word",
                            value_span(cell, row.span),
                            "not a name",
                        )
                        .help("the column `as` names the records: `| as | value |`, `| late | 5 CNY |`"),
                    ),
                }
                continue;
            }
            let same = |p: &&Vec<Ident>| p.iter().map(|w| &w.text).eq(path.iter().map(|w| &w.text));
            if grid.head.iter().find(same).is_some_and(|first| !std::ptr::eq(first, path)) {
                continue;
            }
            if let Some(value) = self.value(cell, value_span(cell, row.span)) {
                insert(&mut given.fields, path, value, value_span(cell, row.span));
            }
        }
        given
    }

    fn fields(&mut self, fields: &[GivenField]) -> Vec<GivenField> {
        let field = |f: &GivenField| {
            let value = self.value(&f.value, f.span)?;
            Some(GivenField { name: f.name.clone(), value, span: f.span })
        };
        fields.iter().filter_map(field).collect()
    }

    /// None: nothing stands in the cell, so the field is as if it were not named.
    fn value(&mut self, value: &GivenValue, span: Span) -> Option<GivenValue> {
        Some(match value {
            GivenValue::Record(fields) => GivenValue::Record(self.fields(fields)),
            GivenValue::List(all, span) => GivenValue::List(all.iter().filter_map(|e| self.expr(e)).collect(), *span),
            GivenValue::Malformed(_) | GivenValue::Nothing(_) => value.clone(),
            GivenValue::Expr(e) => match self.stands_for(e) {
                Some(found) => found?,
                None => match self.expr(e) {
                    Some(e) => GivenValue::Expr(e),
                    None => GivenValue::Expr(Expr { kind: ExprKind::Error, span }),
                },
            },
        })
    }

    /// An expression with columns and references in it replaced; none for an empty cell.
    fn expr(&mut self, e: &Expr) -> Option<Expr> {
        let mut new = e.clone();
        if let Some(found) = self.stands_for(e) {
            return match found? {
                GivenValue::Expr(e) => Some(e),
                _ => {
                    self.no_value(e.span);
                    Some(Expr { kind: ExprKind::Error, span: e.span })
                }
            };
        }
        self.replace(&mut new);
        if parts(&new) > MOST_PARTS {
            self.errors.push(
                Diagnostic::error(
                    Code::TooLarge,
                    "a value of too many parts",
                    e.span,
                    "made of more values than anyone can follow",
                )
                .help("write the value out"),
            );
            new.kind = ExprKind::Error;
        }
        Some(new)
    }

    fn replace(&mut self, e: &mut Expr) {
        if let Some(found) = self.stands_for(e) {
            match found {
                Some(GivenValue::Expr(new)) => *e = new,
                _ => {
                    self.no_value(e.span);
                    e.kind = ExprKind::Error;
                }
            }
            return;
        }
        children(e, &mut |child| self.replace(child));
    }

    fn no_value(&mut self, span: Span) {
        self.errors.push(
            Diagnostic::error(Code::BadReference, "nothing to calculate with", span, "it has no value")
                .help("a value that is malformed or not given can only be taken as a whole"),
        );
    }

    /// What a column's name or a reference stands for. None: it is neither. Some(None): the cell is empty.
    fn stands_for(&mut self, e: &Expr) -> Option<Option<GivenValue>> {
        match &e.kind {
            ExprKind::Name(name) => self.cell(name).map(|c| c.cloned()),
            ExprKind::Field { .. } => {
                let path = path_of(e)?;
                let (alias, fields) = path.split_first()?;
                let error = || Some(Some(GivenValue::Expr(Expr { kind: ExprKind::Error, span: e.span })));
                let given = self.done.iter().find(|g| g.alias.as_ref().is_some_and(|a| a.text == alias.text));
                if given.is_none() && self.all.contains(&alias.text) {
                    self.errors.push(
                        Diagnostic::error(
                            Code::BadReference,
                            format!("`{}` is not given above this", alias.text),
                            e.span,
                            "not known here yet",
                        )
                        .help(format!("put the record that is named `{}` first", alias.text)),
                    );
                    return error();
                }
                let given = given?;
                let mut inside = Some(&given.fields);
                let mut found = None;
                for name in fields {
                    found = inside.and_then(|i| i.iter().find(|f| f.name.text == name.text)).map(|f| &f.value);
                    inside = match found {
                        Some(GivenValue::Record(fields)) => Some(fields),
                        _ => None,
                    };
                }
                if let Some(found) = found {
                    return Some(Some(found.clone()));
                }
                let dotted = fields.iter().map(|f| f.text.as_str()).collect::<Vec<_>>().join(".");
                self.errors.push(
                    Diagnostic::error(
                        Code::BadReference,
                        format!("`{}` is given without `{dotted}`", alias.text),
                        e.span,
                        "no value to take",
                    )
                    .label(given.span, "given here")
                    .help(format!("give `{dotted}` there, or in a `default {} {{ … }}`", given.kind.text)),
                );
                error()
            }
            _ => None,
        }
    }

    /// The cell under this name in the test's row.
    fn cell(&self, name: &Ident) -> Option<Option<&'a GivenValue>> {
        let at = self.columns.iter().position(|c| c.name.text == name.text)?;
        self.columns[at].used.set(true);
        Some(self.row?.cells.get(at)?.as_ref())
    }

    /// A verdict, rule or alias; in place of a column's name, the word in its cell.
    fn word(&mut self, word: &Ident, needed: bool) -> Option<Ident> {
        match self.cell(word) {
            None => Some(word.clone()),
            Some(Some(GivenValue::Expr(Expr { kind: ExprKind::Name(name), .. }))) => Some(name.clone()),
            Some(None) if !needed => None,
            Some(cell) => {
                let row = self.row.map_or(word.span, |r| r.span);
                let span = cell.map_or(row, |c| value_span(c, row));
                self.errors.push(
                    Diagnostic::error(Code::BadGrid, format!("`{}` is to be a word here", word.text), span, "no word")
                        .label(word.span, "read here")
                        .help("a verdict, a rule or the name of a given record stands in the cell by itself"),
                );
                None
            }
        }
    }

    /// None where a cell is empty.
    fn figure(&mut self, figure: &Figure) -> Option<Figure> {
        let metric = self.word(&figure.metric, true);
        let mut whole = |e: &Option<Expr>| match e {
            None => Some(None),
            Some(e) => self.expr(e).map(Some),
        };
        let keys: Option<Vec<_>> = figure.keys.iter().map(&mut whole).collect();
        let (on, is, to) = (whole(&figure.on), whole(&figure.is), whole(&figure.to));
        Some(Figure { metric: metric?, keys: keys?, on: on?, is: is?, to: to?, span: figure.span })
    }

    fn message(&mut self, message: &Message) -> Option<Str> {
        let column = match message {
            Message::Text(text) => return Some(text.clone()),
            Message::Column(column) => column,
        };
        match self.cell(column) {
            Some(Some(GivenValue::Expr(Expr { kind: ExprKind::Text(text), span }))) => {
                Some(Str { text: text.clone(), span: *span })
            }
            Some(None) => None,
            Some(Some(cell)) => {
                let span = value_span(cell, column.span);
                self.errors.push(
                    Diagnostic::error(Code::BadGrid, "a message is a text", span, "no text in quotes")
                        .label(column.span, "read here")
                        .help("write it in quotes, or leave the cell empty"),
                );
                None
            }
            None => {
                self.errors.push(
                    Diagnostic::error(
                        Code::BadGrid,
                        format!("no column of `cases` is named `{}`", column.text),
                        column.span,
                        "not a column",
                    )
                    .help("write the message in quotes: `expect message \"…\"`"),
                );
                None
            }
        }
    }
}

/// Told where a kind has two defaults in one file or test.
pub fn second_default(kind: &Ident, first: &Ident) -> Diagnostic {
    Diagnostic::error(Code::Duplicate, format!("a second default for `{}`", kind.text), kind.span, "again here")
        .label(first.span, "the first is here")
        .help("write their fields into one")
}
