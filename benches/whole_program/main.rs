//! The whole program on a large log: process start, policy, reading, judging, findings written.
//!
//! ```text
//! cargo bench --bench whole_program                      # 1,000,000 records, 5 runs of each rule set
//! cargo bench --bench whole_program -- --records 100000 --runs 3 --threads 1
//! cargo bench --bench whole_program -- --only S          # sequences: memory by how many records are a step
//! cargo bench --bench whole_program -- growth DIR        # time against records and rules: a table and plots in DIR
//! cargo bench --bench whole_program -- translate DIR     # neutral rule files (R10.json …) to .bylaw
//! cargo bench --bench whole_program -- write DIR         # nothing is timed: only the log and the rule sets, in DIR
//! ```
//!
//! `docs/performance.md` says what the log holds and how to read the table.
#![forbid(unsafe_code)]

mod growth;
mod log;
mod measure;
mod rng;
mod rules;
mod translate;

use std::path::{Path, PathBuf};

struct Options {
    records: u64,
    seed: u64,
    runs: usize,
    threads: Option<String>,
    /// Rule sets whose names begin so.
    only: String,
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    let outcome = match args.split_first() {
        Some((first, rest)) if first == "translate" => match rest {
            [dir] => translate::folder(Path::new(dir)),
            _ => Err("translate takes one folder".to_string()),
        },
        Some((first, rest)) if first == "growth" => match rest.split_first() {
            // Without --records, logs of all sizes.
            Some((dir, rest)) if rest.iter().any(|a| a == "--records") => options(rest).and_then(|o| growth(dir, &o)),
            Some((dir, rest)) => options(rest).and_then(|o| growth(dir, &Options { records: u64::MAX, ..o })),
            None => Err("growth takes a folder for its table and plots".to_string()),
        },
        Some((first, rest)) if first == "write" => match rest.split_first() {
            Some((dir, rest)) => options(rest).and_then(|o| write(Path::new(dir), &o)),
            None => Err("write takes a folder".to_string()),
        },
        _ => options(&args).and_then(|o| bench(&o)),
    };
    if let Err(message) = outcome {
        eprintln!("whole_program: {message}");
        std::process::exit(2);
    }
}

fn options(args: &[String]) -> Result<Options, String> {
    let mut options = Options { records: 1_000_000, seed: 1, runs: 5, threads: None, only: String::new() };
    for pair in args.chunks(2) {
        let [name, value] = pair else { return Err(format!("`{}` needs a value", pair[0])) };
        let number = || value.parse::<u64>().map_err(|_| format!("`{value}` is not a number"));
        match name.as_str() {
            "--records" => options.records = number()?,
            "--seed" => options.seed = number()?,
            "--runs" => options.runs = number()?.max(1) as usize,
            "--only" => options.only = value.clone(),
            "--threads" => options.threads = Some(value.clone()),
            _ => return Err(format!("unknown option `{name}`: --records, --seed, --runs, --threads, --only")),
        }
    }
    Ok(options)
}

/// Under cargo's target directory, beside the executable that runs.
fn data_dir() -> Result<PathBuf, String> {
    let exe = std::env::current_exe().map_err(|e| e.to_string())?;
    let target = exe.ancestors().nth(3).ok_or("no target directory above the executable")?;
    Ok(target.join("bench-data"))
}

fn growth(to: &str, options: &Options) -> Result<(), String> {
    let work = data_dir()?;
    std::fs::create_dir_all(&work).map_err(|e| format!("{}: {e}", work.display()))?;
    growth::measure(&work, Path::new(to), options.records, options.runs, options.threads.as_deref())
}

fn write(dir: &Path, options: &Options) -> Result<(), String> {
    std::fs::create_dir_all(dir).map_err(|e| format!("{}: {e}", dir.display()))?;
    let file = dir.join("log.ndjson");
    log::write(&file, options.records, options.seed).map_err(|e| format!("{}: {e}", file.display()))?;
    rules::sets(options.seed).into_iter().filter(|s| s.name.starts_with(&options.only)).try_for_each(|set| {
        let policy = dir.join(format!("{}.bylaw", set.name));
        std::fs::write(&policy, &set.text).map_err(|e| format!("{}: {e}", policy.display()))
    })
}

fn bench(options: &Options) -> Result<(), String> {
    let dir = data_dir()?;
    std::fs::create_dir_all(&dir).map_err(|e| format!("{}: {e}", dir.display()))?;
    let file = dir.join(format!("log-{}-{}.ndjson", options.records, options.seed));
    if !file.exists() {
        let part = file.with_extension("part");
        log::write(&part, options.records, options.seed).map_err(|e| format!("{}: {e}", part.display()))?;
        std::fs::rename(&part, &file).map_err(|e| format!("{}: {e}", file.display()))?;
    }
    // Read once, so that every run finds it in the page cache.
    let bytes = std::io::copy(
        &mut std::fs::File::open(&file).map_err(|e| format!("{}: {e}", file.display()))?,
        &mut std::io::sink(),
    )
    .map_err(|e| e.to_string())?;
    println!("{} records, {:.1} MB, seed {}", options.records, bytes as f64 / 1e6, options.seed);
    println!("{:<8} {:>9} {:>12} {:>8} {:>9} {:>9}", "rules", "seconds", "records/s", "MB/s", "peak MiB", "findings");
    for set in rules::sets(options.seed).into_iter().filter(|s| s.name.starts_with(&options.only)) {
        let policy = dir.join(format!("{}.bylaw", set.name));
        std::fs::write(&policy, &set.text).map_err(|e| format!("{}: {e}", policy.display()))?;
        let out = dir.join(format!("{}.findings.ndjson", set.name));
        let mut runs = Vec::new();
        for _ in 0..options.runs {
            runs.push(measure::audit(&policy, &file, &out, options.threads.as_deref())?);
        }
        let seconds = measure::median(runs.iter().map(|r| r.seconds).collect());
        let peak = runs.iter().filter_map(|r| r.peak_mib).max();
        println!(
            "{:<8} {:>9.3} {:>12.0} {:>8.0} {:>9} {:>9}",
            set.name,
            seconds,
            options.records as f64 / seconds,
            bytes as f64 / 1e6 / seconds,
            peak.map_or("-".to_string(), |p| p.to_string()),
            measure::findings(&out)?,
        );
    }
    Ok(())
}
