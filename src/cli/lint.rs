//! `bylaws lint`: advice about a policy set that is right as far as `check` can tell.

use super::disk::Disk;
use super::policies::{self, Opened, Trust};
use super::{CheckFormat, Exit, Failure, Style, check, output, watch};
use crate::diag::{Code, Diagnostic, Level};
use crate::io::{FileError, Files, normalize};
use crate::lint::{self, Choice, Context, Edit, Settings};
use crate::policy_set::{Checked, PolicySet, add_text};
use crate::report;
use crate::sema::Use;
use crate::source::{SourceMap, Span};
use clap::{Args, ValueEnum};
use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

#[derive(Args)]
#[command(after_help = "\
Examples:
  bylaws lint policies/                     what could be better?
  bylaws lint --fix policies/               mend what can be mended safely
  bylaws lint --select L01,L0301 policies/  only these: a topic, a lint
  bylaws lint --list                        every lint
  bylaws explain L0101                      what a lint looks for, and why

A lint is allowed in the policy, with a reason: `// lint: allow L0101 because …` before a rule or
a clause, or at the end of its line. `bylaws.toml`, in the folder of the policy or above it, says
which lints look in all of the project, and how grave each is.

Exit codes: 0 nothing found, 1 something found at or over --fail-on, 2 errors in the policy or in
the settings, or files that cannot be read or written.")]
pub(super) struct LintArgs {
    /// Policy files, or folders of them
    #[arg(default_value = ".", value_name = "PATH")]
    paths: Vec<String>,
    /// Mend what can be mended without a change of meaning, and write the files
    #[arg(long)]
    fix: bool,
    /// Only these: codes, beginnings of codes, or `all`
    #[arg(long, value_name = "CODES", value_delimiter = ',', value_parser = choice)]
    select: Vec<Choice>,
    /// All but these
    #[arg(long, value_name = "CODES", value_delimiter = ',', value_parser = choice)]
    ignore: Vec<Choice>,
    /// From which level on the command ends with 1
    #[arg(long, value_enum, default_value = "warning", value_name = "LEVEL")]
    fail_on: FailOn,
    /// The day by which waivers have expired: a date [default: today, UTC]
    #[arg(long, value_name = "DATE", value_parser = date)]
    as_of: Option<i32>,
    /// Settings, instead of the `bylaws.toml` in the folder of the policy or above it
    #[arg(long, value_name = "FILE")]
    config: Option<String>,
    #[command(flatten)]
    trust: Trust,
    #[arg(long, value_enum, default_value = "human")]
    format: CheckFormat,
    /// Print every lint with its level, and look at nothing
    #[arg(long)]
    list: bool,
    /// Look again whenever a policy file or `bylaws.toml` changes, until ctrl-c
    #[arg(long, conflicts_with_all = ["fix", "list"])]
    watch: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FailOn {
    Error,
    Warning,
    Advice,
    Never,
}

/// So often at most is a set mended and read again: each fix may let another one follow.
const ROUNDS: usize = 100;

fn choice(text: &str) -> Result<Choice, String> {
    Choice::parse(text).map_err(|near| match near {
        Some(near) => format!("there is no lint `{text}`; did you mean `{near}`?"),
        None => format!("there is no lint `{text}`; `bylaws lint --list` shows every lint"),
    })
}

fn date(text: &str) -> Result<i32, String> {
    let day = text.parse::<jiff::civil::Date>().map_err(|_| "a date is written YYYY-MM-DD".to_owned())?;
    Ok(crate::data::calendar::date_of(day.year().into(), day.month() as u8, day.day() as u8))
}

pub(super) fn run(args: &LintArgs, style: Style) -> Result<Exit, Failure> {
    if args.watch { watch::watch(&args.paths, style, || once(args, style)) } else { once(args, style) }
}

fn once(args: &LintArgs, style: Style) -> Result<Exit, Failure> {
    if args.list {
        return list();
    }
    let config = config(args)?;
    let settings = settings(args, config.as_deref(), style)?;
    let root = config.as_deref().map_or_else(|| Path::new("."), |c| c.parent().unwrap_or(Path::new("")));
    let today = args.as_of.unwrap_or_else(|| {
        let now = jiff::Timestamp::now().as_second().div_euclid(86_400);
        i32::try_from(now).unwrap_or(i32::MAX)
    });
    let opened = policies::open(&args.paths, &args.trust)?;
    if let (Some(origin), true) = (&opened.origin, args.fix) {
        return Err(Failure::new(format!("`{}` is a bundle, and is not mended", origin.file))
            .code(Code::BadBundle)
            .help("mend the files that it is made of, and make it again"));
    }
    let of = Looking { args, opened: &opened, settings: &settings, root: &absolute(root), today };
    let mut disk = Mended { base: &opened, texts: BTreeMap::new() };
    let mut set = look(&disk, &of, style)?;
    output::tell(&report::render::diagnostics(set.policies.sources(), set.checked.diagnostics(), style.stderr));
    let mut mended = Vec::new();
    if args.fix {
        for _ in 0..ROUNDS {
            let Some(next) = mend(&mut disk, &set, &of, style, &mut mended)? else { break };
            set = next;
        }
        for (path, text) in &disk.texts {
            let target = std::fs::canonicalize(path).unwrap_or_else(|_| PathBuf::from(path));
            output::to_file(&target, |out| out.write_all(text.as_bytes()))?;
        }
    }
    tell(args, &set, &mended, style)?;
    let [errors, warnings, advice] = lint::counts(&set.found);
    let failing = match args.fail_on {
        FailOn::Error => errors,
        FailOn::Warning => errors + warnings,
        FailOn::Advice => errors + warnings + advice,
        FailOn::Never => 0,
    };
    Ok(if failing > 0 { Exit::Findings } else { Exit::Clean })
}

/// Every lint, one a line.
fn list() -> Result<Exit, Failure> {
    let mut lines: Vec<String> = lint::all()
        .map(|lint| {
            let level = if lint.on { level(lint.level) } else { "off" };
            format!("{}  {level:<8} {}\n", lint.code, lint.code.title())
        })
        .collect();
    lines.sort();
    output::print(&lines.concat())?;
    Ok(Exit::Clean)
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Advice => "advice",
    }
}

// ---------------------------------------------------------------- settings

/// `--config`, or the nearest `bylaws.toml` in the folder of the first path or above it.
fn config(args: &LintArgs) -> Result<Option<PathBuf>, Failure> {
    if let Some(path) = &args.config {
        return Ok(Some(PathBuf::from(path)));
    }
    let first = args.paths.first().map_or(".", String::as_str);
    let start = absolute(Path::new(first));
    Ok(start.ancestors().map(|folder| folder.join("bylaws.toml")).find(|file| file.is_file()))
}

fn settings(args: &LintArgs, config: Option<&Path>, style: Style) -> Result<Settings, Failure> {
    let mut settings = Settings::default();
    if let Some(path) = config {
        let name = shown(path);
        let unreadable = |why: FileError| Failure::new(format!("cannot read `{name}`: {why}")).code(Code::Unreadable);
        let bytes = Disk.read(&path.to_string_lossy()).map_err(unreadable)?;
        let mut sources = SourceMap::default();
        let wrong = match add_text(&mut sources, &name, bytes) {
            Ok(id) => match Settings::read(id, &sources.file(id).text) {
                Ok(read) => {
                    settings = read;
                    Vec::new()
                }
                Err(wrong) => wrong,
            },
            Err(problem) => vec![*problem],
        };
        if !wrong.is_empty() {
            output::tell(&report::render::diagnostics(&sources, &wrong, style.stderr));
            return Err(Failure::told(format!("lint: {} in {name}", report::plural(wrong.len(), "error"))));
        }
    }
    if !args.select.is_empty() {
        settings.select = args.select.clone();
    }
    settings.ignore.extend(args.ignore.iter().cloned());
    Ok(settings)
}

/// The path as seen from the current folder, where it lies in it.
fn shown(path: &Path) -> String {
    let here = absolute(Path::new("."));
    path.strip_prefix(&here).unwrap_or(path).to_string_lossy().into_owned()
}

fn absolute(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(plain.pop()),
            Component::CurDir => {}
            part => plain.push(part),
        }
    }
    plain
}

// ---------------------------------------------------------------- looking and mending

struct Looking<'a> {
    args: &'a LintArgs,
    opened: &'a Opened,
    settings: &'a Settings,
    /// The folder that paths of the settings start from.
    root: &'a Path,
    today: i32,
}

/// A policy set, and what the lints found in it.
struct Looked {
    policies: PolicySet,
    checked: Checked,
    found: Vec<Diagnostic>,
}

/// The disk, with the files that have been mended and not been written yet.
#[derive(Clone)]
struct Mended<'a> {
    base: &'a Opened,
    texts: BTreeMap<String, String>,
}

impl Files for Mended<'_> {
    fn read(&self, path: &str) -> Result<Vec<u8>, FileError> {
        match self.texts.get(&normalize(path)) {
            Some(text) => Ok(text.clone().into_bytes()),
            None => self.base.files.read(path),
        }
    }

    fn read_within(&self, path: &str, most: u64) -> Result<Vec<u8>, FileError> {
        match self.texts.get(&normalize(path)) {
            Some(text) => Ok(text.clone().into_bytes()),
            None => self.base.files.read_within(path, most),
        }
    }

    fn list(&self, path: &str) -> Result<Option<Vec<String>>, FileError> {
        self.base.files.list(path)
    }

    fn real(&self, path: &str) -> Result<String, FileError> {
        self.base.files.real(path)
    }
}

fn look(files: &Mended, of: &Looking, style: Style) -> Result<Looked, Failure> {
    let mut policies = PolicySet::load_within(files, &of.opened.paths, &of.opened.limits)
        .map_err(|errors| check::unreadable(&errors))?;
    let (checked, uses) = policies.check_names(&[]);
    if checked.has_errors() {
        let (sources, errors) = (policies.sources(), checked.diagnostics());
        match (of.args.format, of.args.format.form()) {
            (_, Some(form)) => check::exchange(form, "lint", sources, errors, &[])?,
            (CheckFormat::Json, _) => output::print(&report::lint_json(sources, errors, &[]))?,
            _ => output::tell(&report::render::diagnostics(sources, errors, style.stderr)),
        }
        return Err(Failure::told(check::summary(&policies, &checked)));
    }
    let found = lints(&policies, &checked, &uses, of);
    Ok(Looked { policies, checked, found })
}

fn lints(policies: &PolicySet, checked: &Checked, uses: &[Use], of: &Looking) -> Vec<Diagnostic> {
    let path = |name: &str| {
        let whole = absolute(Path::new(name));
        whole.strip_prefix(of.root).unwrap_or(&whole).to_string_lossy().replace('\\', "/")
    };
    let paths: Vec<String> = policies.sources().files().map(|(_, file)| path(&file.name)).collect();
    let context =
        Context::new(policies.sources(), policies.files(), (checked.hir(), uses), of.today, (of.settings, &paths));
    lint::run(&context, of.settings)
}

/// Makes the safe fixes, and looks again. A fix after which the set is not right any more is not made. None: there is
/// nothing to mend.
fn mend(
    files: &mut Mended,
    set: &Looked,
    of: &Looking,
    style: Style,
    mended: &mut Vec<String>,
) -> Result<Option<Looked>, Failure> {
    let edits = lint::edits(&set.found);
    let sources = set.policies.sources();
    if edits.is_empty() {
        return Ok(None);
    }
    let whole = with(files, sources, &edits);
    if let Some(next) = right(&whole, of)? {
        mended.extend(edits.iter().map(|e| told(sources, e)));
        *files = whole;
        return Ok(Some(next));
    }
    // One of them breaks the set: each is tried, and the first that does not is made.
    for edit in &edits {
        let one = with(files, sources, std::slice::from_ref(edit));
        if let Some(next) = right(&one, of)? {
            mended.push(told(sources, edit));
            *files = one;
            return Ok(Some(next));
        }
    }
    let left = edits.iter().map(|e| told(sources, e)).collect::<Vec<_>>().join("\n  ");
    Failure::new(format!("not mended, as the policy set would have errors:\n  {left}"))
        .help("this is a mistake of `bylaws lint`, not of the policy: please report it")
        .tell(style);
    Ok(None)
}

/// What the lints find, if there are no errors.
fn right(files: &Mended, of: &Looking) -> Result<Option<Looked>, Failure> {
    let mut policies = PolicySet::load_within(files, &of.opened.paths, &of.opened.limits)
        .map_err(|errors| check::unreadable(&errors))?;
    let (checked, uses) = policies.check_names(&[]);
    if checked.has_errors() {
        return Ok(None);
    }
    let found = lints(&policies, &checked, &uses, of);
    Ok(Some(Looked { policies, checked, found }))
}

fn with<'a>(files: &Mended<'a>, sources: &SourceMap, edits: &[Edit]) -> Mended<'a> {
    let mut mended = files.clone();
    for (id, file) in sources.files() {
        let mut own = edits.iter().filter(|e| e.span.file == id).peekable();
        if own.peek().is_some() {
            mended.texts.insert(normalize(&file.name), lint::apply(&file.text, own));
        }
    }
    mended
}

/// `rules.bylaw:12: L0101: take it out`
fn told(sources: &SourceMap, edit: &Edit) -> String {
    let start = Span { end: edit.span.start, ..edit.span };
    format!("{}: {}: {}", report::line_of(sources, start), edit.code, edit.title)
}

// ---------------------------------------------------------------- telling

fn tell(args: &LintArgs, set: &Looked, mended: &[String], style: Style) -> Result<(), Failure> {
    let sources = set.policies.sources();
    if let Some(form) = args.format.form() {
        check::exchange(form, "lint", sources, &set.found, &[])?;
        output::tell(&format!("{}\n", summary(args, set, mended.len())));
        return Ok(());
    }
    if args.format == CheckFormat::Json {
        return output::print(&report::lint_json(sources, &set.found, mended));
    }
    let mut text = report::render::diagnostics(sources, &set.found, style.stdout);
    if !mended.is_empty() {
        text.push_str(&format!("mended:\n{}", mended.iter().map(|m| format!("  {m}\n")).collect::<String>()));
    }
    text.push_str(&format!("{}\n", summary(args, set, mended.len())));
    output::print(&text)
}

fn summary(args: &LintArgs, set: &Looked, mended: usize) -> String {
    let files = report::plural(set.policies.file_count(), "file");
    let [errors, warnings, advice] = lint::counts(&set.found);
    let mut parts = Vec::new();
    if errors > 0 {
        parts.push(report::plural(errors, "error"));
    }
    if warnings > 0 {
        parts.push(report::plural(warnings, "warning"));
    }
    if advice > 0 {
        parts.push(format!("{advice} of advice"));
    }
    let what = if parts.is_empty() { "nothing to say".into() } else { parts.join(", ") };
    let mended = match mended {
        0 => String::new(),
        n => format!("; mended {}", report::plural(n, "place")),
    };
    let fixable = lint::edits(&set.found).len();
    let hint = match fixable {
        1.. if args.fix => format!("; {fixable} more can be mended with --fix"),
        1.. => format!("; {fixable} can be mended with --fix"),
        _ => String::new(),
    };
    format!("lint: {what} in {files}{mended}{hint}")
}
