//! L08: what nothing uses.

lints! {}
