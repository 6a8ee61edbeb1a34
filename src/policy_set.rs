//! From paths to a checked policy set.

mod condition;
mod load;

pub use condition::{CONDITION, Names, Tried};
pub use load::add_text;

use crate::data::Limits;
use crate::diag::{Diagnostic, Level};
use crate::io::{FileError, Files, join, normalize};
use crate::plan::Plan;
use crate::plan::saved::{self, Roles};
use crate::sema::hir::{Hir, Test};
use crate::sema::{self, CheckInput, Memo, Notes, Outline, Use};
use crate::source::{FileId, SourceMap};
use crate::syntax::{self, Items, Parsed, Parts, SyntaxNode, ast};
use rowan::GreenNode;
use std::collections::HashMap;

/// A path that was asked for and cannot be read. There is no text to point into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadError {
    pub path: String,
    pub why: FileError,
}

impl std::fmt::Display for LoadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "cannot read `{}`: {}", self.path, self.why)
    }
}

impl std::error::Error for LoadError {}

/// The policy files of one run, parsed. Names are resolved over all of them together.
#[derive(Debug, Default)]
pub struct PolicySet {
    sources: SourceMap,
    files: Vec<(FileId, ast::File)>,
    /// Of each of the files.
    texts: HashMap<FileId, Text>,
    /// What is wrong with imports, and what is no text.
    diagnostics: Vec<Diagnostic>,
    count: usize,
    memo: Memo,
    limits: Limits,
    /// Whether the trees of the texts are kept too.
    trees: bool,
}

/// What a text says, apart from its items.
#[derive(Debug)]
struct Text {
    errors: Vec<Diagnostic>,
    /// Where trees are kept.
    tree: Option<(GreenNode, Parts)>,
}

/// A policy set that was checked, with all that is wrong with it.
#[derive(Debug)]
pub struct Checked {
    hir: Hir,
    diagnostics: Vec<Diagnostic>,
    roles: Roles,
}

impl PolicySet {
    /// Reads policy files, the folders' `*.bylaw` files, and all that they import, each once.
    ///
    /// # Errors
    /// The paths that cannot be read. What is wrong inside a file that can be is told by [`PolicySet::check`].
    pub fn load<P: AsRef<str>>(files: &dyn Files, paths: &[P]) -> Result<PolicySet, Vec<LoadError>> {
        PolicySet::load_within(files, paths, &Limits::default())
    }

    /// As [`PolicySet::load`], with other limits.
    ///
    /// # Errors
    /// As those of [`PolicySet::load`].
    pub fn load_within<P: AsRef<str>>(
        files: &dyn Files,
        paths: &[P],
        limits: &Limits,
    ) -> Result<PolicySet, Vec<LoadError>> {
        let (set, failed) = PolicySet { limits: *limits, ..PolicySet::default() }.again(files, paths);
        if failed.is_empty() { Ok(set) } else { Err(failed) }
    }

    /// How many policy files there are.
    pub fn file_count(&self) -> usize {
        self.count
    }

    /// The texts, for reports.
    pub fn sources(&self) -> &SourceMap {
        &self.sources
    }

    /// The texts alone.
    pub fn into_sources(self) -> SourceMap {
        self.sources
    }

    /// Resolves names, checks types and units, and folds constants. `set` gives parameters other values than
    /// their defaults, as written: `("gift_cap", "100 CNY")`.
    pub fn check(&mut self, set: &[(String, String)]) -> Checked {
        let (values, diagnostics) = self.values(set);
        self.check_with(values, diagnostics)
    }

    /// As [`PolicySet::check`], with what each name stands for: for tools that follow names.
    pub(crate) fn check_names(&mut self, set: &[(String, String)]) -> (Checked, Vec<Use>) {
        let (values, diagnostics) = self.values(set);
        let files: Vec<_> = self.files.iter().map(|(id, file)| (*id, file)).collect();
        let input = CheckInput { sources: &self.sources, files: &files, set: &values };
        let (hir, found, uses) = sema::check_names(input);
        (Checked::new(hir, diagnostics, found, self.roles(&values)), uses)
    }

    /// As [`PolicySet::check_names`], with the types of values too.
    pub(crate) fn check_noting(&self) -> (Checked, Notes) {
        let files: Vec<_> = self.files.iter().map(|(id, file)| (*id, file)).collect();
        let input = CheckInput { sources: &self.sources, files: &files, set: &[] };
        let (hir, found, notes) = sema::check_noting(input);
        (Checked::new(hir, self.told(), found, self.roles(&[])), notes)
    }

    /// What is wrong with the set, as [`PolicySet::check`] tells it. Rules that were in order the last time are not read
    /// again where they and all that they read are the same.
    pub(crate) fn check_again(&mut self) -> Outline {
        let files: Vec<_> = self.files.iter().map(|(id, file)| (*id, file)).collect();
        let input = CheckInput { sources: &self.sources, files: &files, set: &[] };
        let mut outline = sema::check_again(input, &mut self.memo);
        outline.diagnostics = in_order(self.told(), std::mem::take(&mut outline.diagnostics));
        outline
    }

    /// An empty set that keeps trees: for [`PolicySet::again`], and then for [`PolicySet::tree`].
    pub(crate) fn with_trees() -> PolicySet {
        PolicySet { trees: true, ..PolicySet::default() }
    }

    /// The lossless tree of a file of the set, where trees are kept.
    pub(crate) fn tree(&self, file: FileId) -> Option<SyntaxNode> {
        self.texts.get(&file)?.tree.as_ref().map(|(tree, _)| SyntaxNode::new_root(tree.clone()))
    }

    /// Parses a file of the set, and keeps what its text says, apart from its items.
    fn parse(&mut self, id: FileId) -> ast::File {
        let text = &self.sources.file(id).text;
        if self.trees {
            return self.keep(id, syntax::parse(id, text));
        }
        let Items { file, errors } = syntax::parse_items(id, text);
        self.texts.insert(id, Text { errors, tree: None });
        file
    }

    fn keep(&mut self, id: FileId, parsed: Parsed) -> ast::File {
        let Parsed { tree, file, errors, parts } = parsed;
        self.texts.insert(id, Text { errors, tree: Some((tree, parts)) });
        file
    }

    /// All that was found wrong before names were looked at.
    fn told(&self) -> Vec<Diagnostic> {
        let errors = self.texts.values().flat_map(|text| &text.errors);
        self.diagnostics.iter().chain(errors).cloned().collect()
    }

    /// The files, parsed.
    pub(crate) fn files(&self) -> &[(FileId, ast::File)] {
        &self.files
    }

    /// As [`PolicySet::check`], with the parameters that a test of this set gives itself.
    pub(crate) fn check_for(&mut self, test: &Test, set: &[(String, String)]) -> Checked {
        let (mut values, diagnostics) = self.values(set);
        for (id, file) in &self.files {
            let defaults: Vec<_> = file
                .items
                .iter()
                .filter_map(|item| match &item.kind {
                    ast::ItemKind::Default(default) => Some(default),
                    _ => None,
                })
                .collect();
            let item = file.items.iter().find(|item| item.span == test.span);
            let Some(ast::ItemKind::Test(item)) = item.map(|item| &item.kind) else { continue };
            let (plain, _) = syntax::unfold(item, &defaults);
            let plain = plain.into_iter().nth(test.case.as_ref().map_or(0, |case| case.index));
            for clause in plain.into_iter().flat_map(|plain| plain.test.clauses) {
                if let ast::TestClause::Set { param, value } = clause {
                    values.retain(|(name, ..)| *name != param.text);
                    values.push((param.text, *id, value));
                }
            }
        }
        self.check_with(values, diagnostics)
    }

    /// `--set` values, parsed.
    fn values(&mut self, set: &[(String, String)]) -> (Vec<(String, FileId, ast::Expr)>, Vec<Diagnostic>) {
        let mut diagnostics = self.told();
        let mut values = Vec::new();
        for (name, value) in set {
            let file = self.sources.add(format!("--set {name}"), value.as_str());
            match syntax::parse_expr(file, value) {
                Ok(expr) => values.push((name.clone(), file, expr)),
                Err(errors) => diagnostics.extend(errors),
            }
        }
        (values, diagnostics)
    }

    fn check_with(&self, values: Vec<(String, FileId, ast::Expr)>, diagnostics: Vec<Diagnostic>) -> Checked {
        let files: Vec<_> = self.files.iter().map(|(id, file)| (*id, file)).collect();
        let input = CheckInput { sources: &self.sources, files: &files, set: &values };
        let (hir, found) = sema::check_within(input, &self.limits);
        Checked::new(hir, diagnostics, found, self.roles(&values))
    }

    fn roles(&self, set: &[(String, FileId, ast::Expr)]) -> Roles {
        let set = set.iter().map(|(name, file, _)| (name.clone(), *file)).collect();
        Roles { files: self.files.iter().map(|f| f.0).collect(), set }
    }
}

/// All that is wrong, by file and place, each once.
fn in_order(mut diagnostics: Vec<Diagnostic>, found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    diagnostics.extend(found);
    diagnostics.sort_by_key(|d| (d.span(), d.code));
    diagnostics.dedup();
    diagnostics
}

impl Checked {
    fn new(hir: Hir, diagnostics: Vec<Diagnostic>, found: Vec<Diagnostic>, roles: Roles) -> Checked {
        Checked { hir, diagnostics: in_order(diagnostics, found), roles }
    }

    /// What is wrong, by file and place.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// Has the sources' `files` start from a folder, as though the policy files lay in it.
    pub(crate) fn lie_in(&mut self, folder: &str) {
        for source in &mut self.hir.sources {
            source.folder = normalize(&join(folder, &source.folder));
        }
    }

    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|d| d.level == Level::Error)
    }

    pub fn hir(&self) -> &Hir {
        &self.hir
    }

    /// The plan of evaluation; none where there are errors.
    pub fn compile(&self) -> Option<Plan> {
        (!self.has_errors()).then(|| Plan::compile(&self.hir))
    }

    /// The plan, with all that reports say of its rules, as bytes for [`Plan::load`]; none where there are errors.
    /// `sources` are those of the set.
    pub fn save(&self, sources: &SourceMap) -> Option<Vec<u8>> {
        saved::save(sources, &self.roles, &self.diagnostics, &self.compile()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Code;
    use crate::io::MemoryFiles;

    fn load(files: &[(&str, &str)], paths: &[&str]) -> PolicySet {
        PolicySet::load(&files.iter().copied().collect::<MemoryFiles>(), paths).unwrap()
    }

    fn names(set: &PolicySet) -> Vec<&str> {
        set.sources().files().map(|(_, f)| f.name.as_str()).collect()
    }

    #[test]
    fn imports_are_followed_once_and_in_circles() {
        let files = [
            ("p/a.bylaw", "import \"sub/b.bylaw\"\nimport \"c.bylaw\""),
            ("p/c.bylaw", "import \"a.bylaw\""),
            ("p/sub/b.bylaw", "import \"../c.bylaw\"\nimport \"./../a.bylaw\""),
        ];
        let set = load(&files, &["p/a.bylaw"]);
        assert_eq!(names(&set), ["p/a.bylaw", "p/sub/b.bylaw", "p/c.bylaw"]);
        assert!(set.told().is_empty(), "{:?}", set.told());
        let set = load(&files, &["p"]);
        assert_eq!(set.file_count(), 3);
    }

    #[test]
    fn imports_that_lead_nowhere() {
        let files = [
            ("p/a.bylaw", "import \"comon.bylaw\"\nimport \"../q/x.bylaw\"\nimport \"/etc/passwd\""),
            ("p/common.bylaw", ""),
            ("q/x.bylaw", ""),
        ];
        let set = load(&files, &["p/a.bylaw"]);
        let found: Vec<_> = set.diagnostics.iter().map(|d| (d.code, set.sources().text(d.span()))).collect();
        assert_eq!(
            found,
            [(Code::Import, "\"comon.bylaw\""), (Code::Import, "\"../q/x.bylaw\""), (Code::Import, "\"/etc/passwd\"")]
        );
        assert_eq!(set.diagnostics[0].fixes[0].replacement, "\"common.bylaw\"");
        assert_eq!(names(&set), ["p/a.bylaw"]);
    }

    #[test]
    fn a_set_is_read_and_checked_again_as_it_is_anew() {
        let vocabulary = "enum class { open, secret }\nrecord gift at day by who { day: date, who: text, value: money, note: text?, class: class }\n\
                          record trip at day by who { day: date, who: text, value: money }\n\
                          param cap: money = 5 EUR\nlet names = { \"a\", \"b\" }\ndefine big(g: gift) = g.value > cap and g.note? == \"x\"\n";
        let rules = "policy p { timezone \"Europe/Berlin\" }\n\
                     forbid one { on gift when big(gift) and class == secret  unless small: value < 1 EUR  because \"{who}\" }\n\
                     forbid two { on gift, trip when value > cap }\n\
                     limit three { on gift sum value per who over 30 days to cap }\n\
                     revise three effective from 2026-01-01 { on gift sum value per who over 10 days to cap }\n\
                     forbid four { on gift when note present and count(trip over 3 days) > 2 }\n";
        let tests = "waive one for who \"a\" { from 2026-01-01 until 2026-02-01 approved_by \"b\" reason \"c\" }\n\
                     test \"t\" { given gift as g { day: 2026-01-05, who: \"a\", value: 6 EUR, class: open }\n  expect excepted one on g by small\n  expect compliant four on g\n}\n";
        let first = [("a.bylaw", vocabulary), ("b.bylaw", rules), ("c.bylaw", tests)];
        let typed = [
            "",
            " ",
            "\n",
            "}",
            "value",
            "secret",
            "trip",
            "one",
            "small",
            "> 7 EUR",
            "forbid five { on gift when note? == \"y\" }\n",
            "charter { every rule cites }\n",
            "forbid six { on finding when rule == one }\n",
            "param late: int = 5\n",
            "open",
            "7 USD",
        ];
        let mut state = 3u64;
        let mut below = |n: usize| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 33) as usize % n.max(1)
        };
        let mut kept = PolicySet::with_trees();
        let mut texts = first.map(|(_, text)| text.to_owned());
        let mut silent = 0;
        for round in 0..600 {
            if round % 8 == 0 {
                texts = first.map(|(_, text)| text.to_owned());
            } else {
                let text = &mut texts[below(3)];
                // Between words, and mostly one word for another.
                let edges: Vec<usize> = (0..=text.len())
                    .filter(|&at| {
                        at == 0
                            || at == text.len()
                            || text.as_bytes()[at - 1].is_ascii_alphanumeric()
                                != text.as_bytes()[at].is_ascii_alphanumeric()
                    })
                    .collect();
                let at = below(edges.len());
                let to = edges[(at + below(3)).min(edges.len() - 1)];
                text.replace_range(edges[at]..to, typed[below(typed.len())]);
            }
            let files: MemoryFiles = first.iter().zip(&texts).map(|((name, _), text)| (*name, text.as_str())).collect();
            let (again, failed) = kept.again(&files, &["."]);
            assert!(failed.is_empty());
            kept = again;
            let found = kept.check_again().diagnostics;
            let anew = kept.check(&[]);
            assert_eq!(found, anew.diagnostics(), "round {round} of {texts:#?}");
            silent += usize::from(found.is_empty());
        }
        assert!(silent > 80, "of 600 sets only {silent} were in order");
    }

    #[test]
    fn bytes_that_are_no_text() {
        let mut files = MemoryFiles::default();
        files.insert("a.bylaw", *b"// fine\nenum e { \xe9t\xe9 }");
        files.insert("b.bylaw", *b"\xef\xbb\xbfenum f { x }");
        let set = PolicySet::load(&files, &["."]).unwrap();
        assert_eq!(set.diagnostics.len(), 1);
        let d = &set.diagnostics[0];
        assert_eq!((d.code, d.labels[0].text.as_str()), (Code::Unreadable, "byte 17 (0xe9) is not part of UTF-8 text"));
        assert_eq!(set.sources().line_col(d.span()), (2, 9));
        assert_eq!(&*set.sources().file(FileId(1)).text, "enum f { x }");
    }

    #[test]
    fn paths_that_are_not_there() {
        let errors = PolicySet::load(&MemoryFiles::default(), &["x", "y.bylaw"]).unwrap_err();
        let told: Vec<_> = errors.iter().map(LoadError::to_string).collect();
        assert_eq!(told, ["cannot read `x`: no such file or folder", "cannot read `y.bylaw`: no such file or folder"]);
    }
}
