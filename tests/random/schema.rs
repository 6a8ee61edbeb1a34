//! Enums, tables and records.

use super::Tape;
use std::fmt::Write;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ty {
    Int,
    Text,
    Bool,
    Decimal,
    Money,
    Date,
    Timestamp,
    Duration,
    Bytes,
    Percent,
    /// Index into [`Schema::enums`].
    Enum(usize),
    /// Index into [`Schema::kinds`].
    Ref(usize),
    Texts,
}

#[derive(Clone, Debug)]
pub struct Field {
    /// Dotted where it is in a group.
    pub name: String,
    pub ty: Ty,
    pub optional: bool,
}

#[derive(Clone, Debug)]
pub struct Kind {
    pub name: &'static str,
    pub fields: Vec<Field>,
    pub role: Role,
    pub identity: Vec<usize>,
}

#[derive(Clone, Debug)]
pub enum Role {
    Table { key: usize, valid: Option<(usize, Option<usize>)> },
    Record { time: usize, subject: usize },
}

#[derive(Clone, Debug)]
pub struct Schema {
    /// Lists of two and more records, each as a kind with the fields that all of them have.
    pub unions: Vec<Kind>,
    pub timezone: &'static str,
    pub fiscal: (u8, u8),
    pub enums: Vec<(&'static str, Vec<&'static str>)>,
    /// People and firms first; holidays and rates between currencies last, where there are any.
    pub kinds: Vec<Kind>,
    /// How many days old a rate may be.
    pub rates: Option<u8>,
}

impl Kind {
    pub fn is_table(&self) -> bool {
        matches!(self.role, Role::Table { .. })
    }

    pub fn time(&self) -> Option<Ty> {
        match self.role {
            Role::Record { time, .. } => Some(self.fields[time].ty),
            Role::Table { .. } => None,
        }
    }

    /// Whether all fields are scalars at the top, as a CSV or Parquet file has them.
    pub fn is_flat(&self) -> bool {
        self.fields.iter().all(|f| !f.name.contains('.') && f.ty != Ty::Texts)
    }
}

const SCALARS: [Ty; 10] = [
    Ty::Int,
    Ty::Text,
    Ty::Bool,
    Ty::Money,
    Ty::Decimal,
    Ty::Date,
    Ty::Timestamp,
    Ty::Bytes,
    Ty::Percent,
    Ty::Duration,
];

pub fn schema(tape: &mut Tape) -> Schema {
    let timezone = *tape.pick(&["UTC", "Europe/London", "Asia/Shanghai", "America/New_York"]);
    let fiscal = *tape.pick(&[(1, 1), (4, 1), (7, 15), (10, 1)]);
    let enums = vec![("grade", vec!["low", "mid", "high"]), ("channel", vec!["open", "shut"])];
    let mut schema = Schema { unions: Vec::new(), timezone, fiscal, enums, kinds: Vec::new(), rates: None };
    for name in ["person", "vendor"] {
        let kind = table(tape, name, schema.kinds.len());
        schema.kinds.push(kind);
    }
    let records = 1 + tape.below(3);
    for name in &["gift", "trip", "note"][..records] {
        let kind = record(tape, name);
        schema.kinds.push(kind);
    }
    for (name, members) in [
        ("gift, trip", &[2, 3][..]),
        ("trip, gift", &[3, 2]),
        ("note, gift", &[4, 2]),
        ("trip, note", &[3, 4]),
        ("gift, note, trip", &[2, 4, 3]),
    ] {
        let union = union(&schema.kinds, name, members);
        schema.unions.extend(union);
    }
    if tape.chance(30) {
        holidays(&mut schema, tape);
    }
    if tape.chance(45) {
        rates(&mut schema, tape);
    }
    schema
}

fn holidays(schema: &mut Schema, tape: &mut Tape) {
    let mut fields = vec![field("day", Ty::Date, false)];
    if tape.chance(60) {
        fields.push(field("worked", Ty::Bool, tape.chance(60)));
    }
    let role = Role::Table { key: 0, valid: None };
    schema.kinds.push(Kind { name: HOLIDAY, fields, role, identity: vec![0] });
}

/// With amounts of several currencies in every record, and rates between them.
pub fn priced(tape: &mut Tape) -> Schema {
    let mut schema = schema(tape);
    for kind in schema.kinds.iter_mut().filter(|k| !k.is_table()) {
        kind.fields.push(field(PRICE, Ty::Money, false));
        kind.fields.push(field(FEE, Ty::Money, true));
    }
    schema.unions.clear();
    if schema.rates.is_none() {
        rates(&mut schema, tape);
    }
    schema
}

fn rates(schema: &mut Schema, tape: &mut Tape) {
    schema.rates = Some(*tape.pick(&[0, 1, 3, 30]));
    let fields = [("date", Ty::Date), ("from", Ty::Text), ("to", Ty::Text), ("rate", Ty::Decimal)];
    let fields = fields.map(|(name, ty)| field(name, ty, false)).to_vec();
    let role = Role::Table { key: 0, valid: None };
    schema.kinds.push(Kind { name: FX, fields, role, identity: vec![0, 1, 2, 3] });
}

/// Days on which business is not done, or is after all.
pub const HOLIDAY: &str = "holiday";
/// The rates between currencies.
pub const FX: &str = "fx";
/// Amounts that are of several currencies.
pub const PRICE: &str = "price";
pub const FEE: &str = "fee";

/// None where some of the kinds are not there, or differ in how they are dated.
fn union(kinds: &[Kind], name: &'static str, members: &[usize]) -> Option<Kind> {
    let of: Vec<&Kind> = members.iter().map(|&m| kinds.get(m)).collect::<Option<_>>()?;
    if of.iter().any(|k| k.time() != of[0].time()) {
        return None;
    }
    let mut fields = Vec::new();
    for own in &of[0].fields {
        let same = |k: &&Kind| k.fields.iter().find(|f| f.name == own.name && f.ty == own.ty).cloned();
        let all: Option<Vec<Field>> = of.iter().map(same).collect();
        if let Some(all) = all {
            fields.push(Field { optional: all.iter().any(|f| f.optional), ..own.clone() });
        }
    }
    let at = |name| fields.iter().position(|f: &Field| f.name == name).unwrap();
    let role = Role::Record { time: at("at_time"), subject: at("actor") };
    Some(Kind { name, fields, role, identity: Vec::new() })
}

fn field(name: impl Into<String>, ty: Ty, optional: bool) -> Field {
    Field { name: name.into(), ty, optional }
}

fn table(tape: &mut Tape, name: &'static str, own: usize) -> Kind {
    let mut fields = vec![field("id", Ty::Text, false)];
    let mut valid = None;
    if tape.chance(60) {
        let ty = if tape.chance(25) { Ty::Timestamp } else { Ty::Date };
        fields.push(field("since", ty, false));
        let until = tape.chance(70).then(|| {
            fields.push(field("left", ty, true));
            2
        });
        valid = Some((1, until));
    }
    fields.push(field("rank", Ty::Int, tape.chance(30)));
    fields.push(field("unit", Ty::Text, tape.chance(30)));
    if tape.chance(50) {
        fields.push(field("boss", Ty::Ref(own), true));
    }
    if tape.chance(40) {
        fields.push(field("grade", Ty::Enum(0), tape.chance(30)));
    }
    if tape.chance(30) {
        fields.push(field("cap", Ty::Money, tape.chance(30)));
    }
    let identity = std::iter::once(0).chain(valid.map(|(from, _)| from)).collect();
    Kind { name, fields, role: Role::Table { key: 0, valid }, identity }
}

fn record(tape: &mut Tape, name: &'static str) -> Kind {
    let time = if tape.chance(50) { Ty::Timestamp } else { Ty::Date };
    let mut fields = vec![
        field("id", if tape.chance(30) { Ty::Int } else { Ty::Text }, false),
        field("at_time", time, false),
        field("actor", Ty::Ref(0), tape.chance(15)),
    ];
    let nested = tape.chance(30);
    for i in 0..1 + tape.below(6) {
        let ty = match tape.below(14) {
            n @ 0..=9 => SCALARS[n],
            10 => Ty::Enum(0),
            11 => Ty::Enum(1),
            12 => Ty::Ref(tape.below(2)),
            _ => Ty::Texts,
        };
        let group = if nested && i % 2 == 1 { "item." } else { "" };
        let base = match ty {
            Ty::Int => "n",
            Ty::Text => "label",
            Ty::Bool => "flag",
            Ty::Money => "cost",
            Ty::Decimal => "rate",
            Ty::Date => "due",
            Ty::Timestamp => "seen",
            Ty::Bytes => "size",
            Ty::Percent => "share",
            Ty::Duration => "spent",
            Ty::Enum(0) => "level",
            Ty::Enum(_) => "via",
            Ty::Ref(0) => "peer",
            Ty::Ref(_) => "firm",
            Ty::Texts => "tags",
        };
        // Numbered within its kind, so that kinds often share a name and a type.
        let number = fields.iter().filter(|f: &&Field| f.ty == ty).count();
        fields.push(field(format!("{group}{base}{number}"), ty, tape.chance(35)));
    }
    let identity = if tape.chance(25) { vec![] } else { vec![0] };
    Kind { name, fields, role: Role::Record { time: 1, subject: 2 }, identity }
}

impl Schema {
    /// Whether its rows say who is above whom.
    pub fn has_boss(&self, table: usize) -> bool {
        self.kinds[table].fields.iter().any(|f| f.name == "boss")
    }

    pub fn type_name(&self, ty: Ty) -> String {
        match ty {
            Ty::Int => "int".into(),
            Ty::Text => "text".into(),
            Ty::Bool => "bool".into(),
            Ty::Decimal => "decimal".into(),
            Ty::Money => "money".into(),
            Ty::Date => "date".into(),
            Ty::Timestamp => "timestamp".into(),
            Ty::Duration => "duration".into(),
            Ty::Bytes => "bytes".into(),
            Ty::Percent => "percent".into(),
            Ty::Enum(i) => self.enums[i].0.into(),
            Ty::Ref(i) => format!("ref {}", self.kinds[i].name),
            Ty::Texts => "list of text".into(),
        }
    }

    /// As a policy file has it.
    pub fn print(&self) -> String {
        let holiday = self.kinds.iter().find(|k| k.name == HOLIDAY).map_or("", |holiday| match holiday.fields.len() {
            1 => " except holiday",
            _ => " except holiday unless worked",
        });
        let mut out = format!(
            "policy random \"Random\" {{\n  timezone \"{}\"\n  fiscal_year starts {:02}-{:02}\n  business_days {}{holiday}\n}}\n\n",
            self.timezone,
            self.fiscal.0,
            self.fiscal.1,
            if self.fiscal.1 == 1 { "monday to friday" } else { "sunday, wednesday" }
        );
        for (name, words) in &self.enums {
            let _ = writeln!(out, "enum {name} {{ {} }}", words.join(", "));
        }
        for kind in self.kinds.iter().filter(|k| k.name != FX) {
            out.push_str(&self.print_kind(kind));
        }
        if let Some(days) = self.rates {
            let _ = writeln!(out, "\nrates {FX} valid for {days} days");
        }
        out
    }

    fn print_kind(&self, kind: &Kind) -> String {
        let name = |i: usize| &kind.fields[i].name;
        let mut out = match &kind.role {
            Role::Table { key, valid } => {
                let mut head = format!("\ntable {} key {}", kind.name, name(*key));
                if let Some((from, until)) = valid {
                    let _ = write!(head, " valid from {}", name(*from));
                    if let Some(until) = until {
                        let _ = write!(head, " until {}", name(*until));
                    }
                }
                head
            }
            Role::Record { time, subject } => {
                let mut head = format!("\nrecord {} at {} by {}", kind.name, name(*time), name(*subject));
                if !kind.identity.is_empty() {
                    let names: Vec<_> = kind.identity.iter().map(|&i| name(i).as_str()).collect();
                    let _ = write!(head, " identity {}", names.join(", "));
                }
                head
            }
        };
        out.push_str(" {\n");
        let mark = |optional: bool| if optional { "?" } else { "" };
        for f in kind.fields.iter().filter(|f| !f.name.contains('.')) {
            let _ = writeln!(out, "  {}: {}{},", f.name, self.type_name(f.ty), mark(f.optional));
        }
        let inside: Vec<_> = kind.fields.iter().filter_map(|f| Some((f.name.strip_prefix("item.")?, f))).collect();
        if !inside.is_empty() {
            let fields: Vec<_> =
                inside.iter().map(|(n, f)| format!("{n}: {}{}", self.type_name(f.ty), mark(f.optional))).collect();
            let _ = writeln!(out, "  item: {{ {} }},", fields.join(", "));
        }
        out.push_str("}\n");
        out
    }
}
