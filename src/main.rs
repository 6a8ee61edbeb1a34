//! The `bylaws` command. All of it is in the library's `cli` module.
#![forbid(unsafe_code)]

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    bylaws::command(std::env::args_os())
}
