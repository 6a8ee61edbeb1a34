//! Names: from headings and keys to words of the language, and what they hint at.

use crate::data::Type;
use crate::syntax::words::OPERATORS;

/// Words that cannot stand for a value.
const RESERVED: [&str; 6] = ["and", "or", "not", "in", "true", "false"];
/// Words that cannot stand for a kind in every place, beside operators and the names of types.
const NO_KINDS: [&str; 9] = ["within", "over", "where", "by", "per", "across", "finding", "then", "as"];
/// Longer names are cut.
const LONGEST: usize = 60;

/// A word of the language for any text: `MNIS ID` is `mnis_id`, `isPaidAsDirector` is `is_paid_as_director`.
pub fn word(text: &str) -> String {
    let latin = deunicode::deunicode_with_tofu(text, " ");
    let letters: Vec<char> = latin.chars().collect();
    let mut word = String::new();
    for (i, &c) in letters.iter().enumerate() {
        if !c.is_ascii_alphanumeric() {
            if !word.is_empty() && !word.ends_with('_') {
                word.push('_');
            }
            continue;
        }
        let before = i.checked_sub(1).map(|b| letters[b]);
        let after = letters.get(i + 1);
        let begins = c.is_ascii_uppercase()
            && (before.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
                || before.is_some_and(|b| b.is_ascii_uppercase()) && after.is_some_and(|a| a.is_ascii_lowercase()));
        if begins && !word.is_empty() && !word.ends_with('_') {
            word.push('_');
        }
        word.push(c.to_ascii_lowercase());
        if word.len() >= LONGEST {
            break;
        }
    }
    let word = word.trim_end_matches('_').to_owned();
    if word.is_empty() {
        return "unnamed".into();
    }
    let word = if word.starts_with(|c: char| c.is_ascii_digit()) { format!("_{word}") } else { word };
    if RESERVED.contains(&word.as_str()) { format!("{word}_") } else { word }
}

/// A word for a kind of record.
pub fn kind(text: &str) -> String {
    let word = word(text);
    let taken = NO_KINDS.contains(&&*word) || OPERATORS.contains(&&*word) || Type::named(&word).is_some();
    if taken { format!("{word}_record") } else { word }
}

/// Whether the text can stand as a name as it is.
pub fn is_word(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !RESERVED.contains(&text)
}

/// One of several: `gifts` is `gift`. None where that cannot be told.
pub fn singular(word: &str) -> Option<String> {
    let (head, last) = word.rsplit_once('_').map_or(("", word), |(h, l)| (&word[..h.len() + 1], l));
    let one = match last {
        _ if last.len() < 4 || last.ends_with("ss") || last.ends_with("us") || last.ends_with("is") => return None,
        _ if last == "people" => "person".into(),
        _ if last.ends_with("ies") => format!("{}y", &last[..last.len() - 3]),
        _ if ["ches", "shes", "sses", "xes"].iter().any(|e| last.ends_with(e)) => last[..last.len() - 2].into(),
        _ => last.strip_suffix('s')?.to_owned(),
    };
    Some(format!("{head}{one}"))
}

/// A name that is not taken yet: with a number behind it where it is.
pub fn free(word: String, taken: &mut std::collections::HashSet<String>) -> String {
    let mut name = word.clone();
    let mut n = 2;
    while !taken.insert(name.clone()) {
        name = format!("{word}_{n}");
        n += 1;
    }
    name
}

/// A text of the language.
pub fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Whether a text can be written in a policy, and read again as it is.
pub fn can_be_written(text: &str) -> bool {
    text.chars().all(|c| !c.is_control() || c == '\n' || c == '\t')
}

/// A value as a remark shows it: short, and on one line.
pub fn shown(value: &str) -> String {
    const SHOWN: usize = 40;
    let plain = |c: char| if c.is_control() || c == '`' { ' ' } else { c };
    let short: String = value.chars().take(SHOWN).map(plain).collect();
    let more = if value.chars().nth(SHOWN).is_some() { "…" } else { "" };
    format!("`{short}{more}`")
}

// ---------------------------------------------------------------- hints

const AMOUNTS: [&str; 27] = [
    "amount", "value", "price", "cost", "costs", "fee", "total", "payment", "pay", "salary", "paid", "spend",
    "revenue", "budget", "income", "donation", "fare", "balance", "charge", "bonus", "gross", "net", "betrag", "preis",
    "montant", "importe", "jine",
];
const CURRENCIES: [&str; 7] = ["currency", "ccy", "curr", "waehrung", "wahrung", "devise", "moneda"];
/// Whose record it is, the likeliest first.
const PEOPLE: [&str; 35] = [
    "actor",
    "employee",
    "person",
    "user",
    "member",
    "who",
    "staff",
    "worker",
    "claimant",
    "requester",
    "traveller",
    "traveler",
    "trader",
    "cardholder",
    "initiator",
    "principal",
    "submitter",
    "author",
    "owner",
    "username",
    "login",
    "sender",
    "recipient",
    "manager",
    "approver",
    "reviewer",
    "officer",
    "delegate",
    "colleague",
    "participant",
    "customer",
    "client",
    "account",
    "assignee",
    "uploader",
];
/// These may be no person.
const ORGANISATIONS: [&str; 3] = ["customer", "client", "account"];
/// So many of these say whose record it is; the others, who else has to do with it.
const SUBJECTS: usize = 22;
const NAMES: [&str; 9] = [
    "first_name",
    "last_name",
    "full_name",
    "surname",
    "given_name",
    "family_name",
    "forename",
    "display_name",
    "maiden_name",
];
const SENSITIVE: [&str; 26] = [
    "address",
    "phone",
    "mobile",
    "telephone",
    "iban",
    "ssn",
    "passport",
    "birth",
    "birthday",
    "dob",
    "password",
    "secret",
    "token",
    "health",
    "diagnosis",
    "religion",
    "ethnicity",
    "salary",
    "postcode",
    "zip",
    "nino",
    "tax_id",
    "bank",
    "card",
    "ip",
    "gender",
];
/// When it happened, the likeliest first; those of `LATER` say when it was written down.
const TIMES: [&str; 24] = [
    "time",
    "timestamp",
    "occurred",
    "happened",
    "event",
    "received",
    "start",
    "starts",
    "started",
    "date",
    "datetime",
    "day",
    "when",
    "at",
    "accepted",
    "completed",
    "paid",
    "sent",
    "purchased",
    "incurred",
    "made",
    "transaction",
    "filed",
    "eventtime",
];
const LATER: [&str; 13] = [
    "registered",
    "published",
    "created",
    "recorded",
    "logged",
    "ingested",
    "updated",
    "modified",
    "changed",
    "reported",
    "end",
    "ended",
    "expires",
];

fn parts(word: &str) -> impl DoubleEndedIterator<Item = &str> {
    word.split('_').filter(|p| !p.is_empty())
}

pub fn is_amount(word: &str) -> bool {
    parts(word).any(|p| AMOUNTS.contains(&p))
}

/// What is left of the name of a currency's field without that word: `fee` of `fee_currency`.
pub fn currency_of(word: &str) -> Option<String> {
    let is = |p: &str| CURRENCIES.contains(&p);
    let rest = || parts(word).filter(|p| !is(p) && *p != "code").collect::<Vec<_>>().join("_");
    parts(word).any(is).then(rest)
}

/// How likely the field says whose record it is: the less, the likelier.
pub fn subject_rank(path: &[&str]) -> Option<usize> {
    let whole = path.join("_");
    let place = |p: &str| PEOPLE[..SUBJECTS].iter().position(|w| *w == p);
    let rank = parts(&whole).filter_map(place).min()?;
    // An id tells people apart better than a name does.
    let last = path.last().copied().unwrap_or_default();
    let of_person = !last.contains('_') || parts(last).next().is_some_and(|p| PEOPLE.contains(&p));
    let tells = match parts(last).next_back().unwrap_or(last) {
        "id" | "number" | "nr" | "no" | "code" if of_person => 0,
        "email" | "mail" | "login" | "username" => 1,
        last if place(last).is_some() => 2,
        "name" | "key" | "id" => 3,
        _ => return None,
    };
    Some(rank * 4 + tells)
}

pub fn is_person(path: &[&str]) -> bool {
    let last = path.last().copied().unwrap_or_default();
    let whole = path.join("_");
    NAMES.iter().any(|n| last == *n || last.ends_with(&format!("_{n}")))
        || parts(last).next_back().is_some_and(|p| matches!(p, "email" | "mail"))
        || parts(&whole).any(|p| PEOPLE.contains(&p) && !ORGANISATIONS.contains(&p))
            && parts(last)
                .next_back()
                .is_some_and(|p| PEOPLE.contains(&p) || matches!(p, "id" | "name" | "number" | "key"))
}

pub fn is_sensitive(word: &str) -> bool {
    parts(word).any(|p| SENSITIVE.contains(&p))
}

/// How likely the field says when it happened: the less, the likelier.
pub fn time_rank(path: &[&str]) -> usize {
    let last = path.last().copied().unwrap_or_default();
    let place = |list: &[&str]| parts(last).filter_map(|p| list.iter().position(|w| *w == p)).min();
    match (place(&LATER), place(&TIMES)) {
        (Some(later), _) => 200 + later,
        (None, Some(time)) => time,
        (None, None) => 100,
    }
}

pub fn is_time(word: &str) -> bool {
    parts(word).any(|p| TIMES.contains(&p) || LATER.contains(&p) || matches!(p, "ts" | "epoch" | "until" | "expiry"))
}

pub fn is_size(word: &str) -> bool {
    parts(word).next_back().is_some_and(|p| matches!(p, "bytes" | "size" | "filesize"))
}

/// How likely the field says which record it is: the less, the likelier.
pub fn identity_rank(path: &[&str]) -> Option<usize> {
    let last = path.last().copied().unwrap_or_default();
    match (last, parts(last).next_back().unwrap_or_default()) {
        ("id", _) if path.len() == 1 => Some(0),
        ("uuid" | "guid" | "event_id" | "record_id" | "unique_qualifier", _) => Some(1),
        (_, "id" | "uuid" | "guid") => Some(2),
        (_, "number" | "reference" | "ref" | "key" | "nr" | "no" | "code") => Some(3),
        _ => None,
    }
}

/// Whether a field of this name may say of which kind a record is.
pub fn names_a_kind(word: &str) -> bool {
    const KINDS: [&str; 22] = [
        "kind",
        "type",
        "event",
        "event_type",
        "event_name",
        "action",
        "operation",
        "application",
        "application_name",
        "category",
        "record_type",
        "activity",
        "activity_type",
        "log_type",
        "object_type",
        "workload",
        "schema",
        "class",
        "message_type",
        "verb",
        "entity",
        "entity_type",
    ];
    KINDS.contains(&word)
}

/// Whether this may be the key of the name in a list of named values.
pub fn names_a_value(word: &str) -> bool {
    matches!(word, "name" | "key" | "field" | "id" | "label" | "property" | "attribute" | "parameter")
}

/// Whether this may be the key of the value there: `value`, `boolValue`.
pub fn is_a_value(word: &str) -> bool {
    parts(word).next_back().is_some_and(|p| matches!(p, "value" | "values" | "val"))
}

/// Whether a field of this name is likely one of a few words.
pub fn is_choice(word: &str) -> bool {
    const CHOICES: [&str; 18] = [
        "kind",
        "type",
        "status",
        "state",
        "channel",
        "class",
        "classification",
        "level",
        "category",
        "severity",
        "priority",
        "relation",
        "role",
        "rank",
        "mode",
        "direction",
        "outcome",
        "result",
    ];
    parts(word).next_back().is_some_and(|p| CHOICES.contains(&p))
}

/// Whether a field of this name is likely what somebody wrote, or who somebody is.
pub fn is_free_text(word: &str) -> bool {
    const WRITTEN: [&str; 22] = [
        "title",
        "description",
        "note",
        "notes",
        "comment",
        "comments",
        "details",
        "subject",
        "query",
        "name",
        "payee",
        "payer",
        "giver",
        "donor",
        "vendor",
        "supplier",
        "company",
        "counterparty",
        "merchant",
        "sponsor",
        "summary",
        "reason",
    ];
    parts(word).any(|p| WRITTEN.contains(&p))
}

/// Whether a field of this name says from when a row holds, or until when.
pub fn is_start(word: &str) -> bool {
    matches!(
        word,
        "since" | "valid_from" | "from" | "from_date" | "start" | "start_date" | "hired" | "joined" | "started"
    )
}

pub fn is_end(word: &str) -> bool {
    matches!(
        word,
        "until" | "valid_until" | "valid_to" | "to" | "to_date" | "end" | "end_date" | "left" | "ended" | "leaves"
    )
}

pub fn is_flag(word: &str) -> bool {
    parts(word).next().is_some_and(|p| matches!(p, "is" | "has" | "was" | "are"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        for (text, is) in [
            ("MNIS ID", "mnis_id"),
            ("IsPaidAsDirectorOfPayer", "is_paid_as_director_of_payer"),
            ("HTTPStatus2Code", "http_status2_code"),
            ("  % of total ", "of_total"),
            ("2024", "_2024"),
            ("", "unnamed"),
            ("…", "unnamed"),
            ("and", "and_"),
            ("Größe", "grosse"),
            ("Сотрудник", "sotrudnik"),
            ("eventName", "event_name"),
        ] {
            assert_eq!(word(text), is, "{text}");
            assert!(is_word(&word(text)), "{text}");
        }
        assert_eq!(kind("where"), "where_record");
        for (many, one) in [("gifts", Some("gift")), ("bus", None), ("ad_hoc_payments", Some("ad_hoc_payment"))] {
            assert_eq!(singular(many).as_deref(), one, "{many}");
        }
    }

    #[test]
    fn texts() {
        assert_eq!(quoted("a \"b\"\\\n"), r#""a \"b\"\\\n""#);
        assert_eq!(shown("a`\nb"), "`a  b`");
        assert!(shown(&"x".repeat(50)).ends_with("x…`"));
    }
}
