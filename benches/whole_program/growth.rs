//! How time and memory grow: with the records for ten rules, and with the rules for one log. Written as a table and
//! as two plots.

use super::{log, measure, rules};
use std::fmt::Write;
use std::path::Path;

const RECORDS: [u64; 5] = [100_000, 300_000, 1_000_000, 3_000_000, 10_000_000];
const RULES: [usize; 7] = [10, 30, 100, 300, 1000, 3000, 10_000];
/// The log that the rules grow over, and the rules that the log grows under.
const LOG: u64 = 1_000_000;
const SET: usize = 10;

struct Point {
    /// What grows.
    of: &'static str,
    records: u64,
    rules: usize,
    seconds: f64,
    peak_mib: Option<u64>,
    findings: usize,
}

/// Logs of more than `most` records are left out. Each log is deleted once it has been read, as they are large.
pub fn measure(work: &Path, to: &Path, most: u64, runs: usize, threads: Option<&str>) -> Result<(), String> {
    let at = |path: &Path, e: std::io::Error| format!("{}: {e}", path.display());
    std::fs::create_dir_all(to).map_err(|e| at(to, e))?;
    let mut points = Vec::new();
    for records in RECORDS.into_iter().filter(|n| *n <= most) {
        let file = work.join(format!("growth-{records}.ndjson"));
        log::write(&file, records, 1).map_err(|e| at(&file, e))?;
        points.push(point("records", (records, SET), &file, work, runs, threads)?);
        std::fs::remove_file(&file).map_err(|e| at(&file, e))?;
    }
    let records = LOG.min(most);
    let file = work.join("growth-rules.ndjson");
    log::write(&file, records, 1).map_err(|e| at(&file, e))?;
    for count in RULES {
        points.push(point("rules", (records, count), &file, work, runs, threads)?);
    }
    std::fs::remove_file(&file).map_err(|e| at(&file, e))?;

    let mut table = String::from("grows,records,rules,seconds,peak_mib,findings\n");
    for p in &points {
        let peak = p.peak_mib.map_or(String::new(), |m| m.to_string());
        let _ = writeln!(table, "{},{},{},{:.4},{peak},{}", p.of, p.records, p.rules, p.seconds, p.findings);
    }
    print!("{table}");
    let write = |name: &str, text: &str| {
        let path = to.join(name);
        std::fs::write(&path, text).map_err(|e| at(&path, e))
    };
    write("growth.csv", &table)?;
    let line = |of: &str, x: fn(&Point) -> f64| -> Vec<(f64, f64)> {
        points.iter().filter(|p| p.of == of).map(|p| (x(p), p.seconds)).collect()
    };
    write("growth-records.svg", &plot("records, under 10 rules", &line("records", |p| p.records as f64)))?;
    write("growth-rules.svg", &plot(&format!("rules, over {records} records"), &line("rules", |p| p.rules as f64)))
}

fn point(
    of: &'static str,
    (records, count): (u64, usize),
    file: &Path,
    work: &Path,
    runs: usize,
    threads: Option<&str>,
) -> Result<Point, String> {
    let policy = work.join("growth.bylaw");
    std::fs::write(&policy, rules::first(1, count)).map_err(|e| e.to_string())?;
    let out = work.join("growth.findings.ndjson");
    let mut timed = Vec::new();
    for _ in 0..runs {
        timed.push(measure::audit(&policy, file, &out, threads)?);
    }
    let seconds = measure::median(timed.iter().map(|r| r.seconds).collect());
    let peak_mib = timed.iter().filter_map(|r| r.peak_mib).max();
    let findings = measure::findings(&out)?;
    eprintln!("{records} records, {count} rules: {seconds:.3} s, {peak_mib:?} MiB, {findings} findings");
    Ok(Point { of, records, rules: count, seconds, peak_mib, findings })
}

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 400.0;
const MARGIN: f64 = 60.0;

/// Seconds against something, both by powers of ten; dashed is growth in proportion, from the first point on.
fn plot(what: &str, points: &[(f64, f64)]) -> String {
    let ends = |of: fn(&(f64, f64)) -> f64| {
        let logs = points.iter().map(|p| of(p).log10());
        (logs.clone().fold(f64::MAX, f64::min).floor(), logs.fold(f64::MIN, f64::max).ceil())
    };
    let ((left, right), (bottom, top)) = (ends(|p| p.0), ends(|p| p.1));
    let x = |v: f64| MARGIN + (v.log10() - left) / (right - left).max(1.0) * (WIDTH - 2.0 * MARGIN);
    let y = |v: f64| HEIGHT - MARGIN - (v.log10() - bottom) / (top - bottom).max(1.0) * (HEIGHT - 2.0 * MARGIN);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" \
         font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
    );
    for power in left as i32..=right as i32 {
        let at = x(10f64.powi(power));
        let (up, down) = (MARGIN, HEIGHT - MARGIN);
        let _ = writeln!(svg, "<path d=\"M{at:.1} {up}V{down}\" stroke=\"#ddd\"/>");
        let name = if power < 0 { format!("{}", 10f64.powi(power)) } else { 10u64.pow(power as u32).to_string() };
        let _ = writeln!(svg, "<text x=\"{at:.1}\" y=\"{}\" text-anchor=\"middle\">{name}</text>", down + 18.0);
    }
    for power in bottom as i32..=top as i32 {
        let at = y(10f64.powi(power));
        let _ = writeln!(svg, "<path d=\"M{MARGIN} {at:.1}H{}\" stroke=\"#ddd\"/>", WIDTH - MARGIN);
        let name = format!("{} s", 10f64.powi(power));
        let _ = writeln!(svg, "<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{name}</text>", MARGIN - 6.0, at + 4.0);
    }
    if let (Some(first), Some(last)) = (points.first(), points.last()) {
        let end = (first.1 * last.0 / first.0).min(10f64.powf(top));
        let until = first.0 * end / first.1;
        let (x0, y0, x1, y1) = (x(first.0), y(first.1), x(until), y(end));
        let _ = writeln!(
            svg,
            "<path d=\"M{x0:.1} {y0:.1}L{x1:.1} {y1:.1}\" stroke=\"#999\" stroke-dasharray=\"4 4\" fill=\"none\"/>"
        );
    }
    let path: Vec<String> = points.iter().map(|p| format!("{:.1},{:.1}", x(p.0), y(p.1))).collect();
    let _ =
        writeln!(svg, "<polyline points=\"{}\" stroke=\"#1f5fa8\" stroke-width=\"2\" fill=\"none\"/>", path.join(" "));
    for p in points {
        let _ = writeln!(svg, "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"3\" fill=\"#1f5fa8\"/>", x(p.0), y(p.1));
    }
    let _ = writeln!(
        svg,
        "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{what}; dashed: in proportion</text>\n</svg>",
        WIDTH / 2.0,
        HEIGHT - 15.0
    );
    svg
}
