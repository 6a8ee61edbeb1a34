//! GitLab's Code Quality report: <https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format>.

use super::{Notice, Run};
use serde_json::json;
use std::io::Result;

pub(super) fn piece(run: &Run, notice: &Notice, out: &mut Vec<u8>) -> Result<()> {
    let rule = &run.rules[notice.rule];
    // A defect has to have a place: where no record stands in a file, it is the rule's.
    let place = notice.place().or(rule.place.as_ref());
    let (path, line) = place.map_or(("unknown", 1), |p| (p.file.as_str(), p.line));
    let path = path.strip_prefix("./").unwrap_or(path);
    serde_json::to_writer(
        &mut *out,
        &json!({
            "description": notice.line(),
            "check_name": rule.id,
            "fingerprint": notice.id,
            "severity": notice.grade,
            "location": { "path": path, "lines": { "begin": line } },
        }),
    )?;
    Ok(())
}
