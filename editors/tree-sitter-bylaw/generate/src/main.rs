//! Makes `src/parser.c`, `src/grammar.json` and `src/node-types.json` of `grammar.js`, as `tree-sitter generate` does.
//! With `--check` nothing is written: it ends with 1 where one of them is not what `grammar.js` makes.
#![forbid(unsafe_code)]

use std::path::Path;
use std::process::ExitCode;
use tree_sitter_generate::{OptLevel, generate_parser_in_directory};

const MADE: &[&str] = &[
    "parser.c",
    "grammar.json",
    "node-types.json",
    "tree_sitter/parser.h",
    "tree_sitter/alloc.h",
    "tree_sitter/array.h",
];

fn main() -> ExitCode {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let check = std::env::args().any(|a| a == "--check");
    let written = root.join("src");
    let out = if check { std::env::temp_dir().join("tree-sitter-bylaw") } else { written.clone() };
    let mut remarks = Vec::new();
    let made = generate_parser_in_directory(
        root,
        Some(&out),
        Some(root.join("grammar.js")),
        tree_sitter_generate::ABI_VERSION_MAX,
        None,
        Some("node"),
        true,
        OptLevel::default(),
        &mut remarks,
    );
    for remark in remarks {
        eprintln!("{remark}");
    }
    if let Err(error) = made {
        eprintln!("{error}");
        return ExitCode::from(2);
    }
    let mut same = true;
    for file in MADE.iter().filter(|_| check) {
        if std::fs::read(out.join(file)).ok() != std::fs::read(written.join(file)).ok() {
            eprintln!("src/{file} is not what grammar.js makes: cargo run --manifest-path generate/Cargo.toml");
            same = false;
        }
    }
    if same { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
