//! Texts in HTML and XML.

/// Between tags, and in attributes of HTML. What neither has a place for is replaced.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    text.chars().for_each(|c| put(c, &mut out));
    out
}

/// In attributes of XML, where a line's end would become a space.
pub fn attribute(text: &str) -> String {
    escaped(text).replace('\n', "&#10;")
}

fn put(c: char, out: &mut String) {
    match c {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        '"' => out.push_str("&quot;"),
        '\'' => out.push_str("&#39;"),
        '\n' | '\t' => out.push(c),
        c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
        c => out.push(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_text_is_markup() {
        assert_eq!(escaped("<a b='c' d=\"e\">\n&\u{1b}"), "&lt;a b=&#39;c&#39; d=&quot;e&quot;&gt;\n&amp;\u{fffd}");
        assert_eq!(attribute("a\nb\r"), "a&#10;b\u{fffd}");
    }
}
