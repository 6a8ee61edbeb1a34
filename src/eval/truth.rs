//! Kleene's logic with the unknown told apart by what could resolve it.

use super::Truth;

impl Truth {
    pub fn of(value: bool) -> Truth {
        if value { Truth::True } else { Truth::False }
    }

    /// False if either is; otherwise pending if either is, then unknown, then true.
    pub fn and(self, other: Truth) -> Truth {
        match (self, other) {
            (Truth::False, _) | (_, Truth::False) => Truth::False,
            (Truth::True, Truth::True) => Truth::True,
            (Truth::Pending, _) | (_, Truth::Pending) => Truth::Pending,
            _ => Truth::Unknown,
        }
    }

    /// True if either is; otherwise pending if either is, then unknown, then false.
    pub fn or(self, other: Truth) -> Truth {
        self.not().and(other.not()).not()
    }

    /// Whether one of them is true; no further ones are asked for then.
    pub fn any(all: impl IntoIterator<Item = Truth>) -> Truth {
        let mut any = Truth::False;
        for truth in all {
            any = any.or(truth);
            if any == Truth::True {
                break;
            }
        }
        any
    }

    #[allow(clippy::should_implement_trait)]
    pub fn not(self) -> Truth {
        match self {
            Truth::True => Truth::False,
            Truth::False => Truth::True,
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Truth::{self, *};

    #[test]
    fn tables() {
        let all = [True, False, Unknown, Pending];
        let and = |a: Truth| all.map(|b| a.and(b));
        assert_eq!(and(True), [True, False, Unknown, Pending]);
        assert_eq!(and(False), [False; 4]);
        assert_eq!(and(Unknown), [Unknown, False, Unknown, Pending]);
        assert_eq!(and(Pending), [Pending, False, Pending, Pending]);
        for a in all {
            for b in all {
                assert_eq!(a.and(b), b.and(a));
                assert_eq!(a.or(b), a.not().and(b.not()).not());
            }
        }
        assert_eq!(all.map(|b| Unknown.or(b)), [True, Unknown, Unknown, Pending]);
        assert_eq!(
            [&[][..], &[False], &[False, Pending, Unknown], &all].map(|all| Truth::any(all.iter().copied())),
            [False, False, Pending, True]
        );
        let mut asked = 0;
        assert_eq!(Truth::any(all.iter().rev().inspect(|_| asked += 1).copied()), True);
        assert_eq!(asked, 4);
        asked = 0;
        assert_eq!(Truth::any(all.iter().inspect(|_| asked += 1).copied()), True);
        assert_eq!(asked, 1);
    }
}
