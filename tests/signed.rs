//! Policy sets as one file: it says what the files say, and nothing else is taken for it; with a signature, only what was
//! signed. Signatures are checked with Debian's `minisign` too: where it is missing, that is skipped with a notice, unless
//! BYLAWS_MINISIGN is set.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use tempfile::TempDir;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// How it ended, standard output and standard error; without how long it took.
fn bylaws(folder: &Path, args: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bylaws"));
    command.current_dir(folder).env("NO_COLOR", "1").env_remove("BYLAWS_KEY_PASSWORD").args(args);
    let output = command.stdin(Stdio::null()).output().unwrap();
    let text = |bytes| {
        let text = String::from_utf8(bytes).unwrap();
        let timed = regex::Regex::new(r"in \d+\.\d\d s.*").unwrap();
        timed.replace_all(&text, "in [time]").into_owned()
    };
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn done(folder: &Path, args: &[&str]) -> String {
    let (code, out, err) = bylaws(folder, args);
    assert_eq!(code, 0, "{args:?}: {out}{err}");
    out
}

/// Why it was refused, on one line.
fn refused(folder: &Path, args: &[&str]) -> String {
    let (code, out, err) = bylaws(folder, args);
    assert_eq!((code, out.as_str()), (2, ""), "{args:?}: {err}");
    assert!(!err.contains("panicked"), "{err}");
    err.split_whitespace().filter(|word| *word != "│").collect::<Vec<_>>().join(" ")
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// A folder with `tests/cli/conduct` in it, records, and a pair of keys.
fn project() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    copy(&root().join("tests/cli/conduct"), &folder.path().join("conduct"));
    fs::copy(root().join("tests/cli/log.ndjson"), folder.path().join("log.ndjson")).unwrap();
    done(folder.path(), &["keygen", "conduct", "--no-password"]);
    folder
}

fn signed() -> TempDir {
    let folder = project();
    done(folder.path(), &["bundle", "conduct", "-o", "rules.bundle", "--sign", "conduct.key"]);
    folder
}

// ---------------------------------------------------------------- what it says

#[test]
fn a_bundle_says_what_its_files_say() {
    // In their own folder, files and bundle have the same paths.
    let sets: [(&str, &[&str]); 4] = [
        ("conduct", &["records.bylaw", "rules.bylaw"]),
        ("people", &["team.bylaw"]),
        ("metrics", &["policy.bylaw"]),
        ("wrong", &["rules.bylaw"]),
    ];
    let mut seen = 0;
    for (set, files) in sets {
        let folder = tempfile::tempdir().unwrap();
        let here = folder.path();
        copy(&root().join("tests/cli").join(set), here);
        fs::copy(root().join("tests/cli/log.ndjson"), here.join("common.ndjson")).unwrap();
        let log = if here.join("log.ndjson").exists() { "log.ndjson" } else { "common.ndjson" };
        let bundled = bylaws(here, &[&["bundle", "-o", "rules.bundle"], files].concat());
        if set == "wrong" {
            assert_eq!(bundled.0, 2);
            assert!(!here.join("rules.bundle").exists());
            continue;
        }
        assert_eq!(bundled.0, 0, "{}", bundled.2);
        let with = |args: &[&str], option: bool| {
            let run = |paths: &[&str]| {
                let named = paths.iter().flat_map(|path| option.then_some("--policy").into_iter().chain([*path]));
                bylaws(here, &args.iter().copied().chain(named).collect::<Vec<_>>())
            };
            [run(files), run(&["rules.bundle"])]
        };
        for args in [
            &["audit", log][..],
            &["audit", log, "--format", "json"],
            &["audit", log, "--format", "ndjson", "--as-of", "2025-12-31"],
            &["audit", log, "--format", "sarif"],
            &["audit"],
            &["metrics", log],
            &["report", log, "--format", "md"],
            &["explain-finding", "11465c", log],
            &["why-not", "paid_consultation", "consultation:C3", log],
            &["try", log, "value > 100 CNY", "--on", "gift"],
        ] {
            let [files, bundle] = with(args, true);
            assert_eq!(bundle, files, "{set}: {args:?}");
            seen += files.1.len();
        }
        for args in
            [&["check"][..], &["check", "--format", "json"], &["test", "--verbose"], &["test", "--coverage"], &["lint"]]
        {
            let [files, bundle] = with(args, false);
            // A set with a folder of its own has no settings above it.
            assert_eq!(bundle, files, "{set}: {args:?}");
            seen += files.1.len();
        }
        let (code, out, _) = bylaws(here, &["diff", "rules.bundle", "rules.bundle", "--fail-on", "any"]);
        assert_eq!(code, 0, "{out}");
        done(here, &["compile", "rules.bundle", "-o", "of-bundle.plan"]);
        let plan = bylaws(here, &["audit", "--plan", "of-bundle.plan", log, "--format", "json"]);
        assert_eq!(plan, bylaws(here, &["audit", "--policy", "rules.bundle", log, "--format", "json"]));
        done(here, &["handbook", "rules.bundle", "-o", "handbook"]);
    }
    assert!(seen > 20_000, "so little was printed: {seen} bytes");
}

#[test]
fn a_source_reads_what_lies_beside_the_bundle() {
    let folder = project();
    let here = folder.path();
    done(here, &["bundle", "conduct", "-o", "conduct/rules.bundle"]);
    let (code, _, err) = bylaws(here, &["audit", "--policy", "conduct/rules.bundle"]);
    assert_eq!(code, bylaws(here, &["audit", "--policy", "conduct"]).0, "{err}");
    done(here, &["compile", "conduct/rules.bundle", "-o", "rules.plan"]);
    assert_eq!(bylaws(here, &["audit", "--plan", "rules.plan"]).0, code);
    let elsewhere = refused(here, &["bundle", "conduct", "-o", "nowhere/rules.bundle"]);
    assert!(elsewhere.contains("cannot write"), "{elsewhere}");
}

#[test]
fn a_bundle_is_the_same_from_everywhere() {
    let folder = project();
    let here = folder.path();
    let whole = here.join("conduct");
    fs::create_dir(here.join("elsewhere")).unwrap();
    let written = |at: &Path, policy: &str| {
        done(at, &["bundle", policy, "-o", here.join("one.bundle").to_str().unwrap()]);
        fs::read(here.join("one.bundle")).unwrap()
    };
    let first = written(here, "conduct");
    for (at, policy) in [
        (here, "./conduct/"),
        (here, whole.to_str().unwrap()),
        (&whole, "."),
        (&here.join("elsewhere"), "../conduct"),
        (here, "one.bundle"),
    ] {
        assert_eq!(written(at, policy), first, "{policy}");
    }
    // Imported files are in it, by their place in the folder that holds all.
    fs::create_dir_all(here.join("set/sub")).unwrap();
    fs::write(here.join("set/a.bylaw"), "import \"sub/b.bylaw\"\n").unwrap();
    fs::write(here.join("set/sub/b.bylaw"), "enum size { small, large }\n").unwrap();
    done(here, &["bundle", "set/a.bylaw", "-o", "set.bundle"]);
    let listed = done(here, &["bundle", "--list", "set.bundle"]);
    let names: Vec<&str> = listed.lines().map(|line| &line[66..]).collect();
    assert_eq!(names, ["a.bylaw", "sub/b.bylaw"]);
    done(here, &["bundle", "--extract", "out/of/it", "set.bundle"]);
    assert_eq!(fs::read_to_string(here.join("out/of/it/sub/b.bylaw")).unwrap(), "enum size { small, large }\n");
    let sums = Command::new("sha256sum").arg("-c").stdin(Stdio::piped()).current_dir(here.join("out/of/it")).spawn();
    if let Ok(mut sums) = sums {
        sums.stdin.take().unwrap().write_all(listed.as_bytes()).unwrap();
        assert!(sums.wait().unwrap().success(), "{listed}");
    }
}

#[test]
fn an_error_names_the_path_inside() {
    let folder = project();
    let here = folder.path();
    done(here, &["bundle", "conduct", "-o", "rules.bundle"]);
    let told = refused(here, &["check", "rules.bundle", "--set", "gift_cp=1 CNY"]);
    assert!(told.contains("B0207"), "{told}");
    let (code, out, _) = bylaws(here, &["audit", "--policy", "rules.bundle", "log.ndjson"]);
    assert_eq!(code, 1);
    assert!(out.contains("─[rules.bylaw:") || out.contains("rules.bylaw:"), "{out}");
    assert!(!out.contains("conduct/rules.bylaw"), "{out}");
}

// ---------------------------------------------------------------- what is refused

#[test]
fn what_is_not_signed_as_is_asked_is_refused() {
    let folder = signed();
    let here = folder.path();
    done(here, &["keygen", "other", "--no-password"]);
    let key = fs::read_to_string(here.join("conduct.pub")).unwrap().lines().nth(1).unwrap().to_owned();
    let other = fs::read_to_string(here.join("other.pub")).unwrap().lines().nth(1).unwrap().to_owned();
    let audit = |policy: &str, keys: &[&str]| {
        let keys = keys.iter().flat_map(|key| ["--require-signature", key]);
        let gate = ["--fail-on", "never", "--max-indeterminate", "9"];
        let args = ["audit", "--policy", policy, "log.ndjson"].into_iter().chain(gate).chain(keys);
        bylaws(here, &args.collect::<Vec<_>>())
    };
    let taken = |keys: &[&str]| assert_eq!(audit("rules.bundle", keys).0, 0, "{}", audit("rules.bundle", keys).2);
    taken(&["conduct.pub"]);
    taken(&[&key]);
    taken(&["other.pub", "conduct.pub"]);
    taken(&[]);
    let refused = |policy: &str, keys: &[&str], because: &str| {
        let (code, out, err) = audit(policy, keys);
        assert_eq!((code, out.as_str()), (2, ""), "{policy} {keys:?}: {err}");
        assert!(err.contains("B0006") && err.contains(because), "{because:?}: {err}");
    };
    refused("rules.bundle", &["other.pub"], "is signed by the key");
    refused("rules.bundle", &[&other], "is signed by the key");
    refused("conduct", &["conduct.pub"], "it is a folder");
    refused("conduct/rules.bylaw", &["conduct.pub"], "it is no bundle");
    refused("rules.bundle", &["conduct.key"], "it is the secret key");
    refused("rules.bundle", &["nowhere.pub"], "no such file");
    refused("rules.bundle", &["log.ndjson"], "its text is none");
    refused("rules.bundle", &[""], "no public key");
    fs::copy(here.join("rules.bundle"), here.join("bare.bundle")).unwrap();
    refused("bare.bundle", &["conduct.pub"], "there is no `bare.bundle.minisig`");
    // Another bundle under the same signature.
    let text = fs::read_to_string(here.join("conduct/rules.bylaw")).unwrap();
    fs::write(here.join("conduct/rules.bylaw"), format!("{text}\n// looser\n")).unwrap();
    done(here, &["bundle", "conduct", "-o", "bare.bundle"]);
    fs::copy(here.join("rules.bundle.minisig"), here.join("bare.bundle.minisig")).unwrap();
    refused("bare.bundle", &["conduct.pub"], "is not what was signed");
    // What was signed by another key is refused whatever else is asked.
    done(here, &["bundle", "conduct", "-o", "rules.bundle", "--sign", "other.key"]);
    refused("rules.bundle", &["conduct.pub"], "is signed by the key");
}

#[test]
fn every_command_that_judges_asks_for_the_signature() {
    let folder = signed();
    let here = folder.path();
    fs::write(here.join("rules.bundle.minisig"), "no signature\n").unwrap();
    for args in [
        &["audit", "--policy", "rules.bundle", "log.ndjson"][..],
        &["metrics", "--policy", "rules.bundle", "log.ndjson"],
        &["report", "--policy", "rules.bundle", "log.ndjson", "--output", "report.html"],
        &["explain-finding", "11465c", "--policy", "rules.bundle", "log.ndjson"],
        &["why-not", "paid_consultation", "consultation:C3", "--policy", "rules.bundle", "log.ndjson"],
        &["try", "log.ndjson", "value > 1 CNY", "--policy", "rules.bundle"],
        &["check", "rules.bundle"],
        &["test", "rules.bundle"],
        &["lint", "rules.bundle"],
        &["compile", "rules.bundle", "--output", "rules.plan"],
        &["handbook", "rules.bundle", "-o", "handbook"],
        &["bundle", "rules.bundle", "-o", "again.bundle"],
        &["bundle", "--list", "rules.bundle"],
        &["bundle", "--extract", "out", "rules.bundle"],
    ] {
        let told = refused(here, &[args, &["--require-signature", "conduct.pub"]].concat());
        assert!(told.contains("B0006") && told.contains("is no signature"), "{args:?}: {told}");
    }
    for written in ["report.html", "rules.plan", "handbook", "again.bundle", "out"] {
        assert!(!here.join(written).exists(), "{written}");
    }
}

#[test]
fn a_compiled_set_is_signed_likewise() {
    let folder = signed();
    let here = folder.path();
    let audit = ["audit", "--plan", "rules.plan", "log.ndjson", "--require-signature", "conduct.pub"];
    done(here, &["compile", "conduct", "--output", "rules.plan"]);
    assert!(refused(here, &audit).contains("there is no `rules.plan.minisig`"));
    done(here, &["compile", "conduct", "--output", "rules.plan", "--sign", "conduct.key"]);
    assert_eq!(bylaws(here, &audit).0, 1);
    let mut bytes = fs::read(here.join("rules.plan")).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(here.join("rules.plan"), &bytes).unwrap();
    assert!(refused(here, &audit).contains("is not what was signed"));
}

#[test]
fn a_bundle_stands_alone_and_is_not_edited() {
    let folder = signed();
    let here = folder.path();
    for (args, because) in [
        (&["check", "rules.bundle", "conduct"][..], "was named beside other policy files"),
        (&["audit", "--policy", "conduct", "--policy", "rules.bundle", "log.ndjson"], "was named beside other"),
        (&["lint", "--fix", "rules.bundle"], "is not mended"),
        (&["check", "--watch", "rules.bundle"], "which nobody edits"),
        (&["fmt", "rules.bundle"], "is left as it was"),
    ] {
        let told = refused(here, args);
        assert!(told.contains("B0005") && told.contains(because), "{told}");
    }
}

#[test]
fn hostile_bundles_are_told_and_nothing_of_them_is_read() {
    let folder = project();
    let here = folder.path();
    done(here, &["bundle", "conduct", "-o", "good.bundle"]);
    let good = fs::read_to_string(here.join("good.bundle")).unwrap();
    let of = |path: &str| {
        format!(
            "{{\n\"schema\": \"bylaws.bundle/1\",\n\"digest\": \"sha256:0\",\n\"files\": [\n{{\"path\": \"{path}\", \"text\": \"\"}}\n]\n}}\n"
        )
    };
    let files = |files: &str| format!("{{\"schema\": \"bylaws.bundle/1\", \"digest\": \"\", \"files\": [{files}]}}");
    let file = "{\"path\": \"a.bylaw\", \"text\": \"\"}";
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("empty", Vec::new(), "it is cut off"),
        ("half", good.as_bytes()[..good.len() / 2].to_vec(), "it is cut off"),
        ("binary", b"{\xff\xfe\x00".to_vec(), "byte 1 is not part of UTF-8 text"),
        ("marked", [b"\xef\xbb\xbf", good.as_bytes()].concat(), "expected value"),
        ("lines", good.replace('\n', "\r\n").into_bytes(), "line ends may have been changed"),
        ("longer", format!("{good}\n").into_bytes(), "not as they were written"),
        ("json", b"{}".to_vec(), "missing field `schema`"),
        ("newer", good.replace("bundle/1", "bundle/9").into_bytes(), "is of the schema `bylaws.bundle/9`"),
        (
            "changed",
            good.replace("paid_consultation", "paid_konsultation").into_bytes(),
            "not those that its digest is of",
        ),
        ("none", files("").into_bytes(), "there is no file in it"),
        ("twice", files(&format!("{file}, {file}")).into_bytes(), "`a.bylaw` is in it twice"),
        (
            "case",
            files(&format!("{file}, {}", file.replace("a.bylaw", "A.bylaw"))).into_bytes(),
            "one file on some disks",
        ),
        ("deep", files(&"[".repeat(200_000)).into_bytes(), "cannot use the bundle"),
        ("up", of("../../etc/x.bylaw").into_bytes(), "which leads out of the bundle"),
        ("within", of("a/../../x.bylaw").into_bytes(), "which leads out of the bundle"),
        ("absolute", of("/etc/x.bylaw").into_bytes(), "which is absolute"),
        ("drive", of("C:/x.bylaw").into_bytes(), "which has a colon"),
        ("back", of("..\\\\x.bylaw").into_bytes(), "which has a backslash"),
        ("terminal", of("\\u001b[2Jx.bylaw").into_bytes(), "which has a control character"),
        ("other", of("passwd").into_bytes(), "which does not end in `.bylaw`"),
    ];
    for (name, bytes, because) in cases {
        let file = format!("{name}.bundle");
        fs::write(here.join(&file), bytes).unwrap();
        for args in
            [&["audit", "--policy", &file, "log.ndjson"][..], &["bundle", "--extract", "out", &file], &["check", &file]]
        {
            let told = refused(here, args);
            assert!(told.contains("B0005") && told.contains(because), "{name}: {told}");
            assert!(!told.contains('\u{1b}'), "{told:?}");
        }
        assert!(!here.join("out").exists(), "{name}");
    }
    // Larger than anything that is read; the file itself has holes only.
    let huge = fs::File::create(here.join("huge.bundle")).unwrap();
    huge.set_len(1 << 40).unwrap();
    assert!(refused(here, &["check", "huge.bundle"]).contains("it is larger than 64 MiB"));
}

#[test]
fn unpacking_writes_over_nothing() {
    let folder = signed();
    let here = folder.path();
    assert!(refused(here, &["bundle", "--extract", "conduct", "rules.bundle"]).contains("is not empty"));
    done(here, &["bundle", "--extract", "out", "rules.bundle", "--require-signature", "conduct.pub"]);
    assert!(refused(here, &["bundle", "--extract", "out", "rules.bundle"]).contains("is not empty"));
    assert_eq!(fs::read(here.join("out/rules.bylaw")).unwrap(), fs::read(here.join("conduct/rules.bylaw")).unwrap());
}

// ---------------------------------------------------------------- imports and links

#[test]
fn no_import_leads_out_of_a_bundle() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    fs::write(here.join("secret.bylaw"), "enum secret { seen }\n").unwrap();
    fs::create_dir(here.join("set")).unwrap();
    // Written by hand, as `bylaws bundle` does not write it.
    let text = "import \\\"../secret.bylaw\\\"\\nimport \\\"/etc/passwd\\\"\\nimport \\\"secret.bylaw\\\"\\n";
    let plain = "import \"../secret.bylaw\"\nimport \"/etc/passwd\"\nimport \"secret.bylaw\"\n";
    let sum = |bytes: &[u8]| {
        use sha2::{Digest, Sha256};
        Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect::<String>()
    };
    let digest = sum(format!("{}  a.bylaw\n", sum(plain.as_bytes())).as_bytes());
    let bundle = format!(
        "{{\n\"schema\": \"bylaws.bundle/1\",\n\"digest\": \"sha256:{digest}\",\n\"files\": [\n{{\"path\": \"a.bylaw\", \"text\": \"{text}\"}}\n]\n}}\n"
    );
    fs::write(here.join("a.bundle"), &bundle).unwrap();
    fs::write(here.join("set/a.bundle"), &bundle).unwrap();
    for path in ["a.bundle", "set/a.bundle"] {
        let told = refused(here, &["check", path]);
        assert_eq!(told.matches("B0002").count(), 3, "{told}");
        assert!(told.contains("a.bylaw:1") && told.contains("leads out of the folders"), "{told}");
        assert!(told.contains("cannot import `secret.bylaw`"), "{told}");
    }
}

#[cfg(unix)]
#[test]
fn no_link_leads_out_of_a_policy_set() {
    use std::os::unix::fs::symlink;
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    fs::create_dir_all(here.join("set/sub")).unwrap();
    fs::create_dir(here.join("outside")).unwrap();
    fs::write(here.join("outside/secret.bylaw"), "enum secret { seen }\n").unwrap();
    fs::write(here.join("set/a.bylaw"), "enum size { small, large }\n").unwrap();
    let (set, link) =
        (here.join("set"), |to: &str, at: &str| symlink(here.join(to), here.join("set").join(at)).unwrap());
    // Inside, it is a file as any other.
    link("set/a.bylaw", "sub/again.bylaw");
    let inside = done(here, &["check", "set/a.bylaw"]);
    assert!(inside.contains("checked 1 file"), "{inside}");
    fs::remove_file(set.join("sub/again.bylaw")).unwrap();
    // One that a folder has.
    link("outside/secret.bylaw", "found.bylaw");
    let told = refused(here, &["check", "set"]);
    assert!(
        told.contains("B0001") && told.contains("cannot read `set/found.bylaw`: it is a link that leads out"),
        "{told}"
    );
    assert!(told.contains("outside/secret.bylaw"), "{told}");
    assert!(refused(&set, &["check", "."]).contains("leads out of the folder"));
    let bundled = refused(here, &["bundle", "set", "-o", "set.bundle"]);
    assert!(bundled.contains("leads out of the folder") && !here.join("set.bundle").exists(), "{bundled}");
    // Who names it means it.
    assert!(done(here, &["check", "set/found.bylaw"]).contains("checked 1 file"));
    fs::remove_file(set.join("found.bylaw")).unwrap();
    // One that an import leads to: a file, a folder, a device.
    link("outside/secret.bylaw", "sub/hidden.txt");
    symlink(here.join("outside"), set.join("folder")).unwrap();
    symlink("/dev/zero", set.join("zero")).unwrap();
    symlink("/etc/passwd", set.join("passwd")).unwrap();
    for (import, column) in [("sub/hidden.txt", 8), ("folder/secret.bylaw", 8), ("zero", 8), ("passwd", 8)] {
        fs::write(set.join("a.bylaw"), format!("import \"{import}\"\n")).unwrap();
        let told = refused(here, &["check", "set"]);
        assert!(told.contains("B0002") && told.contains(&format!("`{import}` is a link that leads out")), "{told}");
        assert!(told.contains(&format!("set/a.bylaw:1:{column}")), "{told}");
        assert!(!told.contains("root:"), "{told}");
    }
    // The folder itself may be one.
    fs::write(set.join("a.bylaw"), "import \"sub/b.bylaw\"\n").unwrap();
    fs::write(set.join("sub/b.bylaw"), "enum size { small, large }\n").unwrap();
    symlink(&set, here.join("current")).unwrap();
    assert!(done(here, &["check", "current"]).contains("checked 2 files"));
}

// ---------------------------------------------------------------- keys and receipts

#[test]
fn a_receipt_names_the_bundle_and_who_signed_it() {
    let folder = signed();
    let here = folder.path();
    let audit = [
        "audit",
        "--policy",
        "rules.bundle",
        "log.ndjson",
        "--receipt",
        "r.json",
        "--require-signature",
        "conduct.pub",
    ];
    assert_eq!(bylaws(here, &audit).0, 1);
    let receipt: serde_json::Value = serde_json::from_slice(&fs::read(here.join("r.json")).unwrap()).unwrap();
    let key = fs::read_to_string(here.join("conduct.pub")).unwrap().lines().nth(1).unwrap().to_owned();
    assert_eq!(receipt["from"]["file"], "rules.bundle");
    assert_eq!(receipt["from"]["signer"], key);
    assert_eq!(receipt["policy"][0]["file"], "records.bylaw");
    let first = fs::read(here.join("r.json")).unwrap();
    bylaws(here, &audit);
    assert_eq!(fs::read(here.join("r.json")).unwrap(), first);
    done(here, &["verify", "r.json"]);
    // The same rules, signed by somebody else.
    done(here, &["keygen", "other", "--no-password"]);
    done(here, &["bundle", "conduct", "-o", "rules.bundle", "--sign", "other.key"]);
    assert!(refused(here, &["verify", "r.json"]).contains("is signed by the key"));
    assert!(
        refused(here, &["verify", "r.json", "--require-signature", "conduct.pub"]).contains("is signed by the key")
    );
    let (code, out, _) = bylaws(here, &["verify", "r.json", "--require-signature", "other.pub"]);
    assert_eq!(code, 1, "{out}");
    assert!(out.contains(&format!("policy: rules.bundle was signed by {key}, and is by RW")), "{out}");
    // Without a key, nobody is named.
    bylaws(here, &audit[..6]);
    let receipt: serde_json::Value = serde_json::from_slice(&fs::read(here.join("r.json")).unwrap()).unwrap();
    assert!(receipt["from"].get("signer").is_none(), "{receipt}");
    done(here, &["verify", "r.json"]);
    // What stands in no receipt is told without a stop, and not taken for one.
    let text = String::from_utf8(first).unwrap();
    let sum = receipt["from"]["sha256"].as_str().unwrap();
    fs::write(here.join("odd.json"), text.replace(&key, "x")).unwrap();
    assert!(refused(here, &["verify", "odd.json"]).contains("`x` is no public key"));
    fs::write(
        here.join("odd.json"),
        String::from_utf8(fs::read(here.join("r.json")).unwrap()).unwrap().replace(sum, "aééééééé"),
    )
    .unwrap();
    assert!(refused(here, &["verify", "odd.json"]).contains("as the SHA-256 of `rules.bundle` is none"));
    // Other bytes of the bundle are told by its files.
    fs::write(
        here.join("conduct/records.bylaw"),
        [&fs::read(here.join("conduct/records.bylaw")).unwrap()[..], b"\n"].concat(),
    )
    .unwrap();
    done(here, &["bundle", "conduct", "-o", "rules.bundle"]);
    let (code, out, _) = bylaws(here, &["verify", "r.json"]);
    assert_eq!(code, 1);
    assert!(out.contains("policy: records.bylaw has changed"), "{out}");
    assert!(out.contains("policy: rules.bundle has changed"), "{out}");
}

#[test]
fn keys_are_kept_and_not_written_over() {
    let folder = project();
    let here = folder.path();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(here.join("conduct.key")).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let before = fs::read(here.join("conduct.key")).unwrap();
    assert!(refused(here, &["keygen", "conduct", "--no-password"]).contains("is there already"));
    fs::remove_file(here.join("conduct.pub")).unwrap();
    assert!(refused(here, &["keygen", "conduct", "--no-password"]).contains("`conduct.key` is there already"));
    assert_eq!(fs::read(here.join("conduct.key")).unwrap(), before);
    assert!(refused(here, &["keygen", "locked"]).contains("there is no terminal"));
    assert!(!here.join("locked.key").exists());
    fs::write(here.join("password"), "correct horse\nand what stands below\n").unwrap();
    fs::write(here.join("wrong"), "wrong\n").unwrap();
    fs::write(here.join("none"), "\n").unwrap();
    assert!(refused(here, &["keygen", "locked", "--password-file", "none"]).contains("the password is empty"));
    done(here, &["keygen", "locked", "--password-file", "password"]);
    let sign = ["bundle", "conduct", "-o", "rules.bundle", "--sign", "locked.key"];
    assert!(refused(here, &sign).contains("there is no terminal"));
    assert!(refused(here, &[&sign[..], &["--password-file", "wrong"]].concat()).contains("does not open `locked.key`"));
    assert!(refused(here, &[&sign[..5], &["log.ndjson"]].concat()).contains("is no secret key"));
    assert!(!here.join("rules.bundle").exists());
    done(here, &[&sign[..], &["--password-file", "password", "--comment", "approved by the board"]].concat());
    let (_, _, told) = bylaws(here, &["bundle", "--list", "rules.bundle", "--require-signature", "locked.pub"]);
    assert!(told.contains("approved by the board"), "{told}");
    let lines = refused(here, &[&sign[..], &["--password-file", "password", "--comment", "one\ntwo"]].concat());
    assert!(lines.contains("one line"), "{lines}");
}

/// Whether Debian's minisign is there.
fn minisign() -> bool {
    let there = Command::new("minisign").arg("-v").output().is_ok();
    assert!(
        there || std::env::var_os("BYLAWS_MINISIGN").is_none(),
        "BYLAWS_MINISIGN is set, and minisign is not there"
    );
    if !there {
        eprintln!("skipped: no minisign (apt-get install minisign)");
    }
    there
}

fn by_minisign(folder: &Path, args: &[&str], password: &str) -> bool {
    let mut command = Command::new("minisign");
    command.current_dir(folder).args(args).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    // It may end without having read it.
    let _ = child.stdin.take().unwrap().write_all(password.as_bytes());
    child.wait().unwrap().success()
}

#[test]
fn minisign_checks_what_is_signed_here_and_signs_what_is_checked_here() {
    if !minisign() {
        return;
    }
    let folder = signed();
    let here = folder.path();
    let listed = |key: &str| bylaws(here, &["bundle", "--list", "rules.bundle", "--require-signature", key]);
    assert!(by_minisign(here, &["-Vm", "rules.bundle", "-p", "conduct.pub"], ""));
    // Their key without a password, used there and here.
    assert!(by_minisign(here, &["-G", "-W", "-p", "open.pub", "-s", "open.key"], ""));
    assert!(by_minisign(here, &["-S", "-s", "open.key", "-m", "rules.bundle", "-t", "signed elsewhere"], ""));
    let (code, _, told) = listed("open.pub");
    assert!(code == 0 && told.contains("signed elsewhere"), "{told}");
    done(here, &["bundle", "conduct", "-o", "rules.bundle", "--sign", "open.key"]);
    assert!(by_minisign(here, &["-Vm", "rules.bundle", "-p", "open.pub"], ""));
    // Our keys, used there: one without a password, and one with.
    assert!(by_minisign(here, &["-S", "-s", "conduct.key", "-m", "rules.bundle"], ""));
    assert_eq!(listed("conduct.pub").0, 0);
    fs::write(here.join("password"), "correct horse\n").unwrap();
    done(here, &["keygen", "locked", "--password-file", "password"]);
    assert!(by_minisign(here, &["-S", "-s", "locked.key", "-m", "rules.bundle"], "correct horse\n"));
    assert_eq!(listed("locked.pub").0, 0);
    // Of the old kind, and with a first line that nothing covers.
    assert!(by_minisign(here, &["-S", "-l", "-s", "open.key", "-m", "rules.bundle"], ""));
    assert!(listed("open.pub").2.contains("it is of the old kind"), "{}", listed("open.pub").2);
    assert!(by_minisign(here, &["-S", "-c", "anything", "-s", "open.key", "-m", "rules.bundle"], ""));
    assert!(listed("open.pub").2.contains("its first line is not one"), "{}", listed("open.pub").2);
}

#[test]
fn a_key_that_minisign_made_with_a_password_signs_here() {
    if !minisign() {
        return;
    }
    let folder = project();
    let here = folder.path();
    fs::write(here.join("password"), "pw\n").unwrap();
    assert!(by_minisign(here, &["-G", "-p", "locked.pub", "-s", "locked.key"], "pw\npw\n"));
    done(here, &["bundle", "conduct", "-o", "rules.bundle", "--sign", "locked.key", "--password-file", "password"]);
    assert!(by_minisign(here, &["-Vm", "rules.bundle", "-p", "locked.pub"], ""));
}

fn snapshot(name: &str, args: &[&str]) {
    let (code, out, err) = bylaws(&root().join("examples/signed"), args);
    let text = format!("$ bylaws {}\nexit code: {code}\n---- stdout\n{out}---- stderr\n{err}", args.join(" "));
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(name, text);
    });
}

/// The bundle was written by an earlier version, as those that are kept, and its secret key thrown away.
#[test]
fn what_people_read_of_a_bundle() {
    snapshot("bundle_list", &["bundle", "--list", "rules.bundle", "--require-signature", "conduct.pub"]);
    snapshot("bundle_check", &["check", "rules.bundle"]);
    snapshot("bundle_help", &["bundle", "--help"]);
    snapshot("bundle_not_signed", &["check", "gifts.bylaw", "--require-signature", "conduct.pub"]);
    snapshot("bundle_no_key", &["check", "rules.bundle", "--require-signature", "rules.bundle.minisig"]);
    snapshot("bundle_no_bundle", &["bundle", "--list", "log.ndjson"]);
    snapshot("bundle_without_output", &["bundle", "gifts.bylaw"]);
    snapshot("keygen_help", &["keygen", "--help"]);
}
