//! L03: values, limits and texts.

lints! {}
