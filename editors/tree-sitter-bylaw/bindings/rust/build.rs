//! Compiles the parser that is made of `grammar.js`, and its scanner.

fn main() {
    let files = ["src/parser.c", "src/scanner.c"];
    let mut c = cc::Build::new();
    c.std("c11").include("src").flag_if_supported("-Wno-unused").files(files);
    c.compile("tree-sitter-bylaw");
    for file in files {
        println!("cargo:rerun-if-changed={file}");
    }
}
