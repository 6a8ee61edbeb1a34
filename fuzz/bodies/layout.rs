//! Rule files written in the one style, and read again after an edit.

use super::policy::text;
use bylaws::internals::fmt::{Unformatted, difference, format_to};
use bylaws::internals::syntax::{SyntaxKind, SyntaxNode, parse, parse_again};

/// A text that parses is written so that it parses to the same, and is written so the second time.
pub fn format(bytes: &[u8]) {
    let Some((file, text)) = text(bytes) else { return };
    let before = parse(file, text.strip_prefix('\u{feff}').unwrap_or(text));
    for width in [120, 30] {
        let formatted = match format_to(file, text, width) {
            Ok(formatted) => formatted,
            Err(Unformatted::Broken(errors)) => {
                assert!(!errors.is_empty() && !before.errors.is_empty(), "{text}");
                return;
            }
            Err(Unformatted::Differs(place)) => panic!("not the same at `{place}`\n{text}"),
        };
        assert!(before.errors.is_empty(), "{text}");
        let after = parse(file, &formatted);
        assert!(after.errors.is_empty(), "{:?}\n{text}\n---\n{formatted}", after.errors);
        if !text.contains('\r') {
            let differs = difference(&before.syntax(), &after.syntax());
            assert_eq!(differs, None, "{text}\n---\n{formatted}");
            assert_eq!(remarks(&before.syntax()), remarks(&after.syntax()), "{text}\n---\n{formatted}");
        }
        let again = format_to(file, &formatted, width).expect("it parses");
        assert_eq!(again, formatted, "not settled\n{text}");
    }
}

fn remarks(root: &SyntaxNode) -> Vec<String> {
    let leaves = root.descendants_with_tokens().filter_map(|e| e.into_token());
    let remark = |kind| matches!(kind, SyntaxKind::Remark | SyntaxKind::DocRemark);
    leaves.filter(|t| remark(t.kind())).map(|t| t.text().trim_end().to_owned()).collect()
}

/// A text, and behind each form feed an edit: two bytes for where, one for how much goes, and what comes instead.
pub fn edits(bytes: &[u8]) {
    let mut parts = bytes.split(|b| *b == b'\x0c');
    let Some((file, text)) = parts.next().and_then(text) else { return };
    let (mut text, mut parsed) = (text.to_owned(), parse(file, text));
    for edit in parts.take(16) {
        let [high, low, length, ref new @ ..] = *edit else { continue };
        let Ok(new) = std::str::from_utf8(new) else { continue };
        let place = |at: usize| (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        let from = place(usize::from(u16::from_be_bytes([high, low])) % (text.len() + 1));
        let to = place(from + usize::from(length)).max(from);
        let edited = [&text[..from], new, &text[to..]].concat();
        let (again, anew) = (parse_again(file, &edited, &text, parsed), parse(file, &edited));
        assert_eq!(again.errors, anew.errors, "{text:?} to {edited:?}");
        assert_eq!(again.file, anew.file, "{text:?} to {edited:?}");
        assert_eq!(again.parts, anew.parts, "{text:?} to {edited:?}");
        assert_eq!(again.tree, anew.tree, "{text:?} to {edited:?}");
        (text, parsed) = (edited, again);
    }
}
