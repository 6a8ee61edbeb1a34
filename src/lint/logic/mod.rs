//! L01: conditions that do not say what they seem to say.

lints! {}
