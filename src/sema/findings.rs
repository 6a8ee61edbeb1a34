//! Findings as records: their kind, which rules see which, and in what order rules are judged for it.
//!
//! `finding` stands for the findings of the rules that are not themselves over findings; those that are are seen
//! only where they are named, as in `where rule == bulk_export`. So what a rule depends on is known without running
//! anything, and rules are judged level by level.

use super::graph;
use super::hir::{Body, CompareOp, Expr, ExprKind, History, Metric, Rule, Trigger};
use super::world::{KindInfo, Names, World};
use crate::data::{
    Column, ColumnId, EnumDef, EnumId, EnumWord, Kind, KindId, Origin, Role, Schema, Severity, Type, Value,
};
use crate::diag::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::ast::{self, Clause, ClauseKind, Ident, Keys};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeSet;

pub const NAME: &str = "finding";

/// The kind of findings, where a rule speaks of them.
pub fn declare<'a>(world: &mut World<'a>, names: &Names<'a>) {
    if let Some((name, ..)) = names.kinds.iter().find(|k| k.0.text == NAME) {
        world.report.tell(
            Diagnostic::error(
                Code::KeptName,
                "`finding` is what rules find, and no name of a record or table",
                name.span,
                "the language's own",
            )
            .help("give it another name, such as `audit_finding`; `on finding` is about the findings of other rules"),
        );
        return;
    }
    let Some(span) = mentioned(names) else { return };
    let rules: BTreeSet<&str> = names.rules.iter().map(|(_, item, _)| item.name.text.as_str()).collect();
    let rule = add_enum(world, "rule", rules.into_iter(), span);
    let severity = add_enum(world, "severity", Severity::ALL.iter().map(|s| s.as_str()), span);
    let (mut times, mut subjects) = (Vec::new(), Vec::new());
    for (_, item, _) in names.rules.iter().chain(&names.revisions) {
        if let Some(Source { time, subject }) = source(world, item) {
            times.extend(time);
            subjects.push(subject);
        }
    }
    let mut columns = Vec::new();
    let mut add = |name: &str, ty: Type, optional: bool| {
        columns.push(Column { name: name.into(), ty, optional, person: false, sensitive: false, span });
        ColumnId(columns.len() as u32 - 1)
    };
    let id = add("id", Type::Text, false);
    add("rule", Type::Enum(rule), false);
    add("severity", Type::Enum(severity), false);
    add("title", Type::Text, false);
    add("policy", Type::Text, true);
    add("cite", Type::Text, true);
    add("consequence", Type::Text, true);
    // Dates are the starts of their days among times.
    let time = match times.iter().all(|t| *t == Type::Date) {
        _ if times.is_empty() => None,
        true => Some(add("time", Type::Date, false)),
        false => Some(add("time", Type::Timestamp, false)),
    };
    let known: Vec<&Subject> = subjects.iter().flatten().collect();
    let subject = known.first().map(|first| {
        let ty = if known.iter().all(|s| s.ty == first.ty) { first.ty.clone() } else { Type::Text };
        add("actor", ty, known.len() < subjects.len() || known.iter().any(|s| s.optional))
    });
    if let Some(column) = subject {
        columns[column.0 as usize].person = known.iter().any(|s| s.person);
        columns[column.0 as usize].sensitive = known.iter().any(|s| s.sensitive);
    }
    let info = KindInfo {
        columns: columns.iter().enumerate().map(|(i, c)| (c.name.clone(), ColumnId(i as u32))).collect(),
        own_optional: columns.iter().map(|c| c.optional).collect(),
        ..KindInfo::default()
    };
    world.kinds.insert(NAME, KindId(world.schema.kinds.len() as u32));
    world.infos.push(info);
    world.schema.kinds.push(Kind {
        name: NAME.into(),
        doc: None,
        role: Role::Record { time, subject },
        identity: vec![id],
        columns,
        origin: Origin::Findings,
        rates: None,
        span,
    });
}

fn add_enum<'w>(world: &mut World, name: &str, words: impl Iterator<Item = &'w str>, span: Span) -> EnumId {
    let id = EnumId(world.schema.enums.len() as u32);
    let words: Vec<&str> = words.take(usize::from(u16::MAX)).collect();
    world.words.push(words.iter().enumerate().map(|(i, w)| (w.to_string(), i as u16)).collect());
    let words = words.iter().map(|w| EnumWord { name: w.to_string(), spelling: None, span }).collect();
    world.schema.enums.push(EnumDef { name: name.into(), words, span });
    id
}

/// Of the enums that findings have of themselves: `rule`, `severity`.
pub fn kept_enum<'w>(world: &'w World, id: EnumId) -> Option<&'w str> {
    let kind = world.schema.kind(*world.kinds.get(NAME)?);
    let of = |c: &&Column| c.ty == Type::Enum(id);
    Some(kind.columns.iter().filter(|_| kind.origin == Origin::Findings).find(of)?.name.as_str())
}

/// What the findings of a rule have: the type of their time, and their subject.
struct Source {
    time: Option<Type>,
    subject: Option<Subject>,
}

struct Subject {
    ty: Type,
    optional: bool,
    person: bool,
    sensitive: bool,
}

/// None for a rule over findings: what it finds has what they have.
fn source(world: &World, item: &ast::RuleItem) -> Option<Source> {
    let trigger = item.clauses.iter().find_map(|c| match &c.kind {
        ClauseKind::On(trigger) => Some(trigger),
        _ => None,
    })?;
    let named = |name: &Ident| world.kinds.get(name.text.as_str()).copied();
    let (id, each) = match trigger {
        ast::Trigger::Record { kind, .. } => (named(kind)?, None),
        ast::Trigger::Each { table, at, .. } => (named(table)?, Some(at)),
        ast::Trigger::Several { kinds, .. } => (super::unions::known(world, kinds)?, None),
        ast::Trigger::Sequence(s) => (named(&s.steps.iter().rev().find(|s| s.negated.is_none())?.kind)?, None),
    };
    let kind = world.schema.kind(id);
    let time = match each {
        Some(ast::EachAt::EndOf(_) | ast::EachAt::AsOf) => Some(Type::Date),
        None => kind.time().map(|c| kind.columns[c.0 as usize].ty.clone()),
    };
    let own = kind.subject().and_then(|c| kind.columns.get(c.0 as usize)).map(|c| Subject {
        ty: if kind.is_table() { Type::Ref(id) } else { c.ty.clone() },
        optional: c.optional,
        person: c.person,
        sensitive: c.sensitive,
    });
    // A limit for each of a set of people is about these.
    let above = item.clauses.iter().find_map(|c| match &c.kind {
        ClauseKind::Aggregate(a) => match &a.keys {
            Keys::By(keys) => keys.iter().find_map(|k| match &k.kind {
                ast::ExprKind::Every { of, .. } => table_of(world, id, of),
                _ => None,
            }),
            _ => None,
        },
        _ => None,
    });
    let subject = match above {
        Some(table) => {
            let key = world.schema.kind(table).subject().map(|c| &world.schema.kind(table).columns[c.0 as usize]);
            let marked = |f: fn(&Column) -> bool| key.is_some_and(f) || own.as_ref().is_some_and(|o| o.sensitive);
            let optional = own.as_ref().is_none_or(|o| o.optional);
            Some(Subject {
                ty: Type::Ref(table),
                optional,
                person: key.is_some_and(|k| k.person),
                sensitive: marked(|c| c.sensitive),
            })
        }
        None => own,
    };
    Some(Source { time, subject })
}

/// The table that a path from a record leads to.
fn table_of(world: &World, kind: KindId, path: &ast::Expr) -> Option<KindId> {
    match &path.kind {
        ast::ExprKind::Optional(of) => table_of(world, kind, of),
        _ => {
            let path = super::expr::idents(path)?;
            let mut at = kind;
            let mut rest = path.as_slice();
            while !rest.is_empty() {
                let n = (1..=rest.len())
                    .find(|n| world.infos[at.0 as usize].columns.contains_key(&super::world::dotted(&rest[..*n])))?;
                let column = world.infos[at.0 as usize].columns[&super::world::dotted(&rest[..n])];
                match world.schema.column(at, column).ty {
                    Type::Ref(table) => at = table,
                    _ => return None,
                }
                rest = &rest[n..];
            }
            Some(at)
        }
    }
}

/// Where findings are first spoken of.
fn mentioned(names: &Names) -> Option<Span> {
    let mut found = None;
    let mut see = |name: &Ident| {
        if name.text == NAME && found.is_none() {
            found = Some(name.span);
        }
    };
    for (_, item, _) in names.rules.iter().chain(&names.revisions) {
        item.clauses.iter().for_each(|c| clause(c, &mut see));
    }
    for (_, item, _) in &names.metrics {
        item.on.iter().for_each(|c| clause(c, &mut see));
    }
    for decl in &names.decls {
        graph::names(decl.body(), &mut see);
    }
    found
}

fn clause<'c>(clause: &'c Clause, see: &mut impl FnMut(&'c Ident)) {
    let mut exprs: Vec<&ast::Expr> = Vec::new();
    match &clause.kind {
        ClauseKind::On(ast::Trigger::Record { kind, filter, .. }) => {
            see(kind);
            exprs.extend(filter);
        }
        ClauseKind::On(ast::Trigger::Each { filter, .. } | ast::Trigger::Several { filter, .. }) => {
            exprs.extend(filter);
        }
        ClauseKind::On(ast::Trigger::Sequence(s)) => {
            for step in &s.steps {
                see(&step.kind);
                exprs.extend(&step.filter);
            }
        }
        ClauseKind::Where(e) | ClauseKind::When(e) | ClauseKind::To(e) => exprs.push(e),
        ClauseKind::Unless { condition, .. } => exprs.push(condition),
        ClauseKind::Need(h) => graph::history(h, see),
        ClauseKind::Aggregate(a) => exprs.extend(&a.value),
        ClauseKind::Because(template) => exprs.extend(template.parts.iter().filter_map(|p| match p {
            ast::TemplatePart::Expr(e) => Some(e),
            ast::TemplatePart::Text(_) => None,
        })),
        _ => {}
    }
    exprs.into_iter().for_each(|e| graph::names(e, see));
}

// ---------------------------------------------------------------- levels

/// What one place of a rule sees: the rules that it names, or all that are not over findings.
pub(super) struct Use {
    pub named: Option<BTreeSet<u16>>,
    span: Span,
}

/// Gives each rule its level: after all rules whose findings it sees; and so each metric. A circle is told, and these
/// rules left out.
pub fn stratify(world: &World, rules: &mut Vec<Rule>, metrics: &mut [Metric]) {
    let Some(&kind) = world.kinds.get(NAME) else { return };
    if world.schema.kind(kind).origin != Origin::Findings {
        return;
    }
    let Some((look, words)) = Look::at(&world.schema, kind) else { return };
    let uses: Vec<Vec<Use>> = rules.iter().map(|r| look.uses(r)).collect();
    let mut by_name: FxHashMap<&str, Vec<usize>> = FxHashMap::default();
    for (i, rule) in rules.iter().enumerate() {
        by_name.entry(rule.name.as_str()).or_default().push(i);
    }
    let name_of = |word: &u16| world.schema.enum_def(words).words[*word as usize].name.as_str();
    let plain: Vec<usize> = (0..rules.len()).filter(|i| uses[*i].is_empty()).collect();
    let needs: Vec<Vec<(usize, Span)>> = uses
        .iter()
        .map(|uses| {
            let mut needs = Vec::new();
            for of in uses {
                match &of.named {
                    Some(named) => {
                        let rules = named.iter().filter_map(|w| by_name.get(name_of(w))).flatten();
                        needs.extend(rules.map(|&i| (i, of.span)));
                    }
                    None => needs.extend(plain.iter().map(|&i| (i, of.span))),
                }
            }
            needs
        })
        .collect();
    let over: Vec<bool> = uses.iter().map(|u| !u.is_empty()).collect();
    let (levels, circles) = levels(&needs, &over);
    for circle in &circles {
        tell(world, rules, circle, &needs);
    }
    // Words of the rules that are not over findings.
    let seen: Vec<Value> = {
        let plain: FxHashSet<&str> = plain.iter().map(|&i| rules[i].name.as_str()).collect();
        let def = world.schema.enum_def(words);
        (0..def.words.len())
            .filter(|&w| plain.contains(def.words[w].name.as_str()))
            .map(|w| Value::Enum(words, w as u16))
            .collect()
    };
    for metric in metrics {
        let mut rule = metric.as_rule();
        let uses = look.uses(&rule);
        let named = uses.iter().flat_map(|of| of.named.iter().flatten()).filter_map(|w| by_name.get(name_of(w)));
        metric.level = named.flatten().map(|&i| levels[i] + 1).max().unwrap_or(0).max(u32::from(!uses.is_empty()));
        if metric.level > 1 {
            look.restrict(&mut rule, &seen);
            metric.trigger = rule.trigger;
        }
    }
    for (i, rule) in rules.iter_mut().enumerate() {
        rule.level = levels[i];
        if rule.level > 1 {
            // At this level there are findings over findings too: only what is named sees them.
            look.restrict(rule, &seen);
        }
    }
    let broken: FxHashSet<usize> = circles.into_iter().flatten().collect();
    let mut at = 0;
    rules.retain(|_| {
        at += 1;
        !broken.contains(&(at - 1))
    });
}

/// By rule; and the circles, each from one of its rules along what it needs.
fn levels(needs: &[Vec<(usize, Span)>], over: &[bool]) -> (Vec<u32>, Vec<Vec<usize>>) {
    let mut level = vec![0u32; needs.len()];
    let mut state = vec![0u8; needs.len()];
    let mut circles: Vec<Vec<usize>> = Vec::new();
    for start in 0..needs.len() {
        if state[start] != 0 {
            continue;
        }
        let mut path = vec![(start, 0usize)];
        state[start] = 1;
        while let Some((at, next)) = path.last_mut() {
            let at = *at;
            let Some(&(to, _)) = needs[at].get(*next) else {
                state[at] = 2;
                level[at] = needs[at].iter().map(|(n, _)| level[*n] + 1).max().unwrap_or(0).max(u32::from(over[at]));
                path.pop();
                continue;
            };
            *next += 1;
            match state[to] {
                0 => {
                    state[to] = 1;
                    path.push((to, 0));
                }
                1 => {
                    let from = path.iter().position(|(i, _)| *i == to).unwrap_or(0);
                    circles.push(path[from..].iter().map(|(i, _)| *i).collect());
                }
                _ => {}
            }
        }
    }
    (level, circles)
}

fn tell(world: &World, rules: &[Rule], circle: &[usize], needs: &[Vec<(usize, Span)>]) {
    let mut names: Vec<&str> = circle.iter().map(|i| rules[*i].name.as_str()).collect();
    names.push(names[0]);
    let way = names.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(" → ");
    let place = |from: usize, to: usize| needs[from].iter().find(|n| n.0 == to).map(|n| n.1);
    let span = place(circle[0], circle[1 % circle.len()]).unwrap_or(rules[circle[0]].name_span);
    let first = names[0];
    let mut d = Diagnostic::error(
        Code::FindingsInACircle,
        format!("`{first}` depends on its own findings: {way}"),
        span,
        format!("here it looks at findings of `{}`", names[1]),
    );
    for (i, &rule) in circle.iter().enumerate().skip(1).take(7) {
        let to = circle[(i + 1) % circle.len()];
        let at = place(rule, to).unwrap_or(rules[rule].name_span);
        d = d.label(at, format!("`{}` looks at findings of `{}`", rules[rule].name, rules[to].name));
    }
    world.report.tell(d.help(
        "what a rule finds cannot depend on what it finds; name the rules whose findings are meant, without this one: `where rule in { … }`",
    ));
}

pub(super) struct Look {
    kind: KindId,
    column: ColumnId,
}

impl Look {
    /// At a kind of findings; and the enum of the rules' names.
    pub fn at(schema: &Schema, kind: KindId) -> Option<(Look, EnumId)> {
        let column = schema.kind(kind).column("rule")?;
        match schema.column(kind, column).ty {
            Type::Enum(words) => Some((Look { kind, column }, words)),
            _ => None,
        }
    }

    pub fn uses(&self, rule: &Rule) -> Vec<Use> {
        let mut uses = Vec::new();
        let mut exprs: Vec<&Expr> = Vec::new();
        match &rule.trigger {
            Trigger::Record { kind, filter, span } => {
                if *kind == self.kind {
                    uses.push(Use { named: filter.as_ref().and_then(|f| self.named(f, 0)), span: *span });
                }
                exprs.extend(filter);
            }
            Trigger::Each { filter, .. } => exprs.extend(filter),
            Trigger::Sequence(s) => {
                for step in &s.steps {
                    if step.kind == self.kind {
                        let named = step.filter.as_ref().and_then(|f| self.named(f, step.root));
                        uses.push(Use { named, span: step.span });
                    }
                    exprs.extend(&step.filter);
                    exprs.extend(step.keys.iter().flat_map(|k| [&k.inner, &k.outer]));
                }
            }
        }
        match &rule.body {
            Body::Forbid { when } => exprs.push(when),
            Body::Require { when, need } => {
                exprs.extend(when);
                self.history(need, &mut uses);
            }
            Body::Limit { when, aggregate, to } => {
                exprs.extend(when);
                exprs.push(to);
                self.history(aggregate, &mut uses);
            }
        }
        exprs.extend(rule.unless.iter().map(|e| &e.condition));
        exprs.extend(rule.because.iter().flatten().filter_map(|p| match p {
            super::hir::MessagePart::Expr(e) => Some(e),
            super::hir::MessagePart::Text(_) => None,
        }));
        exprs.into_iter().for_each(|e| self.expr(e, &mut uses));
        uses
    }

    fn expr(&self, expr: &Expr, uses: &mut Vec<Use>) {
        match &expr.kind {
            ExprKind::History(h) => self.history(h, uses),
            _ => expr.children().into_iter().for_each(|e| self.expr(e, uses)),
        }
    }

    fn history(&self, h: &History, uses: &mut Vec<Use>) {
        if h.kind == self.kind {
            uses.push(Use { named: h.filter.as_ref().and_then(|f| self.named(f, h.root + 1)), span: h.span });
        }
        let keys = h.keys.iter().flat_map(|k| [&k.inner, &k.outer]);
        h.value.iter().chain(&h.filter).chain(&h.per).chain(keys).for_each(|e| self.expr(e, uses));
    }

    /// The rules to which a condition on a finding holds it, where it does.
    fn named(&self, filter: &Expr, root: u8) -> Option<BTreeSet<u16>> {
        let is_rule =
            |e: &Expr| matches!(e.kind, ExprKind::Column { root: r, column } if r == root && column == self.column);
        let word = |v: &Value| match v {
            Value::Enum(_, word) => Some(*word),
            _ => None,
        };
        match &filter.kind {
            ExprKind::Named { body, .. } => self.named(body, root),
            ExprKind::And(all) => {
                all.iter().filter_map(|e| self.named(e, root)).reduce(|a, b| a.intersection(&b).copied().collect())
            }
            ExprKind::Or(all) => all.iter().map(|e| self.named(e, root)).reduce(|a, b| Some(&a? | &b?))?,
            ExprKind::Compare { op: CompareOp::Eq, left, right, .. } => match (&left.kind, &right.kind) {
                (_, ExprKind::Constant(v)) if is_rule(left) => word(v).map(|w| BTreeSet::from([w])),
                (ExprKind::Constant(v), _) if is_rule(right) => word(v).map(|w| BTreeSet::from([w])),
                _ => None,
            },
            ExprKind::In { item, set, .. } if is_rule(item) => Some(set.iter().filter_map(word).collect()),
            _ => None,
        }
    }

    /// Adds to what names no rules that it sees only those that are not over findings.
    fn restrict(&self, rule: &mut Rule, seen: &[Value]) {
        match &mut rule.trigger {
            Trigger::Record { kind, filter, span } if *kind == self.kind => self.only(filter, 0, *span, seen),
            Trigger::Record { filter, .. } | Trigger::Each { filter, .. } => {
                filter.iter_mut().for_each(|f| self.restrict_in(f, seen));
            }
            Trigger::Sequence(s) => {
                for step in &mut s.steps {
                    if step.kind == self.kind {
                        self.only(&mut step.filter, step.root, step.span, seen);
                    }
                }
            }
        }
        match &mut rule.body {
            Body::Forbid { when } => self.restrict_in(when, seen),
            Body::Require { when, need } => {
                when.iter_mut().for_each(|w| self.restrict_in(w, seen));
                self.restrict_history(need, seen);
            }
            Body::Limit { when, aggregate, to } => {
                when.iter_mut().for_each(|w| self.restrict_in(w, seen));
                self.restrict_in(to, seen);
                self.restrict_history(aggregate, seen);
            }
        }
        rule.unless.iter_mut().for_each(|e| self.restrict_in(&mut e.condition, seen));
        for part in rule.because.iter_mut().flatten() {
            if let super::hir::MessagePart::Expr(e) = part {
                self.restrict_in(e, seen);
            }
        }
    }

    fn restrict_in(&self, expr: &mut Expr, seen: &[Value]) {
        match &mut expr.kind {
            ExprKind::History(h) => self.restrict_history(h, seen),
            _ => expr.children_mut().into_iter().for_each(|e| self.restrict_in(e, seen)),
        }
    }

    fn restrict_history(&self, h: &mut History, seen: &[Value]) {
        if h.kind == self.kind {
            self.only(&mut h.filter, h.root + 1, h.span, seen);
        }
        h.filter.iter_mut().chain(&mut h.value).for_each(|e| self.restrict_in(e, seen));
    }

    fn only(&self, filter: &mut Option<Expr>, root: u8, span: Span, seen: &[Value]) {
        if filter.as_ref().is_some_and(|f| self.named(f, root).is_some()) {
            return;
        }
        let kind = match seen.first() {
            Some(Value::Enum(words, _)) => {
                let rule = ExprKind::Column { root, column: self.column };
                let item = Box::new(Expr { kind: rule, ty: Type::Enum(*words), optional: false, span });
                ExprKind::In { item, set: seen.to_vec(), ignoring_case: false }
            }
            _ => ExprKind::Constant(Value::Bool(false)),
        };
        let only = Expr { kind, ty: Type::Bool, optional: false, span };
        *filter = Some(match filter.take() {
            None => only,
            Some(Expr { kind: ExprKind::And(mut all), ty, optional, span }) => {
                all.push(only);
                Expr { kind: ExprKind::And(all), ty, optional, span }
            }
            Some(before) => {
                Expr { span: before.span, kind: ExprKind::And(vec![before, only]), ty: Type::Bool, optional: false }
            }
        });
    }
}
