use super::super::rows::{Col, Rows};
use super::super::sieve::Sieves;
use super::super::testing::{self, *};
use super::super::{Runtime, world::Watermark};
use super::*;
use crate::data::{Column, ColumnId, Decimal, EnumId, Role, Schema, Seen, Sieve, Type, Value};
use crate::sema::hir::{Body, CompareOp, Expr, ExprKind, TextOp};
use proptest::prelude::*;
use std::sync::Arc;

const TEXTS: [&str; 8] =
    ["", "a", "A", "dropbox.com", "www.DropBox.com", "notdropbox.com", "ändern", "report.final.pdf"];

fn columns() -> Vec<(&'static str, Type)> {
    vec![
        ("text", Type::Text),
        ("int", Type::Int),
        ("decimal", Type::Decimal),
        ("money", Type::Money),
        ("date", Type::Date),
        ("timestamp", Type::Timestamp),
        ("bool", Type::Bool),
        ("grade", Type::Enum(EnumId(0))),
        ("list", Type::List(Box::new(Type::Text))),
    ]
}

/// Each type once required and once optional.
fn everything() -> Arc<Schema> {
    let names: Vec<(String, Type, bool)> = columns()
        .into_iter()
        .flat_map(|(n, ty)| [(n.to_string(), ty.clone(), false), (format!("{n}_opt"), ty, true)])
        .collect();
    let columns: Vec<_> = names.iter().map(|(n, ty, o)| (n.as_str(), ty.clone(), *o)).collect();
    schema(vec![testing::kind("event", Role::Record { time: None, subject: None }, &[], &columns)])
}

fn value(ty: &Type, n: usize) -> Value {
    match ty {
        Type::Text => Value::Text(TEXTS[n % TEXTS.len()].into()),
        Type::Int => Value::Int(n as i64 % 5 - 2),
        Type::Decimal => Value::Decimal(Decimal::from_int(n as i64 % 5 - 2)),
        Type::Money => money(n as i64 % 3, if n.is_multiple_of(4) { "USD" } else { "CNY" }),
        Type::Date => Value::Date(n as i32 % 4),
        Type::Timestamp => Value::Timestamp(n as i64 % 4),
        Type::Bool => Value::Bool(n.is_multiple_of(2)),
        Type::Enum(_) => grade(n as u16 % 3),
        _ => Value::List((0..n % 3).map(|i| Value::Text(TEXTS[(n + i) % TEXTS.len()].into())).collect()),
    }
}

fn cell(column: &Column, n: usize) -> Cell {
    match n % 7 {
        0 => Cell::Nothing,
        1 => Cell::Bad,
        _ => Cell::Is(value(&column.ty, n / 7)),
    }
}

/// A condition, from numbers.
fn condition(schema: &Schema, numbers: &mut impl Iterator<Item = usize>, depth: usize) -> Expr {
    let mut next = || numbers.next().unwrap_or(0);
    let choice = next() % if depth == 0 { 9 } else { 12 };
    if choice >= 9 {
        let parts = (0..2 + next() % 2).collect::<Vec<_>>();
        let parts = parts.into_iter().map(|_| condition(schema, numbers, depth - 1)).collect::<Vec<_>>();
        return match choice {
            9 => expr(ExprKind::And(parts), Type::Bool),
            10 => expr(ExprKind::Or(parts), Type::Bool),
            _ => expr(ExprKind::Not(Box::new(parts[0].clone())), Type::Bool),
        };
    }
    let texts = choice >= 4 && choice != 5;
    let id = if texts { next() % 2 } else { next() % 16 } as u32;
    let left = testing::column(schema, 0, 0, id);
    let ty = left.ty.clone();
    let fold = ty == Type::Text && next() % 2 == 0;
    let kind = match choice {
        0..=2 => {
            let op = [CompareOp::Eq, CompareOp::Ne, CompareOp::Lt, CompareOp::Le, CompareOp::Gt, CompareOp::Ge];
            let right = constant(value(&ty, next()));
            let left = if next() % 4 == 0 && left.optional {
                let default = Box::new(constant(value(&ty, next())));
                Expr { optional: false, ..expr(ExprKind::Coalesce(Box::new(left), default), ty) }
            } else {
                left
            };
            let (left, right) = if next() % 3 == 0 { (right, left) } else { (left, right) };
            let op = op[next() % 6];
            ExprKind::Compare { op, left: Box::new(left), right: Box::new(right), ignoring_case: fold }
        }
        3 => {
            let set = (0..1 + next() % 3).collect::<Vec<_>>();
            let set = set.into_iter().map(|_| value(&ty, next())).collect();
            ExprKind::In { item: Box::new(left), set, ignoring_case: fold }
        }
        4 => {
            let op = [TextOp::StartsWith, TextOp::EndsWith, TextOp::Contains][next() % 3];
            let part = ["", "a", "A", "drop", ".com", "Ä", "final"][next() % 7];
            let right = Box::new(constant(Value::Text(part.into())));
            ExprKind::TextTest { op, left: Box::new(left), right, ignoring_case: fold }
        }
        5 => ExprKind::Present(Box::new(left)),
        6 => ExprKind::InDomain { host: Box::new(left), domains: vec!["dropbox.com".into(), "pdf".into()] },
        7 => {
            let pattern = ["^a", "com$", "[A-Z]", "o.o"][next() % 4].into();
            ExprKind::Matches { left: Box::new(left), pattern, ignoring_case: fold }
        }
        // Two columns: row by row.
        _ => {
            let right = Box::new(testing::column(schema, 0, 0, 1 - id));
            ExprKind::Compare { op: CompareOp::Eq, left: Box::new(left), right, ignoring_case: false }
        }
    };
    expr(kind, Type::Bool)
}

/// A cell as it would be read.
fn seen(rows: &Rows, row: usize, column: ColumnId) -> Seen<'_> {
    let flawed = rows.flaws.iter().any(|f| (f.row as usize, f.column) == (row, column));
    match &rows.cols[column.0 as usize] {
        col if col.is_null(row) => {
            if flawed {
                Seen::Other
            } else {
                Seen::Absent
            }
        }
        Col::Text(a) => Seen::Text(a.value(row)),
        Col::Int(a) => Seen::Int(a.value(row)),
        Col::Decimal(a) => Seen::Decimal(Decimal::from_raw(a.value(row))),
        Col::Bool(a) => Seen::Bool(a.value(row)),
        Col::Enum(a) => Seen::Word(a.value(row)),
        _ => Seen::Other,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// What the bitmaps leave open is what the interpreter does not find false.
    #[test]
    fn columns_and_rows_agree(
        rules in prop::collection::vec(prop::collection::vec(0usize..1000, 1..40), 1..6),
        cells in prop::collection::vec(prop::collection::vec(0usize..1000, 18), 1..100),
    ) {
        let schema = everything();
        let rules = rules
            .into_iter()
            .enumerate()
            .map(|(i, numbers)| {
                let when = condition(&schema, &mut numbers.into_iter(), 2);
                testing::rule(&format!("rule_{i}"), on(0), Body::Forbid { when })
            })
            .collect();
        let plan = testing::plan(&schema, rules);
        let kind = &schema.kinds[0];
        let rows: Vec<Vec<Cell>> = cells
            .iter()
            .map(|row| row.iter().zip(&kind.columns).map(|(n, c)| cell(c, *n)).collect())
            .collect();
        let lines: Vec<u64> = (1..=rows.len() as u64).collect();
        let runtime = Runtime::new(&plan, 1).unwrap();
        let needed = plan.kinds[0].projection.clone().unwrap();
        let rows = Rows::of(batch(&plan, 0, &rows, &lines), &schema, &needed).unwrap();
        let screened = screen(&plan, &runtime, false, Watermark::default(), rows.clone(), (true, Hold::Rows));
        // What a sieve lets go is nothing to any rule.
        let sieves = Sieves::new(&plan, &runtime, crate::eval::Options::default()).unwrap();
        let mut scratch = Vec::new();
        let let_go: Vec<u64> = (0..rows.len())
            .filter(|&row| {
                let columns = sieves.columns(KindId(0)).unwrap_or_default();
                !sieves.keeps(KindId(0), &mut scratch, &mut |nth| seen(&rows, row, columns[nth]))
            })
            .map(|row| rows.places[row].line)
            .collect();
        // Of those that it keeps it tells for whom.
        let (mut kept, mut left) = (vec![false; rows.len()], Vec::new());
        let words = sieves.keeps_each(KindId(0), &mut kept, &mut left, &mut |nth, of, _, out| {
            let columns = sieves.columns(KindId(0)).unwrap_or_default();
            of.iter().zip(out).for_each(|(row, out)| *out = seen(&rows, *row as usize, columns[nth]));
        });
        let kept: Vec<u32> = (0..rows.len() as u32).filter(|row| kept[*row as usize]).collect();
        let left: Vec<u128> = kept.iter().flat_map(|row| &left[*row as usize * words..][..words]).copied().collect();
        let (watermark, how) = (Watermark::default(), (true, Hold::Rows));
        let told = screen_left(&plan, &runtime, false, watermark, (rows.take(&kept), &left), how);
        for (i, rule) in plan.rules.iter().enumerate() {
            let cx = runtime.context(&plan, &runtime.empty, rule.clock, None);
            let open: Vec<u64> = (0..rows.len())
                .filter(|&row| {
                    let frame = Frame { kind: KindId(0), rows: &rows, row, id: NO_ID, time: None };
                    super::super::interp::all(&cx, &rule.when, &Scope::top(frame)) != Truth::False
                })
                .map(|row| rows.places[row].line)
                .collect();
            let kept = screened.segment.candidates.iter().find(|c| c.0 == i as u32);
            let kept: Vec<u64> = kept
                .iter()
                .flat_map(|(_, rows)| rows.iter().map(|&r| screened.segment.rows.places[r as usize].line))
                .collect();
            prop_assert_eq!(&kept, &open, "{:?}", rule.when);
            prop_assert!(!open.iter().any(|line| let_go.contains(line)), "{:?}", rule.when);
            let decided = screened.compliant.iter().find(|c| c.0 == i as u32).map_or(0, |c| c.1);
            prop_assert_eq!(decided as usize, rows.len() - open.len());
            let lines = |(_, of): &(u32, Vec<u32>)| {
                of.iter().map(|row| told.segment.rows.places[*row as usize].line).collect::<Vec<_>>()
            };
            let of_kept = told.segment.candidates.iter().find(|c| c.0 == i as u32).map(lines).unwrap_or_default();
            // As without a sieve: what is counted of a row here is taken back where it comes again.
            prop_assert_eq!(&of_kept, &open, "{:?}", rule.when);
            let decided = told.compliant.iter().find(|c| c.0 == i as u32).map_or(0, |c| c.1);
            prop_assert_eq!(decided as usize, told.judged as usize - of_kept.len());
        }
    }
}
