//! Conditions: that each certainly holds, and that it certainly does not.

use super::model::{Asked, Cell};
use super::term::{Sort, Term, all, any, number, quoted};
use super::{Read, Reader};
use crate::analyze::history;
use crate::analyze::lower::{Limits, Whole, kinds};
use crate::analyze::scalar::constant;
use crate::data::{EnumId, Type, Value};
use crate::sema::hir::{Body, CompareOp, Expr, ExprKind, Func, History, Rule, TextOp, Trigger};

/// Two formulas; where neither holds, it is not known.
#[derive(Clone, Debug)]
pub struct Truth {
    pub yes: String,
    pub no: String,
}

impl Truth {
    fn constant(b: bool) -> Truth {
        Truth { yes: b.to_string(), no: (!b).to_string() }
    }

    pub fn or(&self, other: &Truth) -> Truth {
        Truth { yes: format!("(or {} {})", self.yes, other.yes), no: format!("(and {} {})", self.no, other.no) }
    }

    fn not(self) -> Truth {
        Truth { yes: self.no, no: self.yes }
    }
}

impl Reader<'_, '_> {
    pub fn rule(mut self, rule: &Rule) -> Read {
        let mut scope = vec![self.triggered(&rule.trigger), self.days(rule.effective.0, rule.effective.1)];
        scope.extend(rule.trigger.filter().map(|f| self.truth(f)));
        let mut base = scope.clone();
        match &rule.body {
            Body::Forbid { when } => base.push(self.truth(when)),
            Body::Require { when, need } => {
                base.extend(when.iter().map(|w| self.truth(w)));
                base.push(self.exists(need).not());
            }
            Body::Limit { when, aggregate, to } => {
                base.extend(when.iter().map(|w| self.truth(w)));
                base.push(self.over(rule, aggregate, to));
            }
        }
        if let Trigger::Sequence(sequence) = &rule.trigger {
            self.wholes.push((sequence.span, Whole::Sequence));
            let key = crate::analyze::lower::sequence_text(&self.names, sequence);
            base.push(self.open(key));
        }
        let scope = self.every(&scope);
        let base = self.every(&base);
        let mut found = vec![base.clone()];
        found.extend(rule.unless.iter().map(|e| self.truth(&e.condition).not()));
        for waiver in &rule.waivers {
            let mut covers = vec![self.days(Some(waiver.from), Some(waiver.until))];
            covers.extend(waiver.condition.iter().map(|c| self.truth(c)));
            found.push(self.every(&covers).not());
        }
        let found = self.every(&found);
        Read { scope, base, found, wholes: self.wholes }
    }

    fn every(&mut self, parts: &[Truth]) -> Truth {
        let of = |side: fn(&Truth) -> &String| parts.iter().map(|t| side(t).clone()).collect::<Vec<_>>();
        let (yes, no) = (all(&of(|t| &t.yes)), any(&of(|t| &t.no)));
        self.named(&yes, &no)
    }

    fn some(&mut self, parts: &[Truth]) -> Truth {
        let of = |side: fn(&Truth) -> &String| parts.iter().map(|t| side(t).clone()).collect::<Vec<_>>();
        let (yes, no) = (any(&of(|t| &t.yes)), all(&of(|t| &t.no)));
        self.named(&yes, &no)
    }

    fn named(&mut self, yes: &str, no: &str) -> Truth {
        Truth { yes: self.question.define("Bool", yes), no: self.question.define("Bool", no) }
    }

    /// True, false or unknown, whatever makes it so.
    fn open(&mut self, key: String) -> Truth {
        if let Some(truth) = self.question.truths.get(&key) {
            return truth.clone();
        }
        let value = self.question.declare("b", "Bool");
        let state = self.question.state(false);
        let truth = self.named(&format!("(and (= {state} 0) {value})"), &format!("(and (= {state} 0) (not {value}))"));
        self.question.truths.insert(key, truth.clone());
        truth
    }

    fn opaque(&mut self, e: &Expr, why: Whole) -> Truth {
        self.wholes.push((e.span, why));
        let key = self.names.text(e);
        self.open(key)
    }

    fn triggered(&mut self, trigger: &Trigger) -> Truth {
        let kind = match self.question.terms.get("what triggers it") {
            Some(term) => term.value.clone(),
            None => {
                let value = self.question.declare("k", "Int");
                let term = Term {
                    value: value.clone(),
                    known: "true".into(),
                    absent: "false".into(),
                    sort: Sort::Int,
                    currency: None,
                };
                self.question.terms.insert("what triggers it".into(), term);
                self.question.ask_for(Asked::Kind(value.clone()));
                value
            }
        };
        let of = kinds(trigger, &self.names);
        let among: Vec<String> = of.iter().map(|k| format!("(= {kind} {})", self.question.word(k))).collect();
        let yes = any(&among);
        let no = format!("(not {yes})");
        self.named(&yes, &no)
    }

    /// `from <= day < until`
    fn days(&mut self, from: Option<i32>, until: Option<i32>) -> Truth {
        if (from, until) == (None, None) {
            return Truth::constant(true);
        }
        let day = self.day();
        let bounds = [from.map(|f| format!("(<= {f} {})", day.value)), until.map(|u| format!("(< {} {u})", day.value))];
        let inside = all(&bounds.into_iter().flatten().collect::<Vec<_>>());
        self.tested(&day, &inside)
    }

    /// The day that a record is of.
    fn day(&mut self) -> Term {
        let kind = self.names.schema.kind(self.names.roots[0]);
        let own = kind.time().map(|t| &kind.columns[t.0 as usize]);
        if let Some(column) = own.filter(|c| c.ty == Type::Date) {
            return self.column(&column.name, &column.ty, false);
        }
        let term = self.question.free(self.names.schema, "day of the record", &Type::Date, false);
        if let (Some(column), true) = (own, self.utc) {
            let moment = self.column(&column.name, &column.ty, false);
            let same = format!("(= {} (div {} {}))", term.value, moment.value, crate::data::calendar::NANOS_PER_DAY);
            self.question.assert(&same);
        } else {
            self.question.ask_for(Asked::Day(term.value.clone()));
        }
        term
    }

    /// A test of one value; of what is absent it does not hold.
    fn tested(&mut self, of: &Term, test: &str) -> Truth {
        let test = self.question.define("Bool", test);
        self.named(
            &format!("(and {} {test})", of.known),
            &format!("(or {} (and {} (not {test})))", of.absent, of.known),
        )
    }

    fn over(&mut self, rule: &Rule, aggregate: &History, to: &Expr) -> Truth {
        let text = self.names.history(aggregate);
        let plain = self.limits == Limits::ByAmount
            && matches!(rule.body, Body::Limit { when: None, .. })
            && rule.unless.is_empty()
            && rule.waivers.is_empty()
            && rule.effective == (None, None);
        if plain && constant(to).is_some() {
            let sum = self.question.free(self.names.schema, &text, &to.ty, false);
            let limit = self.term(to);
            return self.compared(CompareOp::Gt, &sum, &limit, "");
        }
        self.wholes.push((aggregate.span, Whole::Limit));
        self.open(format!("{text} over {} in {:?}", self.names.text(to), rule.effective))
    }

    pub fn truth(&mut self, e: &Expr) -> Truth {
        match &e.kind {
            ExprKind::Named { body, .. } => self.truth(body),
            ExprKind::Constant(Value::Bool(b)) => Truth::constant(*b),
            ExprKind::Not(of) => self.truth(of).not(),
            ExprKind::And(parts) => {
                let parts: Vec<Truth> = parts.iter().map(|p| self.truth(p)).collect();
                self.every(&parts)
            }
            ExprKind::Or(parts) => {
                let parts: Vec<Truth> = parts.iter().map(|p| self.truth(p)).collect();
                self.some(&parts)
            }
            ExprKind::Compare { op, left, right, ignoring_case } => self.compare(e, *op, left, right, *ignoring_case),
            ExprKind::In { item, set, ignoring_case } => self.is_in(e, item, set, *ignoring_case),
            ExprKind::InColumn { item, list, ignoring_case: false } => {
                let (item, list) = (self.term(item), self.term(list));
                if item.sort == Sort::List || list.sort != Sort::List {
                    return self.opaque(e, Whole::Lists);
                }
                let absent = format!("(or {} {})", item.absent, list.absent);
                let known = format!("(and {} {})", item.known, list.known);
                let among = self.question.define("Bool", &format!("({} {})", list.value, item.value));
                self.named(&format!("(and {known} {among})"), &format!("(or {absent} (and {known} (not {among})))"))
            }
            ExprKind::Overlaps { left, right, ignoring_case: false } => match (constant(left), constant(right)) {
                (Some(Value::List(items)), None) => self.any_of(e, right, &items),
                (None, Some(Value::List(items))) => self.any_of(e, left, &items),
                _ => self.opaque(e, Whole::Lists),
            },
            ExprKind::TextTest { op, left, right, ignoring_case } => {
                let (text, part) = (self.text(left, *ignoring_case), self.text(right, *ignoring_case));
                let (Some(text), Some(part)) = (text, part) else { return self.opaque(e, Whole::IgnoringCase) };
                let test = match op {
                    TextOp::StartsWith => format!("(str.prefixof {} {})", part.value, text.value),
                    TextOp::EndsWith => format!("(str.suffixof {} {})", part.value, text.value),
                    TextOp::Contains => format!("(str.contains {} {})", text.value, part.value),
                };
                self.tested_both(&text, &part, &test)
            }
            ExprKind::InDomain { host, domains } => {
                let Some(host) = self.text(host, true) else { return self.opaque(e, Whole::Letters) };
                let tests: Option<Vec<String>> = domains
                    .iter()
                    .map(|d| {
                        let (own, under) = (quoted(d)?, quoted(&format!(".{d}"))?);
                        Some(format!("(or (= {} {own}) (str.suffixof {under} {}))", host.value, host.value))
                    })
                    .collect();
                match tests {
                    Some(tests) => self.tested(&host, &any(&tests)),
                    None => self.opaque(e, Whole::Letters),
                }
            }
            ExprKind::Present(of) => {
                let of = self.term(of);
                Truth { yes: of.known, no: of.absent }
            }
            ExprKind::History(history) => match history.func {
                Func::Exists => self.exists(history),
                Func::No => {
                    let there = History { func: Func::Exists, ..(**history).clone() };
                    self.exists(&there).not()
                }
                _ => self.opaque(e, Whole::History),
            },
            ExprKind::Column { root: 0, .. } | ExprKind::Lookup { root: 0, .. } | ExprKind::Coalesce(..) => {
                let of = self.term(e);
                let value = of.value.clone();
                self.tested(&of, &value)
            }
            ExprKind::Matches { .. } => self.opaque(e, Whole::Pattern),
            ExprKind::Under { .. } => self.opaque(e, Whole::Above),
            ExprKind::InColumn { .. } | ExprKind::Overlaps { .. } => self.opaque(e, Whole::IgnoringCase),
            _ => self.opaque(e, Whole::Other),
        }
    }

    fn tested_both(&mut self, a: &Term, b: &Term, test: &str) -> Truth {
        let known = format!("(and {} {})", a.known, b.known);
        let absent = format!("(or {} {})", a.absent, b.absent);
        let test = self.question.define("Bool", test);
        self.named(&format!("(and {known} {test})"), &format!("(or {absent} (and {known} (not {test})))"))
    }

    /// A text; in lower case, a text of its own.
    fn text(&mut self, e: &Expr, lower: bool) -> Option<Term> {
        let schema = self.names.schema;
        if lower && let Some(Value::Text(text)) = constant(e) {
            return self.question.constant(schema, &Value::Text(text.to_lowercase()));
        }
        let of = self.term(e);
        if of.sort != Sort::Text {
            return None;
        }
        if !lower {
            return Some(of);
        }
        let function = self.question.function("lower case".into(), "String", "String");
        let value = self.question.define("String", &format!("({function} {})", of.value));
        if let ExprKind::Column { root: 0, column } = &e.kind {
            let column = &schema.column(self.names.roots[0], *column).name;
            self.question.ask_for(Asked::Lowered { column: column.clone(), cell: Cell::lowered(&value, &of) });
        }
        Some(Term { value, ..of })
    }

    fn compare(&mut self, e: &Expr, op: CompareOp, left: &Expr, right: &Expr, ignoring_case: bool) -> Truth {
        if ignoring_case {
            let (Some(a), Some(b)) = (self.text(left, true), self.text(right, true)) else {
                return self.opaque(e, Whole::IgnoringCase);
            };
            let equal = format!("(= {} {})", a.value, b.value);
            let test = if op == CompareOp::Eq { equal } else { format!("(not {equal})") };
            return self.tested_both(&a, &b, &test);
        }
        if let Type::Enum(of) = left.ty
            && !matches!(op, CompareOp::Eq | CompareOp::Ne)
        {
            return self.ranked(e, of, op, left, right);
        }
        let (a, b) = (self.term(left), self.term(right));
        if a.sort != b.sort || a.sort == Sort::List {
            return self.opaque(e, Whole::Lists);
        }
        let key = self.names.text(e);
        self.compared(op, &a, &b, &key)
    }

    /// Words by their place.
    fn ranked(&mut self, e: &Expr, of: EnumId, op: CompareOp, left: &Expr, right: &Expr) -> Truth {
        if right.ty != Type::Enum(of) {
            return self.opaque(e, Whole::TwoValues);
        }
        let words: Vec<String> = self.names.schema.enum_def(of).words.iter().map(|w| w.name.clone()).collect();
        let (a, b) = (self.term(left), self.term(right));
        let rank = |term: &Term, this: &mut Self| {
            let mut body = "0".to_owned();
            for (place, word) in words.iter().enumerate().skip(1) {
                let code = this.question.word(word);
                body = format!("(ite (= {} {code}) {place} {body})", term.value);
            }
            this.question.define("Int", &body)
        };
        let (x, y) = (rank(&a, self), rank(&b, self));
        self.tested_both(&a, &b, &format!("({} {x} {y})", sign(op)))
    }

    /// Two values; amounts of two currencies are not compared.
    fn compared(&mut self, op: CompareOp, a: &Term, b: &Term, key: &str) -> Truth {
        let (x, y) = (&a.value, &b.value);
        let test = match op {
            CompareOp::Eq => format!("(= {x} {y})"),
            CompareOp::Ne => format!("(not (= {x} {y}))"),
            op => format!("({} {x} {y})", sign(op)),
        };
        let (Some(one), Some(other)) = (&a.currency, &b.currency) else { return self.tested_both(a, b, &test) };
        let alike = self.question.define("Bool", &format!("(= {one} {other})"));
        let plain = self.tested_both(a, b, &test);
        // With rates between currencies the evaluator knows more.
        let rates = self.names.schema.kinds.iter().any(|k| k.rates.is_some());
        let apart = if rates {
            self.open(format!("{key} by rates"))
        } else {
            Truth { yes: "false".into(), no: "false".into() }
        };
        let absent = format!("(or {} {})", a.absent, b.absent);
        self.named(
            &format!("(ite {alike} {} {})", plain.yes, apart.yes),
            &format!("(or {absent} (ite {alike} {} {}))", plain.no, apart.no),
        )
    }

    fn is_in(&mut self, e: &Expr, item: &Expr, set: &[Value], ignoring_case: bool) -> Truth {
        if matches!(item.ty, Type::List(_) | Type::Set(_)) {
            return if ignoring_case { self.opaque(e, Whole::IgnoringCase) } else { self.any_of(e, item, set) };
        }
        let schema = self.names.schema;
        let of = if ignoring_case { self.text(item, true) } else { Some(self.term(item)) };
        let Some(of) = of else { return self.opaque(e, Whole::IgnoringCase) };
        let mut parts = Vec::new();
        for value in set {
            let value = match value {
                Value::Text(text) if ignoring_case => Value::Text(text.to_lowercase()),
                value => value.clone(),
            };
            let Some(constant) = self.question.constant(schema, &value) else { return self.opaque(e, Whole::Other) };
            let key = format!("{} beside {value:?}", self.names.text(item));
            parts.push(self.compared(CompareOp::Eq, &of, &constant, &key));
        }
        match parts.is_empty() {
            true => Truth { yes: "false".into(), no: format!("(or {} {})", of.known, of.absent) },
            false => self.some(&parts),
        }
    }

    /// A list has one of these.
    fn any_of(&mut self, e: &Expr, list: &Expr, items: &[Value]) -> Truth {
        let schema = self.names.schema;
        let of = self.term(list);
        if of.sort != Sort::List {
            return self.opaque(e, Whole::Lists);
        }
        let mut tests = Vec::new();
        for item in items {
            let Some(constant) = self.question.constant(schema, item) else { return self.opaque(e, Whole::Lists) };
            if constant.currency.is_some() {
                return self.opaque(e, Whole::Lists);
            }
            let holds = self.question.define("Bool", &format!("({} {})", of.value, constant.value));
            if let ExprKind::Column { root: 0, column } = &list.kind {
                let column = schema.column(self.names.roots[0], *column).name.clone();
                self.question.ask_for(Asked::Element { column, item: item.clone(), holds: holds.clone() });
            }
            tests.push(holds);
        }
        self.tested(&of, &any(&tests))
    }

    /// As [`crate::analyze::lower`] has it: by how far away the nearest one is.
    fn exists(&mut self, history: &History) -> Truth {
        if history.filter.is_some() {
            self.wholes.push((history.span, Whole::History));
        }
        let like = history::like(&self.names, history);
        let Some(window) = history::distance(&self.names, history) else {
            let truth = self.open(self.names.history(history));
            if let Some(like) = like {
                self.question.ask_for(Asked::There { like, holds: truth.yes.clone() });
            }
            return truth;
        };
        let distance = self.question.free(self.names.schema, &window.key, &Type::Int, true);
        self.question.assert(&format!("(<= 0 {})", distance.value));
        let near = number(i128::from(window.length) * 2 + 10);
        self.question.usual.push(format!("(<= {} {near})", distance.value));
        if let Some(like) = like {
            let (days, known) = (distance.value.clone(), distance.known.clone());
            self.question.ask_for(Asked::Nearest { like, unit: window.unit, before: window.before, days, known });
        }
        let test = format!("({} {} {})", sign(window.op), distance.value, number(i128::from(window.length)));
        self.tested(&distance, &test)
    }
}

fn sign(op: CompareOp) -> &'static str {
    match op {
        CompareOp::Lt => "<",
        CompareOp::Le => "<=",
        CompareOp::Gt => ">",
        CompareOp::Ge => ">=",
        CompareOp::Eq | CompareOp::Ne => "=",
    }
}
