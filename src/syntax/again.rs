//! Reading a text again after an edit: only the parts that are others now, and those that have errors.

use super::explain::Place;
use super::kinds::{Bylaws, SyntaxKind};
use super::recover::{ENOUGH_ERRORS, Part, Reader};
use super::scan::scan;
use super::shift::Shift;
use super::{Parsed, Parts, ast, in_order, no_text, parse, split, tree};
use crate::source::FileId;
use rowan::{GreenNode, Language, NodeOrToken};

/// As `parse`, with what the text was before, and what was read of it.
pub fn parse_again(file: FileId, text: &str, old: &str, before: Parsed) -> Parsed {
    if before.parts.parts.is_empty() || before.parts.errors > ENOUGH_ERRORS || no_text(file, text).is_some() {
        return parse(file, text);
    }
    let scanned = scan(text);
    let parts = split::parts(&scanned);
    let old_parts = before.parts.parts;
    let old_text = |i: usize| &old[old_parts[i].start..old_parts.get(i + 1).map_or(old.len(), |next| next.start)];
    let new_text = |i: usize| &text[scanned.start(parts[i].start)..scanned.start(parts[i].end)];
    let most = old_parts.len().min(parts.len());
    let head = (0..most).take_while(|&i| old_text(i) == new_text(i)).count();
    let (olds, news) = (old_parts.len(), parts.len());
    let tail = (1..=most - head).take_while(|&i| old_text(olds - i) == new_text(news - i)).count();
    // The remark above an item is at the end of the part before it.
    let tail = tail.saturating_sub(1);
    let by = text.len() as i64 - old.len() as i64;

    let mut reader = Reader::new(Place { file, scanned: &scanned, origin: 0 }, true);
    let mut items = before.file.items.into_iter();
    let mut leaves = before.tree.children().map(|child| child.to_owned());
    let mut at = 0;
    let mut children = Vec::new();
    // Takes what was read of an old part.
    let mut take = |i: usize| {
        let part = old_parts[i];
        let end = old_parts.get(i + 1).map_or(old.len(), |next| next.start);
        let mut own = Vec::new();
        while at < end {
            let Some(child) = leaves.next() else { break };
            at += match &child {
                NodeOrToken::Node(node) => usize::from(node.text_len()),
                NodeOrToken::Token(token) => usize::from(token.text_len()),
            };
            own.push(child);
        }
        (items.by_ref().take(part.items).collect::<Vec<ast::Item>>(), own)
    };
    let mut next = 0;
    for (i, part) in parts.iter().enumerate() {
        let old_index = match i {
            i if i < head => Some(i),
            i if i >= news - tail => Some(i + olds - news),
            _ => None,
        };
        let Some(index) = old_index else {
            reader.marks.clear();
            reader.part(part.clone());
            children.extend(own_children(&tree::build_part(&scanned, &reader.marks, part.clone())));
            continue;
        };
        while next < index {
            take(next);
            next += 1;
        }
        let (mut taken, own) = take(index);
        next += 1;
        if old_parts[index].errors > 0 {
            reader.marks.clear();
            reader.part(part.clone());
            children.extend(own_children(&tree::build_part(&scanned, &reader.marks, part.clone())));
            continue;
        }
        if i >= head {
            taken.shift(by);
        }
        reader.parts.push(Part { start: scanned.start(part.start), items: taken.len(), errors: 0 });
        reader.items.append(&mut taken);
        children.extend(own);
    }
    if reader.errors.len() > ENOUGH_ERRORS {
        return parse(file, text);
    }
    let Reader { items, errors, parts, .. } = reader;
    let tree = GreenNode::new(Bylaws::kind_to_raw(SyntaxKind::File), children);
    let parts = Parts { parts, errors: errors.len() };
    Parsed { tree, file: ast::File { items }, errors: in_order(errors), parts }
}

type Child = NodeOrToken<GreenNode, rowan::GreenToken>;

fn own_children(of: &GreenNode) -> impl Iterator<Item = Child> {
    of.children().map(|child| child.to_owned()).collect::<Vec<_>>().into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXTS: [&str; 4] = [
        include_str!("../../policies/gifts.bylaw"),
        include_str!("../../policies/vocabulary/sources/microsoft365.bylaw"),
        include_str!("../../tests/syntax/whole.bylaw"),
        include_str!("../../tests/syntax/ten_mistakes.bylaw"),
    ];

    const TYPED: [&str; 16] = [
        "",
        "",
        "\n",
        " ",
        "}",
        "{",
        "(",
        "\"",
        "/// said of the next\n",
        "// said",
        "\nforbid x {\n  on gift\n",
        "when ",
        "\ntest \"t\" {}\n",
        "é",
        "\r\n",
        "value > 5 CNY",
    ];

    #[test]
    fn reading_again_is_reading_anew() {
        let mut state = 1u64;
        let mut below = |n: usize| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 33) as usize % n.max(1)
        };
        let file = FileId(0);
        for text in TEXTS {
            let (mut text, mut parsed) = (text.to_owned(), parse(file, text));
            for edit in 0..60 {
                if edit % 20 == 0 {
                    text = TEXTS[below(4)].to_owned();
                    parsed = parse(file, &text);
                }
                let place = |n: usize, text: &str| (0..=n).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
                let from = place(below(text.len() + 1), &text);
                let to = place((from + below(12) * below(12)).min(text.len()), &text).max(from);
                let new = [&text[..from], TYPED[below(TYPED.len())], &text[to..]].concat();
                let again = parse_again(file, &new, &text, parsed);
                let anew = parse(file, &new);
                let what = format!("{from}..{to} of {text:?}");
                assert_eq!(again.errors, anew.errors, "{what}");
                assert_eq!(again.file, anew.file, "{what}");
                assert_eq!(again.parts, anew.parts, "{what}");
                assert_eq!(again.tree, anew.tree, "{what}");
                (text, parsed) = (new, again);
            }
        }
    }
}
