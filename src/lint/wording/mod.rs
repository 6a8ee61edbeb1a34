//! L07: names, titles and sentences.

mod amounts;

lints! {
    absent, fixed, amount, judging, alike, negated, empty_name, same_title, title_form, style, no_title,
}
