//! Names and texts taken apart into words.

/// The words of a name or text, in lower case: `sickLeave`, `sick_leave` and `Sick leave` are the same two.
pub fn of(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut last = ' ';
    for c in text.chars() {
        if c.is_alphanumeric() {
            let begins = !last.is_alphanumeric() || (c.is_uppercase() && last.is_lowercase());
            if begins {
                words.push(String::new());
            }
            if let Some(word) = words.last_mut() {
                word.extend(c.to_lowercase());
            }
        }
        last = c;
    }
    words
}

/// Whether the words hold a phrase, one word behind the other. `=age` is the only word, but for words like
/// `employee` before it. A phrase of another script than the Latin one is looked for within words.
pub fn hold(words: &[String], phrase: &str) -> bool {
    const BEFORE: [&str; 13] =
        ["is", "has", "are", "employee", "person", "worker", "staff", "member", "actor", "a", "to", "with", "of"];
    if let Some(alone) = phrase.strip_prefix('=') {
        let rest: Vec<&String> = words.iter().skip_while(|w| BEFORE.contains(&w.as_str())).collect();
        return rest.len() == 1 && rest[0] == alone;
    }
    if !phrase.is_ascii() {
        return words.iter().any(|word| word.contains(phrase));
    }
    let phrase = of(phrase);
    !phrase.is_empty() && words.windows(phrase.len()).any(|window| window == phrase)
}

/// The first phrase that the words hold.
pub fn first<'p>(words: &[String], phrases: impl IntoIterator<Item = &'p str>) -> Option<&'p str> {
    phrases.into_iter().find(|phrase| hold(words, phrase)).map(|phrase| phrase.trim_start_matches('='))
}

/// Whether a text only stands for one that is still to be written.
pub fn open(text: &str) -> bool {
    const OPEN: [&str; 31] = [
        "n a",
        "na",
        "none",
        "nil",
        "null",
        "tbd",
        "tba",
        "tbc",
        "todo",
        "to do",
        "to be done",
        "to be defined",
        "to be determined",
        "to be decided",
        "to be confirmed",
        "fixme",
        "xxx",
        "unknown",
        "pending",
        "later",
        "see above",
        "see below",
        "see ticket",
        "as discussed",
        "misc",
        "other",
        "test",
        "无",
        "待定",
        "略",
        "暂无",
    ];
    let said = of(text).join(" ");
    said.is_empty() || OPEN.contains(&said.as_str())
}

/// `a`, `b` and `c`, in backticks.
pub fn listed<T: AsRef<str>>(names: &[T]) -> String {
    let quoted: Vec<String> = names.iter().map(|n| format!("`{}`", n.as_ref())).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_names_and_texts() {
        assert_eq!(of("sickLeave_days2 HTTP"), ["sick", "leave", "days2", "http"]);
        assert!(hold(&of("on_sick_leave"), "sick leave"));
        assert!(hold(&of("employee_age"), "=age") && !hold(&of("document_age"), "=age"));
        assert!(!hold(&of("message"), "=age") && hold(&of("员工宗教"), "宗教"));
        assert!(open(" N/A. ") && open("-") && open("TBD") && !open("State visit"));
        assert_eq!(listed(&["a", "b", "c"]), "`a`, `b` and `c`");
    }
}
