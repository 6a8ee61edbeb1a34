//! Every target in one program, so that it is built once: `BYLAWS_FUZZ` names the one that is run.
#![no_main]

use bylaws_fuzz::bodies::{self, Body};
use std::sync::LazyLock;

static BODY: LazyLock<Body> =
    LazyLock::new(|| bodies::body(&std::env::var("BYLAWS_FUZZ").expect("BYLAWS_FUZZ is set")));

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| BODY(bytes));
