//! `bylaws handbook`: the rules as a readable handbook, in English, Chinese or another language.

use super::disk::plain_io_error;
use super::policies::{self, Trust};
use super::{Exit, Failure, Style, check, output};
use crate::handbook::{self, BadCatalogue, Catalogue, Given, MARK};
use crate::policy_set::PolicySet;
use crate::report;
use crate::sema::hir::Hir;
use clap::{Args, ValueEnum};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const PAGE: &str = "index.html";
const MARKDOWN: &str = "handbook.md";

#[derive(Args)]
#[command(after_help = "\
The handbook says in plain language what each rule finds, made from the rule itself, with its source, exceptions,
consequence, when it is in force, and its tests as examples. What your rules and fields are called in the handbook's
language is read from `handbook.LANG.ftl` beside the policy files, where it is there.

Examples:
  bylaws handbook policies/ -o handbook
  bylaws handbook policies/ -o handbook-zh --lang zh
  bylaws handbook policies/ -o handbook --format markdown --as-of 2026-03-31
  bylaws handbook policies/ -o handbook-de --catalogue german.ftl

Exit codes:
  0  written
  2  an error in the policy, in the command line, or in reading and writing files")]
pub(super) struct HandbookArgs {
    /// Policy files, or folders of them
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<String>,
    /// The folder to write into; made where it is not there
    #[arg(long, short, value_name = "DIR")]
    output: PathBuf,
    /// The handbook's language
    #[arg(long, value_enum, default_value = "en")]
    lang: Lang,
    /// Another language: a translation of the catalogue, see docs/how-to/handbook.md
    #[arg(long, value_name = "FILE", conflicts_with = "lang")]
    catalogue: Option<PathBuf>,
    #[arg(long, value_enum, default_value = "both")]
    format: Format,
    /// The day on which the rules are looked at [default: each rule in its last wording]
    #[arg(long, value_name = "DATE", value_parser = date)]
    as_of: Option<i32>,
    /// The heading
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
    #[command(flatten)]
    trust: Trust,
    /// Write into a folder that has other files in it, over those of the same name
    #[arg(long)]
    force: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Lang {
    /// English
    En,
    /// Chinese
    Zh,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// One page, `index.html`
    Html,
    /// `handbook.md`
    Markdown,
    Both,
}

pub(super) fn run(args: &HandbookArgs, style: Style) -> Result<Exit, Failure> {
    let mut catalogue = catalogue(args)?;
    let mut policies = policies::open(&args.paths, &args.trust)?.load().map_err(|errors| check::unreadable(&errors))?;
    let (checked, uses) = policies.check_names(&[]);
    output::tell(&report::render::diagnostics(policies.sources(), checked.diagnostics(), style.stderr));
    if checked.has_errors() {
        return Err(Failure::told(check::summary(&policies, &checked)));
    }
    names(&mut catalogue, &args.paths, &policies, checked.hir())?;
    let given = Given {
        hir: checked.hir(),
        files: policies.files(),
        sources: policies.sources(),
        uses: &uses,
        as_of: args.as_of,
        title: args.title.as_deref(),
    };
    let made = handbook::handbook(&given, &catalogue);
    let mut files: Vec<(&str, String)> = Vec::new();
    if args.format != Format::Markdown {
        files.push((PAGE, handbook::html(&made, &catalogue)));
    }
    if args.format != Format::Html {
        files.push((MARKDOWN, handbook::markdown(&made, &catalogue)));
    }
    lacking(&catalogue);
    room(args, &files)?;
    for (name, text) in &files {
        output::to_file(&args.output.join(name), |out| out.write_all(text.as_bytes()))?;
    }
    let written: Vec<String> =
        files.iter().map(|(name, _)| format!("`{}`", args.output.join(name).display())).collect();
    output::print(&format!("wrote {}: {}\n", written.join(" and "), report::plural(made.rules(), "rule")))?;
    for name in [PAGE, MARKDOWN].into_iter().filter(|name| !files.iter().any(|(n, _)| n == name)) {
        if is_handbook(&args.output.join(name)) {
            let path = args.output.join(name);
            output::tell(&format!("`{}` is of an earlier run and was left as it is\n", path.display()));
        }
    }
    Ok(Exit::Clean)
}

fn date(text: &str) -> Result<i32, String> {
    let date: jiff::civil::Date = text.parse().map_err(|_| "expected a date such as 2026-03-31".to_owned())?;
    let days = date.since(jiff::civil::date(1970, 1, 1)).map(|span| span.get_days());
    days.map_err(|_| "expected a date such as 2026-03-31".to_owned())
}

fn catalogue(args: &HandbookArgs) -> Result<Catalogue, Failure> {
    let Some(path) = &args.catalogue else {
        let code = if args.lang == Lang::Zh { "zh" } else { "en" };
        return Catalogue::shipped(code).ok_or_else(|| Failure::new(format!("there is no catalogue for `{code}`")));
    };
    let text = read(path)?;
    Catalogue::of(&text).map_err(|bad| unusable(path, bad))
}

fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path)
        .map_err(|error| Failure::new(format!("cannot read `{}`: {}", path.display(), plain_io_error(&error))))
}

fn unusable(path: &Path, bad: BadCatalogue) -> Failure {
    let lines: Vec<String> = bad.0.iter().map(|line| format!("  {line}")).collect();
    Failure::new(format!("`{}` is no catalogue:\n{}", path.display(), lines.join("\n")))
        .help("a catalogue is a Fluent file, see docs/how-to/handbook.md")
}

/// Reads what the authors call their rules and fields: `handbook.LANG.ftl` beside the policy files.
/// Beside files that were named one by one the catalogue may be for others too.
fn names(catalogue: &mut Catalogue, paths: &[String], policies: &PolicySet, hir: &Hir) -> Result<(), Failure> {
    let file = format!("handbook.{}.ftl", catalogue.language());
    let folder = |name: &str| Path::new(name).parent().map(Path::to_owned).unwrap_or_default();
    let folders: BTreeSet<PathBuf> = policies.sources().files().map(|(_, f)| folder(&f.name)).collect();
    for path in folders.into_iter().map(|folder| folder.join(&file)).filter(|path| path.is_file()) {
        let text = read(&path)?;
        let whole = paths.iter().any(|given| path.parent().is_some_and(|folder| folder.starts_with(given)));
        for (id, near) in handbook::unknown_names(&text, hir, policies.files()).into_iter().filter(|_| whole) {
            let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            output::tell(&format!("`{}`: `{id}` names nothing in the policy{near}\n", path.display()));
        }
        catalogue.add_names(&text).map_err(|bad| unusable(&path, bad))?;
    }
    Ok(())
}

/// Tells once which messages stand in English.
fn lacking(catalogue: &Catalogue) {
    let lacking = catalogue.lacking();
    if !lacking.is_empty() {
        let many = report::plural(lacking.len(), "message");
        output::tell(&format!(
            "{many} of the catalogue missing or not usable, in English instead: {}\n",
            lacking.join(", ")
        ));
    }
}

/// Makes the folder, or makes sure that nothing but an earlier handbook is written over.
fn room(args: &HandbookArgs, files: &[(&str, String)]) -> Result<(), Failure> {
    let folder = args.output.display();
    let failed =
        |error: std::io::Error| Failure::new(format!("cannot write into `{folder}`: {}", plain_io_error(&error)));
    fs::create_dir_all(&args.output).map_err(failed)?;
    if args.force {
        return Ok(());
    }
    let others = files.iter().map(|(name, _)| *name).filter(|name| args.output.join(name).exists());
    if let Some(other) = others.into_iter().find(|name| !is_handbook(&args.output.join(name))) {
        return Err(Failure::new(format!("`{}` is there already, and no handbook", args.output.join(other).display()))
            .help("name another folder, or write over it with --force"));
    }
    let ours = [PAGE, MARKDOWN].iter().any(|name| is_handbook(&args.output.join(name)));
    let mut entries = fs::read_dir(&args.output).map_err(failed)?;
    if !ours && entries.next().is_some() {
        return Err(Failure::new(format!("`{folder}` has other files in it"))
            .help("name an empty folder or one that is not there, or write beside them with --force"));
    }
    Ok(())
}

fn is_handbook(path: &Path) -> bool {
    fs::read(path).is_ok_and(|bytes| {
        bytes
            .get(..512.min(bytes.len()))
            .is_some_and(|start| start.windows(MARK.len()).any(|part| part == MARK.as_bytes()))
    })
}
