//! L07: names, titles and messages.

lints! {}
