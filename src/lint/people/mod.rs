//! L04: what is read of people, and why.

lints! {}
