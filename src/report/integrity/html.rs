//! The report as one page: its tables as they are without a script, and behind them the data for filters and charts.

use super::markdown::{idle, others, requirements, under_title};
use super::{Report, Rule};
use crate::data::{Severity, Verdict};
use crate::report::grouped;
use crate::report::markup::escaped;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::fmt::Write as _;
use std::io::{BufWriter, IntoInnerError, Result, Write};

const STYLE: &str = include_str!("page/style.css");
const SCRIPT: &str = include_str!("page/page.js");
/// Bars and axes of Apache ECharts, drawn as SVG; see `page/README.md`.
const CHARTS: &str = include_str!("page/charts.js");

pub(crate) fn write(report: &Report, out: &mut dyn Write) -> Result<()> {
    let title = escaped(&report.title);
    write!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta name=\"generator\" content=\"bylaws {}\">\n<title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <a class=\"skip\" href=\"#findings\">Skip to the findings</a>\n",
        report.version
    )?;
    let mut body = String::new();
    let _ = write!(body, "<header>\n<h1>{title}</h1>\n<p>{}</p>\n</header>\n<main>\n", escaped(&under_title(report)));
    tiles(report, &mut body);
    since(report, &mut body);
    body.push_str(FILTERS);
    charts(report, &mut body);
    body.push_str(FINDINGS);
    rules(report, &mut body);
    required(report, &mut body);
    leaders(report, &mut body);
    metrics(report, &mut body);
    waivers(report, &mut body);
    data(report, &mut body);
    body.push_str(GLOSSARY);
    let _ = write!(body, "</main>\n<footer>Made by bylaws {} from the records named above.</footer>\n", report.version);
    out.write_all(body.as_bytes())?;
    write!(out, "<script type=\"application/gzip\" id=\"packed\">")?;
    out.write_all(packed(report)?.as_bytes())?;
    write!(out, "</script>\n<script>\n{CHARTS}\n</script>\n<script>\n{SCRIPT}</script>\n</body>\n</html>\n")
}

/// JSON, gzip, base64.
fn packed(report: &Report) -> Result<String> {
    let gzip = GzEncoder::new(Vec::new(), Compression::new(3));
    let mut lots = BufWriter::with_capacity(1 << 16, gzip);
    serde_json::to_writer(&mut lots, report)?;
    let gzip = lots.into_inner().map_err(IntoInnerError::into_error)?;
    Ok(crate::report::base64::text(&gzip.finish()?))
}

fn tiles(report: &Report, out: &mut String) {
    out.push_str("<section aria-label=\"Key figures\" class=\"tiles\">\n");
    let found: usize = Severity::ALL.iter().map(|s| report.findings_of(*s)).sum();
    let mut tile = |name: &str, class: &str, n: u64, filter: &str| {
        let _ = writeln!(
            out,
            "<button type=\"button\" class=\"tile {class}\" data-filter=\"{filter}\"><b>{}</b><span>{name}</span></button>",
            grouped(n)
        );
    };
    tile(if found == 1 { "finding" } else { "findings" }, "all", found as u64, "verdict=finding");
    for severity in Severity::ALL.into_iter().rev() {
        let n = report.findings_of(severity) as u64;
        if n > 0 || severity != Severity::Info {
            let name = severity.as_str();
            tile(name, name, n, &format!("verdict=finding&severity={name}"));
        }
    }
    for verdict in others(report).filter(|v| *v != Verdict::Compliant) {
        let name = verdict.as_str();
        tile(name, "other", report.count(verdict), &format!("verdict={name}"));
    }
    if report.rejected() > 0 {
        let _ = writeln!(
            out,
            "<a class=\"tile other\" href=\"#read\"><b>{}</b><span>rejected records</span></a>",
            grouped(report.rejected())
        );
    }
    out.push_str("</section>\n");
}

fn since(report: &Report, out: &mut String) {
    let Some(since) = &report.since else { return };
    let _ = write!(
        out,
        "<section id=\"since\"><h2>Since the earlier run</h2>\n<p>Against <code>{}</code>: \
         <button type=\"button\" class=\"link\" data-filter=\"verdict=finding&amp;new=1\">{} new</button>, {} known, {} gone.</p>\n",
        escaped(&since.file),
        grouped(since.new as u64),
        grouped(since.known as u64),
        grouped(since.gone.len() as u64)
    );
    if !since.gone.is_empty() {
        let rows = since.gone.iter().map(|g| {
            [
                cell(g.severity.as_deref().unwrap_or("")),
                cell(&g.time.as_deref().map_or_else(String::new, minute)),
                cell(&g.rule),
                cell(g.now.unwrap_or("compliant, or no longer there")),
                format!("<td><code>{}</code></td>", escaped(&g.id)),
            ]
        });
        let heads = [("severity", false), ("time", false), ("rule", false), ("now", false), ("finding", false)];
        folded("Findings that are gone", &heads, rows, out);
    }
    out.push_str("</section>\n");
}

const FILTERS: &str = r##"<section id="filters" aria-label="Filters" class="filters" hidden>
<label>Search <input type="search" id="f-text" placeholder="words, a person, a record" autocomplete="off"></label>
<label>Verdict <select id="f-verdict"></select></label>
<label>Severity <select id="f-severity"></select></label>
<label>Rule <select id="f-rule"></select></label>
<label><span id="f-group-name">Unit</span> <select id="f-group"></select></label>
<label>Person <select id="f-subject"></select></label>
<label>From <input type="month" id="f-from"></label>
<label>To <input type="month" id="f-to"></label>
<label class="check" id="f-new-label" hidden><input type="checkbox" id="f-new"> new only</label>
<button type="button" id="f-reset">Show all</button>
<p id="f-count" role="status" aria-live="polite"></p>
</section>
"##;

const FINDINGS: &str = r##"<section id="findings" tabindex="-1"><h2>Findings and other verdicts</h2>
<noscript><p>The list, the filters and the charts need a script; the tables below do not. All verdicts are also in
<code>bylaws report --format json</code>.</p></noscript>
<div class="wide"><table id="list"><thead><tr><th scope="col"><span class="quiet">details</span></th><th scope="col" data-sort="severity">severity</th>
<th scope="col" data-sort="time">time</th><th scope="col" data-sort="group">unit</th><th scope="col" data-sort="subject">who</th>
<th scope="col" data-sort="rule">rule</th><th scope="col">what</th></tr></thead>
<tbody></tbody></table></div>
<nav class="pages" aria-label="Pages of the list"><button type="button" id="prev">Previous</button><span id="page"></span>
<button type="button" id="next">Next</button></nav>
</section>
"##;

fn charts(report: &Report, out: &mut String) {
    out.push_str("<section id=\"charts\"><h2>Findings</h2>\n<div class=\"grid\">\n");
    let mut figure = |id: &str, title: &str, first: &str, rows: Vec<(String, String, [u64; 4])>| {
        let _ = writeln!(
            out,
            "<figure id=\"fig-{id}\"><figcaption>{title}</figcaption>\n<div class=\"chart\" id=\"chart-{id}\"></div>"
        );
        let filter = |name: &str, text: &str| {
            format!(
                "<th scope=\"row\"><button type=\"button\" class=\"link\" data-filter=\"{}\">{}</button></th>",
                escaped(name),
                escaped(text)
            )
        };
        let rows = rows.iter().map(|(key, text, n)| {
            let all: u64 = n.iter().sum();
            let counts = n.iter().rev().copied().chain([all]).map(number);
            std::iter::once(filter(key, text)).chain(counts).collect::<Vec<_>>()
        });
        let heads =
            [(first, false), ("critical", true), ("major", true), ("minor", true), ("info", true), ("all", true)];
        folded("As a table", &heads, rows, out);
        out.push_str("</figure>\n");
    };
    let months = report.by_month().into_iter().map(|(m, n)| (format!("from={m}&to={m}&verdict=finding"), m, n));
    figure("months", "By month and severity", "month", months.collect());
    let titled = |name: &str| report.rules.iter().find(|r| r.name == name).map_or(name, |r| &r.title).to_owned();
    let mut by_rule: Vec<_> = report.by(|r| Some(&r.rule)).into_iter().collect();
    by_rule.sort_by_key(|(name, n)| (std::cmp::Reverse(n.iter().sum::<u64>()), *name));
    let by_rule = by_rule.into_iter().map(|(name, n)| (format!("rule={}&verdict=finding", url(name)), titled(name), n));
    figure("rules", "By rule", "rule", by_rule.collect());
    let mut groups: Vec<_> = report.by(|r| r.group.as_deref()).into_iter().collect();
    groups.sort_by_key(|(name, n)| (std::cmp::Reverse(n.iter().sum::<u64>()), *name));
    let groups =
        groups.into_iter().map(|(name, n)| (format!("group={}&verdict=finding", url(name)), name.to_owned(), n));
    if let Some(group_by) = &report.group_by {
        figure("groups", &format!("By {}", escaped(group_by)), &escaped(group_by), groups.collect());
    }
    let _ = writeln!(
        out,
        "<figure id=\"fig-verdicts\"><figcaption>All verdicts but the compliant ones</figcaption>\n\
         <div class=\"chart\" id=\"chart-verdicts\"></div>"
    );
    let verdicts = std::iter::once(Verdict::Finding).chain(others(report)).map(|v| {
        let (name, n) = (v.as_str(), number(report.count(v)));
        let head = match v {
            Verdict::Compliant => format!("<th scope=\"row\">{name}</th>"),
            _ => format!("<th scope=\"row\"><button type=\"button\" class=\"link\" data-filter=\"verdict={name}\">{name}</button></th>"),
        };
        [head, n]
    });
    folded("As a table", &[("verdict", false), ("how many", true)], verdicts, out);
    out.push_str("</figure>\n</div>\n</section>\n");
}

fn rules(report: &Report, out: &mut String) {
    out.push_str("<section id=\"rules\"><h2>Rules</h2>\n");
    let verdicts: Vec<Verdict> = std::iter::once(Verdict::Finding).chain(others(report)).collect();
    let heads: Vec<(&str, bool)> =
        [("rule", false), ("severity", false)].into_iter().chain(verdicts.iter().map(|v| (v.as_str(), true))).collect();
    let rows = report.rules.iter().filter(|r| r.verdicts.triggered() > 0).map(|rule| {
        let counts = verdicts.iter().map(|v| number(rule.verdicts.of(*v)));
        [head(rule), severity(rule.severity)].into_iter().chain(counts).collect::<Vec<_>>()
    });
    table("", &heads, rows, out);
    let idle: Vec<&Rule> = idle(report).collect();
    if !idle.is_empty() {
        let rows = idle.iter().map(|rule| {
            let why = match &rule.not_in_force {
                Some(when) => format!("not in force at the time of any record: {when}"),
                None => "no record triggered it".into(),
            };
            [head(rule), severity(rule.severity), cell(&why)]
        });
        out.push_str("<h3>Rules without data</h3>\n");
        table("", &[("rule", false), ("severity", false), ("why", false)], rows, out);
    }
    out.push_str("</section>\n");
}

/// A rule in a table: a button that picks it, where a script runs.
fn head(rule: &Rule) -> String {
    let cite = rule.cite.as_deref().map_or(String::new(), |c| format!("<small>{}</small>", escaped(c)));
    format!(
        "<th scope=\"row\"><button type=\"button\" class=\"link\" data-filter=\"rule={}\">{}</button>{cite}</th>",
        url(&rule.name),
        escaped(&rule.title)
    )
}

fn required(report: &Report, out: &mut String) {
    let with: Vec<&Rule> = requirements(report).collect();
    if with.is_empty() {
        return;
    }
    out.push_str(
        "<section id=\"required\"><h2>What is required</h2>\n<div class=\"chart low\" id=\"chart-required\"></div>\n",
    );
    let rows = with.iter().map(|rule| {
        let v = &rule.verdicts;
        let within = cell(rule.within.as_deref().unwrap_or_default());
        let counts = [v.compliant, v.finding, v.pending, v.indeterminate, v.excepted + v.waived].map(number);
        [head(rule), within].into_iter().chain(counts).collect::<Vec<_>>()
    });
    let heads = [
        ("rule", false),
        ("within", false),
        ("met", true),
        ("missing or late", true),
        ("not over yet", true),
        ("undecided", true),
        ("excepted or waived", true),
    ];
    table("", &heads, rows, out);
    out.push_str("</section>\n");
}

fn leaders(report: &Report, out: &mut String) {
    if report.leaders.is_empty() {
        return;
    }
    out.push_str("<section id=\"leaders\"><h2>Leaders</h2>\n<p>Findings of rules about those above the people of the records.</p>\n");
    let rows = report.leaders.iter().map(|l| {
        let title = report.rules.iter().find(|r| r.name == l.rule).map_or(&l.rule, |r| &r.title);
        let filter = format!("rule={}&subject={}", url(&l.rule), url(&l.name));
        let name = escaped(&l.name);
        [
            format!(
                "<th scope=\"row\"><button type=\"button\" class=\"link\" data-filter=\"{}\">{name}</button></th>",
                escaped(&filter)
            ),
            cell(l.group.as_deref().unwrap_or("")),
            cell(title),
            severity(l.severity),
            number(l.findings),
            cell(&l.latest.as_deref().map_or_else(String::new, minute)),
        ]
    });
    let heads = [
        ("leader", false),
        (report.group_by.as_deref().unwrap_or_default(), false),
        ("rule", false),
        ("severity", false),
        ("findings", true),
        ("latest", false),
    ];
    table("", &heads, rows, out);
    out.push_str("</section>\n");
}

fn metrics(report: &Report, out: &mut String) {
    if report.metrics.is_empty() {
        return;
    }
    out.push_str("<section id=\"metrics\"><h2>Figures of the programme</h2>\n<div class=\"grid\">\n");
    for (i, metric) in report.metrics.iter().enumerate() {
        let text = |name: &str| metric[name].as_str().unwrap_or_default();
        let _ = writeln!(
            out,
            "<figure><figcaption>{}</figcaption>\n<div class=\"chart\" id=\"chart-metric-{i}\"></div>",
            escaped(text("title"))
        );
        let keys: Vec<&str> = metric["per"].as_array().into_iter().flatten().filter_map(|k| k.as_str()).collect();
        let heads: Vec<(&str, bool)> =
            keys.iter().map(|k| (*k, false)).chain([("period", false), ("figure", true), ("", false)]).collect();
        let rows = metric["rows"].as_array().into_iter().flatten().map(|row| {
            let own = |name: &str| row[name].as_str().unwrap_or_default();
            let remarks: Vec<&str> =
                row["remarks"].as_array().into_iter().flatten().filter_map(|r| r.as_str()).collect();
            let keys = keys.iter().map(|k| cell(row["keys"][k].as_str().unwrap_or_default()));
            let figure = format!("<td class=\"n\">{}</td>", escaped(own("text")));
            keys.chain([cell(own("label")), figure, cell(&remarks.join(", "))]).collect::<Vec<_>>()
        });
        folded("As a table", &heads, rows, out);
        out.push_str("</figure>\n");
    }
    out.push_str("</div>\n</section>\n");
}

fn waivers(report: &Report, out: &mut String) {
    if report.waivers.is_empty() {
        return;
    }
    out.push_str("<section id=\"waivers\"><h2>Waivers</h2>\n");
    let rows = report.waivers.iter().map(|w| {
        let whom = w.covers.as_deref().unwrap_or("");
        [
            format!("<th scope=\"row\">{}</th>", escaped(&w.rule)),
            cell(whom),
            cell(&w.from),
            cell(&w.until),
            cell(&w.approved_by),
            cell(&w.reason),
            number(w.waived),
        ]
    });
    let heads = [
        ("rule", false),
        ("for", false),
        ("from", false),
        ("until", false),
        ("approved by", false),
        ("reason", false),
        ("waived", true),
    ];
    table("", &heads, rows, out);
    out.push_str("</section>\n");
}

fn data(report: &Report, out: &mut String) {
    let data = &report.data;
    out.push_str("<section id=\"read\"><h2>What was read</h2>\n");
    let rows = data.inputs.iter().map(|(name, records, rejected)| [cell(name), number(*records), number(*rejected)]);
    table("Inputs", &[("input", false), ("records", true), ("rejected", true)], rows, out);
    let rows = data
        .kinds
        .iter()
        .map(|(name, n, used)| [cell(name), number(*n), cell(if *used { "" } else { "read by no rule" })]);
    folded("By kind of record", &[("kind", false), ("rows", true), ("", false)], rows, out);
    if !data.rejected.is_empty() {
        let rows =
            data.rejected.iter().map(|(code, reason, n, first)| [cell(code), cell(reason), number(*n), cell(first)]);
        table("Rejected", &[("code", false), ("why", false), ("records", true), ("first at", false)], rows, out);
    }
    if !data.problems.is_empty() {
        let rows = data.problems.iter().map(|(code, what)| [cell(code), cell(what)]);
        table("Problems in tables and rates", &[("code", false), ("what", false)], rows, out);
    }
    if !data.causes.is_empty() {
        let rows = data.causes.iter().map(|(n, what)| [number(*n), cell(what)]);
        table("What leaves verdicts undecided", &[("verdicts", true), ("cause", false)], rows, out);
    }
    let mut notes: Vec<String> =
        data.unseen.iter().map(|k| format!("Rules read <code>{}</code>, and there are none.", escaped(k))).collect();
    notes.extend(data.undeclared.iter().map(|(kind, n)| {
        format!("Not declared in the policy, not judged: <code>{}</code>, {}.", escaped(kind), grouped(*n))
    }));
    if !notes.is_empty() {
        let _ = writeln!(out, "<ul><li>{}</li></ul>", notes.join("</li><li>"));
    }
    out.push_str("</section>\n");
}

const GLOSSARY: &str = r#"<section id="words"><h2>Words</h2>
<dl>
<dt>finding</dt><dd>The rule's condition held for the record. An allegation that records support; a person decides.</dd>
<dt>excepted</dt><dd>It held, and an exception that the rule names applies.</dd>
<dt>waived</dt><dd>It held, and somebody let it pass for a time and a reason.</dd>
<dt>repeated</dt><dd>It held, and the rule counts it with an earlier finding.</dd>
<dt>pending</dt><dd>A deadline is not over yet.</dd>
<dt>indeterminate</dt><dd>Something was missing or malformed where it mattered: neither a finding nor compliant.</dd>
<dt>compliant</dt><dd>The rule looked at the record, and its condition did not hold.</dd>
</dl>
</section>
"#;

// ---------------------------------------------------------------- pieces

fn folded<R: IntoIterator<Item = String>>(
    summary: &str,
    heads: &[(&str, bool)],
    rows: impl IntoIterator<Item = R>,
    out: &mut String,
) {
    let _ = writeln!(out, "<details><summary>{}</summary>", escaped(summary));
    table("", heads, rows, out);
    out.push_str("</details>\n");
}

/// Heads say whether their column has numbers; each row is made of whole cells.
fn table<R: IntoIterator<Item = String>>(
    caption: &str,
    heads: &[(&str, bool)],
    rows: impl IntoIterator<Item = R>,
    out: &mut String,
) {
    out.push_str("<div class=\"wide\"><table>");
    if !caption.is_empty() {
        let _ = write!(out, "<caption>{}</caption>", escaped(caption));
    }
    out.push_str("<thead><tr>");
    for (head, numbers) in heads {
        let class = if *numbers { " class=\"n\"" } else { "" };
        let _ = match head.is_empty() {
            true => write!(out, "<td></td>"),
            false => write!(out, "<th scope=\"col\"{class}>{}</th>", escaped(head)),
        };
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    for row in rows {
        let _ = writeln!(out, "<tr>{}</tr>", row.into_iter().collect::<String>());
    }
    out.push_str("</tbody></table></div>\n");
}

fn severity(of: Severity) -> String {
    format!("<td><span class=\"severity {0}\">{0}</span></td>", of.as_str())
}

fn cell(text: &str) -> String {
    format!("<td>{}</td>", escaped(text))
}

fn number(n: u64) -> String {
    match n {
        0 => "<td class=\"n\">–</td>".into(),
        n => format!("<td class=\"n\">{}</td>", grouped(n)),
    }
}

/// `2026-03-31 09:40`, of a time to the second.
fn minute(time: &str) -> String {
    time.chars().take(16).map(|c| if c == 'T' { ' ' } else { c }).collect()
}

/// Within a query.
fn url(text: &str) -> String {
    let mut out = String::new();
    for b in text.bytes() {
        match b {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-' | b'.' => out.push(b as char),
            b => {
                let _ = write!(out, "%{b:02X}");
            }
        }
    }
    out
}
