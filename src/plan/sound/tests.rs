use super::super::saved::{self, Roles, SavedError};
use super::super::{AtomTest, Body, Expr, Op, Plan, Screen, Test};
use crate::data::{ColumnId, EnumId, KindId, Length, Origin, Role, Type, Value};
use crate::sema::hir::Window;
use crate::source::{FileId, SourceMap, Span};
use crate::{sema, syntax};

const POLICY: &str = r#"
    policy p { timezone "Europe/Berlin" business_days monday to friday except holiday unless worked }
    table holiday key day { day: date, worked: bool? }
    table employee key id valid from since { id: text, manager: ref employee?, since: date }
    record gift at day by who identity id { id: int, day: date, who: ref employee, value: money, note: text? }
    record meal at day by who identity id { id: int, day: date, who: ref employee, value: money }
    source gifts for gift { files "*.json" each gifts[] map { id = item.id day = item.day who = item.who value = item.value } }
    forbid a { on gift when value > 5 EUR and note? matches /x/ and who under "E1" and day + 1 business day > day }
    forbid b { on gift when (exists meal within 3 days before where meal.value > value) and count(gift over 2 days) > 1 }
    limit c { on gift, meal sum value per who over 30 days to 9 EUR }
    forbid d { on sequence by who within 3 days { gift then meal } }
    limit e { on finding where rule == a count per actor over 9 days to 1 }
"#;

fn compiled() -> (SourceMap, Plan) {
    let mut sources = SourceMap::default();
    let id = sources.add("p.bylaw", POLICY);
    let parsed = syntax::parse(id, POLICY);
    let (hir, told) = sema::check(sema::CheckInput { sources: &sources, files: &[(id, &parsed.file)], set: &[] });
    assert!(parsed.errors.is_empty() && hir.rules.len() == 5, "{:?} {told:?}", parsed.errors);
    (sources, Plan::compile(&hir))
}

/// The plan with a change, as one would write it whom nothing hinders.
fn loaded(change: impl FnOnce(&mut Plan)) -> Result<saved::Saved, SavedError> {
    let (sources, mut plan) = compiled();
    change(&mut plan);
    let roles = Roles { files: vec![FileId(0)], set: vec![] };
    saved::load(&saved::save(&sources, &roles, &[], &plan).unwrap())
}

/// What is missing then, and the change.
type Change<'c> = (&'c str, &'c dyn Fn(&mut Plan));

fn history(plan: &mut Plan, rule: usize) -> &mut super::HistoryPlan {
    let first = plan.rules[rule].histories[0] as usize;
    &mut plan.histories[first]
}

/// The first expression in a rule's `when` for which this holds.
fn within(plan: &mut Plan, rule: usize, which: fn(&Op) -> bool) -> &mut Expr {
    plan.rules[rule].when.iter_mut().find(|e| which(&e.op)).expect("it is there")
}

fn deep(depth: usize) -> Expr {
    let span = Span::new(FileId(0), 0, 0);
    let truth = Expr::constant(Value::Bool(true), Type::Bool, span);
    (1..depth).fold(truth, |e, _| Expr { op: Op::Not(Box::new(e)), ty: Type::Bool, span })
}

#[test]
fn what_is_not_there_is_told() {
    const NONE: u32 = 99;
    let nowhere = Span::new(FileId(0), POLICY.len(), POLICY.len() + 1);
    let changes: [Change; 37] = [
        ("a kind of a trigger", &|p| {
            if let super::Trigger::Record { kind, .. } = &mut p.rules[0].trigger {
                *kind = KindId(NONE);
            }
        }),
        ("a clock", &|p| p.rules[0].clock = NONE),
        ("a level", &|p| p.rules[0].level = NONE),
        ("a file", &|p| p.rules[0].span.file = FileId(1)),
        ("a place", &|p| p.rules[0].name_span = nowhere),
        ("a definition", &|p| {
            p.names.push(super::super::NameUse { at: nowhere, name: "n".into(), definition: nowhere })
        }),
        ("a column", &|p| {
            let unknown = column(p, 9);
            p.rules[0].filter.push(unknown);
        }),
        ("a column that is not read", &|p| {
            p.kinds[2].projection = Some([ColumnId(0), ColumnId(1), ColumnId(2)].into())
        }),
        ("a kind that is not read", &|p| p.kinds[2].projection = None),
        ("columns in their order", &|p| p.kinds[2].projection = Some([ColumnId(1), ColumnId(0)].into())),
        ("columns of a rule", &|p| drop(p.rules[0].reads.insert(KindId(2), [ColumnId(9)].into()))),
        ("a kind of a rule", &|p| drop(p.rules[0].reads.insert(KindId(NONE), [].into()))),
        ("a plan of each kind", &|p| drop(p.kinds.pop())),
        ("a pattern", &|p| p.patterns.clear()),
        ("an atom", &|p| p.rules[0].screen.when.push(Test::Atoms(super::Bool::Atom(NONE)))),
        ("a column of an atom", &|p| p.kinds[2].atoms[0].column = ColumnId(9)),
        ("a value of an atom", &|p| p.kinds[2].atoms[0].test = AtomTest::OneOf(vec![Value::Bool(true)])),
        ("what the record gives", &|p| {
            let expr = within(p, 1, |op| matches!(op, Op::History(_))).clone();
            p.rules[1].screen = Screen { when: vec![Test::Row(expr)], ..Screen::default() };
        }),
        ("a history", &|p| p.rules[1].when[0].op = Op::History(NONE)),
        ("its own history", &|p| {
            let again = p.rules[1].when[0].clone();
            p.rules[1].when.push(again);
        }),
        ("a history of another rule", &|p| p.rules[1].histories = vec![0]),
        ("histories that it asks for", &|p| drop(p.rules[1].when.pop())),
        ("a root", &|p| history(p, 1).root = 7),
        ("a root of all", &|p| history(p, 1).root = 255),
        ("a kind of a history", &|p| history(p, 1).kind = KindId(NONE)),
        ("a length forward", &|p| history(p, 1).window = Window::Before(Length::days(-1))),
        ("keys of one sort", &|p| {
            history(p, 1).keys[0].outer = Expr::constant(Value::Int(1), Type::Int, Span::new(FileId(0), 0, 0));
        }),
        ("a sum of the rule's records", &|p| history(p, 2).kind = KindId(2)),
        ("a sum", &|p| {
            let to = |e: &Expr| Expr { ty: Type::Int, op: Op::Constant(Value::Int(1)), ..e.clone() };
            if let Body::Limit { to: limit, .. } = &mut p.rules[2].body {
                *limit = to(limit);
            }
        }),
        ("a last step", &|p| p.rules[3].sequence.as_mut().unwrap().steps.clear()),
        ("a table of the chain", &|p| p.chains.push((KindId(2), ColumnId(0)))),
        ("a table's key", &|p| kind(p, 1).role = Role::Table { key: ColumnId(9), valid: None }),
        ("an end of references", &|p| kind(p, 1).columns[0].ty = Type::Ref(KindId(1))),
        ("an enum", &|p| kind(p, 2).columns[4].ty = Type::Enum(EnumId(NONE))),
        ("a part of a union", &|p| {
            let union = std::sync::Arc::make_mut(&mut p.schema).kinds.iter_mut();
            let member =
                union.filter_map(|k| if let Origin::Union(of) = &mut k.origin { of.first_mut() } else { None });
            member.for_each(|m| m.0 = KindId(NONE));
        }),
        ("a kind of a source", &|p| p.sources[0].kind = KindId(NONE)),
        ("elements", &|p| p.sources[0].each = None),
    ];
    assert!(loaded(|_| ()).is_ok());
    for (what, change) in changes {
        assert_eq!(loaded(change).map(drop), Err(SavedError::Unsound), "{what}");
    }
}

fn kind(plan: &mut Plan, kind: usize) -> &mut crate::data::Kind {
    &mut std::sync::Arc::make_mut(&mut plan.schema).kinds[kind]
}

fn column(plan: &Plan, column: u32) -> Expr {
    let found = &plan.rules[0].when[0];
    Expr { op: Op::Column { root: 0, column: ColumnId(column) }, ty: Type::Bool, ..found.clone() }
}

#[test]
fn what_lies_deep_is_an_error_before_the_stack_ends() {
    for depth in [600, 20_000] {
        let found = std::thread::Builder::new().stack_size(64 << 20).spawn(move || {
            let found = loaded(|p| p.rules[0].when.push(deep(depth))).map(drop);
            assert_eq!(found, Err(SavedError::Unsound), "{depth}");
        });
        found.unwrap().join().unwrap();
    }
    assert!(loaded(|p| p.rules[0].when.push(deep(400))).is_ok());
}

#[test]
fn a_plan_that_its_texts_do_not_say_gives_no_typed_rules() {
    assert!(loaded(|_| ()).unwrap().hir().is_ok());
    let changed = loaded(|p| p.rules[0].title = "Another".into()).unwrap();
    assert_eq!(changed.hir(), Err(SavedError::Untrue));
}
