//! L05: waivers.

mod granted;

lints! {
    ended, never_in_force, overlapping, open_reason, renewed, approver_covered, rule_changed, nobody,
}
