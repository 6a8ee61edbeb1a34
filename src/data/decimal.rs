//! Exact decimal numbers: a signed 128-bit integer of 10⁻¹⁸, as in an Arrow `Decimal128(38, 18)`.
//!
//! Addition, subtraction, comparison and reading are exact or refused. A product or quotient
//! with more than eighteen places is rounded half to even; that is the only rounding there is.
//! Range: ±170,141,183,460,469,231,731.687303715884105727.

use arrow_buffer::i256;
use serde::{Deserialize, Serialize};

/// Places after the point.
pub const SCALE: u32 = 18;
const ONE: i128 = 10i128.pow(SCALE);
/// Of ten.
const POWERS: [i128; SCALE as usize + 1] = {
    let (mut powers, mut at) = ([1; SCALE as usize + 1], 1);
    while at < powers.len() {
        powers[at] = powers[at - 1] * 10;
        at += 1;
    }
    powers
};

#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Decimal(i128);

/// Why a text is not an exact decimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecimalError {
    NotANumber,
    TooLarge,
    /// More than eighteen places after the point.
    TooFine,
}

impl std::fmt::Display for DecimalError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            DecimalError::NotANumber => "not a number",
            DecimalError::TooLarge => "a number too large to keep exactly",
            DecimalError::TooFine => "a number with more than 18 decimal places",
        })
    }
}

impl Decimal {
    pub const ZERO: Decimal = Decimal(0);

    /// Few plain digits, as most numbers are.
    fn small(text: &str) -> Option<Decimal> {
        // With the place that a whole number is given, 18 digits.
        if text.len() > 17 {
            return None;
        }
        let (negative, digits) = match text.as_bytes() {
            [b'-', digits @ ..] => (true, digits),
            digits => (false, digits),
        };
        let (mut n, mut point) = (0, digits.len());
        for (at, byte) in digits.iter().enumerate() {
            match byte.wrapping_sub(b'0') {
                digit @ 0..10 => n = n * 10 + i64::from(digit),
                _ if *byte == b'.' && point == digits.len() => point = at,
                _ => return None,
            }
        }
        // A point has digits on both sides.
        let places = match digits.len() - point {
            _ if point == 0 => return None,
            0 => 0,
            1 => return None,
            more => more - 1,
        };
        let raw = i128::from(n) * POWERS[SCALE as usize - places];
        Some(Decimal(if negative { -raw } else { raw }))
    }

    /// From a count of 10⁻¹⁸.
    pub const fn from_raw(raw: i128) -> Decimal {
        Decimal(raw)
    }

    /// The count of 10⁻¹⁸.
    pub const fn raw(self) -> i128 {
        self.0
    }

    pub const fn from_int(n: i64) -> Decimal {
        Decimal(n as i128 * ONE)
    }

    /// The whole number, where it is one and fits.
    pub fn to_int(self) -> Option<i64> {
        if self.0 % ONE == 0 { i64::try_from(self.0 / ONE).ok() } else { None }
    }

    /// Reads `-12`, `0.50`, `.5`, `1e2`, `1.5E-3`; no spaces, no separators, a leading `+` is accepted.
    pub fn parse(text: &str) -> Result<Decimal, DecimalError> {
        if let Some(small) = Decimal::small(text) {
            return Ok(small);
        }
        let bytes = text.as_bytes();
        let (negative, mut i) = match bytes.first() {
            Some(b'-') => (true, 1),
            Some(b'+') => (false, 1),
            _ => (false, 0),
        };
        let (mut digits, mut seen, mut places, mut point) = (0i128, false, 0i64, false);
        let mut overflow = false;
        // Zeroes after the last other digit are held back, so that `1.50000…0` stays readable.
        let mut zeroes = 0i64;
        while i < bytes.len() {
            match bytes[i] {
                d @ b'0'..=b'9' => {
                    seen = true;
                    if d == b'0' {
                        zeroes += 1;
                    } else {
                        let shift = zeroes + 1;
                        zeroes = 0;
                        if digits != 0 || shift == 1 {
                            for _ in 0..shift {
                                match digits.checked_mul(10) {
                                    Some(d) => digits = d,
                                    None => {
                                        overflow = true;
                                        break;
                                    }
                                }
                            }
                        }
                        match digits.checked_add((d - b'0') as i128) {
                            Some(d) => digits = d,
                            None => overflow = true,
                        }
                    }
                    if point {
                        places += 1;
                    }
                }
                b'.' if !point => point = true,
                b'e' | b'E' if seen => break,
                _ => return Err(DecimalError::NotANumber),
            }
            i += 1;
        }
        if !seen {
            return Err(DecimalError::NotANumber);
        }
        let mut exponent = 0i64;
        if i < bytes.len() {
            let text = &text[i + 1..];
            if !text.trim_start_matches(['+', '-']).bytes().all(|b| b.is_ascii_digit()) || text.is_empty() {
                return Err(DecimalError::NotANumber);
            }
            let signs = text.len() - text.trim_start_matches(['+', '-']).len();
            if signs > 1 || signs == text.len() {
                return Err(DecimalError::NotANumber);
            }
            exponent = text.parse::<i64>().unwrap_or(if text.starts_with('-') { i64::MIN / 4 } else { i64::MAX / 4 });
        }
        if digits == 0 && !overflow {
            return Ok(Decimal::ZERO);
        }
        if overflow {
            return Err(if point && exponent <= 0 { DecimalError::TooFine } else { DecimalError::TooLarge });
        }
        // value = digits * 10^(zeroes - places + exponent)
        let power = zeroes.saturating_sub(places).saturating_add(exponent).saturating_add(SCALE as i64);
        if power < 0 {
            return Err(DecimalError::TooFine);
        }
        if power > 38 {
            return Err(DecimalError::TooLarge);
        }
        let raw = digits.checked_mul(10i128.checked_pow(power as u32).ok_or(DecimalError::TooLarge)?);
        raw.map(|r| Decimal(if negative { -r } else { r })).ok_or(DecimalError::TooLarge)
    }

    pub fn checked_add(self, other: Decimal) -> Option<Decimal> {
        self.0.checked_add(other.0).map(Decimal)
    }

    pub fn checked_sub(self, other: Decimal) -> Option<Decimal> {
        self.0.checked_sub(other.0).map(Decimal)
    }

    pub fn checked_neg(self) -> Option<Decimal> {
        self.0.checked_neg().map(Decimal)
    }

    /// The product, rounded half to even where it has more than eighteen places.
    pub fn checked_mul(self, other: Decimal) -> Option<Decimal> {
        let product = i256::from_i128(self.0).checked_mul(i256::from_i128(other.0))?;
        round_div(product, i256::from_i128(ONE))
    }

    /// The quotient, rounded half to even where it has more than eighteen places; none by zero.
    pub fn checked_div(self, other: Decimal) -> Option<Decimal> {
        if other.0 == 0 {
            return None;
        }
        let scaled = i256::from_i128(self.0).checked_mul(i256::from_i128(ONE))?;
        round_div(scaled, i256::from_i128(other.0))
    }
}

fn round_div(n: i256, d: i256) -> Option<Decimal> {
    let (q, r) = (n.checked_div(d)?, n.checked_rem(d)?);
    let twice = r.checked_abs()?.checked_mul(i256::from_i128(2))?;
    let d_abs = d.checked_abs()?;
    let odd = q.checked_rem(i256::from_i128(2))? != i256::ZERO;
    let up = twice > d_abs || (twice == d_abs && odd);
    let q = match (up, (n < i256::ZERO) != (d < i256::ZERO)) {
        (false, _) => q,
        (true, false) => q.checked_add(i256::ONE)?,
        (true, true) => q.checked_sub(i256::ONE)?,
    };
    q.to_i128().map(Decimal)
}

/// Before the point a sign and the digits of the largest, behind it [`SCALE`].
const POINT: usize = 1 + 21;
const WIDTH: usize = POINT + 1 + SCALE as usize;

impl Decimal {
    /// Without trailing zeroes: `1234.5`, `-0.001`, `7`. Findings have many, and the library's formatting takes several
    /// times as long.
    pub fn text(self) -> String {
        self.written(&mut [0; WIDTH]).to_owned()
    }

    fn written(self, text: &mut [u8; WIDTH]) -> &str {
        let abs = self.0.unsigned_abs();
        // By 2^18 and 5^18: most are small enough then for a division of 64 bits.
        let mut whole = match u64::try_from(abs >> SCALE) {
            Ok(small) => u128::from(small / 5u64.pow(SCALE)),
            Err(_) => abs / ONE as u128,
        };
        let part = (abs - whole * ONE as u128) as u64;
        let (mut start, mut end) = (POINT, POINT);
        if part != 0 {
            text[POINT] = b'.';
            let (high, low) = (part / 1_000_000_000, part % 1_000_000_000);
            put_nine(&mut text[POINT + 1..POINT + 10], high as u32);
            end = POINT + 10;
            if low != 0 {
                put_nine(&mut text[POINT + 10..], low as u32);
                end = WIDTH;
            }
            while text[end - 1] == b'0' {
                end -= 1;
            }
        }
        while whole > u64::MAX.into() {
            start -= 1;
            text[start] = b'0' + (whole % 10) as u8;
            whole /= 10;
        }
        let mut whole = whole as u64;
        loop {
            start -= 1;
            text[start] = b'0' + (whole % 10) as u8;
            whole /= 10;
            if whole == 0 {
                break;
            }
        }
        if self.0 < 0 {
            start -= 1;
            text[start] = b'-';
        }
        std::str::from_utf8(&text[start..end]).unwrap_or_default()
    }
}

fn put_nine(digits: &mut [u8], mut n: u32) {
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (n % 10) as u8;
        n /= 10;
    }
}

impl std::fmt::Display for Decimal {
    /// As [`Decimal::text`].
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.written(&mut [0; WIDTH]))
    }
}

impl std::fmt::Debug for Decimal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

impl Serialize for Decimal {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Decimal, D::Error> {
        let text = String::deserialize(d)?;
        Decimal::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn d(text: &str) -> Decimal {
        Decimal::parse(text).unwrap()
    }

    #[test]
    fn reads_and_writes() {
        for (text, shown) in [
            ("0", "0"),
            ("-0", "0"),
            ("12", "12"),
            ("100", "100"),
            ("100.0", "100"),
            ("1e2", "100"),
            ("1E+2", "100"),
            ("0.50", "0.5"),
            (".5", "0.5"),
            ("5.", "5"),
            ("-1.5e-3", "-0.0015"),
            ("007", "7"),
            ("1050.010", "1050.01"),
            ("0.30000000000000004", "0.30000000000000004"),
            ("1.0000000000000000000000000", "1"),
            ("0e999999999999999999999", "0"),
            ("170141183460469231731.687303715884105727", "170141183460469231731.687303715884105727"),
        ] {
            assert_eq!(d(text).to_string(), shown, "{text}");
        }
    }

    #[test]
    fn a_short_number_is_read_as_a_long_one_is() {
        for whole in ["0", "7", "120", "9007199254740993", "99999999999999999"] {
            for places in ["", ".0", ".5", ".050", ".000000000000001"] {
                for sign in ["", "-"] {
                    let text = format!("{sign}{whole}{places}");
                    assert_eq!(d(&text), d(&format!("{text}e0")), "{text}");
                }
            }
        }
    }

    #[test]
    fn refuses_what_it_cannot_keep() {
        use DecimalError::*;
        for (text, why) in [
            ("", NotANumber),
            ("-", NotANumber),
            (".", NotANumber),
            ("1,000", NotANumber),
            ("1 ", NotANumber),
            ("0x10", NotANumber),
            ("1e", NotANumber),
            ("1e+-2", NotANumber),
            ("e5", NotANumber),
            ("NaN", NotANumber),
            ("1e30", TooLarge),
            ("1e99999999999999999999", TooLarge),
            ("170141183460469231732", TooLarge),
            ("0.1234567890123456789", TooFine),
            ("1e-19", TooFine),
            ("1e-99999999999999999999", TooFine),
        ] {
            assert_eq!(Decimal::parse(text), Err(why), "{text}");
        }
    }

    #[test]
    fn arithmetic_is_exact_and_rounds_half_to_even() {
        assert_eq!(d("0.1").checked_add(d("0.2")), Some(d("0.3")));
        assert_eq!(d("1.1").checked_mul(d("1.1")), Some(d("1.21")));
        assert_eq!(d("1").checked_div(d("3")), Some(d("0.333333333333333333")));
        assert_eq!(d("2").checked_div(d("3")), Some(d("0.666666666666666667")));
        assert_eq!(d("-2").checked_div(d("3")), Some(d("-0.666666666666666667")));
        assert_eq!(d("0.000000000000000001").checked_mul(d("0.5")), Some(d("0")));
        assert_eq!(d("0.000000000000000003").checked_mul(d("0.5")), Some(d("0.000000000000000002")));
        assert_eq!(d("1").checked_div(d("0")), None);
        assert_eq!(d("1e20").checked_mul(d("2")), None);
    }
}
