//! Rules made at once as the checker gives them, without any text.

use super::Tape;
use super::schema as own;
use bylaws::internals::data::*;
use bylaws::internals::sema::hir::*;
use bylaws::internals::source::{FileId, Span};
use std::sync::Arc;

fn sp() -> Span {
    Span::new(FileId(0), 0, 0)
}

pub fn schema(s: &own::Schema) -> Schema {
    let enums = s
        .enums
        .iter()
        .map(|(n, ws)| EnumDef {
            name: n.to_string(),
            span: sp(),
            words: ws.iter().map(|w| EnumWord { name: w.to_string(), spelling: None, span: sp() }).collect(),
        })
        .collect();
    let kinds = s
        .kinds
        .iter()
        .map(|k| Kind {
            name: k.name.into(),
            doc: None,
            span: sp(),
            role: match k.role {
                own::Role::Table { key, valid } => Role::Table {
                    key: ColumnId(key as u32),
                    valid: valid.map(|(a, b)| (ColumnId(a as u32), b.map(|b| ColumnId(b as u32)))),
                },
                own::Role::Record { time, subject } => {
                    Role::Record { time: Some(ColumnId(time as u32)), subject: Some(ColumnId(subject as u32)) }
                }
            },
            identity: k.identity.iter().map(|&i| ColumnId(i as u32)).collect(),
            columns: k
                .fields
                .iter()
                .map(|f| Column {
                    name: f.name.clone(),
                    ty: ty(f.ty),
                    optional: f.optional,
                    person: false,
                    sensitive: false,
                    span: sp(),
                })
                .collect(),
        })
        .collect();
    Schema { enums, kinds }
}

fn ty(t: own::Ty) -> Type {
    match t {
        own::Ty::Int => Type::Int,
        own::Ty::Text => Type::Text,
        own::Ty::Bool => Type::Bool,
        own::Ty::Decimal => Type::Decimal,
        own::Ty::Money => Type::Money,
        own::Ty::Date => Type::Date,
        own::Ty::Timestamp => Type::Timestamp,
        own::Ty::Duration => Type::Duration,
        own::Ty::Bytes => Type::Bytes,
        own::Ty::Percent => Type::Percent,
        own::Ty::Enum(i) => Type::Enum(EnumId(i as u32)),
        own::Ty::Ref(i) => Type::Ref(KindId(i as u32)),
        own::Ty::Texts => Type::List(Box::new(Type::Text)),
    }
}

struct G<'t, 'a> {
    s: &'a Schema,
    t: &'t mut Tape<'a>,
}

fn e(kind: ExprKind, ty: Type, optional: bool) -> Expr {
    Expr { kind, ty, optional, span: sp() }
}
fn b(kind: ExprKind) -> Expr {
    e(kind, Type::Bool, false)
}
fn len(months: i32, days: i32, nanos: i64) -> Length {
    Length { months, days, nanos }
}

impl G<'_, '_> {
    fn constant(&mut self, ty: &Type) -> Value {
        let d = |t: &str| Decimal::parse(t).unwrap();
        match ty {
            Type::Bool => Value::Bool(self.t.chance(50)),
            Type::Int => Value::Int(self.t.below(4) as i64),
            Type::Decimal => Value::Decimal(d(*self.t.pick(&["0", "1.5", "2", "0.1"]))),
            Type::Percent => Value::Percent(d(*self.t.pick(&["0.15", "0.5"]))),
            Type::Text => Value::Text(self.t.pick(&["a", "AB", "ab", "x.com", "b"]).to_string()),
            Type::Ref(_) => Value::Text(self.t.pick(&["E0", "E1", "E9"]).to_string()),
            Type::Date => Value::Date(19723 + *self.t.pick(&[2, 59, 90])),
            Type::Timestamp => Value::Timestamp((19723 + *self.t.pick(&[2i64, 59, 90])) * 86_400_000_000_000),
            Type::Duration => Value::Duration(*self.t.pick(&[3_600_000_000_000i64, 86_400_000_000_000])),
            Type::Bytes => Value::Bytes(*self.t.pick(&[1024i64, 10_000_000])),
            Type::Money => Value::Money(Money {
                amount: d(*self.t.pick(&["100", "50", "200", "0"])),
                currency: Currency::parse(if self.t.chance(10) { "USD" } else { "GBP" }).unwrap(),
            }),
            Type::Enum(i) => Value::Enum(*i, self.t.below(2) as u16),
            other => panic!("{other:?}"),
        }
    }
    fn paths(&self, roots: &[KindId]) -> Vec<Expr> {
        let mut out = Vec::new();
        for (r, k) in roots.iter().enumerate() {
            for (i, c) in self.s.kind(*k).columns.iter().enumerate() {
                let x = e(ExprKind::Column { root: r as u8, column: ColumnId(i as u32) }, c.ty.clone(), c.optional);
                if let Type::Ref(table) = c.ty {
                    self.follow(&x, table, r as u8, 2, &mut out);
                }
                out.push(x);
            }
        }
        out
    }
    fn follow(&self, key: &Expr, table: KindId, root: u8, n: usize, out: &mut Vec<Expr>) {
        for (i, c) in self.s.kind(table).columns.iter().enumerate() {
            let x = e(
                ExprKind::Lookup { key: Box::new(key.clone()), table, column: ColumnId(i as u32), root },
                c.ty.clone(),
                true,
            );
            if let (Type::Ref(t), true) = (&c.ty, n > 1) {
                self.follow(&x, *t, root, n - 1, out);
            }
            out.push(x);
        }
    }
    fn op(&mut self, ty: &Type) -> CompareOp {
        use CompareOp::*;
        match ty {
            Type::Bool | Type::Ref(_) => [Eq, Ne][self.t.below(2)],
            _ => [Eq, Gt, Ge, Lt, Le, Ne][self.t.below(6)],
        }
    }
    fn konst(&mut self, ty: &Type) -> Expr {
        let v = self.constant(ty);
        e(ExprKind::Constant(v), ty.clone(), false)
    }
    fn operand(&mut self, roots: &[KindId], ty: &Type) -> Expr {
        let ps: Vec<Expr> = self.paths(roots).into_iter().filter(|p| p.ty == *ty).collect();
        if ps.is_empty() || self.t.chance(60) {
            return self.konst(ty);
        }
        let p = self.t.pick(&ps).clone();
        match self.t.below(6) {
            1 if !matches!(ty, Type::List(_)) => {
                let k = self.konst(ty);
                let t = ty.clone();
                e(ExprKind::Coalesce(Box::new(p), Box::new(k)), t, false)
            }
            2 if matches!(ty, Type::Int | Type::Decimal) => {
                let k = self.konst(ty);
                let op = [ArithOp::Add, ArithOp::Sub, ArithOp::Mul][self.t.below(3)];
                e(ExprKind::Arith { op, left: Box::new(p), right: Box::new(k) }, ty.clone(), true)
            }
            3 if *ty == Type::Money => {
                let k = self.konst(&Type::Decimal);
                e(ExprKind::Arith { op: ArithOp::Mul, left: Box::new(p), right: Box::new(k) }, ty.clone(), true)
            }
            4 if *ty == Type::Money => {
                let k = self.konst(&Type::Money);
                e(ExprKind::Arith { op: ArithOp::Add, left: Box::new(p), right: Box::new(k) }, ty.clone(), true)
            }
            5 if matches!(ty, Type::Date | Type::Timestamp) => {
                let by = *self.t.pick(&[len(0, 1, 0), len(1, 0, 0), len(0, -30, 0)]);
                e(ExprKind::Shift { time: Box::new(p), by }, ty.clone(), true)
            }
            _ => p,
        }
    }
    fn atom(&mut self, roots: &[KindId]) -> Expr {
        let all = self.paths(roots);
        let last = roots.len() as u8 - 1;
        let own: Vec<Expr> =
            all.iter().filter(|p| matches!(p.kind, ExprKind::Column { root, .. } if root == last)).cloned().collect();
        let x = if self.t.chance(25) { self.t.pick(&all).clone() } else { self.t.pick(&own).clone() };
        let case = self.t.chance(25);
        if self.t.chance(10) {
            return b(ExprKind::Present(Box::new(x)));
        }
        match x.ty.clone() {
            Type::Bool => x,
            Type::List(_) => {
                let item = self.operand(roots, &Type::Text);
                b(ExprKind::InColumn { item: Box::new(item), list: Box::new(x), ignoring_case: case })
            }
            Type::Text if self.t.chance(60) => match self.t.below(4) {
                0 => {
                    let right = self.operand(roots, &Type::Text);
                    let op = [TextOp::StartsWith, TextOp::EndsWith, TextOp::Contains][self.t.below(3)];
                    b(ExprKind::TextTest { op, left: Box::new(x), right: Box::new(right), ignoring_case: case })
                }
                1 => b(ExprKind::InDomain { host: Box::new(x), domains: vec!["x.com".into()] }),
                2 => b(ExprKind::Matches {
                    left: Box::new(x),
                    pattern: self.t.pick(&["^a", "b$", "[A-C]+"]).to_string(),
                    ignoring_case: case,
                }),
                _ => {
                    let set = vec![self.constant(&Type::Text), self.constant(&Type::Text)];
                    b(ExprKind::In { item: Box::new(x), set, ignoring_case: case })
                }
            },
            t if self.t.chance(15) && t != Type::Money => {
                let set = vec![self.constant(&t), self.constant(&t)];
                b(ExprKind::In { item: Box::new(x), set, ignoring_case: false })
            }
            t => {
                let op = self.op(&t);
                let right = self.operand(roots, &t);
                let ignoring_case = case && t == Type::Text;
                b(ExprKind::Compare { op, left: Box::new(x), right: Box::new(right), ignoring_case })
            }
        }
    }
    fn cond(&mut self, roots: &[KindId], depth: usize) -> Expr {
        if depth == 0 {
            return self.atom(roots);
        }
        match self.t.below(12) {
            0..=3 => self.atom(roots),
            4 | 5 => {
                let v = vec![self.cond(roots, depth - 1), self.cond(roots, depth - 1)];
                b(ExprKind::And(v))
            }
            6 => {
                let v = vec![self.cond(roots, depth - 1), self.cond(roots, depth - 1)];
                b(ExprKind::Or(v))
            }
            7 => {
                let v = self.cond(roots, depth - 1);
                b(ExprKind::Not(Box::new(v)))
            }
            _ => self.history_cond(roots, depth),
        }
    }
    fn dated(&self, k: KindId) -> bool {
        self.s.kind(k).time().is_none_or(|c| self.s.column(k, c).ty == Type::Date)
    }
    fn window(&mut self, dated: bool) -> Window {
        match self.t.below(9) {
            0 | 1 => Window::Before(self.length(dated)),
            2 | 3 => Window::Over(self.length(dated)),
            4 => Window::After(self.length(dated)),
            5 => Window::Around(self.length(dated)),
            6 => Window::AllTime,
            _ => Window::In(*self.t.pick(&[
                Period::Day,
                Period::Month,
                Period::Quarter,
                Period::Year,
                Period::FiscalQuarter,
                Period::FiscalYear,
            ])),
        }
    }
    fn length(&mut self, dated: bool) -> Length {
        let all = [
            len(0, 1, 0),
            len(0, 2, 0),
            len(0, 30, 0),
            len(1, 0, 0),
            len(3, 0, 0),
            len(12, 0, 0),
            len(0, 0, 12 * 3_600_000_000_000),
            len(0, 1, 3_600_000_000_000),
        ];
        all[self.t.below(if dated { 6 } else { 8 })]
    }
    fn records(&self) -> Vec<KindId> {
        (0..self.s.kinds.len() as u32).map(KindId).filter(|k| !self.s.kind(*k).is_table()).collect()
    }
    fn keys(&mut self, outer: KindId, inner: KindId, root: u8) -> Vec<Key> {
        let key = |s: &Schema, k: KindId, c: ColumnId, r: u8| {
            let col = s.column(k, c);
            e(ExprKind::Column { root: r, column: c }, col.ty.clone(), col.optional)
        };
        let (o, i) = (self.s.kind(outer).subject().unwrap(), self.s.kind(inner).subject().unwrap());
        let subject = vec![Key { inner: key(self.s, inner, i, root + 1), outer: key(self.s, outer, o, root) }];
        match self.t.below(8) {
            0..=4 => subject,
            5 => vec![],
            _ => {
                let mut both = Vec::new();
                for (i, c) in self.s.kind(inner).columns.iter().enumerate() {
                    if matches!(c.ty, Type::List(_) | Type::Money) {
                        continue;
                    }
                    if let Some(j) = self.s.kind(outer).columns.iter().position(|d| d.name == c.name && d.ty == c.ty) {
                        both.push(Key {
                            inner: key(self.s, inner, ColumnId(i as u32), root + 1),
                            outer: key(self.s, outer, ColumnId(j as u32), root),
                        });
                    }
                }
                if both.is_empty() {
                    return subject;
                }
                let n = self.t.below(both.len());
                let mut out = vec![both[n].clone()];
                if self.t.chance(30) {
                    let m = self.t.below(both.len());
                    if m != n {
                        out.push(both[m].clone());
                    }
                }
                out
            }
        }
    }
    fn value_of(&mut self, kind: KindId, root: u8) -> (Func, Type, Option<Expr>) {
        let cols: Vec<(usize, Column)> = self.s.kind(kind).columns.iter().cloned().enumerate().collect();
        let numeric: Vec<_> = cols
            .iter()
            .filter(|c| {
                matches!(c.1.ty, Type::Int | Type::Decimal | Type::Money | Type::Bytes | Type::Duration | Type::Percent)
            })
            .collect();
        let col = |c: &(usize, Column)| {
            e(ExprKind::Column { root, column: ColumnId(c.0 as u32) }, c.1.ty.clone(), c.1.optional)
        };
        if numeric.is_empty() || self.t.chance(25) {
            let c = &cols[self.t.below(cols.len())];
            return match self.t.below(3) {
                1 if !matches!(c.1.ty, Type::List(_)) => (Func::Distinct, Type::Int, Some(col(c))),
                2 if !matches!(c.1.ty, Type::List(_) | Type::Bool) => {
                    ([Func::First, Func::Last, Func::Min, Func::Max][self.t.below(4)], c.1.ty.clone(), Some(col(c)))
                }
                _ => (Func::Count, Type::Int, None),
            };
        }
        let c = *self.t.pick(&numeric);
        let func = *self.t.pick(&[Func::Sum, Func::Sum, Func::Min, Func::Max, Func::Avg, Func::First, Func::Last]);
        let ty = if func == Func::Avg && c.1.ty == Type::Int { Type::Decimal } else { c.1.ty.clone() };
        (func, ty, Some(col(c)))
    }
    fn history(&mut self, roots: &[KindId], func: Option<Func>, depth: usize) -> (History, Type) {
        let root = roots.len() as u8 - 1;
        let rs = self.records();
        let kind = *self.t.pick(&rs);
        let outer = *roots.last().unwrap();
        let dated = self.dated(outer) || self.dated(kind);
        let (func, ty, value) = match func {
            Some(f) => (f, Type::Bool, None),
            None => self.value_of(kind, root + 1),
        };
        let window = self.window(dated);
        let keys = self.keys(outer, kind, root);
        let mut inner = roots.to_vec();
        inner.push(kind);
        let filter = if self.t.chance(55) { Some(self.cond(&inner, depth.min(1))) } else { None };
        (History { func, kind, root, value, keys, window, filter, span: sp() }, ty)
    }
    fn history_cond(&mut self, roots: &[KindId], depth: usize) -> Expr {
        match self.t.below(5) {
            n @ (0 | 1) => {
                let f = [Func::Exists, Func::No][n];
                let (h, _) = self.history(roots, Some(f), depth - 1);
                b(ExprKind::History(Box::new(h)))
            }
            _ => {
                let (h, ty) = self.history(roots, None, depth - 1);
                let left = e(ExprKind::History(Box::new(h)), ty.clone(), true);
                let op = self.op(&ty);
                let right = self.operand(roots, &ty);
                b(ExprKind::Compare { op, left: Box::new(left), right: Box::new(right), ignoring_case: false })
            }
        }
    }
    fn rule(&mut self, name: String, clock: Clock) -> Rule {
        let rs = self.records();
        let form = self.t.below(10);
        let kind = *self.t.pick(&rs);
        let mut verb = Verb::Forbid;
        let mut trigger = Trigger::Record { kind, filter: None, span: sp() };
        if self.t.chance(35) {
            let f = self.cond(&[kind], 2);
            trigger = Trigger::Record { kind, filter: Some(f), span: sp() };
        }
        let need = |g: &mut Self, k: KindId| {
            let (mut h, _) = g.history(&[k], Some(Func::Exists), 2);
            if matches!(h.window, Window::Over(_) | Window::AllTime | Window::In(_)) {
                h.window = Window::Before(len(0, 2, 0));
            }
            h
        };
        let body = match form {
            0..=3 => Body::Forbid { when: self.cond(&[kind], 3) },
            4 | 5 => {
                verb = Verb::Require;
                let when = if self.t.chance(40) { Some(self.cond(&[kind], 2)) } else { None };
                Body::Require { when, need: need(self, kind) }
            }
            6..=8 => {
                verb = Verb::Limit;
                let when = if self.t.chance(25) { Some(self.cond(&[kind], 1)) } else { None };
                let (func, ty, value) = loop {
                    let x = self.value_of(kind, 1);
                    if !matches!(x.0, Func::First | Func::Last)
                        && !matches!(
                            x.1,
                            Type::Text | Type::Ref(_) | Type::Enum(_) | Type::Date | Type::Timestamp | Type::Bool
                        )
                    {
                        break x;
                    }
                };
                let window = match self.t.below(4) {
                    0 | 1 => {
                        let d = self.dated(kind);
                        Window::Over(self.length(d))
                    }
                    2 => Window::AllTime,
                    _ => Window::In(Period::Month),
                };
                let keys = self.keys(kind, kind, 0);
                let filter = trigger.filter().map(|f| shift(f.clone()));
                let to = self.operand(&[kind], &ty);
                Body::Limit {
                    when,
                    aggregate: History { func, kind, root: 0, value, keys, window, filter, span: sp() },
                    to,
                }
            }
            _ => {
                let table = KindId(0);
                let at = if self.t.chance(25) {
                    EachAt::AsOf
                } else {
                    EachAt::EndOf(*self.t.pick(&[
                        Period::Month,
                        Period::FiscalQuarter,
                        Period::Year,
                        Period::FiscalYear,
                    ]))
                };
                let filter = if self.t.chance(30) { Some(self.cond(&[table], 1)) } else { None };
                trigger = Trigger::Each { table, at, filter, span: sp() };
                if self.t.chance(50) {
                    verb = Verb::Require;
                    Body::Require { when: None, need: need(self, table) }
                } else {
                    Body::Forbid { when: self.cond(&[table], 2) }
                }
            }
        };
        let k = trigger.kind();
        let mut unless = Vec::new();
        for i in 0..self.t.below(3) {
            if self.t.chance(50) {
                unless.push(Exception { name: format!("u{i}"), condition: self.cond(&[k], 2), span: sp() });
            }
        }
        let effective = if self.t.chance(15) {
            (Some(19725), if self.t.chance(50) { Some(19783) } else { None })
        } else {
            (None, None)
        };
        Rule {
            name: name.clone(),
            title: name,
            doc: None,
            verb,
            severity: Severity::Major,
            cite: None,
            consequence: None,
            purpose: None,
            legal_basis: None,
            policy: None,
            clock,
            effective,
            trigger,
            body,
            unless,
            because: None,
            span: sp(),
            name_span: sp(),
        }
    }
}

/// Root 0 to root 1, deeper ones too.
fn shift(x: Expr) -> Expr {
    let kind = match x.kind {
        ExprKind::Column { root, column } => ExprKind::Column { root: root + 1, column },
        ExprKind::EventTime { root } => ExprKind::EventTime { root: root + 1 },
        ExprKind::Lookup { key, table, column, root } => {
            ExprKind::Lookup { key: Box::new(shift(*key)), table, column, root: root + 1 }
        }
        ExprKind::Convert(a) => ExprKind::Convert(Box::new(shift(*a))),
        ExprKind::Not(a) => ExprKind::Not(Box::new(shift(*a))),
        ExprKind::Neg(a) => ExprKind::Neg(Box::new(shift(*a))),
        ExprKind::Present(a) => ExprKind::Present(Box::new(shift(*a))),
        ExprKind::And(v) => ExprKind::And(v.into_iter().map(shift).collect()),
        ExprKind::Or(v) => ExprKind::Or(v.into_iter().map(shift).collect()),
        ExprKind::Compare { op, left, right, ignoring_case } => {
            ExprKind::Compare { op, left: Box::new(shift(*left)), right: Box::new(shift(*right)), ignoring_case }
        }
        ExprKind::TextTest { op, left, right, ignoring_case } => {
            ExprKind::TextTest { op, left: Box::new(shift(*left)), right: Box::new(shift(*right)), ignoring_case }
        }
        ExprKind::Arith { op, left, right } => {
            ExprKind::Arith { op, left: Box::new(shift(*left)), right: Box::new(shift(*right)) }
        }
        ExprKind::Coalesce(a, c) => ExprKind::Coalesce(Box::new(shift(*a)), Box::new(shift(*c))),
        ExprKind::In { item, set, ignoring_case } => ExprKind::In { item: Box::new(shift(*item)), set, ignoring_case },
        ExprKind::InColumn { item, list, ignoring_case } => {
            ExprKind::InColumn { item: Box::new(shift(*item)), list: Box::new(shift(*list)), ignoring_case }
        }
        ExprKind::InDomain { host, domains } => ExprKind::InDomain { host: Box::new(shift(*host)), domains },
        ExprKind::Matches { left, pattern, ignoring_case } => {
            ExprKind::Matches { left: Box::new(shift(*left)), pattern, ignoring_case }
        }
        ExprKind::Shift { time, by } => ExprKind::Shift { time: Box::new(shift(*time)), by },
        ExprKind::History(h) => ExprKind::History(Box::new(History {
            root: h.root + 1,
            value: h.value.map(shift),
            filter: h.filter.map(shift),
            keys: h.keys.into_iter().map(|k| Key { inner: shift(k.inner), outer: shift(k.outer) }).collect(),
            ..*h
        })),
        other => other,
    };
    Expr { kind, ..x }
}

pub fn hir(s: &own::Schema, rules: &[Vec<u16>]) -> Hir {
    let schema = schema(s);
    let clock = Clock { timezone: s.timezone.into(), fiscal_start: s.fiscal };
    let rules = rules
        .iter()
        .enumerate()
        .map(|(i, n)| {
            let mut t = Tape::new(n);
            G { s: &schema, t: &mut t }.rule(format!("rule_{i}"), clock.clone())
        })
        .collect();
    Hir { schema: Arc::new(schema), sources: vec![], params: vec![], rules, tests: vec![] }
}
