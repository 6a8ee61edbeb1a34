//! L03: constants, limits and texts.

pub mod thresholds;

lints! {
    magic, letter_case, pattern_all, pattern_plain, pattern_dot, gap, overlap, currencies, twice, covered, of_one,
    chain, limit_of_nothing, stray_space, small_percent, pointed_thousand,
}
