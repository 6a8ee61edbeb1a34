//! Who a follower is to a server of NATS, and by what it knows the server.

use super::super::disk::plain_io_error;
use super::NatsArgs;
use async_nats::ConnectOptions;
use std::path::Path;

/// What a server is shown. A password in a file stands in no list of processes.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Login {
    Nobody,
    User {
        name: String,
        password: String,
    },
    Token(String),
    /// The seed of an nkey.
    Nkey(String),
    /// A JWT with its seed, as `nsc` writes them.
    Credentials(String),
}

/// `from_url`: what stands there before the `@`.
pub fn options(args: &NatsArgs, from_url: Option<&str>) -> Result<ConnectOptions, String> {
    [&args.nats_credentials, &args.nats_key].into_iter().flatten().for_each(|path| warn_of_readers(path));
    let file = args.nats_credentials.as_deref().map(read).transpose()?;
    let options = ConnectOptions::new().name("bylaws follow");
    let mut options = match login(from_url, file.as_deref())? {
        Login::Nobody => options,
        Login::User { name, password } => options.user_and_password(name, password),
        Login::Token(token) => options.token(token),
        Login::Nkey(seed) => options.nkey(seed),
        Login::Credentials(text) => {
            options.credentials(&text).map_err(|_| "the credentials are not as `nsc` writes them".to_owned())?
        }
    };
    if let Some(path) = &args.nats_ca {
        readable(path)?;
        options = options.add_root_certificates(path.clone());
    }
    if let (Some(certificate), Some(key)) = (&args.nats_certificate, &args.nats_key) {
        readable(certificate)?;
        readable(key)?;
        options = options.add_client_certificate(certificate.clone(), key.clone());
    }
    Ok(options)
}

fn read(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|e| format!("`{}`: {}", path.display(), plain_io_error(&e)))
}

/// What everybody on the machine can read is no secret.
fn warn_of_readers(path: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        use tracing::warn;
        if std::fs::metadata(path).is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o007 != 0) {
            let path = path.display();
            warn!(file = %path, "what is secret can be read by every user of this machine: `chmod 600 {path}`");
        }
    }
    #[cfg(not(unix))]
    let _ = path;
}

fn readable(path: &Path) -> Result<(), String> {
    read(path).map(drop)
}

fn login(from_url: Option<&str>, file: Option<&str>) -> Result<Login, String> {
    let of_url = from_url.map(|of| match of.split_once(':') {
        Some((name, password)) => Some((decoded(name)?, Some(decoded(password)?))),
        None => Some((decoded(of)?, None)),
    });
    let of_url = match of_url {
        Some(None) => return Err("a `%` before the `@` is not followed by two hexadecimal digits".into()),
        Some(Some(of)) => Some(of),
        None => None,
    };
    let Some(text) = file else {
        return Ok(match of_url {
            None => Login::Nobody,
            Some((name, Some(password))) => Login::User { name, password },
            Some((token, None)) => Login::Token(token),
        });
    };
    let secret = text.trim();
    if secret.contains("BEGIN NATS USER JWT") || is_seed(secret) {
        return match of_url {
            None if is_seed(secret) => Ok(Login::Nkey(secret.into())),
            None => Ok(Login::Credentials(text.into())),
            Some(_) => Err("the credentials say who it is: leave out what stands before the `@`".into()),
        };
    }
    match of_url {
        _ if secret.is_empty() || secret.contains(['\n', '\r']) => Err(
            "the file of credentials is none that `nsc` writes, no seed of an nkey, and no password or token on a line"
                .into(),
        ),
        None => Ok(Login::Token(secret.into())),
        Some((name, None)) => Ok(Login::User { name, password: secret.into() }),
        Some((_, Some(_))) => Err("there is a password in the URL and one in a file: leave one out".into()),
    }
}

/// Of a user: 58 letters of base32.
fn is_seed(text: &str) -> bool {
    text.len() == 58
        && text.starts_with("SU")
        && text.bytes().all(|b| b.is_ascii_uppercase() || (b'2'..=b'7').contains(&b))
}

/// `%40` is `@`.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, behind @ ..] = rest {
        rest = behind;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let (digits, behind) = rest.split_at_checked(2)?;
        let digit = |b: u8| char::from(b).to_digit(16);
        bytes.push((digit(digits[0])? * 16 + digit(digits[1])?) as u8);
        rest = behind;
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_it_is() {
        let user = |name: &str, password: &str| Ok(Login::User { name: name.into(), password: password.into() });
        let token = |of: &str| Ok(Login::Token(of.into()));
        assert_eq!(login(None, None), Ok(Login::Nobody));
        assert_eq!(login(Some("ana:a%40b%3a:c"), None), user("ana", "a@b::c"));
        assert_eq!(login(Some("s3cret"), None), token("s3cret"));
        assert_eq!(login(Some("ana"), Some("a b\n")), user("ana", "a b"));
        assert_eq!(login(None, Some("s3cret\n")), token("s3cret"));
        let seed = "SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY";
        assert_eq!(login(None, Some(&format!("{seed}\n"))), Ok(Login::Nkey(seed.into())));
        let jwt = "-----BEGIN NATS USER JWT-----\nx\n";
        assert_eq!(login(None, Some(jwt)), Ok(Login::Credentials(jwt.into())));
        for (from_url, file) in [
            (Some("ana:%4"), None),
            (Some("ana:%+1"), None),
            (Some("%ff"), None),
            (Some("ana:b"), Some("c")),
            (Some("ana"), Some(seed)),
            (Some("ana"), Some(jwt)),
            (None, Some("")),
            (None, Some("two\nlines")),
        ] {
            assert!(login(from_url, file).is_err(), "{from_url:?} {file:?}");
        }
    }
}
