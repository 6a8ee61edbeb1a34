//! Policies of 10, 100 and 1,000 rules over the log, one of windows, and sequences of three steps of which few, some and
//! all records are a step.

use crate::log::{ENDINGS, KINDS, PARTIES, SITES, TLDS, UNITS, WORDS};
use crate::rng::Rng;
use std::fmt::Write as _;

pub struct RuleSet {
    pub name: &'static str,
    pub text: String,
}

pub fn sets(seed: u64) -> Vec<RuleSet> {
    let rules = stateless(seed, 1000);
    let set = |name, n: usize| RuleSet { name, text: format!("{}{}", vocabulary(), rules[..n].concat()) };
    vec![
        set("R10", 10),
        set("R100", 100),
        set("R1000", 1000),
        RuleSet { name: "W10", text: format!("{}{}", vocabulary(), WINDOWS) },
        sequence("S-few", &[FAILED, "file_export where file.classification == critical", NOTE]),
        sequence("S-some", &["login where login.result == \"failure\"", "file_export where file.bytes > 1 GB", MAIL]),
        sequence("S-all", &["login", "file_export", "email_send"]),
    ]
}

/// The first rules of the list.
pub fn first(seed: u64, count: usize) -> String {
    format!("{}{}", vocabulary(), stateless(seed, count).concat())
}

const FAILED: &str = "login where login.result == \"failure\" and not login.second_factor";
const NOTE: &str = "email_send where message.classification == critical and message.attachments > 4";
const MAIL: &str = "email_send where message.classification >= confidential";

/// Steps of one employee within a day, those of 20,000 interleaved. Without an identity a record that is no step is
/// dropped as soon as it is read.
fn sequence(name: &'static str, steps: &[&str]) -> RuleSet {
    let steps = steps.join("\n    then ");
    let rule = format!("forbid s {{\n  on sequence by actor.id within 1 day {{\n    {steps}\n  }}\n}}\n");
    RuleSet { name, text: format!("{}{rule}", vocabulary().replace(" identity id", "")) }
}

/// What the log's records look like.
fn vocabulary() -> String {
    let mut text = String::from("enum classification { public, internal, confidential, critical }\n");
    for (kind, _) in KINDS {
        let own = match kind {
            "login" => {
                "login: { method: text, result: text, second_factor: bool, attempts: int },\n  \
                 application: { name: text, tier: int, owner: text },"
            }
            "email_send" => {
                "message: { subject: text, domain: text, recipients: int, attachments: int, bytes: bytes,\n             \
                 classification: classification },"
            }
            "file_export" => {
                "file: { name: text, classification: classification, bytes: bytes },\n  \
                 destination: { kind: enum { corporate, personal_cloud, personal_email, usb, print }, domain: text },"
            }
            "training" => "course: { code: text, title: text, minutes: int, passed: bool },",
            "approval" => {
                "request: { id: text, subject: text, days: int }, approver: text,\n  \
                 amount: { value: decimal, currency: text },"
            }
            "disclosure" => "party: { name: text, kind: text, country: text }, statement: text,",
            _ => {
                "party: { name: text, kind: text, country: text }, amount: { value: decimal, currency: text },\n  \
                 note: text,"
            }
        };
        let _ = writeln!(
            text,
            "record {kind} at time by actor.id identity id {{\n  id: text, time: timestamp,\n  \
             actor: {{ id: text, unit: text, grade: int, site: text, manager: text, contract: text }},\n  {own}\n  \
             client: {{ device: text, managed: bool, address: text, system: text, version: text }},\n  trace: text,\n}}"
        );
    }
    text
}

fn words(rng: &mut Rng, of: &[&str], n: u64) -> String {
    let words: Vec<String> = (0..n).map(|_| format!("\"{}\"", rng.pick(of))).collect();
    format!("{{ {} }}", words.join(", "))
}

/// One condition on a record of the kind, and on how many of a million such records it holds, roughly.
fn condition(rng: &mut Rng, kind: &str) -> (String, u64) {
    let own = match (kind, rng.below(5)) {
        ("login", 0) => Some(("login.result == \"failure\"".to_string(), 50_000)),
        ("login", 1) => Some(("not login.second_factor".to_string(), 83_000)),
        ("login", 2) => Some((format!("application.name starts_with \"{}-\"", rng.pick(&WORDS)), 16_000)),
        ("login", 3) => Some((format!("application.owner in {}", words(rng, &UNITS, 2)), 190_000)),
        ("email_send", 0) => Some(("message.classification >= confidential".to_string(), 150_000)),
        ("email_send", 1) => Some((format!("message.domain ends_with \".{}\"", rng.pick(&TLDS)), 21_000)),
        ("email_send", 2) => {
            let outside = format!("{}-{}.{}", rng.pick(&WORDS), rng.pick(&WORDS), rng.pick(&TLDS));
            Some((format!("message.domain in_domain {{ \"{outside}\" }}"), 10))
        }
        ("email_send", 3) => {
            Some((format!("message.subject contains \"{} {}\"", rng.pick(&WORDS), rng.pick(&WORDS)), 1_500))
        }
        ("file_export", 0) => Some(("file.classification == critical".to_string(), 20_000)),
        ("file_export", 1) => {
            Some(("destination.kind in { personal_cloud, personal_email, usb }".to_string(), 375_000))
        }
        ("file_export", 2) => Some((format!("file.name ends_with \".{}\"", rng.pick(&ENDINGS)), 100_000)),
        ("file_export", 3) => Some((format!("file.bytes > {} MB", 200 * (1 + rng.below(6))), 250_000)),
        ("training", 0) => Some(("not course.passed".to_string(), 66_000)),
        ("training", 1) => Some((format!("course.title contains \"{}\"", rng.pick(&WORDS)), 100_000)),
        ("training", 2) => Some((format!("course.code == \"privacy-{:03}\"", rng.below(200)), 1_250)),
        ("approval", 0) => Some(("approver == actor.manager".to_string(), 200)),
        ("approval", 1) => Some((format!("request.subject contains \"{}\"", rng.pick(&WORDS)), 80_000)),
        ("disclosure", 0) => Some((format!("statement contains \"{} {}\"", rng.pick(&WORDS), rng.pick(&WORDS)), 2_800)),
        ("payment" | "consultation" | "gift", 0) => Some((format!("note contains \"{}\"", rng.pick(&WORDS)), 120_000)),
        ("approval" | "payment" | "consultation", 3) => {
            Some((format!("amount.value > {}", 10_000 * (1 + rng.below(3))), 150_000))
        }
        ("payment" | "consultation" | "gift" | "disclosure", 1) => {
            Some((format!("party.kind == \"{}\"", rng.pick(&PARTIES)), 200_000))
        }
        ("payment" | "consultation" | "gift" | "disclosure", 2) => {
            Some((format!("party.name == \"{} {}\"", rng.pick(&WORDS), rng.pick(&WORDS)), 244))
        }
        _ => None,
    };
    own.unwrap_or_else(|| match rng.below(6) {
        0 => (format!("actor.unit == \"{}\"", rng.pick(&UNITS)), 100_000),
        1 => (format!("actor.site in {}", words(rng, &SITES, 3)), 120_000),
        2 => (format!("actor.grade >= {}", 7 + rng.below(3)), 300_000),
        3 => ("not client.managed".to_string(), 100_000),
        4 => (format!("client.system != \"{}\"", rng.pick(&["windows", "linux"])), 800_000),
        _ => (format!("client.device == \"d{:05}\"", rng.below(40_000)), 25),
    })
}

/// The first hold most often, as broad rules do.
fn stateless(seed: u64, count: usize) -> Vec<String> {
    let mut rng = Rng::new(seed ^ 0x5bd1_e995);
    (0..count)
        .map(|n| {
            let goal: u64 = if n < 10 {
                300
            } else if n < 100 {
                50
            } else {
                5
            };
            loop {
                let (kind, share) = KINDS[rng.below(9) as usize];
                let (mut conditions, mut holds) = (Vec::new(), share * 10_000);
                let mut fields: Vec<String> = Vec::new();
                while holds > goal && conditions.len() < 6 {
                    let (condition, of_a_million) = condition(&mut rng, kind);
                    let field = condition.trim_start_matches("not ").split(' ').next().unwrap_or_default().to_string();
                    if !fields.contains(&field) {
                        fields.push(field);
                        holds = holds * of_a_million / 1_000_000;
                        conditions.push(condition);
                    }
                }
                if holds <= goal && holds * 50 >= goal {
                    let name = format!("r{:04}", n + 1);
                    let when = conditions.join("\n           and ");
                    return format!("forbid {name} {{\n  on       {kind}\n  when     {when}\n}}\n");
                }
            }
        })
        .collect()
}

const WINDOWS: &str = r#"
forbid w01 { on gift when sum(gift.amount.value over 90 days) > 900 }
forbid w02 { on gift when count(gift over 90 days) > 8 }
forbid w03 { on payment when sum(payment.amount.value over 30 days) > 90_000 }
limit  w04 { on payment where party.kind == "official" sum amount.value per actor.id over 90 days to 60_000 }
limit  w05 { on consultation sum amount.value per actor.id over 90 days to 60_000 }
forbid w06 { on file_export when file.classification >= confidential
             and sum(file_export.file.bytes over 30 days where file_export.file.classification >= confidential) > 5 GB }
forbid w07 { on file_export when count(file_export over 7 days) > 8 }
forbid w08 { on email_send when message.domain != "corp.example"
             and count(email_send over 7 days where email_send.message.domain != "corp.example") > 6 }
limit  w09 { on approval sum amount.value per actor.id, approver over 30 days to 60_000 }
forbid w10 { on file_export when file.classification == critical
             and no approval within 7 days before }
"#;
