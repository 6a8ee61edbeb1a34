//! Lengths of time, periods and time zones.

use serde::{Deserialize, Serialize};

/// A length: months and days are calendar arithmetic, the rest is exact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Length {
    pub months: i32,
    pub days: i32,
    pub nanos: i64,
}

/// A calendar or fiscal period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Period {
    Day,
    Month,
    Quarter,
    Year,
    FiscalQuarter,
    FiscalYear,
}

/// What a policy says about its clock.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Clock {
    /// IANA name: `Asia/Shanghai`.
    pub timezone: String,
    /// First day of the fiscal year: month and day.
    pub fiscal_start: (u8, u8),
}
