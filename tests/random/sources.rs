//! Random `source` blocks, and files that are written as they say.

use super::Tape;
use super::records::{Datum, Raw};
use super::schema::{Field, Schema, Ty};
use super::text::plain;
use crate::reference::time::{from_days, from_nanos};
use bylaws::internals::data::Decimal;
use serde_json::{Map, Value as Json, json};
use std::io::Write as _;

/// A source's name and text, and a file of its records.
pub struct Made {
    pub name: String,
    pub text: String,
    pub file: String,
    pub bytes: Vec<u8>,
    /// Which record stands where: line, element, index of the record.
    pub places: Vec<(u64, u32, usize)>,
    pub shown: String,
}

type Object = Map<String, Json>;

/// Where a value stands in an object or row.
enum At {
    /// Under these keys, each in the other.
    Keys(Vec<String>),
    /// The second of a list.
    Second(String),
    /// The first of the list of parameters with this name.
    Parameter(String),
}

impl At {
    fn print(&self) -> String {
        let key = |k: &String| {
            if k.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') { k.clone() } else { format!("`{k}`") }
        };
        match self {
            At::Keys(keys) => keys.iter().map(key).collect::<Vec<_>>().join("."),
            At::Second(k) => format!("{k}[1]"),
            At::Parameter(name) => format!("parameters[name == \"{name}\"].value"),
        }
    }

    fn put(&self, into: &mut Object, value: Json) {
        match self {
            At::Keys(keys) => {
                let (last, path) = keys.split_last().unwrap();
                let at = path
                    .iter()
                    .fold(into, |at, key| at.entry(key).or_insert_with(|| json!({})).as_object_mut().unwrap());
                at.insert(last.clone(), value);
            }
            At::Second(key) => {
                into.insert(key.clone(), json!(["first", value, 3]));
            }
            At::Parameter(name) => {
                let list = into.entry("parameters").or_insert_with(|| json!([{ "name": "other", "value": "z" }]));
                let list = list.as_array_mut().unwrap();
                list.push(json!({ "name": name, "value": value }));
                // Of two with one name the first counts.
                list.push(json!({ "value": "zz", "name": name }));
            }
        }
    }
}

/// How a field is spelled in the file, and what `as` says of it.
enum Spelling {
    /// As the type is written anyway.
    Own,
    Format(&'static str),
    /// The same in the source's own timezone, without an offset.
    Local(&'static str),
    /// A number of so many of the value's smallest parts.
    Unit(&'static str, i64),
    /// By the words of the enum, or false and true.
    Words(Vec<(&'static str, &'static str)>),
    Hundredths,
    /// An amount without its currency.
    Amount,
    /// Amount and currency in two places.
    Pair,
    /// The elements of a list, each in an object.
    Inside,
    /// A number that may stand in quotes.
    Number,
}

struct Mapped {
    field: usize,
    at: At,
    /// Where the value stands in some records instead.
    or: Option<At>,
    spelling: Spelling,
    /// Not of the element, but of the whole that it is in.
    outer: bool,
}

struct Filter {
    text: String,
    yes: Vec<(&'static str, Json)>,
    no: Vec<(&'static str, Json)>,
}

const ZONES: [&str; 3] = ["Asia/Tokyo", "America/New_York", "UTC"];
const LOCAL: &str = "%d.%m.%Y %H:%M:%S";

/// A source for the kind, and the records of the kind (with their indices) as it reads them.
pub fn made(schema: &Schema, kind: usize, raws: &[(usize, &Raw)], tape: &mut Tape) -> Made {
    let of = &schema.kinds[kind];
    let format = *tape.pick(&["csv", "ndjson", "json", "parquet"]);
    let tabular = matches!(format, "csv" | "parquet") && of.fields.iter().all(|f| f.ty != Ty::Texts);
    let format = if tabular {
        format
    } else if format == "csv" {
        "ndjson"
    } else {
        "json"
    };
    let format = if format == "parquet" && (!cfg!(feature = "parquet") || raws.is_empty()) { "csv" } else { format };
    let each: &[&str] = if tabular { &[] } else { [&[][..], &["events"], &["groups", "events"]][tape.below(3)] };
    let zone = *tape.pick(&ZONES);
    let zoned = tape.chance(40);
    let zone = if zoned { zone } else { schema.timezone };
    let mapped: Vec<Mapped> = (0..of.fields.len())
        .map(|i| {
            let data: Vec<&Datum> = raws.iter().filter_map(|(_, r)| r.fields.get(&i)).collect();
            mapped(tape, schema, i, &of.fields[i], &data, tabular, zone, !each.is_empty())
        })
        .collect();
    let delimiter = *tape.pick(&[",", ";", "|"]);
    let filter = tape.chance(50).then(|| filter(tape, tabular));
    let outer_filter = !each.is_empty() && tape.chance(40);

    let name = format!("from_{}", of.name);
    let mut text = format!("source {name} for {} {{\n", of.name);
    if tape.chance(60) {
        text += &format!("  format {format}\n");
    }
    if format == "csv" && delimiter != "," {
        text += &format!("  delimiter \"{delimiter}\"\n");
    }
    if zoned {
        text += &format!("  timezone \"{zone}\"\n");
    }
    if !each.is_empty() {
        text += &format!("  each {}[]\n", each.join("[]."));
    }
    if let Some(filter) = &filter {
        let prefix = if each.is_empty() || outer_filter { "" } else { "item." };
        text += &format!("  where {}\n", filter.text.replace('@', prefix));
    }
    text += "  map {\n";
    for m in &mapped {
        text += &format!("    {} = {}\n", of.fields[m.field].name, entry(schema, m, &of.fields[m.field], each));
    }
    text += "  }\n}\n";

    let writer = Writer { schema, fields: &of.fields, mapped: &mapped, filter: &filter, zone, tabular };
    let mut file = format!("{name}.{format}");
    let (bytes, places) = match format {
        "csv" => writer.csv(raws, delimiter, tape),
        "parquet" => writer.parquet(raws, tape),
        _ => writer.json(raws, each, outer_filter, format == "json", tape),
    };
    let shown = match String::from_utf8(bytes.clone()) {
        Ok(text) => text,
        Err(_) => format!("{:?}", writer.rows(raws, &mut Tape::new(&[]))),
    };
    let bytes = match tape.below(6) {
        4 if format != "parquet" => {
            let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            gzip.write_all(&bytes).unwrap();
            file += ".gz";
            gzip.finish().unwrap()
        }
        5 if format != "parquet" => {
            file += ".zst";
            zstd::encode_all(&bytes[..], 1).unwrap()
        }
        _ => bytes,
    };
    Made { name, text, file, bytes, places, shown }
}

/// What follows `field =`.
fn entry(schema: &Schema, m: &Mapped, field: &Field, each: &[&str]) -> String {
    let prefix = if each.is_empty() || m.outer { "" } else { "item." };
    let path = |at: &At| format!("{prefix}{}", at.print());
    let ty = match field.ty {
        Ty::Enum(_) => "enum".to_string(),
        ty => schema.type_name(ty),
    };
    let cast = match &m.spelling {
        Spelling::Own => String::new(),
        Spelling::Format(format) | Spelling::Local(format) => format!(" as {ty} \"{format}\""),
        Spelling::Unit(unit, _) => format!(" as {ty} {unit}"),
        Spelling::Words(words) => {
            let words: Vec<String> = words.iter().map(|(w, s)| format!("{w}: \"{s}\" | \"{s}!\"")).collect();
            format!(" as {ty} {{ {} }}", words.join(", "))
        }
        Spelling::Hundredths | Spelling::Number => format!(" as {ty}"),
        Spelling::Amount => " as money GBP".into(),
        Spelling::Pair => return format!("money({}, {})", path(&m.at), path(m.or.as_ref().unwrap())),
        Spelling::Inside => return format!("{}[].v", path(&m.at)),
    };
    match &m.or {
        Some(or) => format!("({} ?? {}){cast}", path(&m.at), path(or)),
        None => format!("{}{cast}", path(&m.at)),
    }
}

#[allow(clippy::too_many_arguments)]
fn mapped(
    tape: &mut Tape,
    schema: &Schema,
    field: usize,
    of: &Field,
    data: &[&Datum],
    tabular: bool,
    zone: &str,
    each: bool,
) -> Mapped {
    let key = format!("c{field}");
    let at = match tape.below(if tabular { 2 } else { 6 }) {
        0 => At::Keys(vec![key]),
        1 => At::Keys(vec![format!("Nr. {field} \u{e9}")]),
        2 => At::Keys(vec!["deep".into(), key]),
        3 => At::Keys(vec!["deep".into(), "er".into(), key]),
        4 => At::Second(key),
        _ => At::Parameter(key),
    };
    let local = |format| {
        let whole = data.iter().all(|d| match d {
            Datum::Timestamp(nanos) => {
                let zone = jiff::tz::TimeZone::get(zone).unwrap();
                let local = zone.to_datetime(from_nanos(*nanos));
                nanos % 1_000_000_000 == 0 && !zone.to_ambiguous_timestamp(local).is_ambiguous()
            }
            _ => true,
        });
        if whole { Spelling::Local(format) } else { Spelling::Own }
    };
    let unit = |name, parts| {
        let exact = data.iter().all(|d| match d {
            Datum::Duration(n) | Datum::Bytes(n) | Datum::Timestamp(n) => in_unit(*n, parts).is_some(),
            _ => true,
        });
        if exact { Spelling::Unit(name, parts) } else { Spelling::Own }
    };
    let spelling = match (of.ty, tape.below(5)) {
        (Ty::Date, 1) => Spelling::Format("%d/%m/%Y"),
        (Ty::Date, 2) => Spelling::Format("%Y%m%d"),
        (Ty::Timestamp, 1) => Spelling::Format("%Y/%m/%d %H:%M:%S%.f %z"),
        (Ty::Timestamp, 2) => local(LOCAL),
        (Ty::Timestamp, 3) => unit("milliseconds", 1_000_000),
        (Ty::Timestamp, 4) => unit("nanoseconds", 1),
        (Ty::Duration, 1) => unit("seconds", 1_000_000_000),
        (Ty::Duration, 2) => unit("hours", 3_600_000_000_000),
        (Ty::Duration, 3) => unit("milliseconds", 1_000_000),
        (Ty::Bytes, 1) => unit("kB", 1000),
        (Ty::Bytes, 2) => unit("KiB", 1024),
        (Ty::Bool, 1 | 2) => Spelling::Words(vec![("false", "No"), ("true", "Yes")]),
        (Ty::Enum(i), 1 | 2) => {
            let spelled = ["L1", "L2", "L3"];
            Spelling::Words(schema.enums[i].1.iter().copied().zip(spelled).collect())
        }
        (Ty::Percent, 1 | 2) => Spelling::Hundredths,
        (Ty::Money, 1 | 2) if data.iter().all(|d| matches!(d, Datum::Money(_, "GBP") | Datum::Bad(_))) => {
            Spelling::Amount
        }
        (Ty::Money, 3) => Spelling::Pair,
        (Ty::Texts, 1 | 2) => Spelling::Inside,
        (Ty::Int | Ty::Decimal, 1) => Spelling::Number,
        _ => Spelling::Own,
    };
    let or = (matches!(spelling, Spelling::Pair) || tape.chance(15) && !matches!(spelling, Spelling::Inside))
        .then(|| At::Keys(vec![format!("or{field}")]));
    Mapped { field, at, or, spelling, outer: each && tape.chance(20) }
}

/// A condition over one key or two; `@` stands for the prefix of a path.
fn filter(tape: &mut Tape, tabular: bool) -> Filter {
    let one = |text: &str, yes: Json, no: Option<Json>| Filter {
        text: text.into(),
        yes: vec![("cat", yes)],
        no: no.map(|no| ("cat", no)).into_iter().collect(),
    };
    match tape.below(if tabular { 8 } else { 10 }) {
        0 => one("@cat == \"3\"", json!("3"), Some(json!("30"))),
        1 => one("@cat in { \"a\", \"b\" }", json!("b"), None),
        2 => one("@cat != \"x\"", json!("y"), Some(json!("x"))),
        3 => one("@cat present", json!("1"), None),
        4 => one("@cat matches /^a+$/", json!("aa"), Some(json!("aab"))),
        5 => one("@cat in_domain \"x.com\"", json!("a.x.com"), Some(json!("ax.com"))),
        6 => one("not (@cat starts_with \"ab\")", json!("b"), Some(json!("abc"))),
        7 => Filter {
            text: "@cat == \"1\" and (@dog == \"2\" or @dog contains \"ow\")".into(),
            yes: vec![("cat", json!("1")), ("dog", json!("wow"))],
            no: vec![("cat", json!("1")), ("dog", json!("22"))],
        },
        8 => one("@cat >= 3", json!(3), Some(json!(2.5))),
        _ => one("@cat == true", json!(true), Some(json!(false))),
    }
}

fn in_unit(n: i64, unit: i64) -> Option<Decimal> {
    let (n, unit) = (Decimal::from_int(n), Decimal::from_int(unit));
    let in_unit = n.checked_div(unit)?;
    (in_unit.checked_mul(unit)? == n).then_some(in_unit)
}

struct Writer<'a> {
    schema: &'a Schema,
    fields: &'a [Field],
    mapped: &'a [Mapped],
    filter: &'a Option<Filter>,
    zone: &'a str,
    tabular: bool,
}

impl Writer<'_> {
    fn value(&self, m: &Mapped, datum: &Datum, tape: &mut Tape) -> Json {
        let ty = self.fields[m.field].ty;
        let number = |text: String, tape: &mut Tape| {
            let number = Json::Number(serde_json::from_str(&text).unwrap());
            // One that is rounded on the way here is written as a text.
            if self.tabular || tape.chance(30) || *number.to_string() != *text { json!(text) } else { number }
        };
        match (&m.spelling, datum) {
            (_, Datum::Bad(text)) => json!(text),
            (Spelling::Format(format), Datum::Date(days)) => {
                json!(jiff::fmt::strtime::format(format, from_days(*days)).unwrap())
            }
            (Spelling::Format(format), Datum::Timestamp(nanos)) => {
                let at = from_nanos(*nanos).to_zoned_datetime(jiff::tz::TimeZone::get("Asia/Kolkata").unwrap());
                json!(jiff::fmt::strtime::format(format, &at).unwrap())
            }
            (Spelling::Local(format), Datum::Timestamp(nanos)) => {
                let at = from_nanos(*nanos).to_zoned_datetime(jiff::tz::TimeZone::get(self.zone).unwrap());
                json!(jiff::fmt::strtime::format(format, &at).unwrap())
            }
            (Spelling::Unit(_, parts), Datum::Timestamp(n) | Datum::Duration(n) | Datum::Bytes(n)) => {
                number(in_unit(*n, *parts).unwrap().to_string(), tape)
            }
            (Spelling::Words(words), _) => {
                let word = match datum {
                    Datum::Bool(b) => *b as usize,
                    Datum::Word(word) => *word as usize,
                    other => panic!("{other:?} is no word"),
                };
                let also = if tape.chance(30) { "!" } else { "" };
                json!(format!("{}{also}", words[word].1))
            }
            (Spelling::Hundredths, Datum::Percent(text)) => {
                let hundred = Decimal::from_int(100);
                number(Decimal::parse(text).unwrap().checked_mul(hundred).unwrap().to_string(), tape)
            }
            (Spelling::Number, Datum::Int(n)) => number(n.to_string(), tape),
            (Spelling::Number, Datum::Decimal(text)) => number(text.to_string(), tape),
            (Spelling::Amount | Spelling::Pair, Datum::Money(amount, _)) => number(amount.to_string(), tape),
            (Spelling::Inside, Datum::Texts(texts)) => texts.iter().map(|t| json!({ "v": t, "w": 1 })).collect(),
            (_, Datum::Texts(texts)) => json!(texts),
            (_, Datum::Timestamp(nanos)) => json!(from_nanos(*nanos).to_string()),
            _ if self.tabular => json!(plain(self.schema, datum, ty)),
            (_, Datum::Bool(b)) => json!(b),
            (_, Datum::Int(n) | Datum::Bytes(n)) => json!(n),
            (_, Datum::Decimal(text) | Datum::Percent(text)) => Json::Number(serde_json::from_str(text).unwrap()),
            _ => json!(plain(self.schema, datum, ty)),
        }
    }

    fn fill(&self, into: &mut Object, raw: &Raw, outer: bool, tape: &mut Tape) {
        for m in self.mapped.iter().filter(|m| m.outer == outer) {
            let Some(datum) = raw.fields.get(&m.field) else {
                if !self.tabular && tape.chance(30) && matches!(m.at, At::Keys(_)) {
                    m.at.put(into, Json::Null);
                }
                continue;
            };
            let value = self.value(m, datum, tape);
            match (&m.or, &m.spelling) {
                (Some(or), Spelling::Pair) => {
                    let currency = if let Datum::Money(_, currency) = datum { currency } else { "GBP" };
                    or.put(into, json!(currency));
                    m.at.put(into, value);
                }
                (Some(or), _) if tape.chance(50) => or.put(into, value),
                (Some(or), _) => {
                    if tape.chance(50) {
                        or.put(into, json!("not looked at"));
                    }
                    m.at.put(into, value);
                }
                _ => m.at.put(into, value),
            }
        }
    }

    /// With what the filter asks, or without.
    fn pass(&self, into: &mut Object, passes: bool) {
        if let Some(filter) = self.filter {
            let marks = if passes { &filter.yes } else { &filter.no };
            marks.iter().for_each(|(key, value)| drop(into.insert(key.to_string(), value.clone())));
        }
    }

    /// Rows with what belongs to them; those that do not pass the filter belong to none.
    fn rows(&self, raws: &[(usize, &Raw)], tape: &mut Tape) -> Vec<(Object, Option<usize>)> {
        let mut rows = Vec::new();
        for (i, raw) in raws {
            if self.filter.is_some() && tape.chance(30) {
                let mut other = Object::new();
                self.fill(&mut other, raw, false, tape);
                self.pass(&mut other, false);
                rows.push((other, None));
            }
            let mut row = Object::new();
            self.fill(&mut row, raw, false, tape);
            self.pass(&mut row, true);
            rows.push((row, Some(*i)));
        }
        rows
    }

    fn columns(&self) -> Vec<String> {
        let at = |at: &At| if let At::Keys(keys) = at { keys[0].clone() } else { panic!("no column") };
        let mut columns: Vec<String> = ["unread", "cat", "dog"].map(String::from).to_vec();
        columns.extend(self.mapped.iter().flat_map(|m| std::iter::once(&m.at).chain(&m.or)).map(at));
        columns
    }

    fn csv(&self, raws: &[(usize, &Raw)], delimiter: &str, tape: &mut Tape) -> (Vec<u8>, Vec<(u64, u32, usize)>) {
        let mut out = csv::WriterBuilder::new().delimiter(delimiter.as_bytes()[0]).from_writer(Vec::new());
        let columns = self.columns();
        out.write_record(&columns).unwrap();
        let mut places = Vec::new();
        for (n, (row, raw)) in self.rows(raws, tape).into_iter().enumerate() {
            places.extend(raw.map(|raw| (n as u64 + 2, 0, raw)));
            out.write_record(columns.iter().map(|c| cell(&row, c).unwrap_or_default())).unwrap();
        }
        (out.into_inner().unwrap(), places)
    }

    #[cfg(feature = "parquet")]
    fn parquet(&self, raws: &[(usize, &Raw)], tape: &mut Tape) -> (Vec<u8>, Vec<(u64, u32, usize)>) {
        use arrow_array::{ArrayRef, RecordBatch, StringArray};
        let rows = self.rows(raws, tape);
        let places = rows.iter().enumerate().filter_map(|(n, (_, raw))| Some((n as u64 + 1, 0, (*raw)?))).collect();
        let columns = self.columns();
        let arrays = columns.iter().map(|c| {
            let texts: StringArray = rows.iter().map(|(row, _)| cell(row, c)).collect();
            (c.as_str(), std::sync::Arc::new(texts) as ArrayRef, true)
        });
        let batch = RecordBatch::try_from_iter_with_nullable(arrays).unwrap();
        let mut writer = parquet::arrow::ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        (writer.into_inner().unwrap(), places)
    }

    fn json(
        &self,
        raws: &[(usize, &Raw)],
        each: &[&str],
        outer_filter: bool,
        list: bool,
        tape: &mut Tape,
    ) -> (Vec<u8>, Vec<(u64, u32, usize)>) {
        let (mut lines, mut places): (Vec<Json>, Vec<(u64, u32, usize)>) = (Vec::new(), Vec::new());
        // In a list each object begins a line of its own, after that of the bracket.
        let first = if list { 2 } else { 1 };
        if each.is_empty() {
            for (row, raw) in self.rows(raws, tape) {
                places.extend(raw.map(|raw| (lines.len() as u64 + first, 0, raw)));
                lines.push(Json::Object(row));
            }
        } else {
            let same = |a: &Raw, b: &Raw| {
                self.mapped.iter().filter(|m| m.outer).all(|m| a.fields.get(&m.field) == b.fields.get(&m.field))
            };
            let mut rest = raws;
            while let [(_, head), ..] = rest {
                let together = rest.iter().take_while(|(_, r)| same(head, r)).count().min(1 + tape.below(3));
                let (now, later) = rest.split_at(together);
                rest = later;
                if outer_filter && self.filter.is_some() && tape.chance(30) {
                    lines.push(self.whole(now, each, Some(false), tape).0);
                }
                let (object, found) = self.whole(now, each, outer_filter.then_some(true), tape);
                let line = lines.len() as u64 + first;
                places.extend(found.into_iter().map(|(element, raw)| (line, element, raw)));
                lines.push(object);
            }
        }
        let lines: Vec<String> = lines.iter().map(Json::to_string).collect();
        let text = if list { format!("[\n{}\n]\n", lines.join(",\n")) } else { lines.join("\n") + "\n" };
        (text.into_bytes(), places)
    }
}

impl Writer<'_> {
    /// An object with the records as its elements, and which is which. `passes`: whether the filter, where it is
    /// about the whole, lets it.
    fn whole(
        &self,
        raws: &[(usize, &Raw)],
        each: &[&str],
        passes: Option<bool>,
        tape: &mut Tape,
    ) -> (Json, Vec<(u32, usize)>) {
        let mut top = Object::new();
        self.fill(&mut top, raws[0].1, true, tape);
        let rows = match passes {
            None => self.rows(raws, tape),
            Some(passes) => {
                self.pass(&mut top, passes);
                let mut row = |(i, raw): &(usize, &Raw)| {
                    let mut row = Object::new();
                    self.fill(&mut row, raw, false, tape);
                    (row, Some(*i))
                };
                raws.iter().map(&mut row).collect()
            }
        };
        let found = rows.iter().enumerate().filter_map(|(n, (_, raw))| Some((n as u32, (*raw)?))).collect();
        let mut items: Vec<Json> = rows.into_iter().map(|(row, _)| Json::Object(row)).collect();
        match each {
            [key] => drop(top.insert(key.to_string(), Json::Array(items))),
            [outer, inner] => {
                let second = items.split_off(tape.below(items.len() + 1));
                let groups = json!([{ *inner: items }, { *inner: [] }, { *inner: second }]);
                top.insert(outer.to_string(), groups);
            }
            other => panic!("{other:?}"),
        }
        (Json::Object(top), found)
    }
}

fn cell(row: &Object, column: &str) -> Option<String> {
    match row.get(column) {
        None | Some(Json::Null) => None,
        Some(Json::String(text)) => Some(text.clone()),
        Some(other) => Some(other.to_string()),
    }
}
