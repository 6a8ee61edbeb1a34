//! `bylaws infer`: a record and its source drafted from sample data.

use super::limits::LimitArgs;
use super::records::{self, Input as File};
use super::temporary::Temporary;
use super::{Exit, Failure, Style, output, reading};
use crate::data::InputId;
use crate::data::found::Bare;
use crate::data::mapping::Format;
use crate::diag::Code;
use crate::fmt::format;
use crate::infer::{self, Draft, InputName, Origin, Sample, Take};
use crate::ingest::{BareSpec, Route, Shape, bare};
use crate::io::MemoryFiles;
use crate::policy_set::PolicySet;
use crate::report;
use crate::source::FileId;
use clap::{Args, ValueEnum};
use std::path::{Path, PathBuf};

#[derive(Args)]
#[command(after_help = "\
RECORDS is a path, a glob, or - (standard input): CSV, NDJSON, JSON or Parquet, also compressed.
  Several files of one shape give one draft.

Examples:
  bylaws infer gifts.csv                             a draft on standard output
  bylaws infer gifts.csv --output gifts.bylaw        into a file
  bylaws infer 'logs/*.ndjson.gz' --kind login --rows 100000
  zcat export.csv.gz | bylaws infer - --delimiter ';' --kind payment

The draft has a remark at each thing that it is not sure of, with what it rests on: records, counts,
the first record that is different. It passes `bylaws check` and `bylaws fmt --check`.

Exit codes: 0 drafted, 2 files that cannot be read or written, or nothing in them to draft from.")]
pub(super) struct InferArgs {
    /// Sample data
    #[arg(required = true, value_name = "RECORDS")]
    records: Vec<String>,
    /// Write the draft to a file
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Write over a file that is there
    #[arg(long)]
    force: bool,
    /// What one record is called; otherwise by the file's name
    #[arg(long, visible_alias = "name", value_name = "NAME", value_parser = kind)]
    kind: Option<String>,
    /// Read no more than so many records; otherwise all are read
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    rows: Option<u64>,
    /// What the data is; otherwise by the file's name, or what is in it
    #[arg(long, value_enum)]
    format: Option<Given>,
    /// What separates the fields of CSV: one sign, or `tab`; otherwise as the headings show
    #[arg(long, value_name = "SIGN", value_parser = sign)]
    delimiter: Option<u8>,
    #[command(flatten)]
    limit: LimitArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Given {
    Csv,
    Ndjson,
    Json,
    Parquet,
}

fn kind(text: &str) -> Result<String, String> {
    let word = infer::kind_name(text);
    if word == text { Ok(word) } else { Err(format!("a name is letters, digits and `_`, such as `{word}`")) }
}

fn sign(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        b"tab" | b"\\t" => Ok(b'\t'),
        [sign] if sign.is_ascii() && !matches!(sign, b'"' | b'\r' | b'\n') => Ok(*sign),
        _ => Err("expected one sign, such as `;`, or `tab`".into()),
    }
}

pub(super) fn run(args: &InferArgs, style: Style) -> Result<Exit, Failure> {
    let output = args.output.as_deref();
    if let Some(path) = output.filter(|p| p.exists() && !args.force) {
        return Err(Failure::new(format!("`{}` is there already", path.display()))
            .help("name another file, or write over it with --force"));
    }
    super::memory::in_small_pages();
    let mut spooled = Vec::new();
    let files = files(&args.records, &mut spooled)?;
    let names: Vec<&str> = files.iter().map(|f| f.name.as_str()).collect();
    let most = args.rows.unwrap_or(u64::MAX);
    let seen = reading::Seen::default();
    let (sample, (shape, limited)) =
        infer::sample(most, &mut |most, take| pass(args, (&files, &seen), most, take), |(shape, _)| shape.format)?;
    if sample.is_empty() {
        return Err(nothing(&sample, &names));
    }
    let origin = origin(args, &files, shape, limited);
    let draft = infer::draft(&sample, &origin);
    let name = output.map_or_else(|| "draft.bylaw".to_owned(), |p| p.to_string_lossy().into_owned());
    let text = sound(&name, &draft.text, style)?;
    match output {
        Some(path) => output::to_file(path, |out| out.write_all(text.as_bytes()))?,
        None => output::print(&text)?,
    }
    output::tell(&told(args, &draft, &origin, &name));
    Ok(Exit::Clean)
}

/// The files to read, in the order named.
fn files(args: &[String], spooled: &mut Vec<Temporary>) -> Result<Vec<File>, Failure> {
    let mut files: Vec<File> = Vec::new();
    let mut add = |name: String, path: PathBuf| files.push(File { name, path, route: Route::Tagged });
    for arg in args {
        let path = Path::new(arg);
        if arg == "-" {
            let kept = records::spool("standard input", std::io::stdin().lock())?;
            add("<stdin>".into(), kept.path().into());
            spooled.push(kept);
        } else if path.is_dir() {
            return Err(Failure::new(format!("`{arg}` is a folder"))
                .code(Code::Routing)
                .help(format!("name its files, for instance with a glob: '{}/*.csv'", arg.trim_end_matches('/'))));
        } else if path.exists() {
            add(arg.clone(), path.into());
        } else if arg.contains(['*', '?', '[']) {
            let found = records::expand(arg)?;
            if found.is_empty() {
                return Err(Failure::new(format!("no file matches `{arg}`")).code(Code::Unreadable));
            }
            found.into_iter().for_each(|path| add(records::shown(&path), path));
        } else {
            let message = format!("cannot read `{arg}`: no such file or folder");
            return Err(Failure::new(message).code(Code::Unreadable));
        }
    }
    Ok(files)
}

/// Reads the files once, or so many records of them: as what, and whether there was more.
fn pass(
    args: &InferArgs,
    (files, seen): (&[File], &reading::Seen),
    most: u64,
    take: Take,
) -> Result<(Shape, bool), Failure> {
    let mut first: Option<Shape> = None;
    let (mut count, mut limited) = (0, false);
    let progress = reading::progress(files);
    for (i, file) in files.iter().enumerate() {
        let spec = BareSpec {
            id: InputId(i as u32),
            name: file.name.clone(),
            format: args.format.map(|f| match f {
                Given::Csv => Format::Csv,
                Given::Ndjson => Format::Ndjson,
                Given::Json => Format::Json,
                Given::Parquet => Format::Parquet,
            }),
            delimiter: args.delimiter,
            limits: args.limit.limits(),
        };
        let mut see = |place, record: Bare<'_>| {
            limited |= count >= most;
            if !limited {
                count += u64::from(matches!(record, Bare::Record(_)));
                take(place, record);
            }
            !limited
        };
        let advance = |bytes| {
            if let Some(bar) = &progress {
                bar.inc(bytes);
            }
        };
        let shape = reading::with_input(file, seen, |input| bare(&spec, input, &mut see, &advance))?;
        match &mut first {
            None => first = Some(shape),
            Some(first) if (first.format, first.delimiter) != (shape.format, shape.delimiter) => {
                return Err(of_two_shapes(&files[0].name, first, &file.name, &shape));
            }
            Some(first) => {
                let more = shape.twice.into_iter().filter(|h| !first.twice.contains(h)).collect::<Vec<_>>();
                first.twice.extend(more);
            }
        }
        if limited {
            break;
        }
    }
    if let Some(bar) = progress {
        bar.finish_and_clear();
    }
    let none = Shape { format: Format::Ndjson, delimiter: b',', twice: Vec::new() };
    Ok((first.unwrap_or(none), limited))
}

fn of_two_shapes(name: &str, shape: &Shape, other_name: &str, other: &Shape) -> Failure {
    let what = |s: &Shape| match s.format {
        Format::Csv => format!("CSV with `{}` between fields", char::from(s.delimiter).escape_default()),
        other => records::format_name(other).to_owned(),
    };
    Failure::new(format!("`{name}` is {}, and `{other_name}` is {}", what(shape), what(other)))
        .help("one draft is of files of one shape: run `bylaws infer` for each shape")
}

fn nothing(sample: &Sample, names: &[&str]) -> Failure {
    let names: Vec<String> = names.iter().map(|n| format!("`{n}`")).collect();
    let names = names.join(", ");
    match sample.first_reject() {
        None => Failure::new(format!("no record in {names}")).help("name a file with some records in it"),
        Some((place, reason)) => {
            Failure::new(format!("no record in {names} can be read; the first, in line {}: {reason}", place.line))
                .help("if it is another format, or has other signs between fields, say so with --format or --delimiter")
        }
    }
}

fn origin(args: &InferArgs, files: &[File], shape: Shape, limited: bool) -> Origin {
    let stem = files.first().map_or("record", |f| stem(&f.name));
    let word = infer::word(stem);
    let kind = args.kind.clone().unwrap_or_else(|| infer::kind_name(&infer::singular(&word).unwrap_or(word.clone())));
    let source =
        if word == kind { format!("{kind}_{}", records::format_name(shape.format).to_lowercase()) } else { word };
    let rows = shape.format == Format::Parquet;
    let base = |name: &str| name.rsplit(['/', '\\']).next().unwrap_or(name).to_owned();
    Origin {
        inputs: files.iter().map(|f| InputName { name: base(&f.name), rows }).collect(),
        format: shape.format,
        delimiter: shape.delimiter,
        twice: shape.twice,
        files: globs(args, files),
        given: args.kind.is_some(),
        kind,
        source,
        limited,
    }
}

/// A file's name without folders and endings.
fn stem(name: &str) -> &str {
    let name = name.rsplit(['/', '\\']).next().unwrap_or(name);
    if name == "<stdin>" {
        return "record";
    }
    let endings = [".gz", ".zst", ".zstd", ".csv", ".tsv", ".ndjson", ".jsonl", ".json", ".parquet", ".txt", ".log"];
    endings.iter().fold(name, |name, ending| name.strip_suffix(ending).filter(|n| !n.is_empty()).unwrap_or(name))
}

/// What the draft is to name: a glob as it was given, or else each file.
fn globs(args: &InferArgs, files: &[File]) -> Vec<String> {
    let here = args.output.as_deref().is_none_or(|p| p.parent().is_none_or(|folder| folder.as_os_str().is_empty()));
    match &args.records[..] {
        [glob] if here && files.len() > 1 && !Path::new(glob).is_absolute() => vec![glob.clone()],
        _ => files.iter().filter_map(|f| from_draft(f, args.output.as_deref())).collect(),
    }
}

/// A file as the draft, which lies in some folder, would name it.
fn from_draft(file: &File, output: Option<&Path>) -> Option<String> {
    if file.name == "<stdin>" || records::is_pipe(&file.path) {
        return None;
    }
    let folder = output.and_then(Path::parent).filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let (folder, path) = (folder.canonicalize().ok()?, file.path.canonicalize().ok()?);
    let (mut from, mut to) = (folder.components().peekable(), path.components().peekable());
    while from.peek().is_some() && from.peek() == to.peek() {
        from.next();
        to.next();
    }
    let up = from.map(|_| "..".to_owned());
    let down = to.map(|part| glob::Pattern::escape(&part.as_os_str().to_string_lossy()));
    let path = up.chain(down).collect::<Vec<_>>().join("/");
    path.chars().all(|c| !c.is_control()).then_some(path)
}

/// The draft in the one style, once it has been checked.
fn sound(name: &str, draft: &str, style: Style) -> Result<String, Failure> {
    let mistake = |what: String| {
        Failure::new(what)
            .help("this is a mistake of `bylaws infer`, not of the data: please report it, with some records")
    };
    let text = format(FileId(0), draft).map_err(|_| mistake("the draft could not be formatted".into()))?;
    let files = MemoryFiles::from_iter([(name.to_owned(), text.clone())]);
    let mut set = PolicySet::load(&files, &[name]).map_err(|_| mistake("the draft could not be read again".into()))?;
    let checked = set.check(&[]);
    if !checked.diagnostics().is_empty() {
        output::tell(&report::render::diagnostics(set.sources(), checked.diagnostics(), style.stderr));
        return Err(mistake("the draft is not a policy without errors".into()));
    }
    Ok(text)
}

fn told(args: &InferArgs, draft: &Draft, origin: &Origin, name: &str) -> String {
    let mut out = String::new();
    let first = if origin.limited { "the first " } else { "" };
    out.push_str(&format!(
        "drafted `{}` from {first}{}: {}",
        draft.kinds.join("`, `"),
        report::plural(draft.records as usize, "record"),
        report::plural(draft.fields, "field")
    ));
    if draft.left_out > 0 {
        out.push_str(&format!(", {} left out", draft.left_out));
    }
    out.push_str("; what it is not sure of stands in its remarks\n");
    if origin.limited {
        out.push_str("only the first records were read (--rows): what comes after them may be different\n");
    }
    if draft.rejected > 0 {
        out.push_str(&format!(
            "{} could not be read: the draft's first lines say why\n",
            report::plural(draft.rejected as usize, "record")
        ));
    }
    let save = if args.output.is_some() { "" } else { "save the draft as draft.bylaw; " };
    let records = if draft.tagged { args.records.join(" ") } else { String::new() };
    out.push_str(&format!(
        "next: {save}read its remarks, then\n  bylaws check {name}\n  bylaws audit --policy {name} {records}"
    ));
    out.truncate(out.trim_end().len());
    out.push_str("\nand write a rule on what is in it\n");
    out
}
