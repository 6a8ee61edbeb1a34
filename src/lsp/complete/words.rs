//! The words of the language, with what they say: for completions and for hovering.

pub use crate::syntax::words::{
    CHARTER_LINES, METRIC_CLAUSES, POLICY_CLAUSES, RULE_CLAUSES, SOURCE_CLAUSES, TEST_CLAUSES, WAIVE_CLAUSES,
};

/// An item's keyword, and a beginning of one with places to fill in.
pub const ITEMS: &[(&str, &str)] = &[
    (
        "forbid",
        "forbid ${1:name} \"${2:title}\" {\n  on       ${3:record}\n  when     ${4:condition}\n  because  \"${5:sentence}\"\n}",
    ),
    (
        "require",
        "require ${1:name} \"${2:title}\" {\n  on       ${3:record}\n  need     ${4:record} within ${5:30 days} ${6|before,after,around|}\n  because  \"${7:sentence}\"\n}",
    ),
    (
        "limit",
        "limit ${1:name} \"${2:title}\" {\n  on       ${3:record}\n  sum      ${4:field} per ${5:field} over ${6:365 days}\n  to       ${7:500 EUR}\n}",
    ),
    (
        "revise",
        "revise ${1:rule} effective from ${2:2026-01-01} {\n  on       ${3:record}\n  when     ${4:condition}\n}",
    ),
    (
        "record",
        "record ${1:name} at ${2:time} by ${3:person} identity ${4:id} {\n  ${4}: text,\n  ${2}: timestamp,\n  ${3}: text,\n}",
    ),
    ("table", "table ${1:name} key ${2:id} {\n  ${2}: text,\n}"),
    ("enum", "enum ${1:name} { ${2:word} }"),
    ("let", "let ${1:name} = ${2:value}"),
    ("param", "param ${1:name}: ${2:money} = ${3:500 EUR}"),
    ("define", "define ${1:name}(${2:g}: ${3:record}) = ${4:condition}"),
    ("test", "test \"${1:title}\" {\n  given ${2:record} as ${3:r} { $4 }\n  expect ${5:finding} ${6:rule} on ${3}\n}"),
    ("import", "import \"$1\""),
    ("policy", "policy ${1:name} \"${2:title}\" {\n  owner    \"${3:owner}\"\n  timezone \"${4:UTC}\"\n}"),
    (
        "waive",
        "waive ${1:rule} for ${2:field} ${3:\"E1\"} {\n  from        ${4:2026-01-01}\n  until       ${5:2026-02-01}\n  approved_by \"${6:who}\"\n  reason      \"${7:why}\"\n}",
    ),
    ("metric", "metric ${1:name} \"${2:title}\" {\n  on    ${3:record}\n  count in ${4:month}\n}"),
    (
        "source",
        "source ${1:name} for ${2:record} {\n  format ${3|csv,ndjson,json,parquet|}\n  files  \"${4:*.csv}\"\n  map {\n    ${5:field} = \"${6:column}\"\n  }\n}",
    ),
    ("default", "default ${1:record} { $2 }"),
    ("charter", "charter {\n  no_one_exempt\n  every rule cites\n}"),
    ("rates", "rates ${1:name} valid for ${2:7 days}"),
];

pub const SEVERITIES: &[&str] = &["info", "minor", "major", "critical"];

pub const VERDICTS: &[&str] = &["finding", "compliant", "excepted", "waived", "repeated", "pending", "indeterminate"];

pub const PERIODS: &[&str] = &["day", "month", "quarter", "year", "fiscal_quarter", "fiscal_year"];

pub const UNITS: &[&str] = &[
    "seconds",
    "minutes",
    "hours",
    "days",
    "business days",
    "weeks",
    "months",
    "years",
    "kB",
    "MB",
    "GB",
    "TB",
    "KiB",
    "MiB",
    "GiB",
    "TiB",
    "CNY",
    "EUR",
    "GBP",
    "USD",
    "CHF",
    "JPY",
];

/// What stands behind a value.
pub const OPERATORS: &[&str] = &[
    "and",
    "or",
    "in",
    "not in",
    "contains",
    "starts_with",
    "ends_with",
    "matches",
    "in_domain",
    "overlaps",
    "under",
    "present",
    "absent",
    "ignoring case",
];

/// The clauses between the braces of an item.
pub fn clauses(head: &str) -> &'static [&'static str] {
    match head {
        "forbid" | "require" | "limit" | "revise" => RULE_CLAUSES,
        "metric" => METRIC_CLAUSES,
        "test" => TEST_CLAUSES,
        "policy" => POLICY_CLAUSES,
        "waive" => WAIVE_CLAUSES,
        "charter" => CHARTER_LINES,
        "source" => SOURCE_CLAUSES,
        _ => &[],
    }
}

/// How a clause begins, with places to fill in; none where its word is all.
pub fn snippet(clause: &str) -> Option<&'static str> {
    Some(match clause {
        "unless" => "unless   ${1:name}: ${2:condition}",
        "because" => "because  \"$1\"",
        "cite" => "cite     \"$1\"",
        "purpose" => "purpose  \"$1\"",
        "legal_basis" => "legal_basis \"$1\"",
        "effective" => "effective from ${1:2026-01-01}",
        "once" => "once per ${1:field} per ${2:month}",
        "need" => "need     ${1:record} within ${2:30 days} ${3|before,after,around|}",
        "sum" => "sum      ${1:field} per ${2:field} over ${3:365 days}",
        "reason" => "reason   \"$1\"",
        "approved_by" => "approved_by \"$1\"",
        "owner" => "owner    \"$1\"",
        "timezone" => "timezone \"$1\"",
        "fiscal_year" => "fiscal_year starts ${1:04-01}",
        "given" => "given ${1:record} as ${2:r} { $3 }",
        _ => return None,
    })
}

/// What a word says, in a sentence.
pub fn meaning(word: &str) -> Option<&'static str> {
    MEANINGS.iter().find(|(w, _)| *w == word).map(|(_, meaning)| *meaning)
}

const MEANINGS: &[(&str, &str)] = &[
    ("forbid", "A rule: a finding where its condition holds."),
    ("require", "A rule: a finding where what is needed is not there."),
    ("limit", "A rule: a finding at the record that takes a count or sum over the limit."),
    ("revise", "How a rule reads from a day on."),
    ("record", "Something that happened: each is judged by the rules that are on it."),
    ("table", "Reference data, looked up by key as of the time of the record that is judged."),
    ("source", "How a file becomes records."),
    ("test", "Given records, and what must come out. `bylaws test` runs it."),
    ("enum", "Words, in order: a later one is greater."),
    ("let", "A name for a constant or a set."),
    ("define", "A name for a condition or value with arguments."),
    ("param", "A constant that `--set` and tests can give another value."),
    ("waive", "What a named person lets pass, for whom and until when. The findings are kept, as waived."),
    ("charter", "What every rule of the set must satisfy: proved by `bylaws check`."),
    ("metric", "A figure by period: `bylaws metrics` works it out."),
    ("policy", "Who owns the rules of this file, and by which calendar they count."),
    ("import", "Brings in another file, by a path relative to this one."),
    ("default", "What given records of a kind have that they do not say themselves."),
    ("rates", "Rates between currencies, and how many days old one may be."),
    ("on", "The trigger: which records the rule judges."),
    ("where", "Only those for which this holds. Others are not judged at all."),
    ("when", "The condition."),
    ("unless", "A named exception: where it holds, the record is excepted instead of a finding."),
    ("need", "What has to be there, and when."),
    ("count", "How many records."),
    ("sum", "The sum of a field or value."),
    ("min", "The least of a field or value."),
    ("max", "The greatest of a field or value."),
    ("avg", "The mean of a field or value."),
    ("distinct", "How many different values."),
    ("first", "The earliest record's value."),
    ("last", "The latest record's value."),
    ("median", "The middle of what each of several comes to: `median(count(R over 30 days) per actor)`."),
    ("to", "The limit: over it is a finding."),
    ("severity", "How grave a finding is: `info`, `minor`, `major` (without it) or `critical`."),
    ("cite", "Where the rule comes from: a section of a code or law."),
    ("because", "The finding's sentence. `{…}` holds a field or a value."),
    ("consequence", "What the handbook foresees. Nothing here acts on it."),
    ("purpose", "What the records are judged for."),
    ("legal_basis", "On which basis the records may be used."),
    ("retention", "How long what the rule judges by is to be kept. Nothing here deletes."),
    ("effective", "From which day on, and until which, the rule judges."),
    ("once", "Of several findings with one key in one period, the first is one; the others are repeated."),
    ("exists", "True where such a record is there."),
    ("no", "True where no such record is there."),
    ("within", "A window around the record's time: `within 30 days before`, closed at both ends."),
    ("over", "The time up to the record: `over 30 days`, without the moment 30 days ago."),
    ("per", "Which records are counted together: those with one value of these fields."),
    ("by", "Which records belong together; on a record, whose it is."),
    ("across", "`across everyone`: whoever they are of."),
    ("each", "`on each TABLE`: each of its rows at a period's end, or at the end of the data."),
    ("sequence", "Records one behind the other."),
    ("then", "The next step of a sequence."),
    ("present", "True where the value is there."),
    ("absent", "True where the value is not there."),
    ("in", "True where the value is one of a set's."),
    ("contains", "True where the text has this in it."),
    ("starts_with", "True where the text begins with this."),
    ("ends_with", "True where the text ends with this."),
    ("matches", "True where the text fits a pattern: `matches /^E[0-9]+$/`."),
    ("in_domain", "True where the host is one of these, or below one."),
    ("overlaps", "True where two lists have an element in common."),
    ("under", "True where the second is above the first, as the table said at that time."),
    ("ignoring case", "Capital and small letters are the same."),
    ("ignoring", "`ignoring case`: capital and small letters are the same."),
    ("and", "True where both are. An unknown side leaves it unknown, unless the other is false."),
    ("or", "True where either is. An unknown side leaves it unknown, unless the other is true."),
    ("not", "True where it is false. What is unknown stays unknown."),
    ("given", "A record, or the row of a table, that the test is about."),
    ("expect", "What must come out."),
    ("cases", "The test is run once for each row."),
    ("as_of", "The end of the data: deadlines up to it have passed."),
    ("set", "A parameter's value in this test."),
    ("like", "With all the values of a record given above."),
    ("malformed", "A text that is not of the field's type."),
    ("identity", "The fields that say which record it is: the same identity twice is one record."),
    ("at", "When it happened: a `date` or a `timestamp`."),
    ("key", "The field that rows are looked up by."),
    ("valid", "From when until when a row holds: `valid from since until left`."),
    ("ref", "The key of a table's row, as of the record's time: `ref employee`."),
    ("list", "`list of T`: several values in order."),
    ("owner", "Who answers for the rules, for people to read."),
    ("timezone", "An IANA name: times without an offset are read in it, and days begin in it."),
    ("fiscal_year", "On which day the fiscal year begins: `fiscal_year starts 04-01`."),
    ("business_days", "On which days business is done: `business_days monday to friday except holiday`."),
    ("approved_by", "Who let it pass: not one whom it covers."),
    ("reason", "Why it may pass."),
    ("from", "The first day."),
    ("until", "The first day that is no longer covered."),
    ("format", "`csv`, `ndjson`, `json` or `parquet`."),
    ("files", "Which files, relative to this one: `\"register/*.csv\"`."),
    ("delimiter", "What stands between the columns of a CSV file."),
    ("map", "Which column or key each field is read from."),
    ("finding", "The rule's condition held."),
    ("compliant", "The rule's condition did not hold."),
    ("excepted", "The condition held, and a named exception applies."),
    ("waived", "The condition held, and a waiver covers the record."),
    ("repeated", "The condition held, and `once per` counts it with an earlier finding."),
    ("pending", "A deadline is not over yet."),
    ("indeterminate", "Something was missing or malformed where it mattered."),
    ("bool", "`true` or `false`."),
    ("int", "A whole number of 64 bits."),
    ("decimal", "An exact number of up to 18 decimal places."),
    ("percent", "A share: `15 %` of 200 EUR is 30 EUR."),
    ("text", "Text in quotes."),
    ("date", "A day: `2025-01-31`."),
    ("timestamp", "A moment: `2025-01-31T09:00+08:00`. Without an offset, in the policy's time zone."),
    ("duration", "A length of time: `90 minutes`, `30 days`."),
    ("bytes", "A size: `10 MB` is 10,000,000 bytes, `10 MiB` 10,485,760."),
    ("money", "An exact amount with its currency: `500 CNY`."),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Type;
    use crate::source::FileId;
    use crate::syntax::parse;
    use std::collections::HashMap;

    /// A snippet with what it proposes filled in, the first of several.
    fn filled(snippet: &str) -> String {
        let mut out = String::new();
        let mut places: HashMap<String, String> = HashMap::new();
        let mut rest = snippet;
        while let Some(at) = rest.find('$') {
            out.push_str(&rest[..at]);
            rest = &rest[at + 1..];
            let braced = rest.starts_with('{');
            let from = usize::from(braced);
            let digits = from + rest[from..].find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len() - from);
            let number = rest[from..digits].to_owned();
            assert!(!number.is_empty(), "{snippet}");
            let end = if braced { rest.find('}').unwrap() } else { digits };
            let proposed = rest[digits..end].trim_start_matches([':', '|']);
            let proposed = proposed.split([',', '|']).next().unwrap_or_default();
            if !proposed.is_empty() {
                places.insert(number.clone(), proposed.to_owned());
            }
            out.push_str(places.get(&number).map_or("", String::as_str));
            rest = &rest[end + usize::from(braced)..];
        }
        out + rest
    }

    #[test]
    fn what_a_snippet_proposes_fits_the_grammar() {
        for (word, snippet) in ITEMS {
            let text = filled(snippet);
            let parsed = parse(FileId(0), &text);
            assert!(parsed.errors.is_empty() && parsed.file.items.len() == 1, "{word}: {text}\n{:?}", parsed.errors);
        }
        for (head, words) in [
            ("forbid x", RULE_CLAUSES),
            ("test \"t\"", TEST_CLAUSES),
            ("policy p", POLICY_CLAUSES),
            ("waive x", WAIVE_CLAUSES),
        ] {
            for word in words.iter().filter_map(|w| snippet(w)) {
                let text = format!("{head} {{\n  {}\n}}", filled(word));
                assert_eq!(parse(FileId(0), &text).errors, [], "{text}");
            }
        }
    }

    #[test]
    fn every_word_that_is_offered_says_what_it_means() {
        let clauses = [RULE_CLAUSES, METRIC_CLAUSES, TEST_CLAUSES, POLICY_CLAUSES, WAIVE_CLAUSES, SOURCE_CLAUSES];
        let items = ITEMS.iter().map(|(word, _)| *word);
        let offered = clauses.concat().into_iter().chain(items).chain(Type::NAMED.iter().map(|(of, _)| *of));
        let silent: Vec<&str> = offered.chain(VERDICTS.iter().copied()).filter(|w| meaning(w).is_none()).collect();
        assert!(silent.is_empty(), "{silent:?}");
    }
}
