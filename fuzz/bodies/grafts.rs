//! Rule files made of parts of others: nearly right, so that what is behind the grammar is reached.

use super::{compare, layout, policy};
use bylaws::FileId;
use bylaws::internals::syntax::{SyntaxKind, SyntaxNode, parse};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::OnceLock;

/// Every construct of the language is in one of these.
const PAGES: [&str; 3] = [
    include_str!("../../docs/language.md"),
    include_str!("../../docs/how-to/sources.md"),
    include_str!("../../docs/how-to/test-rules.md"),
];
/// Longer parts are not put elsewhere.
const LONGEST: usize = 2000;

struct Stock {
    policies: Vec<String>,
    /// By kind, each once.
    parts: BTreeMap<SyntaxKind, Vec<String>>,
    /// Tokens of all kinds.
    words: Vec<String>,
}

fn stock() -> &'static Stock {
    static STOCK: OnceLock<Stock> = OnceLock::new();
    STOCK.get_or_init(|| {
        let blocks = PAGES.iter().flat_map(|page| page.split("\n```bylaw").skip(1));
        let block =
            |b: &str| b.split_once('\n').and_then(|(_, b)| b.split("\n```").next()).unwrap_or_default().to_owned();
        let policies: Vec<String> = blocks.map(block).filter(|text| parse(FileId(0), text).errors.is_empty()).collect();
        let mut parts: BTreeMap<SyntaxKind, Vec<String>> = BTreeMap::new();
        let mut words = Vec::new();
        for text in &policies {
            for element in parse(FileId(0), text).syntax().descendants_with_tokens() {
                let text = element.to_string();
                if let Some(token) = element.as_token().filter(|t| !t.kind().is_trivia()) {
                    words.push(token.text().to_owned());
                }
                let is_part = element.as_token().is_none_or(|t| !t.kind().is_trivia()) && text.len() <= LONGEST;
                if is_part && element.kind() != SyntaxKind::File {
                    parts.entry(element.kind()).or_default().push(text);
                }
            }
        }
        for texts in parts.values_mut().chain([&mut words]) {
            texts.sort();
            texts.dedup();
        }
        Stock { policies, parts, words }
    })
}

/// The first byte picks a policy; then three bytes each put another part of the same kind in a part's place.
pub fn grafts(bytes: &[u8]) {
    if let Some((_, text)) = grafted(bytes) {
        holds(&text);
    }
}

/// A policy without grafts, and with them: what changes in meaning, read one way and the other.
pub fn changes(bytes: &[u8]) {
    if let Some((before, after)) = grafted(bytes) {
        compare::changes(before, &after);
    }
}

fn grafted(bytes: &[u8]) -> Option<(&'static str, String)> {
    let (which, rest) = bytes.split_first()?;
    let stock = stock();
    let before = &stock.policies[usize::from(*which) % stock.policies.len()];
    let mut text = before.clone();
    for graft in rest.chunks_exact(3).take(12) {
        let all = parts(&parse(FileId(0), &text).syntax());
        let [part, high, low] = *graft else { continue };
        let Some((kind, at)) = all.get(usize::from(part) * all.len() / 256) else { continue };
        let Some(others) = stock.parts.get(kind) else { continue };
        text.replace_range(at.clone(), &others[usize::from(u16::from_be_bytes([high, low])) % others.len()]);
    }
    Some((before, text))
}

fn parts(root: &SyntaxNode) -> Vec<(SyntaxKind, Range<usize>)> {
    let elements = root.descendants_with_tokens().skip(1);
    let range = |e: bylaws::internals::syntax::SyntaxElement| {
        (e.kind(), e.text_range().start().into()..e.text_range().end().into())
    };
    elements.filter(|e| e.as_token().is_none_or(|t| !t.kind().is_trivia())).map(range).collect()
}

/// Words of the language in any order, two bytes each; where the first is over 200, a whole part.
pub fn words(bytes: &[u8]) {
    let stock = stock();
    let kinds: Vec<&Vec<String>> = stock.parts.values().collect();
    let mut text = String::new();
    for word in bytes.chunks_exact(2).take(200) {
        let (high, low) = (usize::from(word[0]), usize::from(word[1]));
        let from = if high > 200 { kinds[low % kinds.len()] } else { &stock.words };
        text.push_str(&from[(high * 256 + low) % from.len()]);
        text.push(if low % 16 == 15 { '\n' } else { ' ' });
    }
    holds(&text);
}

fn holds(text: &str) {
    policy::policy(text.as_bytes());
    layout::format(text.as_bytes());
}
