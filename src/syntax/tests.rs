use super::*;
use proptest::prelude::*;

fn parsed(text: &str) -> Parsed {
    let parsed = parse(FileId(0), text);
    assert_eq!(parsed.syntax().text().to_string(), text);
    parsed
}

/// Code, line, message, what is underlined, and help: two lines each.
fn told(text: &str) -> String {
    let line = |at: usize| text[..at].matches('\n').count() + 1;
    let told = parsed(text).errors.into_iter().map(|e| {
        let place = e.span().range();
        let help = e.help.as_deref().unwrap_or("");
        format!("{} line {}: {} [{}]\n    {help}\n", e.code, line(place.start), e.message, &text[place])
    });
    told.collect()
}

/// Every construct once, without a fault.
const WHOLE: &str = include_str!("../../tests/syntax/whole.bylaw");

#[test]
fn whole_file() {
    assert_eq!(told(WHOLE), "");
    assert!(parsed(WHOLE).file.items.iter().all(|i| !i.broken));
}

/// Also those that begin like another such word.
#[test]
fn words_behind_a_bare_number_are_no_units() {
    for text in [
        "limit a { on b count over 30 days to 3 once per c per month }",
        "limit a { on b count over 30 days to 3 on c }",
        "forbid a { on b when 3 in_domain c and 3 in c }",
        "test \"a\" { set b = 3 as_of 2026-01-01 }",
    ] {
        assert!(!told(text).contains("line"), "{text}: {}", told(text));
    }
}

/// Runs on the stack of a thread as the standard library starts it.
fn on_small_stack(run: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().stack_size(2 << 20).spawn(run).unwrap().join().unwrap();
}

#[test]
fn every_prefix() {
    // a stride that meets every kind of place: a prime
    for end in (0..WHOLE.len()).step_by(13).filter(|&end| WHOLE.is_char_boundary(end)) {
        parsed(&WHOLE[..end]);
    }
}

#[test]
fn deep() {
    on_small_stack(|| {
        let rule = |condition: &str| format!("forbid a {{\n  on b\n  when {condition}\n}}\n");
        let nested = |open: &str, middle: &str, close: &str, n: usize| {
            rule(&format!("{}{middle}{}", open.repeat(n), close.repeat(n)))
        };
        // as deep as may be
        for (open, middle, close) in [
            ("(", "a", ")"),
            ("{", "a", "}"),
            ("f(", "a", ")"),
            ("not ", "a", ""),
            ("-", "a", ""),
            ("exists r where ", "a", ""),
            ("a or no r where ", "a", ""),
            ("count(r where ", "a", ") == 1"),
            ("(a or b and not -", "c", ")"),
        ] {
            for n in [100, 195] {
                let errors = parsed(&nested(open, middle, close, n)).errors;
                assert!(errors.iter().all(|e| e.code == Code::TooDeep) && errors.len() < 2, "{open}: {errors:?}");
            }
            for n in [201, 10_000] {
                let errors = parsed(&nested(open, middle, close, n)).errors;
                assert_eq!(errors.iter().map(|e| e.code).collect::<Vec<_>>(), [Code::TooDeep], "{open} {n}");
                parsed(&nested(open, middle, "", n));
                parsed(&nested("", middle, close, n));
            }
        }
        assert_eq!(parsed(&nested("(", "a", ")", 195)).errors, []);
        for (part, n, expected) in [
            (" + a", 150, 0),
            (" + a", 10_000, 1),
            (".a", 10_000, 1),
            (" ?? a", 10_000, 1),
            (" and a", 10_000, 0),
            (" or a and b", 10_000, 0),
        ] {
            let errors = parsed(&rule(&format!("a{}", part.repeat(n)))).errors;
            assert_eq!(errors.len(), expected, "{part}: {errors:?}");
        }
        let nested = |open: &str, close: &str| {
            for n in [190, 10_000] {
                parsed(&format!("{}{}", open.repeat(n), close.repeat(n)));
            }
        };
        nested("record a { b: {", "} }");
        nested("test \"a\" { given a { b: {", "} } }");
        nested("waive {", "}");
        nested("source a for b { map { a = f(", ") } }");
        nested("source a for b { where (", ") }");
        let field = |n: usize| format!("record a {{ {}b: int{} }}", "b: {".repeat(n), "}".repeat(n));
        assert_eq!(parsed(&field(190)).errors, []);
        assert_eq!(parsed(&field(250)).errors.len(), 1);
        let broken = format!("record a {{ {}b int{} }}", "b: {".repeat(190), "}".repeat(190));
        assert_eq!(parsed(&broken).errors.len(), 1);
    });
}

proptest! {
    #[test]
    fn any_text(text in ".{0,200}") {
        parsed(&text);
        let _ = parse_expr(FileId(0), &text);
    }

    /// Words and signs of the language in any order.
    #[test]
    fn any_words(words in prop::collection::vec(prop::sample::select(VOCABULARY), 0..60)) {
        let text: String = words.concat();
        parsed(&text);
        let _ = parse_expr(FileId(0), &text);
    }

    /// A good file with stretches taken out, doubled or put elsewhere.
    #[test]
    fn mutations(cuts in prop::collection::vec((0..WHOLE.len(), 0..40usize, 0..WHOLE.len()), 1..5), how in 0..3) {
        let mut text = WHOLE.to_owned();
        for (at, len, to) in cuts {
            let edge = |at: usize| (0..=at.min(text.len())).rev().find(|&i| text.is_char_boundary(i)).unwrap_or(0);
            let (at, end, to) = (edge(at), edge(at + len), edge(to));
            let stretch = text[at..end].to_owned();
            match how {
                0 => text.replace_range(at..end, ""),
                1 => text.insert_str(to, &stretch),
                _ => text.replace_range(at..end, &stretch.chars().rev().collect::<String>()),
            }
        }
        parsed(&text);
    }
}

const VOCABULARY: &[&str] = &[
    "forbid ",
    "require ",
    "limit ",
    "record ",
    "table ",
    "source ",
    "test ",
    "enum ",
    "let ",
    "define ",
    "param ",
    "policy ",
    "import ",
    "waive ",
    "on ",
    "where ",
    "when ",
    "unless ",
    "need ",
    "count ",
    "sum ",
    "to ",
    "severity ",
    "cite ",
    "because ",
    "effective ",
    "from ",
    "map ",
    "given ",
    "expect ",
    "each ",
    "at ",
    "end of ",
    "exists ",
    "no ",
    "within ",
    "over ",
    "before ",
    "by ",
    "per ",
    "across everyone ",
    "in ",
    "not ",
    "and ",
    "or ",
    "matches ",
    "/a/ ",
    "ignoring case ",
    "present ",
    "as ",
    "a ",
    "b ",
    "f",
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    ".",
    "=",
    "== ",
    "< ",
    "?",
    "?? ",
    "+ ",
    "- ",
    "* ",
    "@",
    "%",
    "5 ",
    "30 days ",
    "2025-01-01 ",
    "\"text\" ",
    "\"{a}\" ",
    "\"",
    "'",
    "`a b`",
    "\n",
    "\n  ",
    "// x\n",
    "/// doc\n",
    "é",
    "“",
    ";",
    "&&",
    "\\",
    "constant ",
    "malformed ",
];

/// A file that several threads read comes to the same: its items, its tree, and what is told of its faults, be they few
/// or more than anybody reads.
#[test]
fn threads_change_nothing() {
    use super::explain::Place;
    use super::recover::Reader;
    let rule =
        |i: usize| format!("/// Note {i}.\nforbid rule_{i} {{ on gift when value > {i} EUR and giver == \"G{i}\" }}\n");
    for faulty in [vec![], vec![3, 77], (0..150).collect(), (0..300).collect::<Vec<usize>>()] {
        let item =
            |i| if faulty.contains(&i) { format!("forbid {{ rule {i} on }}\nlet x{i} = = 1\n") } else { rule(i) };
        let text: String = (0..300).map(item).collect();
        let scanned = super::scan::scan(&text);
        let read = |threads| {
            let read = Reader::all_on(threads, Place { file: FileId(0), scanned: &scanned, origin: 0 }, true);
            (format!("{:?}\n{:?}\n{:?}", read.items, read.errors, read.marks), read.items.len())
        };
        let (alone, items) = read(1);
        assert!(items >= 300 - faulty.len());
        assert!([2, 3, 8].iter().all(|threads| read(*threads).0 == alone), "{} faults", faulty.len());
    }
}
