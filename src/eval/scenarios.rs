//! Whole runs over a few records.

use super::testing::{Cell, *};
use super::{BatchError, ClauseRole, GapReason, Options, Truth};
use crate::data::{Column, ColumnId, KindId, Role, Schema, Time, Type, Value, Verdict::*, calendar::date_of};
use crate::sema::hir::*;
use std::sync::Arc;

pub(super) const GIFT: u32 = 0;
const TRAINING: u32 = 1;
const EMPLOYEE: u32 = 2;

/// `gift at day by actor identity id { id, day, actor, value, note? }`,
/// `training at day by actor { day, actor, course? }`,
/// `employee key id valid from since until left { id, since, left?, name @sensitive }`.
pub(super) fn company() -> Arc<Schema> {
    let record = |time, subject| Role::Record { time: Some(ColumnId(time)), subject: Some(ColumnId(subject)) };
    let employee = Type::Ref(KindId(EMPLOYEE));
    let gift = [
        ("id", Type::Text, false),
        ("day", Type::Date, false),
        ("actor", employee.clone(), false),
        ("value", Type::Money, false),
        ("note", Type::Text, true),
    ];
    let training = [("day", Type::Date, false), ("actor", employee, false), ("course", Type::Text, true)];
    let person = [
        ("id", Type::Text, false),
        ("since", Type::Date, false),
        ("left", Type::Date, true),
        ("name", Type::Text, false),
    ];
    let table = Role::Table { key: ColumnId(0), valid: Some((ColumnId(1), Some(ColumnId(2)))) };
    let mut employee = kind("employee", table, &[0, 1], &person);
    employee.columns[3] = Column { sensitive: true, ..employee.columns[3].clone() };
    schema(vec![kind("gift", record(1, 2), &[0], &gift), kind("training", record(0, 1), &[], &training), employee])
}

fn day(n: i32) -> Cell {
    Cell::Is(Value::Date(date_of(2025, 1, 1) + n - 1))
}

pub(super) fn gift(id: &str, on: i32, actor: &str, value: i64) -> Vec<Cell> {
    vec![text(id), day(on), text(actor), Cell::Is(money(value, "CNY")), Cell::Nothing]
}

fn training(on: i32, actor: &str) -> Vec<Cell> {
    vec![day(on), text(actor), Cell::Nothing]
}

fn limit(schema: &Schema, to: i64) -> Rule {
    let mut aggregate = history(schema, Func::Sum, GIFT, Some((2, GIFT, 2)), Window::Over(days(30)));
    aggregate.value = Some(column(schema, GIFT, 1, 3));
    rule(
        "gifts",
        on(GIFT),
        Body::Limit { when: None, aggregate: Box::new(aggregate), to: Box::new(constant(money(to, "CNY"))) },
    )
}

fn need(schema: &Schema, window: Window) -> Rule {
    let need = history(schema, Func::Exists, TRAINING, Some((1, GIFT, 2)), window);
    rule("trained", on(GIFT), Body::Require { when: None, need: Box::new(need) })
}

fn keep() -> Options {
    Options { keep_compliant: true, ..Options::default() }
}

/// Runs one rule over gifts and trainings, whose lines are from 1 and from 101.
fn run_company(rule: Rule, gifts: &[Vec<Cell>], trainings: &[Vec<Cell>], options: Options) -> super::Findings {
    let plan = plan(&company(), vec![rule]);
    let lines = |from: u64, n: usize| (from..from + n as u64).collect::<Vec<_>>();
    let mut batches = Vec::new();
    for (kind, rows, from) in [(GIFT, gifts, 1), (TRAINING, trainings, 101)] {
        batches.push(batch(&plan, kind, rows, &lines(from, rows.len())));
    }
    run(&plan, batches, options)
}

fn of(findings: &super::Findings) -> Vec<(crate::data::Verdict, u64)> {
    verdicts(findings).into_iter().map(|v| (v.1, v.2)).collect()
}

#[test]
fn a_limit_fires_at_the_crossing() {
    let gifts = [
        gift("a", 1, "E1", 300),
        gift("b", 20, "E1", 250),
        gift("c", 21, "E1", 250),
        gift("d", 31, "E1", 10),
        gift("e", 32, "E2", 600),
        gift("f", 60, "E1", 500),
    ];
    let findings = run_company(limit(&company(), 500), &gifts, &[], Options::default());
    // At `c` the sum was over already. At `d` the window is days 2 to 31: it has fallen back to 500.
    assert_eq!(of(&findings), [(Finding, 2), (Finding, 4), (Finding, 5), (Finding, 6)]);
    assert_eq!(findings.counts(0).compliant, 2);
    let why = findings.explain(0);
    assert_eq!(why.message, "the sum of `value` over 30 days is 550.00 CNY, over the limit of 500.00 CNY");
    assert_eq!(why.records.iter().map(|r| r.identity.as_str()).collect::<Vec<_>>(), ["id = b", "id = a"]);
    let window = &why.windows[0];
    assert_eq!((window.from.as_deref(), window.until.as_deref()), (Some("2024-12-22"), Some("2025-01-20")));
    assert!(window.from_included);
    let running: Vec<_> = window.contributions.iter().map(|c| c.running.clone().unwrap()).collect();
    assert_eq!(running, ["300.00 CNY", "550.00 CNY"]);
    assert_eq!(window.keys, [("actor".to_string(), "E1".to_string())]);
    assert_eq!(why.clauses.last().map(|c| (c.role.clone(), c.truth)), Some((ClauseRole::Limit, Truth::True)));
}

#[test]
fn another_currency_is_no_pass_and_no_finding() {
    let mut gifts = [gift("a", 1, "E1", 300), gift("b", 2, "E1", 0)];
    gifts[1][3] = Cell::Is(money(60, "USD"));
    let findings = run_company(limit(&company(), 500), &gifts, &[], Options::default());
    assert_eq!(of(&findings), [(Indeterminate, 2)]);
    let why = findings.explain(0);
    assert_eq!(why.gaps[0].why, GapReason::Currencies { found: vec!["CNY".into(), "USD".into()] });
    assert_eq!(why.gaps[0].record.map(|r| why.records[r].identity.as_str()), Some("id = b"));
    assert_eq!(why.gaps[0].column, Some(ColumnId(3)));
}

#[test]
fn a_limit_in_another_currency_says_so() {
    // The only record of its window: one currency in it, another in the limit.
    let mut gifts = [gift("a", 1, "E1", 0), gift("b", 2, "E1", 600)];
    gifts[0][3] = Cell::Is(money(60, "USD"));
    let findings = run_company(limit(&company(), 500), &gifts, &[], Options::default());
    assert_eq!(of(&findings), [(Indeterminate, 1), (Indeterminate, 2)]);
    for i in 0..2 {
        let why = findings.explain(i);
        assert_eq!(why.gaps.len(), 1, "{:?}", why.gaps);
        assert_eq!(why.gaps[0].why, GapReason::Currencies { found: vec!["CNY".into(), "USD".into()] });
        assert_eq!(why.gaps[0].record.map(|r| why.records[r].identity.as_str()), Some("id = a"));
        assert_eq!(why.gaps[0].column, Some(ColumnId(3)));
    }
}

#[test]
fn a_doubt_that_lasts_names_where_it_began() {
    // Whether `a` crossed is not known; `b` is over the limit without it, and may not be the first.
    let mut gifts = [gift("a", 1, "E1", 0), gift("b", 40, "E1", 600), gift("c", 41, "E1", 1)];
    gifts[0][3] = Cell::Bad;
    let findings = run_company(limit(&company(), 500), &gifts, &[], Options::default());
    assert_eq!(of(&findings), [(Indeterminate, 1), (Finding, 2)]);
    gifts[1][1] = gift("b", 30, "E1", 600)[1].clone();
    gifts[2][1] = gift("c", 31, "E1", 600)[1].clone();
    let findings = run_company(limit(&company(), 500), &gifts, &[], Options::default());
    assert_eq!(of(&findings), [(Indeterminate, 1), (Indeterminate, 2), (Indeterminate, 3)]);
    let why = findings.explain(2);
    assert_eq!(why.clauses.last().map(|c| (c.role.clone(), c.truth)), Some((ClauseRole::Limit, Truth::True)));
    let named: Vec<_> = why.gaps.iter().map(|g| g.record.map(|r| why.records[r].identity.as_str())).collect();
    assert_eq!(named, [Some("id = a")]);
}

#[test]
fn edges_of_what_is_needed() {
    let schema = company();
    let gifts = [gift("a", 31, "E1", 1)];
    let verdict = |window: Window, on: i32, as_of: Option<i32>| {
        let as_of = as_of.map(|d| Time::Date(date_of(2025, 1, 1) + d - 1));
        let options = Options { as_of, ..keep() };
        of(&run_company(need(&schema, window), &gifts, &[training(on, "E1")], options))[0].0
    };
    assert_eq!(verdict(Window::Before(days(30)), 1, None), Compliant);
    assert_eq!(verdict(Window::Before(days(30)), 0, None), Finding);
    assert_eq!(verdict(Window::Before(days(30)), 31, None), Compliant);
    assert_eq!(verdict(Window::Over(days(30)), 2, None), Compliant);
    assert_eq!(verdict(Window::Over(days(30)), 1, None), Finding);
    assert_eq!(verdict(Window::After(days(7)), 38, None), Compliant);
    // The deadline is the end of day 38: it has passed on day 39, or with all of day 38 known.
    assert_eq!(verdict(Window::After(days(7)), 30, None), Pending);
    assert_eq!(verdict(Window::After(days(7)), 30, Some(37)), Pending);
    assert_eq!(verdict(Window::After(days(7)), 30, Some(38)), Finding);
    assert_eq!(verdict(Window::After(days(7)), 39, None), Finding);
    let findings = run_company(need(&schema, Window::After(days(7))), &gifts, &[training(30, "E1")], keep());
    let why = findings.explain(0);
    assert_eq!(why.message, "no `training` within 7 days after 2025-01-31 yet");
    assert_eq!(why.gaps[0].why, GapReason::NotYet { until: "2025-02-07".into() });
    assert_eq!(why.windows[0].result, "none");
}

#[test]
fn a_record_without_its_key_or_time_may_be_the_one() {
    let schema = company();
    let gifts = [gift("a", 31, "E1", 1), gift("b", 31, "E2", 1)];
    let run = |trainings: &[Vec<Cell>]| run_company(need(&schema, Window::Before(days(30))), &gifts, trainings, keep());
    let nobody = |day| {
        let mut training = training(day, "E1");
        training[1] = Cell::Nothing;
        training
    };
    let mut timeless = training(2, "E1");
    timeless[0] = Cell::Bad;
    // Someone's, in time: it may be E1's or E2's. Its own rule is not about trainings, so it has no verdict.
    let findings = run(&[nobody(1)]);
    assert_eq!(of(&findings), [(Indeterminate, 1), (Indeterminate, 2)]);
    let why = findings.explain(1);
    assert_eq!(why.gaps.len(), 1, "{:?}", why.gaps);
    assert_eq!(why.gaps[0].why, GapReason::Missing);
    assert_eq!(why.gaps[0].record.and_then(|r| why.records[r].place).map(|p| p.line), Some(101));
    // Out of time, it is nobody's that counts; where another is there, it does not matter.
    assert_eq!(of(&run(&[nobody(0)])), [(Finding, 1), (Finding, 2)]);
    assert_eq!(of(&run(&[nobody(1), training(1, "E2")])), [(Indeterminate, 1), (Compliant, 2)]);
    // Of a known person at an unknown time.
    let findings = run(&[timeless]);
    assert_eq!(of(&findings), [(Indeterminate, 1), (Finding, 2)]);
    let gaps = findings.explain(0).gaps;
    assert_eq!(gaps[0].why, GapReason::NoTime);
    assert!(matches!(&gaps[1].why, GapReason::Malformed { found, .. } if !found.is_empty()), "{gaps:?}");
}

/// Between one and two gifts are not more than two, and it is open whether they are more than one; also behind a default.
#[test]
fn bounds_of_a_number_go_through_a_default() {
    let schema = company();
    let gifts = [gift("a", 1, "E1", 1), gift("b", 2, "E1", 1)];
    let over = |n: i64| {
        let mut number = history(&schema, Func::Count, GIFT, Some((2, GIFT, 2)), Window::Over(days(30)));
        number.filter = Some(compare(CompareOp::Eq, column(&schema, GIFT, 1, 3), constant(money(1, "CNY"))));
        let number = Box::new(expr(ExprKind::History(Box::new(number)), Type::Int));
        let of = expr(ExprKind::Coalesce(number, Box::new(constant(Value::Int(0)))), Type::Int);
        rule("many", on(GIFT), Body::Forbid { when: compare(CompareOp::Gt, of, constant(Value::Int(n))) })
    };
    let mut unread = gifts.clone();
    unread[0][3] = Cell::Bad;
    assert_eq!(of(&run_company(over(1), &gifts, &[], keep())), [(Compliant, 1), (Finding, 2)]);
    assert_eq!(of(&run_company(over(1), &unread, &[], keep())), [(Compliant, 1), (Indeterminate, 2)]);
    assert_eq!(of(&run_company(over(2), &unread, &[], keep())), [(Compliant, 1), (Compliant, 2)]);
}

#[test]
fn what_a_limit_cannot_add_is_told_by_itself() {
    let mut gifts = [gift("a", 1, "E1", 300), gift("b", 2, "E1", 300), gift("c", 3, "E1", 300)];
    gifts[1][2] = Cell::Nothing;
    let findings = run_company(limit(&company(), 500), &gifts, &[], keep());
    assert_eq!(of(&findings), [(Compliant, 1), (Indeterminate, 2), (Finding, 3)]);
    assert_eq!(findings.explain(1).gaps[0].why, GapReason::Missing);
}

#[test]
fn repeats_are_one_record_and_conflicts_unknown() {
    let schema = company();
    let over = compare(CompareOp::Gt, column(&schema, GIFT, 0, 3), constant(money(100, "CNY")));
    let forbid = rule("dear", on(GIFT), Body::Forbid { when: over });
    let gifts = [gift("a", 1, "E1", 50), gift("b", 2, "E1", 50), gift("a", 1, "E1", 50), gift("b", 2, "E1", 150)];
    let plan = plan(&schema, vec![forbid]);
    let mut said = Vec::new();
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1]] {
        let batches = order.iter().map(|&i| batch(&plan, GIFT, &gifts[i..=i], &[i as u64 + 1])).collect();
        let findings = run(&plan, batches, Options::default());
        assert_eq!(of(&findings), [(Indeterminate, 2)]);
        assert_eq!(findings.counts(0).compliant, 1);
        let counts = findings.records()[GIFT as usize];
        assert_eq!((counts.judged, counts.repeats, counts.conflicts), (2, 2, 1));
        let why = findings.explain(0);
        let found = vec!["150.00 CNY".to_string(), "50.00 CNY".to_string()];
        assert_eq!(why.gaps[0].why, GapReason::Conflict { found });
        said.push((findings.ids().to_vec(), why));
    }
    assert!(said.windows(2).all(|w| w[0] == w[1]));
}

#[test]
fn equal_records_without_identity_are_two() {
    let always = constant(Value::Bool(true));
    let forbid = rule("any", on(TRAINING), Body::Forbid { when: always });
    let findings = run_company(forbid, &[], &[training(1, "E1"), training(1, "E1")], Options::default());
    assert_eq!(of(&findings), [(Finding, 101), (Finding, 102)]);
    assert_ne!(findings.ids()[0], findings.ids()[1]);
    assert_eq!(findings.explain(0).records[0].identity, findings.explain(1).records[0].identity);
}

#[test]
fn tables_are_looked_up_as_of_the_event_and_sensitive_values_withheld() {
    let schema = company();
    let name = expr(
        ExprKind::Lookup {
            key: Box::new(column(&schema, GIFT, 0, 2)),
            table: KindId(EMPLOYEE),
            column: ColumnId(3),
            root: 0,
        },
        Type::Text,
    );
    let when = compare(CompareOp::Eq, name.clone(), constant(Value::Text("Ann".into())));
    let mut forbid = rule("ann", on(GIFT), Body::Forbid { when });
    forbid.because = Some(vec![MessagePart::Text("by ".into()), MessagePart::Expr(name)]);
    let plan = plan(&schema, vec![forbid]);
    let row = |id: &str, since, left: Cell, name: &str| vec![text(id), day(since), left, text(name)];
    let people = [
        row("E1", 1, day(10), "Ann"),
        row("E1", 10, Cell::Nothing, "Bea"),
        row("E2", 1, Cell::Nothing, "Ann"),
        row("E2", 5, Cell::Nothing, "Cid"),
    ];
    let gifts = [
        gift("a", 9, "E1", 1),
        gift("b", 10, "E1", 1),
        gift("c", 3, "E2", 1),
        gift("d", 7, "E2", 1),
        gift("e", 3, "E3", 1),
    ];
    let batches = vec![batch(&plan, GIFT, &gifts, &[1, 2, 3, 4, 5]), batch(&plan, EMPLOYEE, &people, &[1, 2, 3, 4])];
    let findings = run(&plan, batches, keep());
    let by_line = |line| findings.iter().position(|r| r.place.unwrap().line == line).unwrap();
    let verdicts: Vec<_> = (1..=5).map(|l| findings.row(by_line(l)).verdict).collect();
    assert_eq!(verdicts, [Finding, Compliant, Finding, Indeterminate, Indeterminate]);
    let why = findings.explain(by_line(1));
    assert_eq!(why.message, "by (withheld)");
    assert_eq!(why.clauses[0].values[0].value, "(withheld)");
    assert_eq!(why.clauses[0].values[0].field, Some((1, ColumnId(3))));
    let gap = |line| findings.explain(by_line(line)).gaps[0].why.clone();
    let at = Some("2025-01-07".to_string());
    assert_eq!(gap(4), GapReason::ManyRows { table: KindId(EMPLOYEE), key: "E2".into(), at });
    let at = Some("2025-01-03".to_string());
    assert_eq!(gap(5), GapReason::NoRow { table: KindId(EMPLOYEE), key: "E3".into(), at });
}

#[test]
fn each_row_of_a_table_at_the_ends_of_periods() {
    let schema = company();
    let mut need = history(&schema, Func::Exists, TRAINING, Some((1, EMPLOYEE, 0)), Window::Before(days(31)));
    need.keys[0].outer = column(&schema, EMPLOYEE, 0, 0);
    let at = EachAt::EndOf(crate::data::Period::Month);
    let trigger = Trigger::Each { table: KindId(EMPLOYEE), at, filter: None, span: span() };
    let plan = plan(&schema, vec![rule("monthly", trigger, Body::Require { when: None, need: Box::new(need) })]);
    let people =
        [vec![text("E1"), day(1), Cell::Nothing, text("Ann")], vec![text("E2"), day(32), Cell::Nothing, text("Bea")]];
    let trainings = [training(5, "E1"), training(62, "E3")];
    let batches = vec![batch(&plan, EMPLOYEE, &people, &[1, 2]), batch(&plan, TRAINING, &trainings, &[1, 2])];
    let findings = run(&plan, batches, keep());
    // January: E1 trained, E2 not there yet. February: neither. March is not over.
    let seen: Vec<_> = findings.iter().map(|r| (r.verdict, r.subject.unwrap_or("").to_string(), r.time)).collect();
    let end = |m, d| Some(Time::Date(date_of(2025, m, d)));
    assert_eq!(
        seen,
        [(Compliant, "E1".into(), end(1, 31)), (Finding, "E1".into(), end(2, 28)), (Finding, "E2".into(), end(2, 28))]
    );
    assert_eq!(findings.explain(1).message, "no `training` within 31 days before 2025-02-28");
}

#[test]
fn records_after_as_of_are_set_aside() {
    let schema = company();
    let gifts = [gift("a", 1, "E1", 600), gift("b", 5, "E2", 600)];
    let options = Options { as_of: Some(Time::Date(date_of(2025, 1, 4))), ..Options::default() };
    let findings = run_company(limit(&schema, 500), &gifts, &[], options);
    assert_eq!(of(&findings), [(Finding, 1)]);
    let counts = findings.records()[GIFT as usize];
    assert_eq!((counts.judged, counts.after_as_of), (1, 1));
}

#[test]
fn batches_that_do_not_fit_are_refused() {
    let plan = plan(&company(), vec![limit(&company(), 1)]);
    let good = batch(&plan, GIFT, &[gift("a", 1, "E1", 1)], &[1]);
    let evaluator = super::Evaluator::new(plan.clone(), Options::default()).unwrap();
    let refused = |change: &dyn Fn(&mut crate::data::Batch)| {
        let mut bad = good.clone();
        change(&mut bad);
        evaluator.screen(bad).unwrap_err()
    };
    let kind = KindId(GIFT);
    assert_eq!(refused(&|b| b.kind = KindId(9)), BatchError::NoSuchKind(KindId(9)));
    assert_eq!(refused(&|b| b.places.clear()), BatchError::Lengths { kind });
    assert_eq!(refused(&|b| b.projection = Arc::from([ColumnId(77)])), BatchError::Lengths { kind });
    let swapped = |b: &mut crate::data::Batch| b.columns.swap(0, 1);
    assert!(matches!(refused(&swapped), BatchError::WrongType { .. }));
    let short = |b: &mut crate::data::Batch| {
        b.projection = b.projection[1..].into();
        b.columns.remove(0);
    };
    assert_eq!(refused(&short), BatchError::ColumnLeftOut { kind, column: ColumnId(0) });
    let defect = crate::data::Defect { row: 5, column: 0, found: "".into(), expected: "".into() };
    assert_eq!(refused(&|b| b.defects.push(defect.clone())), BatchError::Lengths { kind });
    assert!(evaluator.screen(good.clone()).is_ok());
}

#[test]
fn a_plan_survives_being_written_down() {
    let plan = plan(&company(), vec![limit(&company(), 1), need(&company(), Window::After(days(7)))]);
    let text = serde_json::to_string(&*plan).unwrap();
    assert_eq!(serde_json::from_str::<crate::plan::Plan>(&text).unwrap(), *plan);
    let other = crate::plan::Plan { version: 999, ..(*plan).clone() };
    let refused = super::Evaluator::new(Arc::new(other), Options::default());
    assert_eq!(refused.err(), Some(super::PlanError::Version(999)));
}
