//! Types and names checked: from trees to [`hir`].

pub mod hir;
