//! How large what input decides may become: one table of all limits.
//!
//! The library takes a [`Limits`] where it reads policies, records and judges; the command sets them by `--limit`.
//! `docs/reliability/limits.md` is the same table with what is told.

/// What a limit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Bytes,
    Count,
}

/// One limit, as it is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    pub name: &'static str,
    pub unit: Unit,
    pub default: u64,
    /// It cannot be set higher.
    pub most: u64,
    /// What it bounds.
    pub bounds: &'static str,
    /// What happens beyond it.
    pub beyond: &'static str,
}

macro_rules! limits {
    ($($field:ident $name:literal $unit:ident $default:expr, $most:expr; $bounds:literal; $beyond:literal;)*) => {
        /// How much is taken in at most.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct Limits {
            $(#[doc = $bounds] pub $field: u64,)*
        }

        impl Default for Limits {
            fn default() -> Limits {
                Limits { $($field: $default,)* }
            }
        }

        impl Limits {
            /// None: for what has been taken in before.
            pub const NONE: Limits = Limits { $($field: u64::MAX,)* };

            /// All that there are.
            pub const ALL: &'static [Limit] = &[$(Limit {
                name: $name, unit: Unit::$unit, default: $default, most: $most, bounds: $bounds, beyond: $beyond,
            },)*];

            /// The value of a limit by its name.
            pub fn get(&self, name: &str) -> Option<u64> {
                match name { $($name => Some(self.$field),)* _ => None }
            }

            fn at(&mut self, name: &str) -> Option<&mut u64> {
                match name { $($name => Some(&mut self.$field),)* _ => None }
            }
        }
    };
}

const ANY: u64 = u64::MAX;
const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

limits! {
    policy_file_bytes "policy-file-bytes" Bytes 16 * MIB, 4 * GIB - 1; "one policy file"; "B0007, exit code 2";
    policy_bytes "policy-bytes" Bytes 256 * MIB, ANY; "all policy files of a set together"; "B0007, exit code 2";
    policy_files "policy-files" Count 10_000, ANY; "files of a policy set"; "B0007, exit code 2";
    policy_nesting "policy-nesting" Count 200, 200; "brackets and conditions in one another, in policy text"; "B0103, exit code 2";
    path_steps "path-steps" Count 64, ANY; "steps of a path in a source"; "B0503, exit code 2";
    pattern_bytes "pattern-bytes" Bytes 10 * MIB, 10 * MIB; "one regular expression, compiled"; "B0313, exit code 2";
    patterns "patterns" Count 5_000, ANY; "regular expressions of a policy set"; "B0007, exit code 2";
    files "files" Count 100_000, ANY; "files of records that globs match"; "exit code 2";
    record_bytes "record-bytes" Bytes 64 * MIB, 2 * GIB - 1; "one record: a line, a row or an object"; "B1007, the record is rejected";
    record_nesting "record-nesting" Count 128, 1_000; "objects and lists in one another, in a record"; "B1008, the record is rejected";
    record_values "record-values" Count 1_000_000, ANY; "fields of one object, or elements of one list, in a record"; "B1012, the record is rejected";
    columns "columns" Count 10_000, ANY; "columns of a CSV or Parquet file"; "B1025, exit code 2";
    document_bytes "document-bytes" Bytes GIB, ANY; "a JSON file, which is read whole (NDJSON is not), or a packed Parquet file"; "B1025, exit code 2";
    expansion "expansion" Count 500, ANY; "times that packed input (gzip, zstd, pages of Parquet) becomes larger, once it is over `expansion-bytes`"; "B1025, exit code 2";
    expansion_bytes "expansion-bytes" Bytes GIB, ANY; "unpacked input of which `expansion` is not asked"; "see `expansion`";
    group_rows "group-rows" Count 1_000_000_000, ANY; "rows that a row group of a Parquet file claims to have"; "B1025, exit code 2";
    rejected_bytes "rejected-bytes" Bytes GIB, ANY; "texts of rejected records that are kept for --rejects"; "exit code 2";
    keys "keys" Count 100_000_000, ANY; "different keys of one condition over other records: people, say"; "B1050, exit code 2";
    window_records "window-records" Count 100_000_000, ANY; "records of one key within one window"; "B1050, exit code 2";
    partial_matches "partial-matches" Count 4_000_000, ANY; "ways tried to complete a sequence that ends with one record"; "B1050, exit code 2";
    message_bytes "message-bytes" Bytes 64 << 10, ANY; "the sentence of a finding"; "it is cut, and says how much was left out";
}

impl Limits {
    /// Gives a limit another value: `record-bytes`, `1 MiB`. A number may have `_` or `,` between its digits.
    ///
    /// # Errors
    /// Where there is no such limit or it cannot have this value.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), LimitError> {
        let Some(limit) = Limits::ALL.iter().find(|l| l.name == name) else { return Err(LimitError::NoSuch) };
        let number = match (value.trim(), limit.unit) {
            ("unlimited", _) => Some(u64::MAX),
            (text, unit) => number(text, unit),
        };
        let number = number.ok_or(LimitError::NoNumber(*limit))?;
        if number > limit.most {
            return Err(LimitError::TooMuch(*limit));
        }
        if let Some(place) = self.at(name) {
            *place = number;
        }
        Ok(())
    }

    /// Those that are not as they are by default, by name.
    pub fn changed(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        Limits::ALL.iter().filter_map(|l| Some((l.name, self.get(l.name).filter(|n| *n != l.default)?)))
    }
}

/// Why a limit cannot be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitError {
    NoSuch,
    NoNumber(Limit),
    TooMuch(Limit),
}

fn number(text: &str, unit: Unit) -> Option<u64> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '_' && c != ',').unwrap_or(text.len());
    let (digits, by) = text.split_at(end);
    let digits: String = digits.chars().filter(char::is_ascii_digit).collect();
    let by = match (by.trim(), unit) {
        ("", _) => 1,
        (by, Unit::Bytes) => unit_of(by)?,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(by).filter(|n| *n > 0)
}

/// How many bytes a unit is: `kB`, `MiB`.
pub fn unit_of(text: &str) -> Option<u64> {
    Some(match text {
        "kB" | "KB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "TB" => 1_000_000_000_000,
        "KiB" => 1 << 10,
        "MiB" => MIB,
        "GiB" => GIB,
        "TiB" => 1 << 40,
        _ => return None,
    })
}

/// A number of bytes as a limit is told: `64 MiB`, `1,500 bytes`.
pub fn bytes(n: u64) -> String {
    let units = [(40, "TiB"), (30, "GiB"), (20, "MiB"), (10, "KiB")];
    match units.iter().find(|(by, _)| n >> by > 0 && n.trailing_zeros() >= *by) {
        Some((by, unit)) => format!("{} {unit}", grouped(n >> by)),
        None if n == 1 => "1 byte".into(),
        None => format!("{} bytes", grouped(n)),
    }
}

/// `1,000,000`
pub fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

impl Limit {
    /// A value of it as it is told.
    pub fn shown(&self, value: u64) -> String {
        match self.unit {
            _ if value == u64::MAX => "unlimited".into(),
            Unit::Bytes => bytes(value),
            Unit::Count => grouped(value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_as_they_are_written() {
        let mut limits = Limits::default();
        for (value, is) in [("1 MiB", 1 << 20), ("2kB", 2000), ("1_000,000", 1_000_000), ("unlimited", u64::MAX)] {
            assert_eq!(limits.set("policy-bytes", value), Ok(()), "{value}");
            assert_eq!(limits.policy_bytes, is);
        }
        assert_eq!(limits.changed().collect::<Vec<_>>(), [("policy-bytes", u64::MAX)]);
        for wrong in ["", "0", "-1", "1.5 MiB", "1 MiB more", "99999999999 TiB"] {
            assert!(matches!(limits.set("policy-bytes", wrong), Err(LimitError::NoNumber(_))), "{wrong}");
        }
        assert!(matches!(limits.set("files", "1 MiB"), Err(LimitError::NoNumber(_))));
        assert!(matches!(limits.set("policy-nesting", "201"), Err(LimitError::TooMuch(_))));
        assert_eq!(limits.set("record-byte", "1"), Err(LimitError::NoSuch));
    }

    #[test]
    fn values_as_they_are_told() {
        assert_eq!(bytes(64 << 20), "64 MiB");
        assert_eq!(bytes(1500), "1,500 bytes");
        assert_eq!(bytes(4 * GIB - 1), "4,294,967,295 bytes");
        assert_eq!(grouped(1_000_000), "1,000,000");
        assert_eq!(grouped(200), "200");
    }

    #[test]
    fn each_is_there_once_and_can_have_its_default() {
        for limit in Limits::ALL {
            assert_eq!(Limits::ALL.iter().filter(|l| l.name == limit.name).count(), 1);
            assert_eq!(Limits::default().get(limit.name), Some(limit.default));
            assert!(limit.default <= limit.most);
        }
    }
}
