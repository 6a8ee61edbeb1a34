//! Where the evaluator meets what the checker rules out: a value of another type than the place takes, a name
//! that nothing stands behind.

use std::fmt::Debug;

/// A run of the project's own tests stops here, so that none passes over it: what `check` accepts must never
/// come to this. Elsewhere it is as a gap is, neither a finding nor a pass.
#[cold]
#[inline(never)]
#[track_caller]
pub fn mismatch<T>(instead: T, met: &dyn Debug) -> T {
    debug_assert!(false, "the checker should have ruled this out: {met:?}");
    instead
}

#[cfg(all(test, debug_assertions))]
mod tests {
    use crate::data::{Decimal, Type};
    use crate::eval::Truth;
    use crate::eval::arith::{arith, neg};
    use crate::eval::val::{Val, compare, order};
    use crate::sema::hir::{ArithOp, CompareOp};

    /// Whether the test build stops.
    fn stops<T>(f: impl FnOnce() -> T + std::panic::UnwindSafe) -> bool {
        std::panic::catch_unwind(f).is_err()
    }

    #[test]
    fn a_wrong_type_is_told_apart_from_a_gap() {
        let one = Val::Int(1);
        assert!(stops(|| compare(CompareOp::Eq, &Val::Text("1"), &Val::Int(1), false)));
        assert!(stops(|| order(&Val::Date(1), &Val::Timestamp(1))));
        assert!(stops(|| arith(ArithOp::Add, Val::Int(1), Val::Text("1"), &Type::Int)));
        assert!(stops(|| arith(ArithOp::Mul, Val::Date(1), Val::Date(1), &Type::Duration)));
        assert!(stops(|| neg(Val::Text("1"))));
        assert_eq!(compare(CompareOp::Eq, &Val::Unknown, &one, false), Truth::Unknown);
        let (zero, most) = (Val::Decimal(Decimal::ZERO), Val::Int(i64::MAX));
        assert!(matches!(arith(ArithOp::Div, one, zero, &Type::Decimal), Val::Unknown));
        assert!(matches!(arith(ArithOp::Add, one, most, &Type::Int), Val::Unknown));
    }
}
