//! Canaries: values that stand nowhere but in the records, in every kind of field and of damage.

use arrow_array::{ArrayRef, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

/// What was planted, and what must not be found.
#[derive(Default)]
pub struct Planted {
    /// Names of people, in fields that are marked `@person`.
    pub people: Vec<String>,
    /// In fields that are marked `@sensitive`, and in what cannot be told from these: damaged records, fields that are not
    /// declared.
    pub sensitive: Vec<String>,
    n: usize,
}

const FIRST: [&str; 12] =
    ["Aldra", "Benno", "Cyra", "Dorit", "Özlem", "Falk", "王小", "Hedda", "Ivo", "Jörn", "Kaja", "Leif"];

impl Planted {
    fn next(&mut self) -> usize {
        self.n += 1;
        self.n
    }

    /// A name, as an id, in two words, or with other letters than English has.
    fn person(&mut self) -> String {
        let n = self.next();
        let name = match n % 3 {
            0 => format!("CANP{n:03}Q"),
            1 => format!("{} Canp{n:03}kranich", FIRST[n % FIRST.len()]),
            _ => format!("{}.canp{n:03}@kranich.example", FIRST[n % FIRST.len()].to_lowercase()),
        };
        self.people.push(name.clone());
        name
    }

    fn secret(&mut self) -> String {
        let secret = format!("{} Cans{:03}quell", FIRST[self.n % FIRST.len()], self.next());
        self.sensitive.push(secret.clone());
        secret
    }

    fn word(&mut self) -> String {
        let secret = format!("CANS{:03}Q", self.next());
        self.sensitive.push(secret.clone());
        secret
    }

    fn number(&mut self) -> u64 {
        let number = 7_313_990_000 + self.next() as u64;
        self.sensitive.push(number.to_string());
        number
    }

    fn amount(&mut self) -> String {
        let amount = format!("{}.37", 918_420_000 + self.next());
        self.sensitive.push(amount.clone());
        amount
    }

    fn date(&mut self) -> String {
        let n = self.next();
        let date = format!("{}-{:02}-{:02}", 1801 + n / 300, 1 + n / 25 % 12, 1 + n % 25);
        self.sensitive.push(date.clone());
        date
    }
}

/// People who are met more than once.
pub struct Staff {
    pub ids: Vec<String>,
    names: Vec<String>,
}

fn employees(to: &Path, p: &mut Planted) -> Staff {
    let mut text = String::from("id,name,born,salary,grade,pin,unit,manager,since,left\n");
    let (mut ids, mut names): (Vec<String>, Vec<String>) = Default::default();
    for n in 0..8 {
        let (id, name) = (p.person(), p.person());
        let manager = if n == 0 { String::new() } else { String::clone(&ids[n / 3]) };
        let (born, salary, pin) = (p.date(), p.amount(), p.number());
        let _ = writeln!(text, "{id},{name},{born},{salary} EUR,junior,{pin},sales,{manager},2020-01-01,");
        ids.push(id);
        names.push(name);
    }
    // Two rows that hold at one time and differ; a circle; a row that leads nowhere; damaged ones.
    let (born, pin) = (p.date(), p.number());
    let name = p.person();
    let _ = writeln!(text, "{},{name},{born},{} EUR,senior,{pin},lab,,2024-01-01,", ids[7], p.amount());
    let (a, b) = (p.person(), p.person());
    for (one, other) in [(&a, &b), (&b, &a)] {
        let (name, born, pin) = (p.person(), p.date(), p.number());
        let _ = writeln!(text, "{one},{name},{born},{} EUR,senior,{pin},lab,{other},2020-01-01,", p.amount());
    }
    let (id, nobody, name) = (p.person(), p.person(), p.person());
    let _ = writeln!(text, "{id},{name},{},{},{},{},lab,{nobody},2020-01-01,", p.word(), p.word(), p.word(), p.word());
    let _ = writeln!(text, "{},{},{}", p.secret(), p.secret(), p.secret());
    let _ = writeln!(text, "CanpWaived,x,1990-01-01,1 EUR,junior,1,sales,,2020-01-01,");
    p.people.push("CanpWaived".into());
    p.people.push("CanpApprover".into());
    fs::write(to, text).unwrap();
    ids.extend([a, b, id]);
    Staff { ids, names }
}

fn gift(p: &mut Planted, id: u32, actor: &str, note: &str) -> serde_json::Value {
    let (giver, guest, other) = (p.person(), p.person(), p.person());
    let bonus = format!("{} EUR", p.amount());
    serde_json::json!({
        "kind": "gift", "id": id, "day": format!("2026-0{}-1{}", 1 + id % 5, id % 10), "actor": actor, "giver": giver,
        "guests": [guest, other], "note": format!("{note}, for {giver} and {}", guest.to_uppercase()),
        "amount": "250 EUR", "secret": p.secret(), "score": p.number(), "bonus": bonus,
        "seen": p.date(), "marks": [p.word(), p.secret()], "rank": "high",
        "home": { "street": format!("C {}", p.secret()), "number": p.number() }, "vendor": null,
    })
}

/// The log: whole gifts, then every sort of damage.
fn log(p: &mut Planted, staff: &Staff) -> Vec<Vec<u8>> {
    let mut lines: Vec<Vec<u8>> = Vec::new();
    let mut line = |value: serde_json::Value| lines.push(value.to_string().into_bytes());
    for n in 0..10 {
        let note = format!("seen with {}, {}", staff.names[n % 8], staff.ids[n % 8].to_lowercase());
        line(gift(p, n as u32 + 1, &staff.ids[n], &note));
    }
    let mut waived = gift(p, 20, "CanpWaived", "a note");
    waived["giver"] = "Giver".into();
    waived["note"] = "a note".into();
    line(waived);
    for n in 0..3 {
        line(
            serde_json::json!({ "kind": "notice", "id": n, "day": "2026-03-20", "actor": staff.ids[n], "approver": staff.ids[n + 1] }),
        );
    }
    for _ in 0..2 {
        let (guest, pin) = (p.person(), p.number());
        line(
            serde_json::json!({ "kind": "visit", "time": "2026-03-20T10:00:00Z", "guest": guest, "pin": pin, "room": "R1" }),
        );
    }
    // Values that cannot be read: of each sensitive field, and of fields that name people.
    for (field, id) in ["score", "bonus", "seen", "marks", "rank", "secret", "home"].into_iter().zip(30..) {
        let mut broken = gift(p, id, &staff.ids[1], "a note");
        broken[field] = serde_json::json!({ "at": p.word(), "more": [p.number()] });
        line(broken);
        let mut broken = gift(p, id + 10, &staff.ids[2], "a note");
        broken[field] = p.word().into();
        line(broken);
    }
    // Nearly a word of the list, so that a suggestion would give it away.
    let mut near = gift(p, 60, &staff.ids[1], "a note");
    near["rank"] = "middel".into();
    p.sensitive.extend(["middel", "mean `middle`"].map(String::from));
    line(near);
    let mut unread = gift(p, 61, &staff.ids[1], "a note");
    unread["note"] = "a note".into();
    unread["giver"] = serde_json::json!([p.person()]);
    unread["guests"] = p.person().into();
    unread["day"] = "2026-05-01".into();
    line(unread);
    // Somebody who is in no table, and a vendor's code that leads nowhere.
    let nobody = p.person();
    let mut lost = gift(p, 62, &nobody, "a note");
    lost["vendor"] = p.word().into();
    line(lost);
    // Repeats that disagree.
    for _ in 0..2 {
        line(gift(p, 70, &staff.ids[3], "a note"));
    }
    // Fields that are not declared, one of them nearly a sensitive one.
    let mut beside = gift(p, 71, &staff.ids[3], "a note");
    beside["scor"] = p.number().into();
    beside["memo"] = serde_json::json!({ "of": p.secret(), "list": [p.word()] });
    line(beside);
    let text = gift(p, 72, &staff.ids[3], "a note").to_string();
    let twice = text.replacen('{', &format!("{{\"score\": {}, ", p.number()), 1);
    lines.push(twice.into_bytes());
    let (key, value) = (p.word(), p.word());
    lines.push(format!("{{\"kind\": \"gift\", \"{key}\": 1, \"{key}\": \"{value}\"}}").into_bytes());
    lines.push(format!("{{\"kind\": \"gift\", \"score\": {}, \"secret\": \"{}\"", p.number(), p.secret()).into_bytes());
    lines.push(format!("{{\"kind\": \"gift\", \"secret\": {}}}", p.word()).into_bytes());
    lines.push(p.secret().into_bytes());
    lines.push(format!("[\"{}\", {}]", p.secret(), p.number()).into_bytes());
    let (secret, score, giver) = (p.secret(), p.number(), p.person());
    for kind in ["\"gfit\"", "17", "null", "\"parcel\""] {
        let text =
            format!("{{\"kind\": {kind}, \"secret\": \"{secret}\", \"score\": {score}, \"giver\": \"{giver}\"}}");
        lines.push(text.into_bytes());
    }
    let mut torn = format!("{{\"kind\": \"gift\", \"secret\": \"{} ", p.secret()).into_bytes();
    torn.extend([0xff, 0xfe, b'"', b'}']);
    lines.push(torn);
    lines.push(format!("{{\"kind\": \"gift\", \"secret\": \"\\ud800 {}\", \"id\": 80}}", p.secret()).into_bytes());
    lines.push(
        format!("{{\"kind\": \"gift\", \"memo\": {}\"{}\"{}}}", "[".repeat(300), p.word(), "]".repeat(300))
            .into_bytes(),
    );
    lines
}

fn register(p: &mut Planted, staff: &Staff) -> String {
    let item = |p: &mut Planted, nr: u32| {
        serde_json::json!({
            "nr": nr, "from": p.person(), "guests": [{ "name": p.person(), "seat": p.number() }], "note": "a note",
            "who": [{ "id": staff.ids[nr as usize % 8], "desk": p.word() }, { "id": p.word() }],
            "worth": "250", "bonus": p.amount(), "score": p.number(), "seen": p.date(), "marks": [p.word()],
            "tags": [{ "kind": "other", "value": p.secret() }, { "kind": "secret", "value": p.secret() }],
            "rank": "low", "home": { "street": p.secret(), "number": p.number() }, "memo": p.secret(),
        })
    };
    let mut entries: Vec<serde_json::Value> = (201..206).map(|nr| item(p, nr)).collect();
    entries[4]["score"] = p.word().into();
    serde_json::json!([{ "day": "2026-02-03", "entries": entries }, { "day": p.person(), "entries": p.secret() }])
        .to_string()
}

/// As CSV and as Parquet: the same columns.
fn columns(p: &mut Planted, staff: &Staff, first: u32) -> Vec<(&'static str, Vec<String>)> {
    let mut columns: Vec<(&str, Vec<String>)> = [
        "id",
        "day",
        "actor",
        "giver",
        "guests",
        "note",
        "amount",
        "secret",
        "score",
        "bonus",
        "seen",
        "marks",
        "rank",
        "home.street",
        "home.number",
        "memo",
    ]
    .map(|name| (name, Vec::new()))
    .into();
    for n in 0..4 {
        let guests = format!("[\"{}\"]", p.person());
        let score = if n == 3 { p.word() } else { p.number().to_string() };
        let cells = [
            (first + n).to_string(),
            "2026-03-03".into(),
            staff.ids[n as usize].clone(),
            p.person(),
            guests,
            "a note".into(),
            "250 EUR".into(),
            p.secret(),
            score,
            format!("{} EUR", p.amount()),
            p.date(),
            format!("[\"{}\"]", p.word()),
            "low".into(),
            p.secret(),
            p.number().to_string(),
            p.secret(),
        ];
        columns.iter_mut().zip(cells).for_each(|(column, cell)| column.1.push(cell));
    }
    columns
}

fn csv(columns: &[(&str, Vec<String>)]) -> String {
    let quoted = |cell: &String| format!("\"{}\"", cell.replace('"', "\"\""));
    let mut text = columns.iter().map(|c| c.0).collect::<Vec<_>>().join(",") + "\n";
    for row in 0..columns[0].1.len() {
        text += &(columns.iter().map(|c| quoted(&c.1[row])).collect::<Vec<_>>().join(",") + "\n");
    }
    text
}

fn parquet(columns: &[(&str, Vec<String>)], to: &Path) {
    let arrays = columns.iter().map(|(name, cells)| (*name, Arc::new(StringArray::from(cells.clone())) as ArrayRef));
    let batch = RecordBatch::try_from_iter(arrays).unwrap();
    let mut writer = ArrowWriter::try_new(fs::File::create(to).unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

/// Writes all inputs into a folder.
pub fn plant(folder: &Path) -> Planted {
    let mut p = Planted::default();
    let staff = employees(&folder.join("staff.csv"), &mut p);
    fs::write(folder.join("vendors.csv"), format!("code,owner,city\n{},{},Nowhere\n", p.word(), p.person())).unwrap();
    fs::write(folder.join("log.ndjson"), log(&mut p, &staff).join(&b'\n')).unwrap();
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let more = gift(&mut p, 90, &staff.ids[4], "a note").to_string();
    gz.write_all(more.as_bytes()).unwrap();
    fs::write(folder.join("more.ndjson.gz"), gz.finish().unwrap()).unwrap();
    fs::write(folder.join("register.json"), register(&mut p, &staff)).unwrap();
    fs::write(folder.join("gifts.csv"), csv(&columns(&mut p, &staff, 300))).unwrap();
    parquet(&columns(&mut p, &staff, 400), &folder.join("gifts.parquet"));
    // A file that is named after somebody, and files that cannot be read for want of a heading.
    let named = format!("export_{}.ndjson", staff.names[0].to_lowercase().replace(' ', "-"));
    fs::write(folder.join(&named), gift(&mut p, 91, &staff.ids[5], "a note").to_string()).unwrap();
    p.people.push(named.trim_start_matches("export_").trim_end_matches(".ndjson").to_owned());
    let bare = csv(&columns(&mut p, &staff, 500));
    fs::write(folder.join("headless.csv"), bare.split_once('\n').unwrap().1).unwrap();
    let twice = p.word();
    fs::write(folder.join("twice.csv"), format!("{twice},{twice},id\n1,2,3\n")).unwrap();
    // Longer than what is kept of a rejected record.
    let long =
        format!("{{\"kind\": \"gift\", \"secret\": \"{}\", \"note\": \"{}\"", p.secret(), "long ".repeat(300_000));
    fs::write(folder.join("long.log"), long).unwrap();
    let torn = fs::read(folder.join("gifts.parquet")).unwrap();
    fs::write(folder.join("torn.parquet"), &torn[..torn.len() - 40]).unwrap();
    fs::write(
        folder.join("broken.json"),
        format!("[{{\"day\": \"2026-01-01\", \"entries\": [{{\"score\": {}", p.number()),
    )
    .unwrap();
    p
}
