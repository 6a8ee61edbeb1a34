//! Figures of a follower in Prometheus' text form: over HTTP, in a file, or both.

use super::super::disk::plain_io_error;
use super::super::{Failure, output};
use super::session::Counts;
use crate::threads::lock;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tracing::{info, warn};

/// Name without `bylaws_`, what sort it is, what it means.
const FIGURES: &[(&str, &str, &str)] = &[
    ("build_info", "gauge", "The version that runs"),
    ("bytes_read_total", "counter", "Bytes of records that were read"),
    ("checkpoints_total", "counter", "Times that all was written down"),
    (
        "complete_timestamp_seconds",
        "gauge",
        "Records that happened before this moment are complete; later ones may come",
    ),
    ("judging_seconds", "gauge", "How long judging took the last time"),
    ("kept_rows", "gauge", "Records that are kept because a rule may look at them"),
    ("last_checkpoint_timestamp_seconds", "gauge", "When all was written down the last time"),
    ("messages_redelivered_total", "counter", "Messages that came again, and were not taken again"),
    ("policy_info", "gauge", "The policy set that judges, by its digest"),
    ("policy_reloads_total", "counter", "Changed policy sets that were taken, or refused"),
    ("records_late_total", "counter", "Records that came too late to be judged"),
    ("records_read_total", "counter", "Records that were read"),
    ("records_rejected_total", "counter", "What could not be a record"),
    ("records_unclaimed_total", "counter", "Records that no source takes, or of kinds that are not declared"),
    ("verdicts_total", "counter", "Verdicts that were said"),
];

/// What is so at the moment.
#[derive(Clone, Debug, Default)]
pub struct Now {
    pub complete: Option<i64>,
    pub kept: usize,
    pub judging: Duration,
    pub policy: String,
    /// Seconds since 1970.
    pub written: f64,
}

/// `name{label="value"}`, as counters are kept: without what every name begins and ends with.
pub fn series(name: &str, labels: &[(&str, &str)]) -> String {
    let mut text = name.to_owned();
    for (i, (label, value)) in labels.iter().enumerate() {
        let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        let _ = write!(text, "{}{label}=\"{value}\"", if i == 0 { '{' } else { ',' });
    }
    if !labels.is_empty() {
        text.push('}');
    }
    text
}

/// All figures as text.
pub fn text(counts: &Counts, now: &Now) -> String {
    let mut all: Vec<(String, String)> = counts
        .iter()
        .map(|(series, n)| {
            let (name, labels) = series.split_at(series.find('{').unwrap_or(series.len()));
            (format!("{name}_total{labels}"), n.to_string())
        })
        .collect();
    all.push((series("build_info", &[("version", env!("CARGO_PKG_VERSION"))]), "1".into()));
    all.push((series("policy_info", &[("digest", &now.policy)]), "1".into()));
    all.push(("kept_rows".into(), now.kept.to_string()));
    all.push(("judging_seconds".into(), now.judging.as_secs_f64().to_string()));
    all.push(("last_checkpoint_timestamp_seconds".into(), format!("{:.3}", now.written)));
    if let Some(at) = now.complete {
        all.push(("complete_timestamp_seconds".into(), format!("{:.3}", at as f64 / 1e9)));
    }
    let mut text = String::new();
    for (name, sort, help) in FIGURES {
        let of = |series: &str| series.split('{').next() == Some(name);
        let mut lines = all.iter().filter(|(series, _)| of(series)).peekable();
        if lines.peek().is_some() {
            let _ = writeln!(text, "# HELP bylaws_{name} {help}\n# TYPE bylaws_{name} {sort}");
            for (series, value) in lines {
                let _ = writeln!(text, "bylaws_{series} {value}");
            }
        }
    }
    text
}

/// Where figures are shown.
#[derive(Default)]
pub struct Shown {
    text: Arc<Mutex<String>>,
    file: Option<PathBuf>,
}

impl Shown {
    /// Listens, where that is wanted.
    pub fn begin(listen: Option<SocketAddr>, file: Option<&Path>) -> Result<Shown, Failure> {
        let shown = Shown { text: Arc::default(), file: file.map(Path::to_owned) };
        if let Some(at) = listen {
            let cannot = |e: std::io::Error| Failure::new(format!("cannot listen at {at}: {}", plain_io_error(&e)));
            let listener = TcpListener::bind(at).map_err(cannot)?;
            let at = listener.local_addr().map_err(cannot)?;
            info!(address = %at, "figures are served at /metrics");
            if !at.ip().is_loopback() {
                warn!(address = %at, "figures can be read from other machines: they name rules and files");
            }
            let text = shown.text.clone();
            std::thread::spawn(move || {
                for stream in listener.incoming().flatten() {
                    // A reader that goes away is none.
                    let _ = answer(stream, &text);
                }
            });
        }
        Ok(shown)
    }

    pub fn update(&self, text: String) -> Result<(), Failure> {
        if let Some(path) = &self.file {
            output::to_file(path, |out| out.write_all(text.as_bytes()))?;
        }
        *lock(&self.text) = text;
        Ok(())
    }
}

fn answer(mut stream: TcpStream, text: &Mutex<String>) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(2)))?;
    stream.set_write_timeout(Some(Duration::from_secs(2)))?;
    let mut request = String::new();
    let mut reader = BufReader::new((&stream).take(1 << 14));
    reader.read_line(&mut request)?;
    // The headers, so that the other side has said all before it is answered.
    let mut line = String::new();
    while reader.read_line(&mut line)? > 2 {
        line.clear();
    }
    let mut words = request.split_whitespace();
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let (status, kind, body) = match (method, path.split('?').next()) {
        ("GET" | "HEAD", Some("/metrics")) => {
            let text = lock(text).clone();
            ("200 OK", "text/plain; version=0.0.4; charset=utf-8", text)
        }
        ("GET" | "HEAD", _) => ("404 Not Found", "text/plain", "figures are at /metrics\n".to_owned()),
        _ => ("405 Method Not Allowed", "text/plain", String::new()),
    };
    let length = body.len();
    let body = if method == "HEAD" { "" } else { &body };
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )?;
    stream.flush()
}

/// `9464`, `:9464` (both on this machine only) or `ADDRESS:PORT`.
pub fn address(text: &str) -> Result<SocketAddr, String> {
    if let Ok(port) = text.trim_start_matches(':').parse::<u16>() {
        return Ok(SocketAddr::from(([127, 0, 0, 1], port)));
    }
    text.parse().map_err(|_| "expected a port, or an address with one like 127.0.0.1:9464".into())
}
