//! A year of one company's records: nine kinds, nested, sorted by time, about 450 bytes each.

use crate::rng::Rng;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

pub const EMPLOYEES: u64 = 20_000;
pub const UNITS: [&str; 10] = [
    "marketplace",
    "logistics",
    "payments",
    "advertising",
    "legal",
    "finance",
    "procurement",
    "research",
    "people",
    "support",
];
pub const SITES: [&str; 24] = [
    "athens", "bergen", "cork", "delft", "essen", "faro", "ghent", "haifa", "izmir", "jena", "kyoto", "lyon", "malmo",
    "nice", "osaka", "porto", "quito", "riga", "seoul", "turin", "ulm", "vigo", "wroclaw", "york",
];
pub const WORDS: [&str; 64] = [
    "amber", "anchor", "atlas", "basin", "beacon", "birch", "bridge", "canal", "cedar", "cinder", "cobalt", "comet",
    "coral", "crane", "delta", "dune", "ember", "falcon", "fern", "flint", "forge", "garnet", "glacier", "granite",
    "harbor", "hazel", "heron", "indigo", "iris", "island", "ivory", "jasper", "juniper", "lagoon", "lantern", "larch",
    "linen", "lotus", "maple", "marble", "meadow", "mica", "mirror", "nectar", "oak", "onyx", "opal", "orchid",
    "osprey", "pebble", "pine", "prism", "quartz", "raven", "reed", "ridge", "saffron", "slate", "sparrow", "summit",
    "thistle", "tundra", "willow", "zephyr",
];
pub const ENDINGS: [&str; 10] = ["csv", "xlsx", "pdf", "zip", "sql", "pem", "docx", "json", "pptx", "txt"];
pub const TLDS: [&str; 16] =
    ["com", "net", "org", "io", "de", "fr", "cn", "jp", "br", "in", "app", "dev", "info", "biz", "xyz", "top"];
pub const CURRENCIES: [&str; 4] = ["CNY", "USD", "EUR", "JPY"];
pub const PARTIES: [&str; 5] = ["supplier", "customer", "partner", "competitor", "official"];
/// Kinds and how many of a hundred records each makes.
pub const KINDS: [(&str, u64); 9] = [
    ("login", 26),
    ("email_send", 22),
    ("file_export", 15),
    ("approval", 9),
    ("payment", 10),
    ("training", 6),
    ("consultation", 5),
    ("gift", 4),
    ("disclosure", 3),
];

pub fn write(path: &Path, records: u64, seed: u64) -> std::io::Result<()> {
    let mut rng = Rng::new(seed);
    let mut out = std::io::BufWriter::with_capacity(1 << 20, std::fs::File::create(path)?);
    let mut second = 1_735_689_600; // 2025-01-01T00:00Z
    let step = (365 * 86_400 / records.max(1)).max(1);
    let mut line = String::new();
    for n in 0..records {
        second += 1 + rng.below((2 * step).saturating_sub(1).max(1)) as i64;
        line.clear();
        record(&mut rng, n, second, &mut line).map_err(std::io::Error::other)?;
        out.write_all(line.as_bytes())?;
    }
    out.flush()
}

fn record(rng: &mut Rng, n: u64, second: i64, out: &mut String) -> std::fmt::Result {
    let mut share = rng.below(100);
    let kind = KINDS
        .iter()
        .find(|k| {
            if share < k.1 {
                true
            } else {
                share -= k.1;
                false
            }
        })
        .map_or("login", |k| k.0);
    // What an employee is follows from the number, so that it stays the same in every record.
    let employee = rng.skewed(EMPLOYEES);
    let mut fixed = Rng::new(employee + 1);
    write!(
        out,
        r#"{{"kind":"{kind}","id":"{:012x}","time":"{}","actor":{{"id":"e{employee:05}","unit":"{}","grade":{},"site":"{}","manager":"e{:05}","contract":"{}"}}"#,
        n.wrapping_mul(0x9e37_79b9_7f4b) & 0xffff_ffff_ffff,
        utc(second),
        fixed.pick(&UNITS),
        1 + fixed.below(10),
        fixed.pick(&SITES),
        fixed.below(1_000),
        fixed.pick(&["permanent", "fixed_term", "agency"]),
    )?;
    match kind {
        "login" => write!(
            out,
            r#","login":{{"method":"{}","result":"{}","second_factor":{},"attempts":{}}},"application":{{"name":"{}-{}","tier":{},"owner":"{}"}}"#,
            rng.pick(&["password", "sso", "token", "certificate"]),
            if rng.one_in(20) { "failure" } else { "success" },
            !rng.one_in(12),
            1 + rng.skewed(9),
            rng.pick(&WORDS),
            rng.pick(&WORDS),
            1 + rng.below(4),
            rng.pick(&UNITS),
        )?,
        "email_send" => {
            write!(out, r#","message":{{"subject":"{}","#, text(rng, 5))?;
            let (domain, class) = (domain(rng, 3), class(rng));
            let (recipients, attachments, bytes) = (1 + rng.skewed(60), rng.skewed(6), rng.skewed(30_000_000));
            write!(
                out,
                r#""domain":"{domain}","recipients":{recipients},"attachments":{attachments},"bytes":{bytes},"classification":"{class}"}}"#
            )?
        }
        "file_export" => write!(
            out,
            r#","file":{{"name":"{}-{}-{}.{}","classification":"{}","bytes":{}}},"destination":{{"kind":"{}","domain":"{}"}}"#,
            rng.pick(&WORDS),
            rng.pick(&WORDS),
            rng.below(10_000),
            rng.pick(&ENDINGS),
            class(rng),
            rng.skewed(2_000_000_000),
            rng.pick(&[
                "corporate",
                "corporate",
                "corporate",
                "corporate",
                "personal_cloud",
                "personal_email",
                "usb",
                "print"
            ]),
            domain(rng, 3),
        )?,
        "training" => write!(
            out,
            r#","course":{{"code":"{}-{:03}","title":"{}","minutes":{},"passed":{}}}"#,
            rng.pick(&["anti-corruption", "security", "privacy", "safety"]),
            rng.below(200),
            text(rng, 5),
            15 * (1 + rng.below(12)),
            !rng.one_in(15),
        )?,
        "approval" => write!(
            out,
            r#","request":{{"id":"q{:06}","subject":"{}","days":{}}},"approver":"e{:05}","amount":{{"value":{},"currency":"{}"}}"#,
            rng.below(1_000_000),
            text(rng, 4),
            1 + rng.skewed(90),
            rng.skewed(EMPLOYEES),
            cents(rng, 10_000_000),
            rng.pick(&CURRENCIES),
        )?,
        "disclosure" => write!(
            out,
            r#","party":{{"name":"{} {}","kind":"{}","country":"{}"}},"statement":"{}""#,
            rng.pick(&WORDS),
            rng.pick(&WORDS),
            rng.pick(&PARTIES),
            rng.pick(&TLDS),
            text(rng, 9),
        )?,
        // payment, consultation, gift
        _ => write!(
            out,
            r#","party":{{"name":"{} {}","kind":"{}","country":"{}"}},"amount":{{"value":{},"currency":"{}"}},"note":"{}""#,
            rng.pick(&WORDS),
            rng.pick(&WORDS),
            rng.pick(&PARTIES),
            rng.pick(&TLDS),
            cents(rng, if kind == "gift" { 60_000 } else { 6_000_000 }),
            rng.pick(&CURRENCIES),
            text(rng, 6),
        )?,
    }
    writeln!(
        out,
        r#","client":{{"device":"d{:05}","managed":{},"address":"10.{}.{}.{}","system":"{}","version":"{}.{}.{}"}},"trace":"{:016x}"}}"#,
        rng.below(40_000),
        !rng.one_in(10),
        rng.below(256),
        rng.below(256),
        rng.below(256),
        rng.pick(&["windows", "macos", "linux", "android", "ios"]),
        rng.below(20),
        rng.below(10),
        rng.below(100),
        rng.next(),
    )
}

/// Of one in `share` an outside domain, otherwise the company's own.
fn domain(rng: &mut Rng, share: u64) -> String {
    if rng.one_in(share) {
        format!("{}-{}.{}", rng.pick(&WORDS), rng.pick(&WORDS), rng.pick(&TLDS))
    } else {
        "corp.example".to_string()
    }
}

fn class(rng: &mut Rng) -> &'static str {
    match rng.below(100) {
        0..45 => "public",
        45..85 => "internal",
        85..98 => "confidential",
        _ => "critical",
    }
}

/// Words in a row; now and then with an escape or a letter beyond ASCII.
fn text(rng: &mut Rng, words: u64) -> String {
    let mut text = String::new();
    for n in 0..words + rng.below(words) {
        if n > 0 {
            text.push(' ');
        }
        text.push_str(rng.pick(&WORDS));
    }
    match rng.below(100) {
        0 => text.push_str(r#" \"as agreed\""#),
        1 | 2 => text.push_str(" café"),
        _ => {}
    }
    text
}

fn cents(rng: &mut Rng, below: u64) -> String {
    let cents = 1 + rng.skewed(below);
    format!("{}.{:02}", cents / 100, cents % 100)
}

/// `2025-01-31T09:30:00Z` of a second since 1970 in the years 1970 to 2099.
fn utc(second: i64) -> String {
    let (mut day, time) = (second / 86_400, second % 86_400);
    let mut year = 1970;
    let leap = |y: i64| y % 4 == 0;
    while day >= 365 + leap(year) as i64 {
        day -= 365 + leap(year) as i64;
        year += 1;
    }
    let lengths = [31, 28 + leap(year) as i64, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 0;
    while day >= lengths[month] {
        day -= lengths[month];
        month += 1;
    }
    format!("{year:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", month + 1, day + 1, time / 3600, time / 60 % 60, time % 60)
}
