//! L06: what a rule rests on, its tests, and who looks after it.

lints! {}
