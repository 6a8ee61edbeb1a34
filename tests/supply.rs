//! What is built into the program: of which licences, from where, and what runs while it is built. `deny.toml` says the same
//! to `cargo deny`; advisories are looked up where there is a network (`.github/workflows/advisories.yml`).

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

/// They run a program of their own while they are built. Of those that are built for other systems only, none is here.
const BUILD_SCRIPTS: [&str; 42] = [
    "ahash",
    "crossbeam-utils",
    "crunchy",
    "curve25519-dalek",
    "flatbuffers",
    "generic-array",
    "getrandom",
    "icu_locale_fallback_data",
    "icu_normalizer_data",
    "icu_properties_data",
    "icu_segmenter_data",
    "inotify-sys",
    "libc",
    "libm",
    "libmimalloc-sys",
    "nix",
    "num-traits",
    "object",
    "pest_stack_guard",
    "portable-atomic",
    "portable-atomic-util",
    "proc-macro2",
    "psm",
    "pulldown-cmark",
    "quote",
    "redb",
    "ring",
    "rustix",
    "rustls",
    "rustversion",
    "serde",
    "serde_core",
    "serde_json",
    "signal-hook",
    "snap",
    "stacker",
    "thiserror",
    "tiny-keccak",
    "zerocopy",
    "zmij",
    "zstd-safe",
    "zstd-sys",
];

/// They write code while the program is compiled.
const MACROS: [&str; 19] = [
    "clap_derive",
    "const-random-macro",
    "curve25519-dalek-derive",
    "displaydoc",
    "jiff-static",
    "pest_derive",
    "pin-project-internal",
    "rustversion",
    "seq-macro",
    "serde_derive",
    "serde_repr",
    "thiserror-impl",
    "time-macros",
    "tokio-macros",
    "tracing-attributes",
    "yoke-derive",
    "zerocopy-derive",
    "zerofrom-derive",
    "zerovec-derive",
];

/// C in it: the allocator, zstd, and the ciphers of a connection to NATS.
const NATIVE: [&str; 3] = ["mimalloc", "ring_core", "zstd"];

struct Tree {
    /// By id: all that is built into the program on this system.
    packages: Vec<Value>,
    /// What the program names itself.
    named: BTreeSet<String>,
}

fn text<'v>(of: &'v Value, name: &str) -> &'v str {
    of[name].as_str().unwrap_or_default()
}

fn tree() -> Tree {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let host = Command::new("rustc").arg("-vV").output().unwrap();
    let host = String::from_utf8(host.stdout).unwrap();
    let host = host.lines().find_map(|l| l.strip_prefix("host: ")).unwrap();
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(root).args(["metadata", "--locked", "--format-version", "1", "--filter-platform", host]);
    let output = cargo.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let all: Value = serde_json::from_slice(&output.stdout).unwrap();
    let by_id = |list: &Value| -> BTreeMap<String, Value> {
        list.as_array().unwrap().iter().map(|p| (text(p, "id").to_owned(), p.clone())).collect()
    };
    let (packages, nodes) = (by_id(&all["packages"]), by_id(&all["resolve"]["nodes"]));
    let start = text(&all["resolve"], "root").to_owned();
    // Without what only tests need.
    let built = |dep: &&Value| dep["dep_kinds"].as_array().unwrap().iter().any(|k| k["kind"] != "dev");
    let below = |id: &str| -> Vec<String> {
        nodes[id]["deps"].as_array().unwrap().iter().filter(built).map(|d| text(d, "pkg").to_owned()).collect()
    };
    let named = below(&start).iter().map(|id| text(&packages[id], "name").to_owned()).collect();
    let (mut seen, mut open) = (BTreeSet::new(), below(&start));
    while let Some(id) = open.pop() {
        if seen.insert(id.clone()) {
            open.extend(below(&id));
        }
    }
    Tree { packages: seen.iter().map(|id| packages[id].clone()).collect(), named }
}

fn deny() -> toml::Table {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("deny.toml");
    std::fs::read_to_string(path).unwrap().parse().unwrap()
}

/// Whether an expression of SPDX holds: `OR` binds less than `AND`; `/` is an old way to write `OR`.
fn holds(expression: &str, allowed: &dyn Fn(&str) -> bool) -> bool {
    let mut depth = 0i32;
    let mut parts = [Vec::new(), Vec::new()];
    for (sort, sign) in [" OR ", " AND "].into_iter().enumerate() {
        let mut from = 0;
        for (at, c) in expression.char_indices() {
            depth += i32::from(c == '(') - i32::from(c == ')');
            if depth == 0 && expression[at..].starts_with(sign) {
                parts[sort].push(&expression[from..at]);
                from = at + sign.len();
            }
        }
        parts[sort].push(&expression[from..]);
    }
    match parts {
        [any, _] if any.len() > 1 => any.iter().any(|part| holds(part, allowed)),
        [_, all] if all.len() > 1 => all.iter().all(|part| holds(part, allowed)),
        _ => match expression.strip_prefix('(').and_then(|e| e.strip_suffix(')')) {
            Some(inside) => holds(inside, allowed),
            None => allowed(expression.trim()),
        },
    }
}

#[test]
fn expressions_of_licences() {
    let allowed = |id: &str| ["MIT", "Zlib"].contains(&id);
    for (expression, expected) in [
        ("MIT", true),
        ("GPL-3.0-only", false),
        ("GPL-3.0-only OR MIT", true),
        ("GPL-3.0-only AND MIT", false),
        ("(MIT OR GPL-2.0-only) AND Zlib", true),
        ("GPL-2.0-only OR MIT AND Apache-2.0", false),
        ("(GPL-2.0-only OR LGPL-3.0-only) AND MIT", false),
    ] {
        assert_eq!(holds(expression, &allowed), expected, "{expression}");
    }
}

#[test]
fn licences_sources_and_what_runs_while_it_is_built() {
    let (tree, deny) = (tree(), deny());
    assert!(tree.packages.len() > 100, "{} packages", tree.packages.len());
    let list = |of: &toml::Value, name: &str| -> Vec<String> {
        of[name].as_array().unwrap().iter().map(|v| v.as_str().unwrap().to_owned()).collect()
    };
    let licences = list(&deny["licenses"], "allow");
    let registries: Vec<String> =
        list(&deny["sources"], "allow-registry").iter().map(|url| format!("registry+{url}")).collect();
    let banned: Vec<&str> =
        deny["bans"]["deny"].as_array().unwrap().iter().filter_map(|d| d["name"].as_str()).collect();
    let mut wrong = Vec::new();
    let (mut versions, mut used): (BTreeMap<&str, Vec<&str>>, BTreeSet<&str>) = Default::default();
    for package in &tree.packages {
        let (name, version) = (text(package, "name"), text(package, "version"));
        versions.entry(name).or_default().push(version);
        let licence = text(package, "license").replace('/', " OR ");
        if !holds(&licence, &|id| licences.iter().any(|l| l == id)) {
            wrong.push(format!("{name} {version}: the licence `{licence}`"));
        }
        if !registries.contains(&text(package, "source").to_owned()) {
            wrong.push(format!("{name} {version}: from {}", package["source"]));
        }
        if banned.contains(&name) {
            wrong.push(format!("{name} {version}: is banned"));
        }
        let has = |sort: &str| {
            let kinds = package["targets"].as_array().unwrap().iter().flat_map(|t| t["kind"].as_array().unwrap());
            kinds.into_iter().any(|kind| kind == sort)
        };
        for (sort, known) in [("custom-build", &BUILD_SCRIPTS[..]), ("proc-macro", &MACROS[..])] {
            if has(sort) {
                used.insert(name);
                if !known.contains(&name) {
                    wrong.push(format!(
                        "{name} {version}: runs while it is built ({sort}); look at it, and list it here"
                    ));
                }
            }
        }
        if let Some(native) = package["links"].as_str().filter(|l| !NATIVE.iter().any(|n| l.starts_with(n))) {
            wrong.push(format!("{name} {version}: links `{native}`"));
        }
    }
    for (name, of) in versions.iter().filter(|(name, of)| of.len() > 1 && tree.named.contains(**name)) {
        // Tests of ours hold texts to one width, and miette measures by an older table; minisign has older digests.
        let known = ["getrandom", "hmac", "rustc-hash", "sha2", "unicode-width"].contains(name);
        if !known {
            wrong.push(format!("{name} is there in {}", of.join(" and ")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A part that is of another version than the command says so before it is published, not while.
#[test]
fn all_parts_have_the_version_of_the_command() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |file: &str| std::fs::read_to_string(root.join(file)).unwrap_or_else(|e| panic!("{file}: {e}"));
    let mut found: Vec<(String, String)> = Vec::new();
    for folder in ["editors/tree-sitter-bylaw", "editors/tree-sitter-bylaw/generate", "integrations/python", "fuzz"] {
        let of: toml::Table = read(&format!("{folder}/Cargo.toml")).parse().unwrap();
        let text = |of: &toml::Value, name: &str| of[name].as_str().unwrap_or_default().to_owned();
        let name = text(&of["package"], "name");
        // The fuzz targets are published nowhere.
        let ours = [name.as_str(), "bylaws"].into_iter().filter(|name| *name != "bylaws-fuzz").collect::<Vec<_>>();
        if ours.contains(&name.as_str()) {
            found.push((format!("{folder}/Cargo.toml"), text(&of["package"], "version")));
        }
        let lock: toml::Table = read(&format!("{folder}/Cargo.lock")).parse().unwrap();
        for package in lock["package"].as_array().unwrap() {
            let name = text(package, "name");
            if ours.contains(&name.as_str()) {
                found.push((format!("{folder}/Cargo.lock, {name}"), text(package, "version")));
            }
        }
    }
    let python: toml::Table = read("integrations/python/pyproject.toml").parse().unwrap();
    let version = python["project"]["version"].as_str().unwrap().to_owned();
    found.push(("integrations/python/pyproject.toml".to_owned(), version));
    for (file, at) in [
        ("editors/vscode/package.json", "/version"),
        ("editors/vscode/package-lock.json", "/version"),
        ("editors/vscode/package-lock.json", "/packages//version"),
        ("editors/tree-sitter-bylaw/tree-sitter.json", "/metadata/version"),
    ] {
        let of: Value = serde_json::from_str(&read(file)).unwrap();
        let version = of.pointer(at).and_then(Value::as_str).unwrap_or_default().to_owned();
        found.push((format!("{file}, {at}"), version));
    }
    let parser = read("editors/tree-sitter-bylaw/src/parser.c");
    let part = |name: &str| {
        let from = parser.find(name).map(|at| &parser[at + name.len()..]).unwrap_or_default();
        from.trim_start_matches([' ', '=']).chars().take_while(char::is_ascii_digit).collect::<String>()
    };
    let parts = [".major_version", ".minor_version", ".patch_version"].map(part);
    found.push(("editors/tree-sitter-bylaw/src/parser.c".to_owned(), parts.join(".")));
    let notes = read("editors/vscode/CHANGELOG.md");
    let latest = notes.lines().find_map(|l| l.strip_prefix("## ")).unwrap_or_default();
    found.push(("editors/vscode/CHANGELOG.md".to_owned(), latest.to_owned()));
    let gate = read("docs/how-to/ci-gate.md");
    for line in gate.lines().filter(|l| l.contains("bylaws@v") || l.contains("rev: v")) {
        let version = line.split_once("bylaws@v").or_else(|| line.split_once("rev: v")).map_or("", |(_, rest)| rest);
        let version = version.split_whitespace().next().unwrap_or_default();
        found.push((format!("docs/how-to/ci-gate.md: {}", line.trim()), version.to_owned()));
    }
    assert!(found.len() > 14, "{found:?}");
    let other: Vec<_> = found.into_iter().filter(|(_, version)| version != env!("CARGO_PKG_VERSION")).collect();
    assert!(other.is_empty(), "the command is {}, but {other:#?}", env!("CARGO_PKG_VERSION"));
}

/// The lock is what is built, and no crate of ours has unsafe code.
#[test]
fn nothing_of_ours_is_unsafe() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for file in ["src/lib.rs", "src/main.rs", "benches/whole_program/main.rs", "examples/marketplace/main.rs"] {
        let text = std::fs::read_to_string(root.join(file)).unwrap();
        assert!(text.contains("#![forbid(unsafe_code)]"), "{file}");
    }
}
