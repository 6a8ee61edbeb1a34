//! The keywords, for finding where items and clauses begin and for did-you-mean.

use super::kinds::SyntaxKind;
use super::scan::Scanned;

/// Items of a rule file.
pub const ITEMS: &[&str] = &[
    "forbid", "require", "limit", "revise", "record", "table", "source", "test", "enum", "let", "define", "param",
    "waive", "charter", "metric", "policy", "import", "default", "rates",
];

pub const RULE_CLAUSES: &[&str] = &[
    "on",
    "where",
    "when",
    "unless",
    "need",
    "count",
    "sum",
    "min",
    "max",
    "avg",
    "distinct",
    "to",
    "severity",
    "cite",
    "because",
    "consequence",
    "purpose",
    "legal_basis",
    "retention",
    "effective",
    "once",
];

pub const POLICY_CLAUSES: &[&str] = &["owner", "timezone", "fiscal_year", "business_days"];

pub const SOURCE_CLAUSES: &[&str] = &["format", "files", "delimiter", "timezone", "each", "where", "map", "identity"];

pub const CHARTER_LINES: &[&str] = &["no_one_exempt", "every", "waivers", "no", "severity", "rank"];

pub const METRIC_CLAUSES: &[&str] = &["on", "where", "count", "sum", "min", "max", "avg", "distinct"];

pub const WAIVE_CLAUSES: &[&str] = &["from", "until", "approved_by", "reason"];

pub const TEST_CLAUSES: &[&str] = &["given", "default", "cases", "as_of", "set", "expect"];

/// What a field can be marked with.
pub const MARKS: [&str; 2] = ["person", "sensitive"];

/// Words of other languages for a field that may be absent.
pub const OPTIONAL: [&str; 4] = ["optional", "nullable", "null", "opt"];

/// What an item is called here that has another name in other languages.
pub fn item_known_as(word: &str) -> Option<&'static str> {
    Some(match word.to_ascii_lowercase().as_str() {
        "rule" | "deny" | "prohibit" | "ban" | "disallow" | "prevent" => "forbid",
        "must" | "ensure" | "oblige" | "mandate" => "require",
        "cap" | "restrict" | "maximum" => "limit",
        "event" | "entity" | "type" => "record",
        "const" | "constant" | "var" | "list" | "set" => "let",
        "function" | "def" | "fn" => "define",
        "parameter" | "variable" => "param",
        "waiver" | "exempt" => "waive",
        "kpi" | "measure" => "metric",
        "include" | "use" => "import",
        _ => return None,
    })
}

pub const NO_TIME_OF_DAY: &str = "a condition knows no time of day and no day of the week: let a field of the records say it, such as `at_night: bool`";

/// What a verdict is called here.
pub fn verdict_known_as(word: &str) -> Option<&'static str> {
    Some(match word.to_ascii_lowercase().as_str() {
        "violation" | "violated" | "breach" | "fail" | "fails" | "failed" | "hit" | "match" => "finding",
        "pass" | "passes" | "passed" | "ok" | "allowed" | "clean" => "compliant",
        "exception" | "exempt" => "excepted",
        "unknown" | "unclear" => "indeterminate",
        _ => return None,
    })
}

/// What a clause is called here that has another name in many a form or policy.
pub fn known_as(word: &str) -> Option<&'static str> {
    Some(match word.to_ascii_lowercase().as_str() {
        "if" | "condition" | "given" => "when",
        "except" | "exception" | "exceptions" | "excluding" => "unless",
        "message" | "reason" | "description" | "text" => "because",
        "priority" | "level" | "risk" => "severity",
        "reference" | "references" | "law" | "basis" => "cite",
        "for" | "trigger" | "applies" => "on",
        "penalty" | "sanction" => "consequence",
        "valid" | "from" | "since" => "effective",
        "requires" | "needs" => "need",
        "maximum" | "at_most" | "threshold" => "to",
        _ => return None,
    })
}

/// Words between two operands.
pub const OPERATORS: &[&str] = &[
    "and",
    "or",
    "not",
    "in",
    "starts_with",
    "ends_with",
    "contains",
    "overlaps",
    "matches",
    "in_domain",
    "under",
    "present",
    "absent",
    "ignoring",
];

/// The word at `index` begins an item: it stands where it can, and what follows is no operator.
pub fn begins_item(scanned: &Scanned<'_>, index: usize) -> bool {
    if scanned.kind(index) != SyntaxKind::Word {
        return false;
    }
    let word = scanned.token_text(index);
    if !ITEMS.contains(&word) {
        return false;
    }
    let next = scanned.significant(index + 1);
    match scanned.kind(next) {
        SyntaxKind::Word => !OPERATORS.contains(&scanned.token_text(next)),
        SyntaxKind::Text | SyntaxKind::OpenText | SyntaxKind::OpenBrace => true,
        _ => false,
    }
}

/// The word at `index` is one of these keywords and not a field with an operator behind it.
pub fn begins_clause(scanned: &Scanned<'_>, index: usize, keywords: &[&str]) -> bool {
    if scanned.kind(index) != SyntaxKind::Word || !keywords.contains(&scanned.token_text(index)) {
        return false;
    }
    let next = scanned.significant(index + 1);
    match scanned.kind(next) {
        SyntaxKind::Word => {
            let word = scanned.token_text(next);
            !OPERATORS.contains(&word) || matches!(word, "in" | "not")
        }
        SyntaxKind::Sign => matches!(scanned.token_text(next), "=" | ":" | "-"),
        SyntaxKind::CloseParen | SyntaxKind::CloseBracket => false,
        _ => true,
    }
}
