//! L01: conditions that do not say what they seem to say.

mod judge;

pub use judge::Seen;

lints! {
    always, never, unreachable, redundant, exception_never, exception_always, exception_shadowed, itself, negation,
    truth, same_rule, near_rule, unrelated,
}
