//! Random policies and random records: the engine and the slow reference evaluator say the same.

mod agree;
mod alone;
mod apart;
mod decides;
mod explained;
mod operators;
mod random;
mod reference;
mod streamed;
mod tried;
mod whole_way;

use agree::{
    Case, agree, agree_on, case, case_of, check, describe, figures_agree, files, mutants_agree, options, outcome,
    outcomes, read, said, shuffled,
};
use bylaws::internals::data::{Clock, Length, Period};
use bylaws::internals::sema::hir::Window;
use jiff::civil::date;
use random::Tape;
use reference::time::{Moment, in_window, period_of};

type TestError = proptest::test_runner::TestCaseError;

/// So many of a hundred of the cases that a run looks at: 2,000, or what `BYLAWS_CASES` says.
fn cases(percent: u32) -> proptest::test_runner::Config {
    let all: u32 = std::env::var("BYLAWS_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(2000);
    proptest::test_runner::Config {
        cases: (all as u64 * percent as u64 / 100) as u32,
        failure_persistence: None,
        max_shrink_iters: 4000,
        ..Default::default()
    }
}

/// One rule or two over a handful of records: most disagreements need no more, and many fit in a second.
#[test]
fn the_engine_agrees_with_the_reference_on_small_sets() {
    proptest::proptest!(cases(65), |(seeds in random::seeds(random::SMALL))| {
        agree(&seeds)?;
    });
}

/// Several rules that share what they read and hold, over enough records to crowd a window.
#[test]
fn the_engine_agrees_with_the_reference_on_large_sets() {
    proptest::proptest!(cases(35), |(seeds in random::seeds(random::LARGE))| {
        agree(&seeds)?;
    });
}

/// Rules by which most records are nothing, told from a few of their values as they are read.
#[test]
fn the_engine_agrees_with_the_reference_where_most_records_are_let_go() {
    proptest::proptest!(cases(25), |(seeds in random::seeds(random::SMALL))| {
        agree_on(&seeds, &case_of(&seeds, random::schema::schema, random::policy::guarded))?;
    });
}

/// Amounts of several currencies, by rates of few days.
#[test]
fn the_engine_agrees_with_the_reference_on_amounts_of_several_currencies() {
    proptest::proptest!(cases(25), |(seeds in random::seeds(random::PRICED))| {
        agree_on(&seeds, &case_of(&seeds, random::schema::priced, random::policy::priced))?;
    });
}

/// What the checker lets pass never meets a value of a type that it does not take, or a name without a meaning (there
/// the engine's debug builds stop), and means the same to both. Here it is policies that no generator has made.
#[test]
fn whatever_is_accepted_is_well_typed() {
    proptest::proptest!(cases(10), |(seeds in random::seeds(random::MIDDLE))| {
        mutants_agree(&seeds)?;
    });
}

/// One rule or two, or several, over a stream.
#[test]
fn a_stream_agrees_with_one_run() {
    proptest::proptest!(cases(40), |(seeds in random::seeds(random::SMALL))| {
        streamed::agree(&case(&seeds), &mut Tape::new(&seeds.sources))?;
    });
    proptest::proptest!(cases(20), |(seeds in random::seeds(random::LARGE))| {
        streamed::agree(&case(&seeds), &mut Tape::new(&seeds.sources))?;
    });
}

/// Figures by period and key.
#[test]
fn metrics_agree_with_the_reference() {
    proptest::proptest!(cases(20), |(seeds in random::seeds(random::SMALL))| {
        figures_agree(&seeds)?;
    });
}

/// The edges that the language fixes, worked out by hand: what the reference itself is held to.
#[test]
fn edges_of_windows() {
    let clock = Clock { timezone: "Europe/London".into(), fiscal_start: (4, 1), business: None };
    let days = |days| Length { days, ..Length::default() };
    let months = |months| Length { months, ..Length::default() };
    let day = |y, m, d| Moment::Day(date(y, m, d));
    let at = |text: &str| Moment::Instant(text.parse().unwrap());
    for (window, event, record, within) in [
        // Thirty days are thirty dates, the event's own among them.
        (Window::Over(days(30)), day(2025, 1, 31), day(2025, 1, 2), true),
        (Window::Over(days(30)), day(2025, 1, 31), day(2025, 1, 1), false),
        (Window::Over(days(30)), day(2025, 1, 31), day(2025, 2, 1), false),
        // What is filed on the thirtieth day is in time.
        (Window::Before(days(30)), day(2025, 1, 31), day(2025, 1, 1), true),
        (Window::After(days(7)), day(2025, 1, 31), day(2025, 2, 7), true),
        (Window::After(days(7)), day(2025, 1, 31), day(2025, 2, 8), false),
        (Window::Around(days(1)), day(2025, 1, 31), day(2025, 2, 1), true),
        // Months end where the shorter one ends.
        (Window::After(months(1)), day(2024, 1, 31), day(2024, 2, 29), true),
        (Window::After(months(1)), day(2024, 1, 31), day(2024, 3, 1), false),
        (Window::After(months(12)), day(2024, 2, 29), day(2025, 2, 28), true),
        (Window::After(months(12)), day(2024, 2, 29), day(2025, 3, 1), false),
        // A day is one of the calendar, also that of 23 hours.
        (Window::After(days(1)), at("2024-03-30T12:00Z"), at("2024-03-31T11:00Z"), true),
        (Window::After(days(1)), at("2024-03-30T12:00Z"), at("2024-03-31T11:30Z"), false),
        // A date and an instant are compared as dates, in the rule's zone.
        (Window::Over(days(1)), day(2024, 7, 2), at("2024-07-01T23:30Z"), true),
        (Window::Over(days(1)), day(2024, 7, 2), at("2024-07-01T22:30Z"), false),
        (Window::In(Period::FiscalYear), day(2024, 4, 2), day(2024, 3, 31), false),
        (Window::In(Period::FiscalYear), day(2024, 4, 2), day(2024, 4, 1), true),
        (Window::In(Period::Month), at("2024-07-01T00:00Z"), at("2024-06-30T23:30Z"), true),
        (Window::AllTime, day(2024, 7, 2), day(1999, 1, 1), true),
    ] {
        assert_eq!(
            in_window(&window, event, record, &clock, &|_| None),
            Some(within),
            "{window:?} {event:?} {record:?}"
        );
    }
    assert_eq!(period_of(date(2025, 2, 3), Period::FiscalQuarter, &clock), (date(2025, 1, 1), date(2025, 3, 31)));
}

/// The tree holds all of a text, and what is told of it stands in it.
fn told_in_place(text: &str) -> Result<(), proptest::test_runner::TestCaseError> {
    use bylaws::internals::{sema, source::SourceMap, syntax};
    let mut sources = SourceMap::default();
    let id = sources.add("random.bylaw", text);
    let parsed = syntax::parse(id, text);
    proptest::prop_assert_eq!(parsed.syntax().text().to_string(), text);
    let (_, told) = sema::check(sema::CheckInput { sources: &sources, files: &[(id, &parsed.file)], set: &[] });
    for d in parsed.errors.iter().chain(&told) {
        let spans = d.labels.iter().map(|l| l.span).chain(d.fixes.iter().map(|f| f.span));
        for span in spans {
            proptest::prop_assert!(text.get(span.range()).is_some(), "{:?}\n{}", d, text);
        }
    }
    Ok(())
}

type Slips = Vec<(u16, usize, usize)>;

fn slips() -> impl proptest::strategy::Strategy<Value = Slips> {
    proptest::collection::vec((proptest::arbitrary::any::<u16>(), 0..6usize, 0..40usize), 1..5)
}

/// The policies that come with the project, with a few bytes changed.
#[test]
fn slips_in_real_policies_are_survived() {
    let mut texts = Vec::new();
    let mut folders = vec![std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples")];
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "bylaw") {
                texts.push(std::fs::read_to_string(path).unwrap());
            }
        }
    }
    texts.sort();
    proptest::proptest!(cases(25), |(which in 0..texts.len(), slips in slips())| {
        told_in_place(&slipped(&texts[which], &slips))?;
    });
}

/// Random policies and records with a few bytes changed: errors, and never a panic.
#[test]
fn slips_are_survived() {
    proptest::proptest!(cases(25), |(seeds in random::seeds(random::LARGE), slips in slips())| {
        let case = case(&seeds);
        told_in_place(&slipped(&case.text, &slips))?;
        let mut tape = Tape::new(&seeds.run);
        let mut files = files(&case, &mut tape);
        for file in &mut files {
            let text = String::from_utf8_lossy(&file.bytes).into_owned();
            file.bytes = slipped(&text, &slips).into_bytes();
        }
        let (findings, _) = read(&case, &files, 2, 50);
        said(&findings);
    });
}

/// Deletes, doubles or replaces a piece here and there.
fn slipped(text: &str, slips: &[(u16, usize, usize)]) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    for &(at, how, length) in slips {
        if chars.is_empty() {
            break;
        }
        let at = at as usize * chars.len() / 65_536;
        let end = (at + length).min(chars.len());
        match how {
            0 => drop(chars.drain(at..end)),
            1 => chars[at] = ['{', '}', '"', '(', '?', '\u{e9}'][length % 6],
            2 => {
                let piece: Vec<char> = chars[at..end].to_vec();
                chars.splice(end..end, piece);
            }
            3 => chars.insert(at, ['\n', ' ', '0', '.', '/', '\u{1F600}'][length % 6]),
            4 => chars.truncate(at),
            _ => {
                let piece: Vec<char> = chars[at..end].to_vec();
                chars.splice(0..0, piece);
            }
        }
    }
    chars.into_iter().collect()
}
