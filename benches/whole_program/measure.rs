//! One run of the command, timed from outside.

use std::io::BufRead;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

pub struct Run {
    pub seconds: f64,
    /// None where the system does not tell.
    pub peak_mib: Option<u64>,
}

pub fn audit(policy: &Path, log: &Path, out: &Path, threads: Option<&str>) -> Result<Run, String> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bylaws"));
    command.arg("audit").arg("--policy").arg(policy).arg(log).args(["--format", "ndjson", "--fail-on", "never"]);
    command.args(["--max-indeterminate", "unlimited"]).arg("--output").arg(out);
    if let Some(threads) = threads {
        command.args(["--threads", threads]);
    }
    // A pipe that nobody reads would hold up a long summary.
    let told = out.with_extension("summary");
    let summary = std::fs::File::create(&told).map_err(|e| format!("{}: {e}", told.display()))?;
    let start = Instant::now();
    let mut child = command.stdout(Stdio::null()).stderr(summary).spawn().map_err(|e| e.to_string())?;
    let mut peak_mib = None;
    let status = loop {
        // The high-water mark only grows, so the last look before the end is near the peak.
        peak_mib = high_water(child.id()).or(peak_mib);
        match child.try_wait().map_err(|e| e.to_string())? {
            Some(status) => break status,
            None => std::thread::sleep(Duration::from_millis(2)),
        }
    };
    let seconds = start.elapsed().as_secs_f64();
    if !status.success() {
        return Err(format!("{status}: {}", std::fs::read_to_string(&told).unwrap_or_default()));
    }
    Ok(Run { seconds, peak_mib })
}

/// Linux only.
fn high_water(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"))?;
    Some(line.trim().trim_end_matches(" kB").parse::<u64>().ok()? / 1024)
}

pub fn median(mut of: Vec<f64>) -> f64 {
    of.sort_by(f64::total_cmp);
    of[of.len() / 2]
}

/// Lines whose verdict is a finding.
pub fn findings(out: &Path) -> Result<usize, String> {
    let file = std::fs::File::open(out).map_err(|e| format!("{}: {e}", out.display()))?;
    let mut count = 0;
    for line in std::io::BufReader::new(file).lines() {
        let line = line.map_err(|e| e.to_string())?;
        let value: serde_json::Value = serde_json::from_str(&line).map_err(|e| e.to_string())?;
        count += usize::from(value["verdict"] == "finding");
    }
    Ok(count)
}
