//! A topic's table of lints.

/// The lints of a topic: one file each, with a `LINT` in it.
macro_rules! lints {
    ($($file:ident),* $(,)?) => {
        $(mod $file;)*

        pub const LINTS: &[crate::lint::Lint] = &[$($file::LINT),*];
    };
}
