//! Signatures beside files: Ed25519, in the form of minisign, so that either program checks what the other signed.

use super::disk::plain_io_error;
use super::{Failure, output};
use crate::diag::Code;
use crate::report::base64;
use clap::Args;
use minisign::{KeyPair, PublicKey, SecretKey, SecretKeyBox, SignatureBox};
use std::fs;
use std::io::{Cursor, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};

/// Whose password stands in the environment.
const PASSWORD: &str = "BYLAWS_KEY_PASSWORD";
/// What stands before the key in a file, and of a key alone.
const SECRET: &str = "RW";
const ENCRYPTED: &str = "RWRTY0Iy";
/// Where the checksum is in a secret key.
const SUM: std::ops::Range<usize> = 126..158;
/// The first line of a signature is not covered by it, so it has to be one of those that programs write by themselves.
const FIRST_LINES: [&str; 2] =
    ["untrusted comment: signature from minisign secret key", "untrusted comment: signature from rsign secret key"];
const COMMENT: &str = "trusted comment: ";
/// No signature is longer.
const LONGEST: u64 = 1 << 16;

/// Has what is written be signed.
#[derive(Args, Clone, Debug, Default)]
pub(super) struct Signing {
    /// Sign it with this secret key; the signature goes beside it, into a file with `.minisig` behind the name
    #[arg(long = "sign", value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    key: Option<PathBuf>,
    /// A sentence that is signed with it, such as who approved it and when
    #[arg(long, value_name = "TEXT", requires = "key")]
    comment: Option<String>,
    #[command(flatten)]
    password: Password,
}

#[derive(Args, Clone, Debug, Default)]
pub(super) struct Password {
    /// The secret key's password is the first line of this file [default: BYLAWS_KEY_PASSWORD, or it is asked for]
    #[arg(long = "password-file", value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    file: Option<PathBuf>,
}

/// By whom something was signed.
pub(super) struct Signer {
    /// The public key, in base64.
    pub key: String,
    pub comment: String,
}

/// What makes signatures.
pub(super) struct Pen {
    key: SecretKey,
    comment: String,
}

impl Signing {
    /// The key, read and decrypted before anything is written.
    pub fn pen(&self, comment: &str) -> Result<Option<Pen>, Failure> {
        let Some(path) = &self.key else { return Ok(None) };
        let comment = self.comment.as_deref().unwrap_or(comment).trim().to_owned();
        if comment.contains(char::is_control) {
            return Err(Failure::new("the comment of a signature is one line, without control characters"));
        }
        Ok(Some(Pen { key: secret_key(path, &self.password)?, comment }))
    }
}

impl Pen {
    /// Writes the signature of a file's bytes; says where, and by which key.
    pub fn sign(&self, path: &Path, bytes: &[u8]) -> Result<(PathBuf, String), Failure> {
        let failed = |e: minisign::PError| Failure::new(format!("cannot sign `{}`: {e}", path.display()));
        let public = PublicKey::from_secret_key(&self.key).map_err(failed)?;
        let first = FIRST_LINES[0].strip_prefix("untrusted comment: ");
        let signed = minisign::sign(Some(&public), &self.key, Cursor::new(bytes), Some(&self.comment), first);
        let text = signed.map_err(failed)?.to_string();
        let beside = beside(path);
        output::to_file(&beside, |out| out.write_all(text.as_bytes()))?;
        Ok((beside, public.to_base64()))
    }
}

/// Where the signature of a file is.
pub(super) fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".minisig");
    name.into()
}

/// Which of the keys signed the bytes that were read from a file. Anything else is a failure.
pub(super) fn signer(path: &str, bytes: &[u8], keys: &[String]) -> Result<Signer, Failure> {
    let keys: Vec<PublicKey> = keys.iter().map(|key| public_key(key)).collect::<Result<_, Failure>>()?;
    let beside = beside(Path::new(path));
    let mut text = Vec::new();
    fs::File::open(&beside).and_then(|file| file.take(LONGEST).read_to_end(&mut text)).map_err(|e| {
        let beside = beside.display();
        match e.kind() {
            std::io::ErrorKind::NotFound => refused(format!("`{path}` is not signed: there is no `{beside}`")).help(
                "a signature lies beside what it is of; `bylaws bundle POLICIES --output FILE --sign SECRET_KEY` \
                 writes both",
            ),
            _ => refused(format!("cannot read `{beside}`: {}", plain_io_error(&e))),
        }
    })?;
    holds((path, bytes), (&beside, &text), &keys)
}

fn refused(why: String) -> Failure {
    Failure::new(why).code(Code::NotSigned)
}

/// By whom a file was signed, of its bytes and those of its signature.
fn holds((path, bytes): (&str, &[u8]), (beside, text): (&Path, &[u8]), keys: &[PublicKey]) -> Result<Signer, Failure> {
    let beside = beside.display();
    let once_more = "do not use it; ask whoever signed it for both files once more";
    let signature = parse(text).map_err(|why| refused(format!("`{beside}` is no signature: {why}")).help(once_more))?;
    let mut known = keys.iter().filter(|key| key.keynum() == signature.keynum()).peekable();
    if known.peek().is_none() {
        let wanted: Vec<String> = keys.iter().map(|key| id(key.keynum())).collect();
        let (by, wanted) = (id(signature.keynum()), wanted.join(" or "));
        return Err(refused(format!("`{path}` is signed by the key {by}, and has to be by {wanted}"))
            .help("ask for one that is signed by the right key; or is another key required than was meant?"));
    }
    let verified = |key: &&PublicKey| minisign::verify(key, &signature, Cursor::new(bytes), true, false, false).is_ok();
    let Some(key) = known.find(verified) else {
        return Err(refused(format!("`{path}` is not what was signed: `{beside}` does not fit")).help(once_more));
    };
    Ok(Signer { key: key.to_base64(), comment: signature.trusted_comment().unwrap_or_default() })
}

/// Whose signature the bytes of a file are, by one of these public keys: the key, and the comment that it signed.
///
/// # Errors
/// Why they are none of theirs, in one line.
pub fn signed_by(bytes: &[u8], signature: &[u8], keys: &[&str]) -> Result<(String, String), String> {
    let keys = keys.iter().filter_map(|key| as_public(key)).collect::<Vec<_>>();
    let signer = holds(("file", bytes), (Path::new("file.minisig"), signature), &keys);
    signer.map(|s| (s.key, s.comment)).map_err(|why| why.message)
}

/// The four lines of a signature. There is one way to write each, so that no byte of them can be another.
fn parse(bytes: &[u8]) -> Result<SignatureBox, &'static str> {
    let text = std::str::from_utf8(bytes).map_err(|_| "it is not text")?;
    let lines: Vec<&str> = text.split('\n').collect();
    let &[first, signature, comment, last, ""] = lines.as_slice() else { return Err("it should have four lines") };
    if text.contains('\r') {
        return Err(
            "its line ends are not those that were written (with git, put `*.minisig -text` into .gitattributes)",
        );
    }
    if !FIRST_LINES.contains(&first) {
        return Err("its first line is not one that minisign writes by itself (leave out `-c`)");
    }
    // What the crate takes apart is as long as it takes it to be.
    if signature.len() != 100 || last.len() != 88 || !last.ends_with("==") {
        return Err("it is cut off or damaged");
    }
    if comment.strip_prefix(COMMENT).is_none_or(|c| c.contains(|c: char| c.is_control() && c != '\t')) {
        return Err("its third line is no comment");
    }
    let parsed = SignatureBox::from_string(text).map_err(|_| "it is damaged")?;
    if !parsed.is_prehashed() {
        return Err("it is of the old kind, over the whole text (leave out `-l`)");
    }
    if parsed.to_string() == text { Ok(parsed) } else { Err("it is damaged") }
}

/// A public key as it stands on a command line: itself, or the file that it is in.
fn public_key(given: &str) -> Result<PublicKey, Failure> {
    if let Some(key) = as_public(given) {
        return Ok(key);
    }
    let wrong = |why: String| {
        Failure::new(format!("`{given}` is no public key: {why}"))
            .code(Code::NotSigned)
            .help("a public key is the second line of a `.pub` file, or the name of the file")
    };
    let text = fs::read_to_string(given).map_err(|e| wrong(plain_io_error(&e)))?;
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let line = lines.find(|line| !line.starts_with("untrusted comment:")).unwrap_or_default();
    match as_public(line) {
        Some(key) if lines.next().is_none() => Ok(key),
        _ if line.len() > 200 && line.starts_with(SECRET) => Err(wrong("it is the secret key".into())),
        _ => Err(wrong("its text is none".into())),
    }
}

fn as_public(text: &str) -> Option<PublicKey> {
    let key = PublicKey::from_base64(text).ok()?;
    (key.to_bytes().starts_with(b"Ed") && key.to_base64() == text).then_some(key)
}

/// As minisign shows it.
fn id(number: &[u8]) -> String {
    number.iter().rev().map(|b| format!("{b:02X}")).collect()
}

fn secret_key(path: &Path, password: &Password) -> Result<SecretKey, Failure> {
    let name = path.display();
    let text = fs::read_to_string(path)
        .map_err(|e| Failure::new(format!("cannot read the secret key `{name}`: {}", plain_io_error(&e))))?;
    let line = text.lines().nth(1).unwrap_or_default();
    let key = if line.starts_with(ENCRYPTED) {
        let password = password.read(&format!("Password of {name}: "), false)?;
        SecretKeyBox::from(text).into_secret_key(Some(password))
    } else if let Some(open) = base64::bytes(line).filter(|b| b.len() == SUM.end && b[SUM].iter().all(|b| *b == 0)) {
        // minisign writes keys without a password so.
        SecretKey::from_bytes(&open)
    } else {
        SecretKeyBox::from(text).into_unencrypted_secret_key()
    };
    key.map_err(|e| match e.kind() {
        minisign::ErrorKind::Verify => Failure::new(format!("the password does not open `{name}`, or it is damaged")),
        _ => Failure::new(format!("`{name}` is no secret key"))
            .help("`bylaws keygen` makes one, or `minisign -G`; the file ends in `.key`, the public one in `.pub`"),
    })
}

impl Password {
    fn read(&self, prompt: &str, twice: bool) -> Result<String, Failure> {
        if let Some(path) = &self.file {
            let name = path.display();
            let text = fs::read_to_string(path)
                .map_err(|e| Failure::new(format!("cannot read the password in `{name}`: {}", plain_io_error(&e))))?;
            return Ok(text.lines().next().unwrap_or_default().to_owned());
        }
        if let Ok(password) = std::env::var(PASSWORD) {
            return Ok(password);
        }
        if !std::io::stdin().is_terminal() {
            return Err(Failure::new("the secret key has a password, and there is no terminal to ask for it")
                .help(format!("give it with `--password-file FILE`, or in the environment as {PASSWORD}")));
        }
        let ask = |prompt: &str| {
            rpassword::prompt_password(prompt)
                .map_err(|e| Failure::new(format!("cannot read the password: {}", plain_io_error(&e))))
        };
        let password = ask(prompt)?;
        if twice && ask("The same once more: ")? != password {
            return Err(Failure::new("the two passwords are not the same"));
        }
        Ok(password)
    }
}

/// Makes a pair of keys and writes them; nothing is written over. The public key is given back.
pub(super) fn keygen(secret: &Path, public: &Path, password: Option<&Password>) -> Result<String, Failure> {
    for path in [secret, public] {
        if fs::symlink_metadata(path).is_ok() {
            return Err(Failure::new(format!("`{}` is there already", path.display()))
                .help("a key is not written over: what it signed could not be checked any more; name another file"));
        }
    }
    let failed = |e: minisign::PError| Failure::new(format!("cannot make a key: {e}"));
    let password = password.map(|p| p.read(&format!("Password for {}: ", secret.display()), true)).transpose()?;
    if password.as_ref().is_some_and(String::is_empty) {
        return Err(Failure::new("the password is empty").help("without one, say so: `--no-password`"));
    }
    let comment = if password.is_some() { "minisign encrypted secret key" } else { "minisign secret key" };
    let pair = match password {
        Some(password) => KeyPair::generate_encrypted_keypair(Some(password)),
        None => KeyPair::generate_unencrypted_keypair(),
    };
    let KeyPair { pk, sk } = pair.map_err(failed)?;
    let (text, shown) = (sk.to_box(Some(comment)).map_err(failed)?, pk.to_box().map_err(failed)?);
    create(secret, 0o600, &text.to_string())?;
    create(public, 0o644, &shown.to_string())?;
    Ok(pk.to_base64())
}

/// A new file, with rights that it has from the beginning.
fn create(path: &Path, mode: u32, text: &str) -> Result<(), Failure> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    #[cfg(not(unix))]
    let _ = mode;
    let written =
        options.open(path).and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()));
    written.map_err(|e| Failure::new(format!("cannot write `{}`: {}", path.display(), plain_io_error(&e))))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BYTES: &[u8] = b"{\n\"schema\": \"bylaws.bundle/1\"\n}\n";

    fn signed(pair: &KeyPair, comment: &str) -> String {
        let first = FIRST_LINES[0].strip_prefix("untrusted comment: ");
        minisign::sign(Some(&pair.pk), &pair.sk, Cursor::new(BYTES), Some(comment), first).unwrap().to_string()
    }

    fn told(bytes: &[u8], text: &[u8], keys: &[PublicKey]) -> Result<String, String> {
        let held = holds(("rules.bundle", bytes), (Path::new("rules.bundle.minisig"), text), keys);
        held.map(|signer| signer.comment).map_err(|failure| failure.message)
    }

    #[test]
    fn every_changed_byte_is_refused() {
        let pair = KeyPair::generate_unencrypted_keypair().unwrap();
        let keys = [pair.pk.clone()];
        let text = signed(&pair, "approved by the board");
        assert_eq!(told(BYTES, text.as_bytes(), &keys).as_deref(), Ok("approved by the board"));
        let flips = |bytes: &[u8]| -> Vec<Vec<u8>> {
            let flip = |at: usize, bit: u8| {
                let mut bytes = bytes.to_vec();
                bytes[at] ^= 1 << bit;
                bytes
            };
            (0..bytes.len()).flat_map(|at| (0..8).map(move |bit| flip(at, bit))).collect()
        };
        for (i, bytes) in flips(BYTES).iter().enumerate() {
            assert!(told(bytes, text.as_bytes(), &keys).is_err(), "byte {} of the bundle", i / 8);
        }
        for (i, other) in flips(text.as_bytes()).iter().enumerate() {
            assert!(told(BYTES, other, &keys).is_err(), "byte {} of the signature", i / 8);
        }
        for end in 0..text.len() {
            assert!(told(BYTES, &text.as_bytes()[..end], &keys).is_err(), "the first {end} bytes of the signature");
        }
        for end in 0..BYTES.len() {
            assert!(told(&BYTES[..end], text.as_bytes(), &keys).is_err(), "the first {end} bytes of the bundle");
        }
        for more in ["\n", " ", "\u{0}", "x\n"] {
            assert!(told(BYTES, format!("{text}{more}").as_bytes(), &keys).is_err(), "{more:?} behind it");
        }
    }

    #[test]
    fn parts_of_two_signatures_do_not_make_one() {
        let pair = KeyPair::generate_unencrypted_keypair().unwrap();
        let (one, other) = (signed(&pair, "for the first quarter"), signed(&pair, "for the second quarter"));
        let (one, other): (Vec<&str>, Vec<&str>) = (one.lines().collect(), other.lines().collect());
        for mixed in [[one[1], other[2], other[3]], [one[1], other[2], one[3]], [one[1], one[2], other[3]]] {
            let text = format!("{}\n{}\n", FIRST_LINES[0], mixed.join("\n"));
            assert!(told(BYTES, text.as_bytes(), std::slice::from_ref(&pair.pk)).is_err(), "{text}");
        }
    }

    #[test]
    fn a_key_of_the_same_number_does_not_do() {
        let (pair, mut stranger) =
            (KeyPair::generate_unencrypted_keypair().unwrap(), KeyPair::generate_unencrypted_keypair().unwrap());
        // Anybody can give a key the number of another.
        let mut bytes = stranger.sk.to_bytes();
        bytes[54..62].copy_from_slice(pair.pk.keynum());
        stranger.sk = SecretKey::from_bytes(&bytes).unwrap();
        stranger.pk = PublicKey::from_secret_key(&stranger.sk).unwrap();
        let text = signed(&stranger, "x");
        assert_eq!(stranger.pk.keynum(), pair.pk.keynum());
        let only = std::slice::from_ref(&pair.pk);
        assert!(told(BYTES, text.as_bytes(), only).unwrap_err().contains("is not what was signed"));
        assert!(told(BYTES, text.as_bytes(), &[pair.pk.clone(), stranger.pk]).is_ok());
    }

    #[test]
    fn keys_have_one_spelling() {
        let pair = KeyPair::generate_unencrypted_keypair().unwrap();
        let text = pair.pk.to_base64();
        assert!(as_public(&text).is_some());
        for wrong in [&text[1..], &format!(" {text}"), &text.to_lowercase(), &format!("Q{}", &text[1..])] {
            assert!(as_public(wrong).is_none(), "{wrong}");
        }
    }
}
