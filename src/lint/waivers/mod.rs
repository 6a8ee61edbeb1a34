//! L05: waivers.

lints! {}
