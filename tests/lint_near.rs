//! Lints of people, waivers, upkeep and wording, at their edges: what is near to what they look for and is none, and
//! what is it in other words.

use bylaws::internals::diag::{Code, Level};
use bylaws::internals::lint::{self, Choice, Context, Settings};
use bylaws::internals::source::SourceMap;
use bylaws::internals::{sema, syntax};

/// Each finding of the chosen lints: the code, and the text that it is about.
fn found(select: &[&str], settings: Settings, text: &str) -> Vec<(Code, String)> {
    let mut sources = SourceMap::default();
    let id = sources.add("a.bylaw", text);
    let parsed = syntax::parse(id, text);
    let files = [(id, parsed.file)];
    let of = [(id, &files[0].1)];
    let (hir, told, uses) = sema::check_names(sema::CheckInput { sources: &sources, files: &of, set: &[] });
    let errors: Vec<_> = parsed.errors.iter().chain(&told).filter(|d| d.level == Level::Error).collect();
    assert!(errors.is_empty(), "{errors:?}");
    let select = select.iter().map(|code| Choice::parse(code).unwrap()).collect();
    let settings = Settings { select, ..settings };
    let paths = vec!["a.bylaw".into()];
    // 2026-01-01
    let context = Context::new(&sources, &files, (&hir, &uses), 20_454, (&settings, &paths));
    lint::run(&context, &settings).iter().map(|d| (d.code, sources.text(d.span()).to_owned())).collect()
}

fn places(code: &str, text: &str) -> Vec<String> {
    found(&[code], Settings::default(), text).into_iter().map(|(_, place)| place).collect()
}

const STAFF: &str = "
table employee key id { id: text @person, unit: text, manager: ref employee? }
";

#[test]
fn what_only_sounds_like_a_protected_trait() {
    let text = format!(
        "{STAFF}
record access at day by who {{
  day: date, who: ref employee, document_age: int, account_disabled: bool, region: enum {{ european_union, other }},
  good_faith: bool, health_check: text, political_donation: bool, message: text, page: int,
}}
forbid odd {{
  on access
  when document_age > 30 and account_disabled and region == european_union and good_faith and health_check == \"down\"
       and political_donation and message == \"race condition\" and page > 1
}}"
    );
    assert_eq!(places("L0403", &text), Vec::<String>::new());
}

#[test]
fn protected_traits_in_other_words() {
    let text = format!(
        "{STAFF}
table worker key id {{ id: text @person, dateOfBirth: date, group: enum {{ a = \"少数民族\", b }}, is_union_member: bool, caste_group: text }}
record sick_leave at day by who {{ day: date, who: ref worker }}
record ride at day by who {{ day: date, who: ref worker, note: text }}
define is_older(r: ride) = r.who.dateOfBirth < 1970-01-01
forbid by_define  {{ on ride when is_older(ride) }}
forbid by_word    {{ on ride when who.group == a }}
forbid by_text    {{ on ride when note contains \"怀孕\" }}
forbid by_record  {{ on ride when exists sick_leave within 7 days before }}
limit by_trigger  {{ on sick_leave  count per who over 30 days  to 3 }}
forbid by_member  {{ on ride when who.is_union_member }}
"
    );
    let places = places("L0403", &text);
    let expected = [
        "r.who.dateOfBirth",
        "a",
        "\"怀孕\"",
        "exists sick_leave within 7 days before",
        "on sick_leave",
        "who.is_union_member",
    ];
    for place in expected {
        assert!(places.iter().any(|p| p.contains(place)), "{place} in {places:?}");
    }
    assert_eq!(places.len(), expected.len(), "{places:?}");

    let own = format!(
        "{STAFF}\nrecord ride at day by who {{ day: date, who: ref employee, star_sign: text }}\nforbid signs {{ on ride when star_sign == \"leo\" }}"
    );
    let settings = || Settings { protected: vec!["star sign".into()], ..Settings::default() };
    assert_eq!(found(&["L0403"], settings(), &own).len(), 1);
    assert_eq!(found(&["L0403"], Settings::default(), &own), []);
}

#[test]
fn contact_that_a_rule_leaves_out_or_looks_after() {
    let text = format!(
        "{STAFF}
record mail at day by who identity id {{ id: text, day: date, who: ref employee, host: text, to: enum {{ press, regulator }}, to_counsel: bool }}
record hotline_call at day by who identity id {{ id: text, day: date, who: ref employee }}
record answer at day identity id {{ id: text, day: date, call: text }}
forbid left_out  {{ on mail when to != regulator and not to_counsel and not (host in_domain {{ \"sec.gov\" }}) }}
forbid exception {{ on mail when host == \"x\" unless authority: host in_domain {{ \"sec.gov\" }} }}
require answered {{ on hotline_call need answer within 7 days after across everyone where answer.call == id }}
forbid after_it  {{ on mail when host == \"x\" and no hotline_call within 7 days before }}
"
    );
    assert_eq!(places("L0404", &text), Vec::<String>::new());
    let told = format!(
        "{STAFF}
record mail at day by who identity id {{ id: text, day: date, who: ref employee, host: text, to: enum {{ press, regulator }}, to_counsel: bool }}
record hotline_call at day by who identity id {{ id: text, day: date, who: ref employee }}
forbid by_host  {{ on mail when host in_domain {{ \"sec.gov\" }} }}
forbid by_field {{ on mail when to_counsel }}
forbid twice_not {{ on mail when not (to != regulator) }}
limit calls     {{ on hotline_call  count per who over 30 days  to 3 }}
"
    );
    assert_eq!(places("L0404", &told).len(), 4);
}

#[test]
fn persons_compared_with_each_other_are_not_named() {
    let text = format!(
        "{STAFF}
record gift at day by who identity id {{ id: text, day: date, who: ref employee, approver: ref employee, giver: text }}
let committee = {{ \"E1\", \"E2\" }}
forbid own      {{ on gift when approver == who }}
forbid nobody   {{ on gift when giver == \"E1\" }}
forbid unnamed  {{ on gift when who == \"\" }}
"
    );
    assert_eq!(places("L0406", &text), Vec::<String>::new());
    let told = format!(
        "{STAFF}
record gift at day by who identity id {{ id: text, day: date, who: ref employee, approver: ref employee, giver: text }}
let committee = {{ \"E1\", \"E2\" }}
forbid through {{ on gift when approver not in committee }}
forbid above   {{ on gift when who under \"E1\" }}
forbid others  {{ on gift when giver == \"x\" and exists gift as g within 3 days before across everyone where g.who == \"E7\" }}
"
    );
    assert_eq!(places("L0406", &told), ["approver not in committee", "who under \"E1\"", "g.who == \"E7\""]);
}

#[test]
fn amounts_of_parameters_windows_and_later_wordings() {
    let head = "
record gift at day by who identity id { id: text, day: date, who: text, value: money }
record notice at day by who { day: date, who: text }
param cap: money = 500 CNY { from 2026-01-01: 600 CNY }
";
    let right = format!(
        "{head}
forbid over_cap \"No gift over 600 CNY\" {{ on gift when value > cap because \"over 500 CNY or 70 USD\" }}
require noticed \"A notice within 2 weeks, and not on FINRA 3270, days\" {{ on gift need notice within 14 days before }}
forbid quick \"Nothing within 24 hours, a year or 3 months\" {{ on gift when exists notice within 1 day before }}
limit yearly \"Within 12 months\" {{ on gift sum value per who over 1 year to cap }}
"
    );
    assert_eq!(places("L0703", &right), Vec::<String>::new());
    let wrong = format!(
        "{head}
forbid over_cap \"No gift over 1,500 CNY\" {{ on gift when value > cap }}
require noticed \"A notice within 7 days\" {{ on gift need notice within 14 days before }}
forbid fixed \"No gift over 300 CNY\" {{ on gift when value > 300 CNY effective from 2024-01-01 }}
revise fixed effective from 2026-01-01 {{ on gift when value > 200 CNY because \"{{value}} is over 300 CNY\" }}
"
    );
    let expected = ["\"No gift over 1,500 CNY\"", "\"A notice within 7 days\"", "fixed", "\"{value} is over 300 CNY\""];
    assert_eq!(places("L0703", &wrong), expected);
}

#[test]
fn a_field_that_the_conditions_ask_for_leaves_no_gap() {
    let text = "
table party key id { id: text, since: date? }
record gift at day by who identity id { id: text, day: date, who: text, from: ref party?, reason: text?, note: text?, place: text? }
record tender at day identity id { id: text, day: date, bidder: text }
let unnamed = \"nowhere\"
define large(g: gift) = g.reason? == \"state visit\" and g.from present
forbid guarded  { on gift when place present because \"at {place}\" }
forbid compared { on gift where note? contains \"x\" when large(gift) because \"{reason} of {from}, {note}\" }
forbid fallback { on gift when who == \"E1\" because \"at {place ?? unnamed}\" }
forbid either   { on gift when (place? == \"A\" or place? == \"B\") and not (reason absent) because \"{place}: {reason}\" }
forbid told     { on gift when place absent or place == \"A\" because \"place: {place}\" }
forbid history  { on gift when exists tender over all time across everyone where tender.bidder == place? because \"at {place}\" }
";
    assert_eq!(places("L0701", text), Vec::<String>::new());
    let gaps = "
table party key id { id: text, since: date? }
record gift at day by who identity id { id: text, day: date, who: text, from: ref party?, reason: text?, place: text? }
forbid bare   { on gift when who == \"E1\" because \"at {place}\" }
forbid one    { on gift when place? == \"A\" or reason? == \"B\" because \"{place}\" }
forbid negated { on gift when not (place? == \"A\") because \"{place}\" }
forbid through { on gift when from present because \"since {from.since}\" }
";
    assert_eq!(places("L0701", gaps), ["place", "place", "place", "from.since"]);
}

#[test]
fn waivers_of_different_things_do_not_overlap() {
    let rule = "
record gift at day by who identity id { id: text, day: date, who: text, giver: text, value: money }
forbid big_gift { on gift when value > 500 CNY }
";
    let waive = |whom: &str, from: &str, until: &str| {
        format!(
            "waive big_gift for {whom} {{ from {from} until {until} approved_by \"E9\" reason \"A visit of state\" }}\n"
        )
    };
    let apart = rule.to_owned()
        + &waive("giver \"A\"", "2026-01-01", "2026-02-01")
        + &waive("giver \"A\"", "2026-02-01", "2026-03-01")
        + &waive("giver \"B\"", "2026-01-01", "2026-02-01")
        + &waive("giver \"A\"", "2027-05-01", "2027-06-01");
    assert_eq!(found(&["L05"], Settings::default(), &apart), []);
    // Two half years with a week between them, and a third one that is long over.
    let renewed = rule.to_owned()
        + &waive("giver \"A\"", "2026-08-01", "2027-02-01")
        + &waive("giver \"A\"", "2026-01-01", "2026-07-25")
        + &waive("giver \"A\"", "2024-01-01", "2024-02-01");
    let told: Vec<Code> = found(&["L05"], Settings::default(), &renewed).into_iter().map(|(code, _)| code).collect();
    assert_eq!(told, [Code::RenewedWaiver, Code::WaiverEnded]);
}

#[test]
fn reasons_in_a_few_words_of_any_script() {
    let text = |reason: &str| {
        format!(
            "record gift at day by who {{ day: date, who: text, value: money }}
forbid big_gift {{ on gift when value > 500 CNY }}
waive big_gift for who \"E1\" {{ from 2026-01-01 until 2026-02-01 approved_by \"E9\" reason \"{reason}\" }}"
        )
    };
    for open in ["n/a", "TBD.", "Approved", "---", "see ticket", "同意", "无"] {
        assert_eq!(places("L0504", &text(open)).len(), 1, "{open}");
    }
    for told in ["State visit", "国事访问，礼品上交", "Board decision 17"] {
        assert_eq!(places("L0504", &text(told)).len(), 0, "{told}");
    }
}

#[test]
fn names_that_differ_for_a_reason() {
    let text = "
record gift at day by who { day: date, who: text, value: money }
record gift_return at day by who { day: date, who: text, value: money }
param exports_of_2025: int = 1
param exports_of_2026: int = 1
forbid exports_in_a_day_minor { on gift when value > 5 CNY }
forbid exports_in_a_day_major { on gift when value > 6 CNY }
forbid x_day { on gift when value > 7 CNY }
forbid y_day { on gift when value > 8 CNY }
";
    assert_eq!(places("L0705", text), Vec::<String>::new());
    let alike = "
record gift at day by who { day: date, who: text, value: money }
forbid gift_from_bidder  { on gift when value > 5 CNY }
forbid gift_from_bider   { on gift when value > 6 CNY }
forbid giftFromBidders   { on gift when value > 7 CNY }
";
    assert_eq!(places("L0705", alike), ["gift_from_bider", "giftFromBidders"]);
}

#[test]
fn silence_is_a_test_where_nothing_else_is_expected() {
    let rule = "
record gift at day by who identity id { id: text, day: date, who: text, value: money }
forbid big_gift { on gift when value > 500 CNY }
";
    let one = format!(
        "{rule}\ntest \"t\" {{ given gift as g {{ id: \"1\", day: 2026-01-01, who: \"E1\", value: 501 CNY }} expect finding big_gift on g expect nothing else }}"
    );
    assert_eq!(places("L0603", &one), ["big_gift"]);
    let two = one.replace(
        "expect finding",
        "given gift { id: \"2\", day: 2026-01-01, who: \"E1\", value: 5 CNY } expect finding",
    );
    assert_eq!(places("L0603", &two), Vec::<String>::new());
}

#[test]
fn spellings_of_one_place_and_places_that_differ() {
    let text = |cites: &[&str]| {
        let rule = |(i, cite): (usize, &&str)| {
            format!("forbid rule_no_{i} {{ on gift when value > {i} CNY cite \"{cite}\" }}\n")
        };
        let rules: String = cites.iter().enumerate().map(rule).collect();
        format!("record gift at day by who {{ day: date, who: text, value: money }}\n{rules}")
    };
    let same = [
        "Code of Ethics, section 3.2",
        "Code of Ethics, section 3.2",
        "Code of ethics § 3.2",
        "The Code of Ethics, Sec. 3.2",
    ];
    assert_eq!(places("L0611", &text(&same)), ["\"Code of ethics § 3.2\"", "\"The Code of Ethics, Sec. 3.2\""]);
    let apart =
        ["Code of Ethics, section 3.2", "Code of Ethics, section 32", "Code of Ethics, article 3.2", "Code of Ethics"];
    assert_eq!(places("L0611", &text(&apart)), Vec::<String>::new());
}
