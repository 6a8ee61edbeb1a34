//! What a policy set declares: every name, with its place, whatever the order of files and items.

use super::hir::Constant;
use super::report::Reporter;
use super::waivers::Granted;
use crate::data::{Clock, ColumnId, EnumId, KindId, Limits, Schema, Type, Zone};
use crate::diag::{Code, Diagnostic};
use crate::source::{FileId, Span};
use crate::syntax::ast::{self, Ident, ItemKind};
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::atomic::AtomicU64;

/// A name that stands for a value.
#[derive(Clone, Copy)]
pub enum Decl<'a> {
    Let(&'a ast::LetItem),
    Define(&'a ast::DefineItem),
    Param(&'a ast::ParamItem),
}

impl<'a> Decl<'a> {
    pub fn body(self) -> &'a ast::Expr {
        match self {
            Decl::Let(i) => &i.value,
            Decl::Define(i) => &i.body,
            Decl::Param(i) => &i.default,
        }
    }

    pub fn name(self) -> &'a Ident {
        match self {
            Decl::Let(i) => &i.name,
            Decl::Define(i) => &i.name,
            Decl::Param(i) => &i.name,
        }
    }
}

/// What the schema leaves out, for quick and exact resolution.
#[derive(Default)]
pub struct KindInfo {
    pub columns: FxHashMap<String, ColumnId>,
    /// Dotted names of nested groups, and where they are declared.
    pub groups: FxHashMap<String, Span>,
    /// By column: whether the field itself is optional, apart from the groups that it is in.
    pub own_optional: Vec<bool>,
    /// Fields whose declaration was in error: what reads them is not told again.
    pub broken: FxHashSet<String>,
}

/// The policy of a file.
pub struct FilePolicy {
    pub name: Option<String>,
    pub clock: Clock,
    pub zone: Zone,
}

pub struct World<'a> {
    pub report: Reporter<'a>,
    pub schema: Schema,
    pub kinds: FxHashMap<&'a str, KindId>,
    pub infos: Vec<KindInfo>,
    pub enums: FxHashMap<&'a str, EnumId>,
    /// By enum: the words' indices.
    pub words: Vec<FxHashMap<String, u16>>,
    pub values: FxHashMap<&'a str, Decl<'a>>,
    pub rules: FxHashMap<&'a str, Span>,
    pub verbs: FxHashMap<&'a str, ast::Verb>,
    pub policies: FxHashMap<FileId, FilePolicy>,
    /// Filled before rules are read; a parameter whose value has an error is not in it.
    pub params: FxHashMap<&'a str, (Type, Constant)>,
    /// By rule, in order: waivers whose own parts are right.
    pub waivers: FxHashMap<&'a str, Vec<Granted<'a>>>,
    /// Of parameters that change: from which day on (days since 1970) they have which other value, in order.
    pub later: FxHashMap<&'a str, Vec<(i32, Constant)>>,
    /// Names whose declaration was in error: what uses them is not told again.
    pub broken: FxHashSet<&'a str>,
    pub limits: Limits,
    /// Regular expressions so far.
    pub patterns: AtomicU64,
}

impl<'a> World<'a> {
    /// A rule's verb; a `revise` has that of its rule.
    pub fn verb(&self, item: &ast::RuleItem) -> ast::Verb {
        let own = item.verb.or_else(|| self.verbs.get(item.name.text.as_str()).copied());
        own.unwrap_or(ast::Verb::Forbid)
    }

    pub fn policy(&self, file: FileId) -> &FilePolicy {
        &self.policies[&file]
    }

    pub fn type_name(&self, ty: &Type) -> String {
        self.schema.type_name(ty)
    }

    /// A record or table by name; told where there is none.
    pub fn kind(&self, name: &Ident) -> Option<KindId> {
        let found = self.kinds.get(name.text.as_str()).copied();
        if let Some(kind) = found {
            self.named_kind(name, kind);
        }
        found.or_else(|| {
            if self.broken.contains(name.text.as_str()) {
                return None;
            }
            let d = Diagnostic::error(
                Code::UnknownKind,
                format!("no record or table is named `{}`", name.text),
                name.span,
                "not declared",
            );
            let d = match self.enums.contains_key(name.text.as_str()) {
                true => d.help(format!("`{}` is an enum", name.text)),
                false => self.report.suggest(d, name.span, &name.text, self.kinds.keys().copied()),
            };
            self.report.fail(d)
        })
    }

    /// A record or table that files may hold; told where it is of the language's making.
    pub fn declared_kind(&self, name: &Ident) -> Option<KindId> {
        let kind = self.kind(name)?;
        if self.schema.kind(kind).origin == crate::data::Origin::Declared {
            return Some(kind);
        }
        self.report.fail(
            Diagnostic::error(
                Code::KeptName,
                format!("`{}` comes from rules, not from records that are given", name.text),
                name.span,
                "made by the run",
            )
            .help("give the records in which the rules find it"),
        )
    }

    /// A table stands where a record is needed.
    pub fn no_events(&self, name: &Ident, kind: KindId) -> Diagnostic {
        Diagnostic::error(
            Code::BadHistory,
            format!("`{}` is a table: its rows are no events", name.text),
            name.span,
            "not a record",
        )
        .label(self.schema.kind(kind).span, "declared here")
    }

    pub fn kind_name(&self, kind: KindId) -> &str {
        &self.schema.kind(kind).name
    }

    /// The names of a kind's fields and groups as they are written at the top.
    pub fn top_fields(&self, kind: KindId) -> impl Iterator<Item = &str> {
        let mut seen = FxHashSet::default();
        self.schema
            .kind(kind)
            .columns
            .iter()
            .map(|c| c.name.split('.').next().unwrap_or_default())
            // What nobody can write is no name to give.
            .filter(move |n| !n.starts_with('(') && seen.insert(*n))
    }

    /// A table that has such a field; best one that is called as the field is that was to lead there.
    pub fn table_with(&self, field: &str, leading: &str) -> Option<&str> {
        let tables = self.schema.kinds.iter().filter(|k| k.is_table() && k.column(field).is_some());
        tables.map(|k| k.name.as_str()).min_by_key(|name| *name != leading)
    }

    /// A column by its dotted path, written in a declaration or source; told where there is none.
    pub fn column(&self, kind: KindId, path: &[Ident]) -> Option<ColumnId> {
        let dotted = dotted(path);
        let info = &self.infos[kind.0 as usize];
        if let Some(column) = info.columns.get(&dotted) {
            for (i, step) in path.iter().enumerate() {
                self.named_field(step, kind, &self::dotted(&path[..=i]));
            }
            return Some(*column);
        }
        if info
            .broken
            .iter()
            .any(|b| dotted == *b || dotted.strip_prefix(b.as_str()).is_some_and(|r| r.starts_with('.')))
        {
            return None;
        }
        let (first, last) = (path.first()?, path.last()?);
        let span = first.span.to(last.span);
        let d = Diagnostic::error(
            Code::UnknownField,
            format!("`{}` has no field `{dotted}`", self.kind_name(kind)),
            span,
            "not a field",
        )
        .label(self.schema.kind(kind).span, format!("`{}` is declared here", self.kind_name(kind)));
        if info.groups.contains_key(&dotted) {
            let below = format!("{dotted}.");
            let fields: Vec<&str> = info.columns.keys().map(String::as_str).filter(|c| c.starts_with(&below)).collect();
            let first = fields.iter().min().copied().unwrap_or_default();
            return self.report.fail(self.report.rewrite(
                d,
                &format!("`{dotted}` is a group of fields; name one of them"),
                span,
                first,
            ));
        }
        let columns = &self.schema.kind(kind).columns;
        self.report.fail(self.report.suggest(d, span, &dotted, columns.iter().map(|c| c.name.as_str())))
    }

    /// The time zone's rules; told where there is no such zone.
    pub fn timezone(&self, name: &ast::Str) -> Option<Zone> {
        Zone::named(&name.text).or_else(|| {
            let names: Vec<String> = jiff::tz::db().available().map(|n| n.to_string()).collect();
            let inner = Span { start: name.span.start + 1, end: name.span.end.saturating_sub(1), ..name.span };
            let d = Diagnostic::error(
                Code::UnknownTimezone,
                format!("no time zone is named `{}`", name.text),
                name.span,
                "not in the time zone database",
            );
            let city = |n: &&String| n.rsplit('/').next().is_some_and(|c| c.eq_ignore_ascii_case(&name.text));
            self.report.fail(match names.iter().find(city).map(String::as_str) {
                Some(near) => self.report.rewrite(d, &format!("did you mean `{near}`?"), inner, near),
                None => match self.report.guess(&name.text, names.iter().map(String::as_str)) {
                    Some(near) => self.report.rewrite(d, &format!("did you mean `{near}`?"), inner, near),
                    None => d.help("zones are named by continent and city: `Asia/Shanghai`, `Europe/London`, or `UTC`"),
                },
            })
        })
    }

    /// The span of what a column, kind or value is declared by, for related labels.
    pub fn column_span(&self, kind: KindId, column: ColumnId) -> Span {
        self.schema.column(kind, column).span
    }
}

pub fn dotted(path: &[Ident]) -> String {
    path.iter().map(|i| i.text.as_str()).collect::<Vec<_>>().join(".")
}

/// Tells every name that is declared twice, with both places; the first one stays.
pub struct Names<'a> {
    pub kinds: Vec<(&'a Ident, &'a ast::KindItem, bool, Option<&'a str>)>,
    pub enums: Vec<(&'a Ident, &'a ast::EnumItem)>,
    pub values: FxHashMap<&'a str, Decl<'a>>,
    /// In the order written.
    pub decls: Vec<Decl<'a>>,
    pub rules: Vec<(FileId, &'a ast::RuleItem, &'a ast::Item)>,
    pub rule_names: FxHashMap<&'a str, Span>,
    pub verbs: FxHashMap<&'a str, ast::Verb>,
    pub revisions: Vec<(FileId, &'a ast::RuleItem, &'a ast::Item)>,
    pub sources: Vec<(FileId, &'a ast::SourceItem, Span)>,
    pub rates: Vec<(FileId, &'a ast::RatesItem)>,
    /// With the whole item.
    pub tests: Vec<(FileId, &'a ast::TestItem, &'a ast::Item)>,
    pub defaults: Vec<(FileId, &'a ast::DefaultItem)>,
    pub policies: Vec<(FileId, &'a ast::Policy)>,
    pub waivers: Vec<(FileId, &'a ast::WaiveItem, &'a ast::Item)>,
    pub charters: Vec<(FileId, &'a ast::CharterItem)>,
    pub metrics: Vec<(FileId, &'a ast::MetricItem, &'a ast::Item)>,
    /// Values of which no more than the name could be read.
    pub broken: FxHashSet<&'a str>,
    /// All that rules read, and policies.
    pub declarations: Vec<&'a ast::Item>,
}

pub fn collect<'a>(report: &Reporter<'a>, files: &'a [(FileId, &'a ast::File)]) -> Names<'a> {
    let mut names = Names {
        kinds: Vec::new(),
        enums: Vec::new(),
        values: FxHashMap::default(),
        decls: Vec::new(),
        rules: Vec::new(),
        rule_names: FxHashMap::default(),
        verbs: FxHashMap::default(),
        revisions: Vec::new(),
        sources: Vec::new(),
        tests: Vec::new(),
        defaults: Vec::new(),
        policies: Vec::new(),
        waivers: Vec::new(),
        charters: Vec::new(),
        metrics: Vec::new(),
        rates: Vec::new(),
        broken: FxHashSet::default(),
        declarations: Vec::new(),
    };
    // No declaration may take the name of a type.
    let mut declared: FxHashMap<&str, (Span, &str)> =
        Type::NAMED.iter().map(|(ty, _)| (*ty, (Span::new(FileId(0), 0, 0), ""))).collect();
    let mut sources: FxHashMap<&str, (Span, &str)> = FxHashMap::default();
    let mut metrics: FxHashMap<&str, (Span, &str)> = FxHashMap::default();
    for (file, tree) in files {
        let mut own_policy: Option<&Ident> = None;
        for item in &tree.items {
            let doc = item.doc.as_deref();
            names.declarations.extend(is_declaration(&item.kind).then_some(item));
            match &item.kind {
                ItemKind::Policy(p) => {
                    if let Some(first) = own_policy {
                        report.tell(twice("a second policy in one file", &p.name, first.span, "the first is here"));
                    } else {
                        own_policy = Some(&p.name);
                        names.policies.push((*file, p));
                    }
                }
                ItemKind::Enum(e) => {
                    if claim(report, &mut declared, &e.name, "enum") {
                        names.enums.push((&e.name, e));
                    }
                }
                ItemKind::Table(k) | ItemKind::Record(k) => {
                    let table = matches!(item.kind, ItemKind::Table(_));
                    if claim(report, &mut declared, &k.name, if table { "table" } else { "record" }) {
                        names.kinds.push((&k.name, k, table, doc));
                    }
                }
                ItemKind::Let(i) if item.broken => drop(names.broken.insert(&i.name.text)),
                ItemKind::Let(i) => declare(report, &mut declared, &mut names, Decl::Let(i), "let"),
                ItemKind::Define(i) => declare(report, &mut declared, &mut names, Decl::Define(i), "function"),
                ItemKind::Param(i) => declare(report, &mut declared, &mut names, Decl::Param(i), "parameter"),
                ItemKind::Rule(r) => match names.rule_names.get(r.name.text.as_str()) {
                    Some(first) => {
                        let what = format!("a second rule named `{}`", r.name.text);
                        report.tell(twice(&what, &r.name, *first, "the first is declared here"));
                    }
                    None => {
                        names.rule_names.insert(&r.name.text, r.name.span);
                        names.verbs.extend(r.verb.map(|v| (r.name.text.as_str(), v)));
                        names.rules.push((*file, r, item));
                    }
                },
                ItemKind::Revise(r) => names.revisions.push((*file, r, item)),
                ItemKind::Source(s) => {
                    if claim(report, &mut sources, &s.name, "source") {
                        names.sources.push((*file, s, item.span));
                    }
                }
                ItemKind::Waive(w) => names.waivers.push((*file, w, item)),
                ItemKind::Test(t) => names.tests.push((*file, t, item)),
                ItemKind::Default(d) => names.defaults.push((*file, d)),
                ItemKind::Charter(c) => names.charters.push((*file, c)),
                ItemKind::Metric(m) => {
                    if claim(report, &mut metrics, &m.name, "metric") {
                        names.metrics.push((*file, m, item));
                    }
                }
                ItemKind::Rates(r) => {
                    if claim(report, &mut declared, &r.kind.name, "set of rates") {
                        names.kinds.push((&r.kind.name, &r.kind, true, doc));
                        names.rates.push((*file, r));
                    }
                }
                ItemKind::Import(_) => {}
            }
        }
    }
    names
}

/// What rules read, or what says how they read it.
fn is_declaration(kind: &ItemKind) -> bool {
    use ItemKind as K;
    match kind {
        K::Policy(_) | K::Enum(_) | K::Table(_) | K::Record(_) | K::Let(_) | K::Define(_) | K::Param(_) => true,
        K::Waive(_) | K::Rates(_) => true,
        K::Rule(_) | K::Revise(_) | K::Source(_) | K::Import(_) | K::Test(_) | K::Charter(_) | K::Metric(_) => false,
        K::Default(_) => false,
    }
}

fn declare<'a>(
    report: &Reporter,
    declared: &mut FxHashMap<&'a str, (Span, &'static str)>,
    names: &mut Names<'a>,
    decl: Decl<'a>,
    what: &'static str,
) {
    if claim(report, declared, decl.name(), what) {
        names.values.insert(&decl.name().text, decl);
        names.decls.push(decl);
    }
}

fn claim<'a>(
    report: &Reporter,
    declared: &mut FxHashMap<&'a str, (Span, &'static str)>,
    name: &'a Ident,
    what: &'static str,
) -> bool {
    match declared.get(name.text.as_str()) {
        None => {
            declared.insert(&name.text, (name.span, what));
            true
        }
        Some((_, "")) => {
            report.tell(
                Diagnostic::error(
                    Code::Duplicate,
                    format!("`{}` is the name of a type of the language", name.text),
                    name.span,
                    "taken",
                )
                .help("give it another name"),
            );
            false
        }
        Some((first, other)) => {
            let text = format!("`{}` is declared twice", name.text);
            report.tell(twice(&text, name, *first, &format!("first declared here, as a {other}")));
            false
        }
    }
}

fn twice(message: &str, again: &Ident, first: Span, label: &str) -> Diagnostic {
    Diagnostic::error(Code::Duplicate, message, again.span, "declared again here")
        .label(first, label)
        .help("rename one of them, or take one out")
}
