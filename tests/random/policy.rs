//! Rules that pass the checker.

use super::Tape;
use super::schema::{FEE, PRICE, Schema, Ty};

/// A record that names can be read from: what stands before its fields' names, and its kind.
#[derive(Clone)]
pub struct Root {
    pub prefix: String,
    pub kind: usize,
    /// Its event time is a date.
    pub dated: bool,
}

pub struct Writer<'t, 'a> {
    pub schema: &'t Schema,
    declared: usize,
    pub tape: &'t mut Tape<'a>,
    aliases: usize,
}

pub const SHARED: &str = "\
let words = { \"a\", \"AB\", \"x.com\" }
let sites = { \"x.com\", \"b.org\" }
param ceiling: money = 100 GBP { from 2024-02-03: 60 GBP }
param few: int = 2
param notice: duration = 7 days
define within_cap(x: int, y: int) = x <= y
";

pub fn rule(schema: &Schema, numbers: &[u16], name: &str) -> String {
    let mut tape = Tape::new(numbers);
    // The unions behind the others: only a trigger may name one.
    let declared = schema.kinds.len();
    let kinds = schema.kinds.iter().chain(&schema.unions).cloned().collect();
    let schema = Schema { kinds, ..schema.clone() };
    let mut writer = Writer { schema: &schema, declared, tape: &mut tape, aliases: 0 };
    writer.rule(name)
}

/// A rule with several conditions of which all must hold, some of them about one field of the record alone.
pub fn guarded(schema: &Schema, numbers: &[u16], name: &str) -> String {
    let mut tape = Tape::new(numbers);
    let mut writer = Writer { schema, tape: &mut tape, aliases: 0, declared: schema.kinds.len() };
    let kind = *writer.tape.pick(&writer.records());
    let dated = schema.kinds[kind].time() == Some(Ty::Date);
    let root = [Root { prefix: String::new(), kind, dated }];
    let mut out = format!("forbid {name} {{\n  on {}", schema.kinds[kind].name);
    if writer.tape.chance(40) {
        out += &format!(" where {}", writer.guard(kind));
    }
    out += &format!("\n  when {} and {} and {}\n", writer.guard(kind), writer.guard(kind), writer.grouped(&root, 1));
    if writer.tape.chance(25) {
        out += "  effective from 2024-01-20\n";
    }
    out + &writer.closing(&root) + "}\n\n"
}

/// A rule over amounts of several currencies.
pub fn priced(schema: &Schema, numbers: &[u16], name: &str) -> String {
    let mut tape = Tape::new(numbers);
    let mut writer = Writer { schema, tape: &mut tape, aliases: 0, declared: schema.kinds.len() };
    let kind = *writer.tape.pick(&writer.records());
    let dated = schema.kinds[kind].time() == Some(Ty::Date);
    let root = [Root { prefix: String::new(), kind, dated }];
    let on = schema.kinds[kind].name;
    let body = if writer.tape.chance(20) {
        let (func, field) = (*writer.tape.pick(&["sum", "min", "max", "avg"]), *writer.tape.pick(&[PRICE, FEE]));
        let (length, to) = (writer.length(dated), writer.written_amount());
        let keys = *writer.tape.pick(&["per actor", "across everyone"]);
        format!("limit {name} {{\n  on {on}\n  {func} {field} {keys} over {length}\n  to {to}\n")
    } else {
        format!("forbid {name} {{\n  on {on}\n  when {}\n", writer.priced(&root, 2))
    };
    let unless =
        if writer.tape.chance(25) { format!("  unless u: {}\n", writer.priced(&root, 1)) } else { String::new() };
    format!("{body}{unless}}}\n\n")
}

/// A metric over some record's own values.
pub fn metric(schema: &Schema, numbers: &[u16], name: &str) -> String {
    let mut tape = Tape::new(numbers);
    let mut writer = Writer { schema, tape: &mut tape, aliases: 0, declared: schema.kinds.len() };
    writer.metric(name)
}

/// A metric of what rules find.
pub fn metric_of_findings(numbers: &[u16], name: &str, rules: &[String]) -> String {
    let mut tape = Tape::new(numbers);
    let filter = match tape.below(4) {
        0 => String::new(),
        1 => " where severity >= major".into(),
        2 => format!(" where rule in {{ {}, {} }}", tape.pick(rules), tape.pick(rules)),
        _ => format!(" where rule == {}", tape.pick(rules)),
    };
    let figure =
        *tape.pick(&["count", "count per rule", "count per actor", "distinct actor", "distinct rule per severity"]);
    let period = match tape.below(4) {
        0 => "over all time".to_string(),
        _ => format!("in {}", tape.pick(&PERIODS)),
    };
    format!("metric {name} {{\n  on finding{filter}\n  {figure} {period}\n}}\n\n")
}

/// A rule over what the rules before it find; `rules` are these, `above` those of them that are over findings.
pub fn over_findings(
    schema: &Schema,
    numbers: &[u16],
    name: &str,
    rules: &[String],
    above: &[String],
    people: bool,
) -> String {
    let mut tape = Tape::new(numbers);
    Writer { schema, tape: &mut tape, aliases: 0, declared: schema.kinds.len() }
        .over_findings(name, rules, above, people)
}

const PERIODS: [&str; 6] =
    ["calendar month", "calendar year", "fiscal_quarter", "fiscal_year", "calendar quarter", "calendar day"];

impl Writer<'_, '_> {
    fn rule(&mut self, name: &str) -> String {
        let form = self.tape.below(12);
        let mut kind = *self.tape.pick(&self.records());
        if !self.schema.unions.is_empty() && self.tape.chance(15) {
            kind = self.declared + self.tape.below(self.schema.unions.len());
        }
        let dated = self.schema.kinds[kind].time() == Some(Ty::Date);
        let root = vec![Root { prefix: String::new(), kind, dated }];
        let mut out = String::new();
        match form {
            0..=8 => {
                let verb = match form {
                    0..=3 => "forbid",
                    4 | 5 => "require",
                    _ => "limit",
                };
                out += &format!("{verb} {name} {{\n{}", self.wording(verb, &root));
                if self.tape.chance(20) {
                    let until = if self.tape.chance(50) { " until 2024-02-03" } else { "" };
                    out += &format!("  effective from 2024-01-03{until}\n");
                    if self.tape.chance(60) {
                        out += &format!("}}\n\nrevise {name} effective from 2024-02-03 {{\n");
                        out += &self.wording(verb, &root);
                    }
                }
                out + "}\n\n" + &self.waivers(name, &root)
            }
            10 | 11 => {
                let verb = if self.tape.chance(30) { "require" } else { "forbid" };
                let (on, steps) = self.sequence();
                out += &format!("{verb} {name} {{\n{on}");
                if self.tape.chance(30) {
                    out += &format!("  when {}\n", self.cond(&steps, 2));
                }
                if verb == "require" {
                    out += &format!("  need {}\n", self.need(&steps));
                }
                out += &self.closing(&steps);
                let last = Root { prefix: String::new(), ..steps.last().unwrap().clone() };
                out + "}\n\n" + &self.waivers(name, &[last])
            }
            _ => {
                let table = vec![Root { prefix: String::new(), kind: 0, dated: true }];
                let at = if self.tape.chance(25) {
                    "as_of".to_string()
                } else {
                    let periods = ["month", "fiscal_quarter", "calendar year", "fiscal_year", "calendar quarter"];
                    format!("end of {}", self.tape.pick(&periods))
                };
                let verb = if self.tape.chance(50) { "require" } else { "forbid" };
                out += &format!("{verb} {name} {{\n  on each {} at {at}\n", self.schema.kinds[0].name);
                if self.tape.chance(30) {
                    out += &format!("  where {}\n", self.cond(&table, 1));
                }
                if verb == "require" {
                    if at != "as_of" && self.tape.chance(20) {
                        out += "  when period.end - 3 months >= period.start or period.start > 2024-02-01\n";
                    }
                    out += &format!("  need {}\n", self.need(&table));
                } else {
                    out += &format!("  when {}\n", self.cond(&table, 2));
                }
                out + "}\n\n" + &self.waivers(name, &table)
            }
        }
    }

    /// A rule's clauses.
    fn wording(&mut self, verb: &str, root: &[Root]) -> String {
        let mut out = self.on(root);
        match verb {
            "forbid" => out += &format!("  when {}\n", self.cond(root, 3)),
            "require" => {
                if self.tape.chance(40) {
                    out += &format!("  when {}\n", self.cond(root, 2));
                }
                out += &format!("  need {}\n", self.need(root));
            }
            _ => out += &self.limit(root),
        }
        out + &self.closing(root)
    }

    /// Exceptions, severity and message.
    fn closing(&mut self, root: &[Root]) -> String {
        let mut out = String::new();
        for i in 0..self.tape.below(3) {
            if self.tape.chance(50) {
                out += &format!("  unless u{i}: {}\n", self.cond(root, 2));
            }
        }
        if self.tape.chance(12) {
            let last = Root { prefix: String::new(), ..root.last().unwrap().clone() };
            out += &self.once(&last);
        }
        if self.tape.chance(30) {
            out += &format!("  severity {}\n", self.tape.pick(&["info", "minor", "major", "critical"]));
        }
        if self.tape.chance(30) {
            let of = root.last().unwrap();
            let id = self.schema.kinds[of.kind].fields.iter().any(|f| f.name == "id");
            let field = if id { "id" } else { "actor" };
            out += &format!("  because \"{{{0}{field}}} at {{{0}at_time}}\"\n", of.prefix);
        }
        out
    }

    pub fn records(&self) -> Vec<usize> {
        (0..self.declared).filter(|&k| !self.schema.kinds[k].is_table()).collect()
    }

    fn once(&mut self, root: &Root) -> String {
        let fields: Vec<String> =
            self.schema.kinds[root.kind].fields.iter().filter(|f| f.ty != Ty::Texts).map(|f| f.name.clone()).collect();
        let keys = match self.tape.below(4) {
            0 => "across everyone".to_owned(),
            1 | 2 => "per actor".to_owned(),
            _ => format!("per {}, {}", self.tape.pick(&fields), self.tape.pick(&fields)),
        };
        format!("  once {keys} per {}\n", self.tape.pick(&PERIODS))
    }

    /// Now and then, for some value of a field or for everyone, by somebody who may be a record's subject.
    fn waivers(&mut self, name: &str, root: &[Root]) -> String {
        let mut out = String::new();
        for _ in 0..2 {
            if !self.tape.chance(20) {
                continue;
            }
            let mut covers = Vec::new();
            for _ in 0..self.tape.below(3) {
                let fields: Vec<_> = self.all_paths(root).into_iter().filter(|p| p.2 != Ty::Texts).collect();
                let (path, _, ty) = self.tape.pick(&fields).clone();
                covers.push(format!("{path} {}", self.constant(ty)));
            }
            let covers = if covers.is_empty() { String::new() } else { format!(" for {}", covers.join(", ")) };
            let approver = if covers.contains("E1") { "boss" } else { *self.tape.pick(&["E1", "boss"]) };
            let from = self.tape.pick(&["2023-01-01", "2024-01-03", "2024-02-29"]);
            let until = self.tape.pick(&["2024-03-01", "2024-03-31", "2025-01-01"]);
            out += &format!(
                "waive {name}{covers} {{ from {from} until {until} approved_by \"{approver}\" reason \"r\" }}\n"
            );
        }
        out
    }

    fn metric(&mut self, name: &str) -> String {
        let records: Vec<usize> = (0..self.schema.kinds.len()).filter(|&k| !self.schema.kinds[k].is_table()).collect();
        let kind = *self.tape.pick(&records);
        let dated = self.schema.kinds[kind].time() == Some(Ty::Date);
        let root = vec![Root { prefix: String::new(), kind, dated }];
        let mut out = format!("metric {name} {{\n{}", self.on(&root));
        let (func, _, value) = self.aggregate(kind);
        let mut keys: Vec<String> = Vec::new();
        for _ in 0..self.tape.below(3) {
            let paths: Vec<_> = self.all_paths(&root).into_iter().filter(|p| p.2 != Ty::Texts).collect();
            keys.push(self.tape.pick(&paths).0.clone());
        }
        let people = self.people(kind);
        if !people.is_empty() && self.tape.chance(25) {
            keys.push(format!("every boss of {}", self.tape.pick(&people)));
        }
        let keys = if keys.is_empty() { String::new() } else { format!(" per {}", keys.join(", ")) };
        let period = match self.tape.below(4) {
            0 => "over all time".to_string(),
            1 => format!("per {}", self.tape.pick(&PERIODS)),
            _ => format!("in {}", self.tape.pick(&PERIODS)),
        };
        out += &format!("  {func} {value}{keys} {period}\n}}\n\n");
        out
    }

    fn over_findings(&mut self, name: &str, rules: &[String], above: &[String], people: bool) -> String {
        let which = |tape: &mut Tape, prefix: &str| match tape.below(5) {
            0 => String::new(),
            1 => format!(" where {prefix}severity >= {}", tape.pick(&["minor", "major"])),
            2 if !above.is_empty() => format!(" where {prefix}rule == {}", tape.pick(above)),
            3 => format!(" where {prefix}rule in {{ {}, {} }}", tape.pick(rules), tape.pick(rules)),
            _ => format!(" where {prefix}rule == {}", tape.pick(rules)),
        };
        let records: Vec<usize> = (0..self.schema.kinds.len()).filter(|&k| !self.schema.kinds[k].is_table()).collect();
        let kind = self.schema.kinds[*self.tape.pick(&records)].name;
        let window = *self.tape.pick(&["over 2 days", "over 30 days", "in calendar month", "over all time"]);
        // Findings about firms and about people have no subject in common with a record.
        let keys = if people { *self.tape.pick(&["", " across everyone"]) } else { " across everyone" };
        match self.tape.below(5) {
            0 => {
                let filter = which(self.tape, "");
                format!("forbid {name} {{\n  on finding{filter}\n  when severity >= minor or actor? == \"E1\"\n}}\n\n")
            }
            1 => {
                let filter = which(self.tape, "f.");
                let count = format!("count(finding as f {window}{keys}{filter})");
                format!("forbid {name} {{\n  on {kind}\n  when {count} > {}\n}}\n\n", self.tape.below(3))
            }
            2 => {
                let filter = which(self.tape, "");
                let side = *self.tape.pick(&["within 2 days after", "within 30 days before"]);
                format!("require {name} {{\n  on finding{filter}\n  need {kind} {side}{keys}\n}}\n\n")
            }
            _ => {
                let filter = which(self.tape, "");
                let boss = people && self.schema.has_boss(0) && self.tape.chance(60);
                let key = if boss { "every boss of actor" } else { "actor" };
                let to = self.tape.below(3);
                format!("limit {name} {{\n  on finding{filter}\n  count per {key} {window}\n  to {to}\n}}\n\n")
            }
        }
    }

    fn on(&mut self, root: &[Root]) -> String {
        let kind = self.schema.kinds[root[0].kind].name;
        if self.tape.chance(35) {
            let cond = self.cond(root, 2);
            return if self.tape.chance(30) {
                format!("  on {kind}\n  where {cond}\n")
            } else {
                format!("  on {kind} where {cond}\n")
            };
        }
        format!("  on {kind}\n")
    }

    /// Fields that name somebody who may have a boss.
    fn people(&self, kind: usize) -> Vec<String> {
        let fields = self.schema.kinds[kind].fields.iter();
        let people = fields.filter(|f| matches!(f.ty, Ty::Ref(table) if self.schema.has_boss(table)));
        people.map(|f| f.name.clone()).collect()
    }

    fn limit(&mut self, root: &[Root]) -> String {
        let mut out = String::new();
        if self.tape.chance(25) {
            out += &format!("  when {}\n", self.cond(root, 1));
        }
        let (func, ty, value) = self.aggregate(root[0].kind);
        let mut keys = self.keys(root[0].kind, root[0].kind, "per").unwrap_or("per actor".into());
        let people = self.people(root[0].kind);
        if !people.is_empty() && self.tape.chance(35) {
            let who = self.tape.pick(&people).clone();
            keys = match keys.strip_prefix("per ") {
                Some(others) if self.tape.chance(30) => format!("per {others}, every boss of {who}"),
                _ => format!("per every boss of {who}"),
            };
        }
        let window = match self.tape.below(4) {
            0 | 1 => format!("over {}", self.length(root[0].dated)),
            2 => "over all time".to_string(),
            _ => format!("over {}", self.tape.pick(&PERIODS)),
        };
        out += &format!("  {func} {value} {keys} {window}\n");
        let to = self.constant(ty);
        out += &format!("  to {to}\n");
        out
    }

    /// An aggregate's function, the type of its result, and a field that it can take.
    fn aggregate(&mut self, kind: usize) -> (&'static str, Ty, String) {
        let fields = &self.schema.kinds[kind].fields;
        let numeric: Vec<_> = fields.iter().filter(|f| addable(f.ty)).collect();
        if numeric.is_empty() || self.tape.chance(20) {
            if self.tape.chance(50) {
                let field = &fields[self.tape.below(fields.len())];
                if field.ty != Ty::Texts {
                    return ("distinct", Ty::Int, field.name.clone());
                }
            }
            return ("count", Ty::Int, String::new());
        }
        let field = *self.tape.pick(&numeric);
        let func = *self.tape.pick(&["sum", "sum", "min", "max", "avg"]);
        let ty = if func == "avg" && field.ty == Ty::Int { Ty::Decimal } else { field.ty };
        (func, ty, field.name.clone())
    }

    /// `by …` over fields that both kinds have; none: the default.
    fn keys(&mut self, outer: usize, inner: usize, word: &str) -> Option<String> {
        match self.tape.below(8) {
            0..=4 => None,
            5 => Some("across everyone".into()),
            n => {
                let kinds = &self.schema.kinds;
                let both: Vec<&str> = kinds[inner]
                    .fields
                    .iter()
                    .filter(|f| !matches!(f.ty, Ty::Texts | Ty::Money | Ty::Duration))
                    .filter(|f| kinds[outer].fields.iter().any(|g| g.name == f.name && g.ty == f.ty))
                    .map(|f| f.name.as_str())
                    .collect();
                if both.is_empty() || kinds[outer].is_table() {
                    return None;
                }
                let first = *self.tape.pick(&both);
                if n == 6 {
                    return Some(format!("{word} {first}"));
                }
                let second = *self.tape.pick(&both);
                Some(if first == second { format!("{word} {first}") } else { format!("{word} {first}, {second}") })
            }
        }
    }

    /// Without business days.
    pub fn plain_length(&mut self, dated: bool) -> String {
        let length = self.length(dated);
        if length.contains("business") { "1 week".into() } else { length }
    }

    pub fn length(&mut self, dated: bool) -> String {
        let lengths = [
            "1 day",
            "2 days",
            "30 days",
            "1 month",
            "3 months",
            "1 year",
            "1 week",
            "1 business day",
            "3 business days",
            "12 hours",
            "36 hours",
        ];
        let n = if dated { 9 } else { 11 };
        lengths[self.tape.below(n)].into()
    }

    /// A window of a history condition between two kinds of event.
    fn window(&mut self, dated: bool) -> String {
        match self.tape.below(9) {
            0 | 1 => format!("within {} before", self.length(dated)),
            2 | 3 => format!("over {}", self.length(dated)),
            4 => format!("within {} after", self.length(dated)),
            5 => format!("within {} around", self.length(dated)),
            6 => "over all time".into(),
            _ => format!("in {}", self.tape.pick(&PERIODS)),
        }
    }

    pub fn need(&mut self, roots: &[Root]) -> String {
        let (inner, kind) = self.inner(roots);
        let dated = roots.last().unwrap().dated || inner.last().unwrap().dated;
        let window = match self.tape.below(4) {
            0 | 1 => format!("within {} before", self.length(dated)),
            _ => format!("within {} after", self.length(dated)),
        };
        self.tail(roots, &inner, kind, &window, 2)
    }

    fn inner(&mut self, roots: &[Root]) -> (Vec<Root>, usize) {
        let records = self.records();
        let kind = *self.tape.pick(&records);
        let dated = self.schema.kinds[kind].time() == Some(Ty::Date);
        self.aliases += 1;
        let mut inner = roots.to_vec();
        inner.push(Root { prefix: format!("h{}.", self.aliases), kind, dated });
        (inner, kind)
    }

    /// Kind, alias, window, keys and filter.
    fn tail(&mut self, roots: &[Root], inner: &[Root], kind: usize, window: &str, depth: usize) -> String {
        let name = self.schema.kinds[kind].name;
        format!("{name} {}", self.after_kind(roots, inner, kind, window, depth))
    }

    fn after_kind(&mut self, roots: &[Root], inner: &[Root], kind: usize, window: &str, depth: usize) -> String {
        let alias = inner.last().unwrap().prefix.trim_end_matches('.').to_string();
        let keys = self.keys(roots.last().unwrap().kind, kind, "by").map_or(String::new(), |k| format!(" {k}"));
        let filter = if self.tape.chance(55) {
            let cond = self.cond(inner, depth.min(1));
            format!(" where {cond}")
        } else {
            String::new()
        };
        format!("as {alias} {window}{keys}{filter}")
    }

    // -------------------------------------------------------------- conditions

    pub fn cond(&mut self, roots: &[Root], depth: usize) -> String {
        if depth == 0 {
            return self.atom(roots);
        }
        match self.tape.below(12) {
            0..=3 => self.atom(roots),
            4 | 5 => format!("{} and {}", self.grouped(roots, depth - 1), self.grouped(roots, depth - 1)),
            6 => format!("{} or {}", self.grouped(roots, depth - 1), self.grouped(roots, depth - 1)),
            7 => format!("not {}", self.grouped(roots, depth - 1)),
            _ => self.history(roots, depth),
        }
    }

    fn grouped(&mut self, roots: &[Root], depth: usize) -> String {
        format!("({})", self.cond(roots, depth))
    }

    fn history(&mut self, roots: &[Root], depth: usize) -> String {
        let (inner, kind) = self.inner(roots);
        let dated = roots.last().unwrap().dated || inner.last().unwrap().dated;
        let window = self.window(dated);
        match self.tape.below(5) {
            0 => format!("exists {}", self.tail(roots, &inner, kind, &window, depth - 1)),
            1 => format!("no {}", self.tail(roots, &inner, kind, &window, depth - 1)),
            2 if self.tape.chance(50) => self.median(roots, &inner, kind, &window, depth),
            _ => {
                let (mut func, mut ty, field) = self.aggregate(kind);
                let name = self.schema.kinds[kind].name;
                if matches!(func, "min" | "max") && self.tape.chance(40) {
                    func = if func == "min" { "first" } else { "last" };
                }
                if func == "count" {
                    ty = Ty::Int;
                }
                let of = if field.is_empty() { name.to_string() } else { format!("{name}.{field}") };
                let call = format!("{func}({of} {})", self.after_kind(roots, &inner, kind, &window, depth - 1));
                let handled = match func {
                    "count" | "sum" | "distinct" => call,
                    _ if self.tape.chance(30) => format!("({call} ?? {})", self.constant(ty)),
                    _ => format!("{call}?"),
                };
                let op = self.comparison(ty);
                if ty == Ty::Money && func != "sum" || !self.tape.chance(30) {
                    format!("{handled} {op} {}", self.constant(ty))
                } else {
                    format!("{handled} {op} {}", self.operand(roots, ty))
                }
            }
        }
    }

    /// A median beside a constant, a count, or three times as much.
    fn median(&mut self, roots: &[Root], inner: &[Root], kind: usize, window: &str, depth: usize) -> String {
        let name = self.schema.kinds[kind].name;
        let fields = self.schema.kinds[kind].fields.clone();
        let numeric: Vec<_> = fields.iter().filter(|f| addable(f.ty)).collect();
        let (of, ty) = if numeric.is_empty() || self.tape.chance(45) {
            (format!("count({name}"), Ty::Decimal)
        } else {
            let field = *self.tape.pick(&numeric);
            (format!("sum({name}.{}", field.name), if field.ty == Ty::Int { Ty::Decimal } else { field.ty })
        };
        let alias = inner.last().unwrap().prefix.trim_end_matches('.');
        let filter = if self.tape.chance(40) {
            format!(" where {}", self.cond(inner, (depth - 1).min(1)))
        } else {
            String::new()
        };
        let own = [Root { prefix: String::new(), ..inner.last().unwrap().clone() }];
        let paths: Vec<_> = self.all_paths(&own).into_iter().filter(|p| p.2 != Ty::Texts).map(|p| p.0).collect();
        let per = match self.tape.below(4) {
            0 | 1 => "actor".to_owned(),
            2 => self.tape.pick(&paths).clone(),
            _ => format!("{}, {}", self.tape.pick(&paths), self.tape.pick(&paths)),
        };
        let group = self.keys(roots.last().unwrap().kind, kind, "by").unwrap_or("across everyone".into());
        let call = format!("median({of} as {alias} {window}{filter}) per {per} {group})");
        let op = self.comparison(ty);
        match self.tape.below(6) {
            0 => format!("({call} ?? {}) {op} {}", self.constant(ty), self.constant(ty)),
            1 if ty != Ty::Duration && ty != Ty::Percent => format!("{} {op} 2 * {call}?", self.constant(ty)),
            2 if ty == Ty::Decimal => format!("count({name} {window} across everyone) {op} {call}?"),
            3 => format!("{call} {}", self.tape.pick(&["present", "absent"])),
            _ => format!("{call}? {op} {}", self.constant(ty)),
        }
    }

    fn comparison(&mut self, ty: Ty) -> &'static str {
        match ty {
            Ty::Bool | Ty::Ref(_) => ["==", "!="][self.tape.below(2)],
            _ => ["==", ">", ">=", "<", "<=", "!="][self.tape.below(6)],
        }
    }

    fn atom(&mut self, roots: &[Root]) -> String {
        match self.tape.below(16) {
            13 => return format!("within_cap({}, few)", self.constant(Ty::Int)),
            14 => {
                let paths = self.paths(roots, Ty::Date);
                if !paths.is_empty() {
                    let a = self.handled_or(roots, Ty::Date);
                    let b = self.operand(roots, Ty::Date);
                    let length = self.length(true);
                    let op = self.comparison(Ty::Date);
                    return if self.tape.chance(50) {
                        format!("{a} {op} {b} - {length}")
                    } else {
                        format!("{a} - {b} {op} {length}", length = self.tape.pick(&["1 day", "3 days", "notice"]))
                    };
                }
            }
            15 => {
                let optional: Vec<String> = self.all_paths(roots).into_iter().filter(|p| p.1).map(|p| p.0).collect();
                if !optional.is_empty() {
                    let path = self.tape.pick(&optional).clone();
                    return format!("{path} {}", self.tape.pick(&["present", "absent"]));
                }
            }
            _ => {}
        }
        let all = self.all_paths(roots);
        // The innermost record's fields are the interesting ones.
        let own: Vec<_> = all.iter().filter(|p| p.0.starts_with(&roots.last().unwrap().prefix)).cloned().collect();
        let from = if self.tape.chance(25) { &all } else { &own };
        let (path, optional, ty) = self.tape.pick(from).clone();
        let handled = self.handled(&path, optional, ty);
        match ty {
            Ty::Text => self.text_atom(roots, &handled),
            Ty::Bool if optional => handled,
            Ty::Bool => match self.tape.below(3) {
                0 => handled,
                1 => format!("{handled} == true"),
                _ => format!("not {handled}"),
            },
            Ty::Texts => {
                let case = if self.tape.chance(25) { " ignoring case" } else { "" };
                match self.tape.below(4) {
                    0 => format!("{handled} overlaps {}{case}", self.handled_or(roots, Ty::Texts)),
                    1 => {
                        let set = *self.tape.pick(&["words", "{ \"a\", \"AB\" }", "{ \"ab\" }", "{}"]);
                        if self.tape.chance(30) {
                            format!("{set} overlaps {handled}{case}")
                        } else {
                            format!("{handled} overlaps {set}{case}")
                        }
                    }
                    _ => format!("{} in {handled}{case}", self.constant(Ty::Text)),
                }
            }
            Ty::Enum(_) if self.tape.chance(30) => {
                let (a, b) = (self.constant(ty), self.constant(ty));
                format!("{handled} in {{ {a}, {b} }}")
            }
            Ty::Int if self.tape.chance(10) => format!("{handled} {} 1.5", self.comparison(ty)),
            Ty::Int if self.tape.chance(20) => format!("{handled} {}in {{ 0, 2, 3 }}", self.not()),
            Ty::Ref(table) if self.schema.has_boss(table) && self.tape.chance(45) => {
                self.way_up(roots, &handled, table)
            }
            Ty::Ref(_) if self.tape.chance(30) => format!("{handled} in {{ \"E1\", \"E2\" }}"),
            _ if self.tape.chance(25) => {
                let op = self.comparison(ty);
                let other = self.operand(roots, ty);
                format!("{handled} {op} {other}")
            }
            Ty::Money if path == handled && self.tape.chance(10) => format!("{handled} > 100 USD"),
            Ty::Money if self.tape.chance(30) => {
                let op = self.comparison(ty);
                format!("{handled} {op} ceiling")
            }
            _ => {
                let op = self.comparison(ty);
                format!("{handled} {op} {}", self.constant(ty))
            }
        }
    }

    /// Amounts beside amounts.
    fn priced(&mut self, roots: &[Root], depth: usize) -> String {
        match self.tape.below(if depth == 0 { 5 } else { 9 }) {
            0..=3 => {
                format!("{} {} {}", self.amount(roots, depth), self.comparison(Ty::Money), self.amount(roots, depth))
            }
            4 => {
                let (a, b) = (self.amount(roots, depth), self.amount(roots, depth));
                format!("{a} / {b} {} {}", self.comparison(Ty::Decimal), self.tape.pick(&["1", "1.5", "0.8", "2"]))
            }
            5 => format!("({}) and ({})", self.priced(roots, depth - 1), self.priced(roots, depth - 1)),
            6 => format!("not ({})", self.priced(roots, depth - 1)),
            _ => {
                let (inner, kind) = self.inner(roots);
                let dated = roots.last().unwrap().dated || inner.last().unwrap().dated;
                let (window, keys) = (self.window(dated), *self.tape.pick(&["", " across everyone"]));
                let (name, alias) = (self.schema.kinds[kind].name, inner.last().unwrap().prefix.trim_end_matches('.'));
                let filter = self.priced(&inner, depth - 1);
                let word = *self.tape.pick(&["exists", "no"]);
                format!("{word} {name} as {alias} {window}{keys} where {filter}")
            }
        }
    }

    /// An amount of some currency, not in brackets only where it binds tighter than `*`.
    fn amount(&mut self, roots: &[Root], depth: usize) -> String {
        match self.tape.below(if depth == 0 { 8 } else { 12 }) {
            0..=3 => {
                let root = if self.tape.chance(60) { self.tape.pick(roots) } else { roots.last().unwrap() };
                format!("{}{PRICE}", root.prefix)
            }
            4 => format!("{}{FEE}?", roots.last().unwrap().prefix),
            5 => self.written_amount(),
            6 => format!("({} {} {})", self.amount(roots, 0), self.tape.pick(&["+", "-"]), self.amount(roots, 0)),
            7 => format!("({} * {})", self.amount(roots, 0), self.tape.pick(&["2", "0.5", "-1"])),
            _ => {
                let (inner, kind) = self.inner(roots);
                let dated = roots.last().unwrap().dated || inner.last().unwrap().dated;
                let (window, keys) = (self.window(dated), *self.tape.pick(&["", " across everyone"]));
                let (name, alias) = (self.schema.kinds[kind].name, inner.last().unwrap().prefix.trim_end_matches('.'));
                let filter =
                    if self.tape.chance(30) { format!(" where {}", self.priced(&inner, 0)) } else { String::new() };
                let (func, field) = (
                    *self.tape.pick(&["sum", "sum", "min", "max", "first", "last", "avg", "median"]),
                    *self.tape.pick(&[PRICE, FEE]),
                );
                if func == "median" {
                    let keys = if keys.is_empty() { " by actor" } else { keys };
                    let per = *self.tape.pick(&["actor", "id"]);
                    return format!("median(sum({name}.{field} as {alias} {window}{filter}) per {per}{keys})?");
                }
                let call = format!("{func}({name}.{field} as {alias} {window}{keys}{filter})");
                if func == "sum" { call } else { format!("{call}?") }
            }
        }
    }

    fn written_amount(&mut self) -> String {
        self.tape.pick(&["100 GBP", "80 GBP", "100 USD", "125 USD", "200 JPY", "0 GBP", "62.5 USD"]).to_string()
    }

    /// A field beside a constant, or not so.
    fn guard(&mut self, kind: usize) -> String {
        let test = self.plain_guard(kind);
        if self.tape.chance(25) { format!("not ({test})") } else { test }
    }

    fn plain_guard(&mut self, kind: usize) -> String {
        let plain = |ty| matches!(ty, Ty::Text | Ty::Int | Ty::Decimal | Ty::Bool | Ty::Enum(_));
        let fields: Vec<_> = self.schema.kinds[kind].fields.iter().filter(|f| plain(f.ty)).cloned().collect();
        let field = self.tape.pick(&fields).clone();
        let name = if field.optional { format!("{}?", field.name) } else { field.name.clone() };
        match field.ty {
            Ty::Text => {
                let (word, other) = (self.constant(Ty::Text), self.constant(Ty::Text));
                match self.tape.below(6) {
                    0 => format!("{name} == {word}"),
                    1 => format!("{name} != {word}"),
                    2 => format!("{name} starts_with {word}"),
                    3 => format!("{name} ends_with {word}"),
                    4 => format!("{name} contains {word}"),
                    _ => format!("{name} {}in {{ {word}, {other} }}", self.not()),
                }
            }
            Ty::Bool => format!("{name} == {}", self.tape.pick(&["true", "false"])),
            ty => format!("{name} {} {}", self.comparison(ty), self.constant(ty)),
        }
    }

    /// Who is above whom.
    fn way_up(&mut self, roots: &[Root], who: &str, table: usize) -> String {
        let other = self.operand(roots, Ty::Ref(table));
        match self.tape.below(5) {
            0 => format!("{who} under {other}"),
            1 => format!("{other} {}in every boss of {who}", self.not()),
            2 => format!("{who} under {{ \"E1\", \"E2\" }}"),
            n => {
                let constant = self.constant(Ty::Ref(table));
                if n == 3 {
                    format!("{who} under {constant}")
                } else {
                    format!("{constant} {}in every boss of {who}", self.not())
                }
            }
        }
    }

    fn not(&mut self) -> &'static str {
        if self.tape.chance(30) { "not " } else { "" }
    }

    fn text_atom(&mut self, roots: &[Root], left: &str) -> String {
        let case = if self.tape.chance(35) { " ignoring case" } else { "" };
        let word = self.constant(Ty::Text);
        match self.tape.below(10) {
            0 => format!("{left} == {word}{case}"),
            1 => format!("{left} != {word}{case}"),
            2 => format!("{left} starts_with {word}{case}"),
            3 => format!("{left} ends_with {word}{case}"),
            4 => format!("{left} contains {word}{case}"),
            5 => format!(
                "{left} matches /{}/{case}",
                self.tape.pick(&["^a", "b$", "x\\\\.com", "[A-C]+"]).replace("\\\\", "\\")
            ),
            6 => format!("{left} in_domain {}", self.tape.pick(&["sites", "{ \"x.com\" }"])),
            7 => format!("{left} {}in words{case}", self.not()),
            8 => format!("{left} {}in {{ {word}, \"c\" }}{case}", self.not()),
            _ => {
                let other = self.operand(roots, Ty::Text);
                format!("{left} == {other}{case}")
            }
        }
    }

    // -------------------------------------------------------------- values

    /// Every field that can be read, through one or two references too: path, whether it may be absent, type.
    fn all_paths(&self, roots: &[Root]) -> Vec<(String, bool, Ty)> {
        let mut found = Vec::new();
        for root in roots {
            self.paths_of(&root.prefix, root.kind, false, 2, &mut found);
        }
        found
    }

    fn paths_of(&self, prefix: &str, kind: usize, absent: bool, follow: usize, found: &mut Vec<(String, bool, Ty)>) {
        for field in &self.schema.kinds[kind].fields {
            let (path, absent) = (format!("{prefix}{}", field.name), absent || field.optional);
            if let (Ty::Ref(table), true) = (field.ty, follow > 0) {
                self.paths_of(&format!("{path}."), table, absent, follow - 1, found);
            }
            found.push((path, absent, field.ty));
        }
    }

    fn paths(&self, roots: &[Root], ty: Ty) -> Vec<(String, bool)> {
        self.all_paths(roots).into_iter().filter(|p| p.2 == ty).map(|p| (p.0, p.1)).collect()
    }

    /// A read that the checker accepts though the value may be absent.
    fn handled(&mut self, path: &str, optional: bool, ty: Ty) -> String {
        if !optional {
            return path.into();
        }
        if ty != Ty::Texts && !matches!(ty, Ty::Ref(_)) && self.tape.chance(35) {
            return format!("({path} ?? {})", self.constant(ty));
        }
        format!("{path}?")
    }

    fn handled_or(&mut self, roots: &[Root], ty: Ty) -> String {
        let paths = self.paths(roots, ty);
        if paths.is_empty() {
            return self.constant(ty);
        }
        let (path, optional) = self.tape.pick(&paths).clone();
        self.handled(&path, optional, ty)
    }

    /// A value of the type.
    fn operand(&mut self, roots: &[Root], ty: Ty) -> String {
        match (self.tape.below(6), ty) {
            (4, Ty::Int | Ty::Decimal) => {
                let op = *self.tape.pick(&["+", "-", "*"]);
                format!("({} {op} {})", self.handled_or(roots, ty), self.constant(ty))
            }
            (4, Ty::Money) => format!("{} * {}", self.handled_or(roots, ty), self.tape.pick(&["2", "0.5", "50%"])),
            (5, Ty::Money) => format!("({} + {})", self.handled_or(roots, ty), self.constant(ty)),
            (5, Ty::Int) => "few".into(),
            (3, Ty::Money) => format!("-{}", self.handled_or(roots, ty)),
            (3, Ty::Timestamp) => format!("(as_of - {})", self.length(false)),
            (3, Ty::Decimal) => format!("({} / {})", self.handled_or(roots, Ty::Money), self.constant(Ty::Money)),
            (3, Ty::Duration) => {
                let ty = if self.tape.chance(50) { Ty::Date } else { Ty::Timestamp };
                format!("({} - {})", self.handled_or(roots, ty), self.handled_or(roots, ty))
            }
            (5, Ty::Decimal) => format!("({} / 2)", self.handled_or(roots, ty)),
            (4, Ty::Date | Ty::Timestamp) => {
                let length = self.length(ty == Ty::Date);
                format!("({} + {length})", self.handled_or(roots, ty))
            }
            _ => self.handled_or(roots, ty),
        }
    }

    pub fn constant(&mut self, ty: Ty) -> String {
        match ty {
            Ty::Int => self.tape.pick(&["0", "1", "2", "3"]).to_string(),
            Ty::Decimal => self.tape.pick(&["0.0", "1.5", "2", "0.1"]).to_string(),
            Ty::Text => self.tape.pick(&["\"a\"", "\"AB\"", "\"ab\"", "\"x.com\"", "\"b\""]).to_string(),
            Ty::Bool => self.tape.pick(&["true", "false"]).to_string(),
            Ty::Money => self.tape.pick(&["100 GBP", "50 GBP", "200 GBP", "0 GBP"]).to_string(),
            Ty::Date => self.tape.pick(&["2024-01-03", "2024-02-29", "2024-03-31"]).to_string(),
            Ty::Timestamp => self.tape.pick(&["2024-01-03T09:00", "2024-02-29T00:00Z", "2024-03-31T01:30"]).to_string(),
            Ty::Duration => self.tape.pick(&["1 hour", "1 day", "90 minutes"]).to_string(),
            Ty::Bytes => self.tape.pick(&["1 KiB", "10 MB", "2048 bytes"]).to_string(),
            Ty::Percent => self.tape.pick(&["15%", "50%", "0%"]).to_string(),
            Ty::Enum(i) => self.tape.pick(&self.schema.enums[i].1).to_string(),
            Ty::Ref(_) => self.tape.pick(&["\"E1\"", "\"E2\"", "\"E9\""]).to_string(),
            Ty::Texts => "\"a\"".into(),
        }
    }
}

fn addable(ty: Ty) -> bool {
    matches!(ty, Ty::Int | Ty::Decimal | Ty::Money | Ty::Bytes | Ty::Duration | Ty::Percent)
}
