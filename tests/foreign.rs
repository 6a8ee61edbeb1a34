//! Who writes as in another language or a spreadsheet is told what is written here, and it is right.

use bylaws::internals::{diag::Diagnostic, sema, source::SourceMap, syntax};

const AROUND: &str = r#"
policy gifts { timezone "UTC" }
enum way { mail, post, courier, by_air = "by air" }
record gift at received by employee identity id {
  id: text, received: date, employee: text, giver: text, note: text?, number: int, by_way: way, value: money, price: money,
}
record meal at day by employee { day: date, employee: text, paid: money }
forbid r "R" {
  on gift
  CLAUSE
}
"#;

fn check(text: &str) -> Vec<Diagnostic> {
    let mut sources = SourceMap::default();
    let id = sources.add("p.bylaw", text);
    let parsed = syntax::parse(id, text);
    let (_, told) = sema::check(sema::CheckInput { sources: &sources, files: &[(id, &parsed.file)], set: &[] });
    parsed.errors.into_iter().chain(told).collect()
}

/// The clause after the first mend of the first fault that has one.
fn mended(clause: &str) -> String {
    let text = AROUND.replace("CLAUSE", clause);
    let told = check(&text);
    let fix = told.iter().find_map(|d| d.fixes.first());
    let fix = fix.unwrap_or_else(|| panic!("{clause}: {told:?}"));
    let mut text = text;
    text.replace_range(fix.span.range(), &fix.replacement);
    assert!(check(&text).is_empty(), "{clause} becomes\n{text}\n{:?}", check(&text));
    let line = text.lines().nth(9).unwrap();
    line.trim().to_owned()
}

#[test]
fn what_other_languages_have_is_mended() {
    for (written, meant) in [
        ("when value > 100€", "when value > 100 EUR"),
        ("when value > 100 £", "when value > 100 GBP"),
        ("when value > $100", "when value > 100 USD"),
        ("when value > EUR 100", "when value > 100 EUR"),
        ("when value > $1,000", "when value > 1_000 USD"),
        ("when exists meal in 2 days after", "when exists meal within 2 days after"),
        ("when exists meal in 3 days before by employee", "when exists meal within 3 days before by employee"),
        ("when not note", "when not note present"),
        ("when value > 3 times price", "when value > 3 * price"),
        ("when note is absent", "when note absent"),
        ("when note is not absent", "when note present"),
        ("when note is present and number > 1", "when note present and number > 1"),
        ("when (number > 1) == yes", "when (number > 1) == true"),
        ("when number > 1 and by_way in mail, post", "when number > 1 and by_way in { mail, post }"),
        ("when by_way == by air and number > 1", "when by_way == by_air and number > 1"),
        ("when exists meal in the last 2 days", "when exists meal within 2 days before"),
        ("when value >= $1,000,000.50 and number > 1", "when value >= 1_000_000.50 USD and number > 1"),
        (
            "when not exists meal m within 3 days before where m.paid > 5 EUR",
            "when not exists meal as m within 3 days before where m.paid > 5 EUR",
        ),
        ("when count(meal m over 3 days by employee) > 2", "when count(meal as m over 3 days by employee) > 2"),
        (
            "when exists meal within 3 days before by employee where paid > 5 EUR",
            "when exists meal within 3 days before by employee where meal.paid > 5 EUR",
        ),
        (
            "when count(meal as m over 3 days by employee where paid > 5 EUR) > 2",
            "when count(meal as m over 3 days by employee where m.paid > 5 EUR) > 2",
        ),
        ("when giver matches \"*Ltd\"", "when giver ends_with \"Ltd\""),
        ("when giver matches \"Acme*\" and number > 1", "when giver starts_with \"Acme\" and number > 1"),
        ("when giver matches \".*Acme.*\"", "when giver matches /.*Acme.*/"),
        ("when giver ends_with \"a\" or \"b\"", "when giver ends_with \"a\" or giver ends_with \"b\""),
        (
            "when number > 1 and giver contains \"a\" ignoring case or \"b\" or \"c\"",
            "when number > 1 and (giver contains \"a\" ignoring case or giver contains \"b\" ignoring case or giver contains \"c\" ignoring case)",
        ),
        ("when giver contains \"a\" and \"b\"", "when giver contains \"a\" and giver contains \"b\""),
        (
            "when giver in_domain \"a.example\" or \"b.example\"",
            "when giver in_domain { \"a.example\", \"b.example\" }",
        ),
        ("when count(gift) over 30 days by giver > 3", "when count(gift over 30 days by giver) > 3"),
        ("when count(gift) > 3 within 30 days", "when count(gift over 30 days) > 3"),
        ("when sum(gift.value) in calendar year > 5 EUR", "when sum(gift.value in calendar year) > 5 EUR"),
        ("when giver like \"%Acme%\"", "when giver contains \"Acme\""),
        ("when giver like \"Acme%\"", "when giver starts_with \"Acme\""),
        ("when giver starts with \"Acme\"", "when giver starts_with \"Acme\""),
        ("when not giver ends with \"Ltd\"", "when not giver ends_with \"Ltd\""),
        ("when not giver like \"%Ltd\"", "when not giver ends_with \"Ltd\""),
        ("when value between 100 EUR and 200 EUR", "when value >= 100 EUR and value <= 200 EUR"),
        ("when gift.value between 1 EUR and price", "when gift.value >= 1 EUR and gift.value <= price"),
        (
            "when (received between 2026-01-01 and 2026-03-31) or value > 5 EUR",
            "when (received >= 2026-01-01 and received <= 2026-03-31) or value > 5 EUR",
        ),
        ("when not value between 1 EUR and 2 EUR", "when not (value >= 1 EUR and value <= 2 EUR)"),
        ("when value > 10 % of price", "when value > 10 % * price"),
        ("when giver == \"a\" ignoring case or \"b\"", "when giver in { \"a\", \"b\" } ignoring case"),
        ("when giver in [\"a\", \"b\"]", "when giver in { \"a\", \"b\" }"),
        ("when number in (1,2)", "when number in { 1,2 }"),
        ("when giver not in (\"a\", \"b\")", "when giver not in { \"a\", \"b\" }"),
        ("when giver == \"a\" or \"b\" or \"c\"", "when giver in { \"a\", \"b\", \"c\" }"),
        ("when by_way == mail or post", "when by_way in { mail, post }"),
        ("when giver != \"a\" and \"b\"", "when giver not in { \"a\", \"b\" }"),
        ("when value > 5 EUR and giver == \"a\" or \"b\"", "when value > 5 EUR and giver in { \"a\", \"b\" }"),
        ("when value is greater than 100 EUR", "when value > 100 EUR"),
        ("when value is not greater than 100 EUR", "when value <= 100 EUR"),
        ("when value more than or equal to 100 EUR", "when value >= 100 EUR"),
        ("when value at least 100 EUR", "when value >= 100 EUR"),
        ("when value is no more than 100 EUR", "when value <= 100 EUR"),
        ("when value exceeds 100 EUR", "when value > 100 EUR"),
        ("when value was greater than 100 EUR", "when value > 100 EUR"),
        ("when the value > 100 EUR", "when value > 100 EUR"),
        ("when value > 1 EUR and the giver == \"a\"", "when value > 1 EUR and giver == \"a\""),
        ("when either giver == \"a\" or giver == \"b\"", "when giver == \"a\" or giver == \"b\""),
        ("when gift value > 100 EUR", "when gift.value > 100 EUR"),
        ("when value > 100 EUR but not giver == \"a\"", "when value > 100 EUR and not giver == \"a\""),
        ("when giver == Acme", "when giver == \"Acme\""),
        ("when note is not provided", "when note absent"),
        ("when value > 5 EUR\n  effective since 2026-01-01", "when value > 5 EUR"),
        ("when value > 5 EUR\n  effective 2026-01-01", "when value > 5 EUR"),
        ("when value over 100 EUR", "when value > 100 EUR"),
        ("when value is greater 100 EUR", "when value > 100 EUR"),
        ("when value greater than or equal 100 EUR", "when value >= 100 EUR"),
        ("when giver is the same as employee", "when giver == employee"),
        ("when giver is not the same as employee", "when giver != employee"),
        ("when value > 5 EUR, giver == \"a\"", "when value > 5 EUR and giver == \"a\""),
        ("when exists gift within last 30 days", "when exists gift within 30 days before"),
        ("when giver ~ /A/", "when giver matches /A/"),
        ("when value does not exceed 100 EUR", "when value <= 100 EUR"),
        ("when giver is equal to \"a\"", "when giver == \"a\""),
        ("when giver does not equal \"a\"", "when giver != \"a\""),
        ("when received is before 2026-01-31", "when received < 2026-01-31"),
        ("when received after 2026-01-31", "when received > 2026-01-31"),
        ("when received is on or after 2026-01-31", "when received >= 2026-01-31"),
        ("when received is later than 2026-01-31", "when received > 2026-01-31"),
        ("when giver is one of \"a\", \"b\" or \"c\"", "when giver in { \"a\", \"b\", \"c\" }"),
        ("when giver is one of \"a\", \"b\" or value > 5 EUR", "when giver in { \"a\", \"b\" } or value > 5 EUR"),
        ("when giver is not one of \"a\", \"b\"", "when giver not in { \"a\", \"b\" }"),
        ("when by_way is any of mail, post and value > 5 EUR", "when by_way in { mail, post } and value > 5 EUR"),
        ("when value is one of 5 EUR, 10 EUR", "when value in { 5 EUR, 10 EUR }"),
        ("when giver is in { \"a\", \"b\" }", "when giver in { \"a\", \"b\" }"),
        ("when giver is not in { \"a\", \"b\" }", "when giver not in { \"a\", \"b\" }"),
        ("when note is empty", "when note absent"),
        ("when note is not empty", "when note present"),
        ("when note is null or value > 5 EUR", "when note absent or value > 5 EUR"),
        ("when note is not missing", "when note present"),
        ("when note does not exist", "when note absent"),
        ("when gift.note is given", "when gift.note present"),
        ("when note == null", "when note absent"),
        ("when gift.note != null and value > 5 EUR", "when gift.note present and value > 5 EUR"),
        ("when giver does not contain \"Acme\"", "when not giver contains \"Acme\""),
        ("when gift.giver not contains \"Acme\"", "when not gift.giver contains \"Acme\""),
        ("when giver includes \"Acme\"", "when giver contains \"Acme\""),
        ("when giver does not start with \"Acme\"", "when not giver starts_with \"Acme\""),
        ("when value > 5 EUR and giver does not match /A.*e/", "when value > 5 EUR and not giver matches /A.*e/"),
        ("when received > 31.01.2026", "when received > 2026-01-31"),
        ("when received > 1.2.2026 and value > 5 EUR", "when received > 2026-02-01 and value > 5 EUR"),
        ("when received > 31/01/2026", "when received > 2026-01-31"),
        ("when received > 2026/01/31", "when received > 2026-01-31"),
        ("when received > 31-01-2026", "when received > 2026-01-31"),
        ("when received > \"31/01/2026\"", "when received > 2026-01-31"),
        ("when value > \"100 EUR\"", "when value > 100 EUR"),
        ("when value > 1,000 EUR", "when value > 1_000 EUR"),
        ("when value > 1,50 EUR", "when value > 1.50 EUR"),
        ("when value > 1.000,50 EUR", "when value > 1_000.50 EUR"),
        ("when value > 1k EUR", "when value > 1_000 EUR"),
        ("when value > 1.5 million EUR", "when value > 1_500_000 EUR"),
        ("when value > 50 euros", "when value > 50 EUR"),
        ("if value > 5 EUR", "when value > 5 EUR"),
        ("condition giver == \"a\"", "when giver == \"a\""),
    ] {
        assert_eq!(mended(written), meant);
    }
}

#[test]
fn what_has_no_other_form_is_explained() {
    for (written, words) in [
        ("when received > today - 30 days", "there is no clock"),
        ("when received > now() - 30 days", "there is no clock"),
        ("when lower(giver) == \"acme\"", "ignoring case"),
        ("when length(giver) > 5", "matches"),
        ("when is_null(giver)", "absent"),
        ("when count per employee over 1 year > 3", "count(gift over 365 days) > 3"),
        ("when sum value over 1 year > 3 EUR", "stands in parentheses"),
        ("when giver like \"A%e\"", "matches"),
        ("when giver like \"A_%\"", "matches"),
        ("when (giver == \"a\") or \"b\"", "giver in { \"a\", \"b\" }"),
        ("when giver == employee or \"b\"", "giver == \"b\""),
        ("when value between 1 EUR", "two comparisons"),
        ("when value is between 1 EUR and 2 EUR", "two comparisons"),
        ("when at least 3 gifts within 30 days", "count(gift over 30 days) >= 3"),
        ("when more than 3 gifts", "count(gift over 30 days) > 3"),
        ("when count(gift) > 3 within 30 days", "count(gift over 30 days) > 3"),
        ("when sum(gift.value) > 30 EUR over 30 days", "sum(gift.value over 30 days)"),
        ("when received > 1/2/2026", "2025-01-31"),
        ("when received >= 2026", "2025-01-31"),
        ("when giver is neither \"a\" nor \"b\"", "not in {"),
        ("when year(received) == 2026", "compare with dates"),
        ("when giver contains one of \"a\", \"b\"", "giver matches /a|b/"),
        ("when count of gifts > 3", "count(gift over 30 days) > 3"),
        ("when total of value > 3 EUR", "sum(gift.value over 30 days)"),
        ("when value > 100 EUR and less than 200 EUR", "value < 200 EUR"),
        ("when \"Acme\"", "giver == \"Acme\""),
        ("when hour(received) > 20", "no time of day"),
        ("when received is on a weekend", "no day of the week"),
        ("when received is not on Sundays", "no day of the week"),
        ("when meal[gift.employee].paid > 5 EUR", "`ref meal`; what stands in the row is then `gift.employee.…`"),
        ("when value within 10% of price", "value <= other * 1.1"),
        ("when value > 3 times avg(gift.value over 30 days)", "value > 3 * avg(gift.value over 30 days)"),
        ("when received between 22:00 and 06:00", "no time of day"),
        ("when note", "ask whether it is there"),
        ("when not exists meal in the last 2 business days", "within 2 business days before`"),
        ("when count(meal in week) > 2", "how far to look back"),
        ("when max(value, price) > 5 EUR", "how far to look back"),
        ("when received.weekday == 6", "no day of the week"),
    ] {
        let told = check(&AROUND.replace("CLAUSE", written));
        let said = |d: &Diagnostic| d.message.contains(words) || d.help.as_deref().is_some_and(|h| h.contains(words));
        assert!(told.iter().any(said), "{written}: {told:?}");
    }
}

/// Items, with the record of above before them.
fn mended_item(item: &str) -> String {
    let around = &AROUND[..AROUND.find("forbid").unwrap()];
    let mut text = format!("{around}{item}\n");
    let told = check(&text);
    let fix = told.iter().find_map(|d| d.fixes.first()).unwrap_or_else(|| panic!("{item}: {told:?}"));
    text.replace_range(fix.span.range(), &fix.replacement);
    let left: Vec<Diagnostic> = check(&text);
    assert!(left.is_empty(), "{item} becomes\n{text}\n{left:?}");
    text[around.len()..].trim().to_owned()
}

#[test]
fn items_of_other_languages_are_mended() {
    for (written, meant) in [
        ("deny r { on gift when value > 5 EUR }", "forbid r { on gift when value > 5 EUR }"),
        ("rule r { on gift when value > 5 EUR }", "forbid r { on gift when value > 5 EUR }"),
        ("const big = 5 EUR", "let big = 5 EUR"),
        ("forbid no-gifts-2 { on gift when value > 5 EUR }", "forbid no_gifts_2 { on gift when value > 5 EUR }"),
        (
            "forbid \"No gifts at all\" { on gift when value > 5 EUR }",
            "forbid no_gifts_at_all \"No gifts at all\" { on gift when value > 5 EUR }",
        ),
        ("forbid r {\n  on gift\n  forbid when value > 5 EUR\n}", "forbid r {\n  on gift\n  when value > 5 EUR\n}"),
        ("record lunch { note?: text }", "record lunch { note: text? }"),
        ("forbid r { on gift g when g.number > 1 }", "forbid r { on gift as g when g.number > 1 }"),
        ("forbid r { on gift g where g.number > 1 }", "forbid r { on gift as g where g.number > 1 }"),
        (
            "require r { on gift as g need meal m within 3 days before where m.paid > 5 EUR }",
            "require r { on gift as g need meal as m within 3 days before where m.paid > 5 EUR }",
        ),
        (
            "limit l { on gift count per employee in week to 3 }",
            "limit l { on gift count per employee over 7 days to 3 }",
        ),
        (
            "limit l { on gift sum value per employee over 7 days <= 5 EUR }",
            "limit l { on gift sum value per employee over 7 days to 5 EUR }",
        ),
        ("record lunch { paid: money USD, who: text }", "record lunch { paid: money, who: text }"),
        (
            "limit l { on gift count per employee in calendar week to 3 }",
            "limit l { on gift count per employee over 7 days to 3 }",
        ),
        (
            "record lunch { way: enum { mail, public official } }",
            "record lunch { way: enum { mail, public_official = \"public official\" } }",
        ),
        (
            "limit l { on gift sum value per employee and giver over 7 days to 5 EUR }",
            "limit l { on gift sum value per employee, giver over 7 days to 5 EUR }",
        ),
        (
            "limit l { on gift sum value per employee over 7 days\n  max 300 EUR }",
            "limit l { on gift sum value per employee over 7 days\n  to 300 EUR }",
        ),
        (
            "limit l { on gift count gifts per employee over 3 days to 3 }",
            "limit l { on gift count per employee over 3 days to 3 }",
        ),
        (
            "limit l { on gift count per employee in any week to 3 }",
            "limit l { on gift count per employee over 7 days to 3 }",
        ),
        ("let near = \"DE\", \"FR\"", "let near = { \"DE\", \"FR\" }"),
        ("define large(g: gift) { g.number > 3 }", "define large(g: gift) = g.number > 3"),
        ("metric m { on gift count gift per month }", "metric m { on gift count per month }"),
        ("enum way2 { public official, mail }", "enum way2 { public_official = \"public official\", mail }"),
        ("record lunch { side: buy | sell }", "record lunch { side: enum { buy, sell } }"),
        ("record lunch { who { name: text }, n: int }", "record lunch { who: { name: text }, n: int }"),
        (
            "record trip at day by who.name { day: date, who { name: text } }",
            "record trip at day by who.name { day: date, who: { name: text } }",
        ),
        (
            "record lunch on day by who { day: date, who: text }\nlimit l { on lunch count per who in month to 3 }",
            "record lunch at day by who { day: date, who: text }\nlimit l { on lunch count per who in month to 3 }",
        ),
        (
            "limit l { on gift count per employee per month to 3 }",
            "limit l { on gift count per employee in calendar month to 3 }",
        ),
        (
            "limit l { on gift sum value per employee per week to 3 EUR }",
            "limit l { on gift sum value per employee over 7 days to 3 EUR }",
        ),
        ("let long = 10h", "let long = 10 hours"),
        ("let long = 2 hrs", "let long = 2 hours"),
        ("let long = 1_000h", "let long = 1_000 hours"),
        ("let large = 5 gb", "let large = 5 GB"),
        ("record lunch { a: int, by?: text @person, n: int }", "record lunch { a: int, by: text? @person, n: int }"),
        (
            "require r { on gift need exists gift within 3 days before }",
            "require r { on gift need gift within 3 days before }",
        ),
        ("let givers = [\"a\", \"b\"]", "let givers = { \"a\", \"b\" }"),
        (
            "limit l { on gift count per employee in 30 days to 3 }",
            "limit l { on gift count per employee over 30 days to 3 }",
        ),
        ("require r { on gift need gift before 3 days }", "require r { on gift need gift within 3 days before }"),
        ("require r { on gift need gift within 3 days }", "require r { on gift need gift within 3 days before }"),
        ("require r { on gift need gift in the last 3 days }", "require r { on gift need gift within 3 days before }"),
        (
            "require r { on gift need gift within the next 3 days }",
            "require r { on gift need gift within 3 days after }",
        ),
        (
            "require r { on gift need a gift within 3 days after }",
            "require r { on gift need gift within 3 days after }",
        ),
        (
            "limit l { on gift sum value per employee in the last 30 days to 3 EUR }",
            "limit l { on gift sum value per employee over 30 days to 3 EUR }",
        ),
        (
            "limit l { on gift sum value per employee in a month to 3 EUR }",
            "limit l { on gift sum value per employee in month to 3 EUR }",
        ),
        (
            "limit l { on gift sum of value per employee in month to 3 EUR }",
            "limit l { on gift sum value per employee in month to 3 EUR }",
        ),
        ("limit l { on gift count per employee monthly to 3 }", "limit l { on gift count per employee in month to 3 }"),
        (
            "limit l { on gift count per employee in month at most 3 }",
            "limit l { on gift count per employee in month to 3 }",
        ),
        (
            "limit l { on gift count per employee in month no more than 3 }",
            "limit l { on gift count per employee in month to 3 }",
        ),
        ("param cap = 100 EUR", "param cap: money = 100 EUR"),
        ("param cap: 30 days", "param cap: duration = 30 days"),
        ("param share = 15 %", "param share: percent = 15 %"),
        ("let cap 100 EUR", "let cap = 100 EUR"),
        ("let cap: 100 EUR", "let cap = 100 EUR"),
        (
            "record lunch at day by who identity id { id text, day: date, who: text }",
            "record lunch at day by who identity id { id: text, day: date, who: text }",
        ),
        (
            "record lunch at day by who identity id {\n  id: text\n  day: date // of the meal\n  who: text\n}",
            "record lunch at day by who identity id {\n  id: text,\n  day: date, // of the meal\n  who: text\n}",
        ),
        ("enum size { small medium large }", "enum size { small, medium, large }"),
        (
            "record lunch at day by who identity id { id: text, day: date, who: text, sort: \"warm\" | \"cold\" }",
            "record lunch at day by who identity id { id: text, day: date, who: text, sort: enum { warm, cold } }",
        ),
        (
            "record lunch at day by who identity id { id: text, sort: one of \"warm\", \"very cold\"?, day: date, who: text }",
            "record lunch at day by who identity id { id: text, sort: enum { warm, very_cold = \"very cold\" }?, day: date, who: text }",
        ),
        (
            "record lunch at day by who identity id { id: text, day: date, who: text, sort: one of (warm, cold) }",
            "record lunch at day by who identity id { id: text, day: date, who: text, sort: enum { warm, cold } }",
        ),
        (
            "forbid r { on gift when value > 5 EUR severity high }",
            "forbid r { on gift when value > 5 EUR severity major }",
        ),
        ("forbid r { forbid gift when value > 5 EUR }", "forbid r { on gift when value > 5 EUR }"),
        (
            "require r {\n  on gift\n  require gift within 3 days after\n}",
            "require r {\n  on gift\n  need gift within 3 days after\n}",
        ),
    ] {
        assert_eq!(mended_item(written), meant);
    }
}

#[test]
fn items_that_have_no_other_form_are_explained() {
    let rule = "forbid r { on gift when value > 5 EUR }";
    for (written, words) in [
        ("# a remark", "// a remark"),
        ("allow r { on gift when value > 5 EUR }", "what no rule forbids is allowed"),
        ("limit l { on gift count > 3 per employee over 30 days }", "to 3"),
        ("forbid r { on gift g then gift h within 3 days when g.value > 5 EUR }", "on sequence by actor"),
        ("forbid r { on gift when value > 5 EUR severity medium }", "`minor`, `major`"),
        ("table staff { key id: text, name: text }", "key id {"),
        ("require r { on gift need value < 5 EUR }", "when not (value < 5 EUR)"),
        ("require r { on gift need note present }", "when not (note present)"),
        ("require r { on gift need no meal within 3 days before }", "when exists meal within 3 days before"),
        ("require r { on gift need not exists meal over 3 days }", "when exists meal over 3 days"),
        ("forbid r { on gift when number % 1000 == 0 }", "no remainder"),
        ("require r { on gift need note }", "`note` is a field of the record itself"),
        ("metric m { count gift per month }", "with `on gift` before it"),
        ("limit l { on gift count employee over 30 days to 3 }", "`count per employee over 365 days`"),
        ("source s for gift from \"a.csv\" { format csv }", "begin its braces with `files \"a.csv\"`"),
        (&format!("{rule} revise r from 2026-01-01 {{ when value > 9 EUR }}"), "revise r effective from 2026-01-01"),
        (
            &format!("{rule} waive r for employee \"E\" until 2026-12-31 {{ reason \"x\" }}"),
            "write `until 2026-12-31` on a line",
        ),
        ("source s for gift { format csv delimiter ; }", "delimiter \";\""),
        (
            "record lunch { paid: bool } source s for lunch { format csv map { paid = p as bool { yes: \"true\" } } }",
            "`bool { true: \"yes\"",
        ),
        ("policy p { timezone Europe/Paris }", "policy p { timezone \"Europe/Paris\" }"),
        ("charter { every rule has a citation }", "every rule cites"),
        ("charter { every rule has tests }", "every rule is tested"),
        ("charter { no self-approval }", "no self approval"),
        ("policy p { fiscal_year April 6 }", "fiscal_year starts 04-06"),
        ("policy p { fiscal_year starts 1st of October }", "starts 10-01"),
        ("waive r for employee \"E\" {\n  until 2026-01-01\n  approved by \"F\"\n}", "`approved_by \"F\"`"),
        (
            "forbid r { on sequence by employee within 3 days { 5 or more failed meal then gift } }",
            "3 or more times login",
        ),
        (
            &format!("{rule} test \"t\" {{ given gift g {{ value: 9 EUR }} expect finding r on g }}"),
            "given gift as g {",
        ),
        (&format!("{rule} test \"t\" {{\n  expect r to be violated\n}}"), "`expect finding r`"),
        (&format!("{rule} test \"t\" {{\n  expect r passes\n}}"), "expect compliant r"),
        ("forbid r { on gift when number > 5 megabytes }", "5 MB"),
        ("limit l { on gift max 20 gifts per employee per month }", "to 20"),
        (&format!("{rule} test \"t\" {{ given gift as g {{ value: 9 EUR }} expect violation r on g }}"), "finding"),
        (&format!("{rule} test \"t\" {{ given gift as g {{ value: 1 EUR }} expect pass r on g }}"), "compliant"),
    ] {
        let around = &AROUND[..AROUND.find("forbid").unwrap()];
        let told = check(&format!("{around}{written}\n"));
        let said = |d: &Diagnostic| d.message.contains(words) || d.help.as_deref().is_some_and(|h| h.contains(words));
        assert!(told.iter().any(said), "{written}: {told:?}");
    }
}

/// What begins on the next line is another field.
#[test]
fn the_words_of_a_field_end_with_its_line() {
    let told = check("record trade {\n  side: buy | sell\n  amount number\n}\n");
    let fix = told.iter().flat_map(|d| &d.fixes).find(|f| f.replacement.contains("enum"));
    assert_eq!(fix.unwrap().replacement, "enum { buy, sell }", "{told:?}");
}

/// Who reads a value that has a slip is not told that there is none of its name.
#[test]
fn a_value_with_a_slip_is_known() {
    for item in ["let many = [1, 2]", "param many: int = 1,000 ", "define many(g: gift) = g.number => 1"] {
        let used = if item.starts_with("define") { "many(gift)" } else { "number == many" };
        let text = AROUND.replace("CLAUSE", &format!("when {used}"));
        let told = check(&format!("{text}{item}\n"));
        assert_eq!(told.len(), 1, "{item}: {told:?}");
    }
}

/// What a condition cannot name is told where it is named.
#[test]
fn a_word_of_the_language_is_no_word_of_an_enum() {
    let record = "record transfer at day by who { day: date, who: text, way: enum { in, out } }";
    let told = check(&format!("{record}\nforbid r {{ on transfer when way == in and who == \"a\" }}\n"));
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].message.contains("`in` is a word of the language"), "{told:?}");
}

/// Few words on one line may be one; of many each is its own, and they are read once.
#[test]
fn many_words_without_commas_are_one_slip() {
    let words: Vec<String> = (0..50_000).map(|i| format!("w{i}")).collect();
    let told = check(&format!("enum e {{ {} }}\n", words.join(" ")));
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].message.starts_with("49999 commas are missing"), "{}", told[0].message);
}

/// One fix after the other leaves nothing to mend.
#[test]
fn fixes_follow_each_other() {
    let mut text = "record lunch at day {\n  day date\n  who { name text, unit: text }\n  side: buy | sell\n  paid money EUR\n}\n# remark\nforbid r { on lunch l when l.paid > $1,000 }\n".to_owned();
    for _ in 0..20 {
        let told = check(&text);
        let Some(fix) = told.iter().find_map(|d| d.fixes.first()) else {
            assert!(told.is_empty(), "{text}\n{told:?}");
            break;
        };
        text.replace_range(fix.span.range(), &fix.replacement);
    }
    let meant = "record lunch at day {\n  day: date,\n  who: { name: text, unit: text },\n  side: enum { buy, sell },\n  paid: money\n}\n// remark\nforbid r { on lunch as l when l.paid > 1_000 USD }\n";
    assert_eq!(text, meant);
}

/// In a test a line may not begin with `and`.
#[test]
fn a_test_that_goes_on_is_told_with_what() {
    let around = &AROUND[..AROUND.find("forbid").unwrap()];
    let rule = "forbid r { on meal when paid > 5 EUR }";
    let given = "given meal as a { day: 2026-01-01, employee: \"x\", paid: 9 EUR }";
    for (line, meant) in
        [("and meal as b { day: 2026-01-02, employee: \"x\", paid: 9 EUR }", "given"), ("and finding r on a", "expect")]
    {
        let told = check(&format!("{around}{rule}\ntest \"t\" {{\n  {given}\n  {line}\n  expect finding r on a\n}}\n"));
        let fix = told.iter().find_map(|d| d.fixes.first()).unwrap_or_else(|| panic!("{line}: {told:?}"));
        assert_eq!(fix.replacement, meant, "{told:?}");
    }
}

/// A field with a slip in its declaration is known by who reads it: one slip is told once.
#[test]
fn a_field_without_its_sign_is_known() {
    let around = &AROUND[..AROUND.find("forbid").unwrap()];
    for field in ["id text", "id: text optional", "id = text", "id: strng", "id?: text"] {
        let record = format!("record lunch at day by who identity id {{ {field}, day: date, who: text }}");
        let told = check(&format!("{around}{record}\nforbid r {{ on lunch when lunch.id == \"a\" }}\n"));
        assert_eq!(told.len(), 1, "{field}: {told:?}");
    }
}

/// What stands in braces in a text has places of its own.
#[test]
fn what_is_inserted_into_a_text_is_explained() {
    for (inserted, words) in [
        ("value is 5", "`is` is written `==`"),
        ("giver startswith 3", "`startswith` is written `starts_with`"),
        ("value is greater than 5 EUR", "`is greater than` is written `>`"),
        ("giver does not contain employee", "`not` stands before"),
    ] {
        let told = check(&AROUND.replace("CLAUSE", &format!("when value > 5 EUR\n  because \"of {{{inserted}}}\"")));
        assert!(told.iter().any(|d| d.message.contains(words)), "{inserted}: {told:?}");
    }
}

/// A field that is called like a word of an enum is a condition of its own, and a constant can be added up.
#[test]
fn what_is_right_is_left_alone() {
    let around = &AROUND[..AROUND.find("forbid").unwrap()];
    let record = "record parcel at day by who { day: date, who: text, note: text, courier: bool, way: way }\n";
    for item in [
        "forbid r { on parcel when note contains \"a\" and courier }",
        "forbid r { on parcel when note ends_with \"a\" or courier }",
        "forbid r { on parcel when note != \"a\" and courier }",
        "forbid r { on parcel when way == mail or courier }",
        "limit l { on parcel sum 1 per who in calendar month to 3 }",
    ] {
        let told = check(&format!("{around}{record}{item}\n"));
        assert!(told.is_empty(), "{item}: {told:?}");
    }
}
