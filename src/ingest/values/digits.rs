//! Whole numbers of few digits, which most are.

use std::ops::Range;

/// The number at this place, where it is of one to eight digits and the text goes on for eight bytes: without a branch for
/// each digit, as numbers differ in length from row to row.
#[inline(always)]
pub fn few_digits(text: &[u8], place: Range<usize>) -> Option<i64> {
    let length = place.len();
    let eight = text.get(place.start..)?.first_chunk::<8>().filter(|_| (1..9).contains(&length))?;
    // The first digit is the lowest byte; those behind the last one are shifted out, and zeros stand before the first.
    let spare = 64 - 8 * length as u32;
    let digits = (u64::from_le_bytes(*eight) << spare).wrapping_sub(u64::from_le_bytes([b'0'; 8]) << spare);
    let over = digits.wrapping_add(u64::from_le_bytes([127 - 9; 8])) | digits;
    if over & u64::from_le_bytes([128; 8]) != 0 {
        return None;
    }
    let pairs = (digits * 10 + (digits >> 8)) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs * 100 + (pairs >> 16)) & 0x0000_ffff_0000_ffff;
    Some(((fours * 10_000 + (fours >> 32)) & 0xffff_ffff) as i64)
}

/// A whole number of few digits.
pub fn small_int(text: &str) -> Option<i64> {
    let (negative, digits) = match text.as_bytes() {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    if digits.is_empty() || digits.len() > 18 {
        return None;
    }
    let mut n = 0;
    for digit in digits {
        let digit = digit.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        n = n * 10 + i64::from(digit);
    }
    Some(if negative { -n } else { n })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_number_of_few_digits(
            before in "[0-9,]{0,3}",
            number in "-?[0-9]{1,10}|[0-9]{1,3}[.eE+/: é-][0-9]{0,3}",
            behind in "[,} ]{1}[0-9a-z]{0,10}",
        ) {
            let text = format!("{before}{number}{behind}");
            let read = few_digits(text.as_bytes(), before.len()..before.len() + number.len());
            let plain = number.len() <= 8 && number.bytes().all(|b| b.is_ascii_digit());
            prop_assert_eq!(read, small_int(&number).filter(|_| plain && number.len() + behind.len() >= 8), "{:?}", text);
        }
    }
}
