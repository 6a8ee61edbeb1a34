//! Every target in one program, so that it is built once: `BYLAWS_FUZZ` names the one that is run.
#![no_main]

use bylaws::internals::ingest::is_guarded;
use bylaws_fuzz::bodies::{self, Body};
use std::sync::LazyLock;

static BODY: LazyLock<Body> = LazyLock::new(|| {
    // libFuzzer's way to end at a panic, but at none that becomes an error.
    let end = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !is_guarded() {
            end(panic);
        }
    }));
    bodies::body(&std::env::var("BYLAWS_FUZZ").expect("BYLAWS_FUZZ is set"))
});

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| BODY(bytes));
