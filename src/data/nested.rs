//! Values in one another, read from bytes that anybody may have written: only so deep.

use serde::de::Error;
use std::cell::Cell;

/// Deeper than what a policy text can come to; what it comes to is worked through by calls in one another.
pub const DEEPEST: u32 = 512;

thread_local! {
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

/// Reads something that may hold such as itself.
///
/// # Errors
/// Those of the reading; and where it lies deeper than [`DEEPEST`].
pub fn deeper<T, E: Error>(read: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    let depth = DEPTH.get() + 1;
    if depth > DEEPEST {
        return Err(E::custom("too deep"));
    }
    DEPTH.set(depth);
    let found = with_stack(depth, read);
    DEPTH.set(depth - 1);
    found
}

/// Calls with room on the stack, which is asked for every few levels.
pub fn with_stack<T>(depth: u32, f: impl FnOnce() -> T) -> T {
    if depth.is_multiple_of(8) { stacker::maybe_grow(256 << 10, 1 << 20, f) } else { f() }
}

/// For types with `#[serde(remote = "Self")]`, which may hold others of their own.
macro_rules! nested {
    ($($ty:ty),*) => {$(
        impl serde::Serialize for $ty {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                <$ty>::serialize(self, to)
            }
        }

        impl<'de> serde::Deserialize<'de> for $ty {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<$ty, D::Error> {
                crate::data::nested::deeper(|| <$ty>::deserialize(from))
            }
        }
    )*};
}
pub(crate) use nested;

#[cfg(test)]
mod tests {
    use super::DEEPEST;
    use crate::data::Value;

    fn lists(depth: usize) -> Vec<u8> {
        // The eleventh variant, of one element each; at the end one of none.
        [[11, 1].repeat(depth - 1), vec![11, 0]].concat()
    }

    #[test]
    fn what_is_too_deep_is_an_error() {
        let read = |depth| postcard::from_bytes::<Value>(&lists(depth));
        assert_eq!(postcard::to_allocvec(&read(2).unwrap()).unwrap(), lists(2));
        assert!(read(DEEPEST as usize).is_ok());
        for depth in [DEEPEST as usize + 1, 1_000_000] {
            assert!(read(depth).is_err());
        }
        assert!(read(DEEPEST as usize).is_ok());
    }
}
