//! Did-you-mean.

/// The known word nearest to `word`, if one is near enough to be a slip: at most a third of the
/// letters changed, swapped, missing or added, and never more than three.
pub fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let folded = word.to_lowercase();
    let cap = (word.chars().count() / 3).clamp(1, 3);
    known
        .into_iter()
        .filter(|k| *k != word && k.chars().count().abs_diff(word.chars().count()) <= cap)
        .map(|k| (strsim::damerau_levenshtein(&folded, &k.to_lowercase()), k))
        .filter(|&(distance, _)| distance <= cap)
        .min()
        .map(|(_, k)| k)
}

#[cfg(test)]
mod tests {
    use super::did_you_mean;

    #[test]
    fn near_words_only() {
        let known = ["severity", "consequence", "because", "cite"];
        assert_eq!(did_you_mean("severty", known), Some("severity"));
        assert_eq!(did_you_mean("Severity", known), Some("severity"));
        assert_eq!(did_you_mean("becuase", known), Some("because"));
        assert_eq!(did_you_mean("site", known), Some("cite"));
        assert_eq!(did_you_mean("owner", known), None);
        assert_eq!(did_you_mean("x", known), None);
    }
}
