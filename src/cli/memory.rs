//! How much memory a command may hold, and the end of it before the system ends it.

use super::Failure;
use crate::data::{Limits, limits};
use crate::eval::Held;
use crate::plan::Plan;
use std::path::{Path, PathBuf};

/// Of what there is, where no limit is given.
const SHARE: u64 = 80;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Size {
    Bytes(u64),
    /// Of what the machine, or its part for this process, has.
    Percent(u64),
    Unlimited,
}

/// `4 GB`, `512MiB`, `75%` or `unlimited`.
pub(super) fn size(text: &str) -> Result<Size, String> {
    let wrong = || "expected a size like `4 GB` or `512 MiB`, a share like `75%`, or `unlimited`".to_string();
    let text = text.trim();
    if text == "unlimited" {
        return Ok(Size::Unlimited);
    }
    let digits = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().map_err(|_| wrong())?;
    let by: u64 = match unit.trim() {
        "%" if (1..=100).contains(&number) => return Ok(Size::Percent(number)),
        unit => limits::unit_of(unit).ok_or_else(wrong)?,
    };
    number.checked_mul(by).filter(|n| *n > 0).map(Size::Bytes).ok_or_else(wrong)
}

/// Without one of memory where the system does not tell what it has.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limit {
    memory: Option<u64>,
    /// Of what the input makes large.
    pub input: Limits,
}

impl Limit {
    pub fn new(size: Option<Size>, input: Limits) -> Limit {
        let share = |percent| there_is().map(|n| n / 100 * percent);
        let memory = match size {
            Some(Size::Bytes(n)) => Some(n),
            Some(Size::Percent(percent)) => share(percent),
            Some(Size::Unlimited) => None,
            None => share(SHARE),
        };
        // What is read whole is held with what is known of its parts.
        let document_bytes = memory.map_or(u64::MAX, |n| n / 3).min(input.document_bytes);
        let as_it_is = input.document_bytes != Limits::default().document_bytes;
        let input = if as_it_is { input } else { Limits { document_bytes, ..input } };
        Limit { memory, input }
    }

    /// `soon`: what is about to be made besides.
    pub fn check(self, plan: &Plan, held: &Held, soon: u64) -> Result<(), Failure> {
        let Some(limit) = self.memory else { return Ok(()) };
        let now = resident().unwrap_or(0).max(held.bytes());
        if now.saturating_add(soon) <= limit { Ok(()) } else { Err(stopped(plan, held, now, soon, limit)) }
    }
}

fn stopped(plan: &Plan, held: &Held, now: u64, soon: u64, limit: u64) -> Failure {
    let mut message = format!("stopped at the memory limit of {}: {} are held", shown(limit), shown(now));
    if soon > 0 {
        message += &format!(", and judging takes {} more", shown(soon));
    }
    let most = held.kinds.iter().enumerate().max_by_key(|(_, n)| **n).filter(|(_, n)| **n > 0);
    if let Some((kind, bytes)) = most {
        let name = &plan.schema.kinds[kind].name;
        message += &format!("; of the records, those of `{name}` take the most, {}", shown(*bytes));
        let rules = held.rules(plan, kind);
        if !rules.is_empty() {
            let names: Vec<String> = rules.iter().take(3).map(|r| format!("`{}`", plan.rules[*r].name)).collect();
            let more = rules.len().saturating_sub(3);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            message += &format!(", held for {}{more}", names.join(", "));
        }
    }
    Failure::new(message).help(
        "allow more with `--memory-limit`, judge fewer rules at once, or give the records of some people at a time; or \
         have records brought together on the disk with `bylaws.spill` of the Python package (docs/scale.md); no records \
         were judged",
    )
}

fn shown(bytes: u64) -> String {
    let (unit, by) = match bytes {
        0..1_000_000 => ("kB", 1e3),
        1_000_000..1_000_000_000 => ("MB", 1e6),
        _ => ("GB", 1e9),
    };
    format!("{:.1} {unit}", bytes as f64 / by)
}

/// What this process may use: the smaller of what the machine has free with what it holds already, and of what the
/// group of processes that it is in may hold.
fn there_is() -> Option<u64> {
    let info = std::fs::read_to_string("/proc/meminfo").ok()?;
    let free = kilobytes(&info, "MemAvailable:")?.saturating_add(resident().unwrap_or(0));
    let groups = std::fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let of_group = groups.lines().filter_map(|line| group_limit(line, Path::new("/sys/fs/cgroup"))).min();
    Some(of_group.map_or(free, |limit| limit.min(free)))
}

/// Of a line of `/proc/self/cgroup`: the least that it or a group around it may hold, in either version of groups.
fn group_limit(line: &str, root: &Path) -> Option<u64> {
    let mut parts = line.splitn(3, ':');
    let (_, controllers, path) = (parts.next()?, parts.next()?, parts.next()?);
    let (root, file): (PathBuf, &str) = match controllers {
        "" => (root.into(), "memory.max"),
        some if some.split(',').any(|c| c == "memory") => (root.join("memory"), "memory.limit_in_bytes"),
        _ => return None,
    };
    let mut folder = root.join(path.trim_start_matches('/'));
    let mut least: Option<u64> = None;
    loop {
        let limit = std::fs::read_to_string(folder.join(file)).ok().and_then(|t| t.trim().parse().ok());
        least = [least, limit].into_iter().flatten().min();
        if folder == root || !folder.pop() {
            return least;
        }
    }
}

/// What the process holds of the machine's memory.
fn resident() -> Option<u64> {
    kilobytes(&std::fs::read_to_string("/proc/self/status").ok()?, "VmRSS:")
}

fn kilobytes(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|l| l.strip_prefix(name))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

/// Takes memory in small pages: the allocator asks for large ones, which are held whole though less is used of them, and
/// which the system is slow to find where another program has just given much back.
#[cfg(target_os = "linux")]
pub(super) fn in_small_pages() {
    // Where it may not be chosen, memory is taken as it is given.
    let _ = nix::sys::prctl::set_thp_disable(true);
}

#[cfg(not(target_os = "linux"))]
pub(super) fn in_small_pages() {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_as_they_are_written() {
        assert_eq!(size("4GB"), Ok(Size::Bytes(4_000_000_000)));
        assert_eq!(size("512 MiB"), Ok(Size::Bytes(512 << 20)));
        assert_eq!(size("75%"), Ok(Size::Percent(75)));
        assert_eq!(size("unlimited"), Ok(Size::Unlimited));
        for wrong in ["", "4", "GB", "0 MB", "101%", "0%", "-1 GB", "1.5 GB", "99999999999999 TB", "4 gigs"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_least_of_the_groups_around_counts() {
        let root = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write("a/memory.max", "1000\n");
        write("a/b/memory.max", "max\n");
        write("a/b/c/memory.max", "2000\n");
        write("memory/d/memory.limit_in_bytes", "700\n");
        let limit = |line| group_limit(line, root.path());
        assert_eq!(limit("0::/a/b/c"), Some(1000));
        assert_eq!(limit("0::/"), None);
        assert_eq!(limit("7:cpu,memory:/d"), Some(700));
        assert_eq!(limit("8:cpuset:/a"), None);
    }

    #[test]
    fn what_the_system_tells() {
        assert_eq!(kilobytes("Name:\tx\nVmRSS:\t   1234 kB\n", "VmRSS:"), Some(1234 * 1024));
        assert_eq!(kilobytes("VmRSS:\t 12\n", "VmRSS:"), None);
    }
}
