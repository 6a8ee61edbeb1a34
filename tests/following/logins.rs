//! A server of NATS that asks who one is, and one that is reached over TLS only.

use crate::FINISH;
use crate::following::server::{self, Client, Server};
use crate::following::{Dice, Place, records, said};
use nkeys::KeyPair;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Some records in a stream, and in a file beside it.
fn fill(place: &Place, client: &mut Client) {
    let all = records(&mut Dice::new(), 60);
    client.stream("ACTIVITY");
    all.iter().for_each(|line| drop(client.ask("ACTIVITY.gift", line.as_bytes())));
    place.write("log.ndjson", &all.concat());
}

/// Follows to the end of the stream, from the beginning.
fn follow(place: &Place, url: &str, how: &[&str]) -> (i32, String) {
    for before in ["state", "findings.ndjson"] {
        let _ = std::fs::remove_dir_all(place.path(before)).or_else(|_| std::fs::remove_file(place.path(before)));
    }
    place.run(&[&[url, "--lateness", "2 days"], how, &FINISH[3..]].concat())
}

/// Each with a consumer of its own, as each has a state of its own.
struct Asked<'p> {
    place: &'p Place,
    server: &'p Server,
}

impl Asked<'_> {
    fn follow(&self, scheme: &str, who: &str, how: &[&str]) -> (i32, String) {
        static CONSUMERS: AtomicUsize = AtomicUsize::new(0);
        let consumer = format!("c{}", CONSUMERS.fetch_add(1, Ordering::Relaxed));
        let url = format!("{scheme}://{who}127.0.0.1:{}/ACTIVITY", self.server.port);
        follow(self.place, &url, &[how, &["--nats-consumer", &consumer]].concat())
    }

    #[track_caller]
    fn lets_in(&self, scheme: &str, who: &str, how: &[&str]) {
        let (code, told) = self.follow(scheme, who, how);
        assert_eq!(code, 0, "{who} {how:?}: {told}");
        assert_eq!(said(&self.place.read("findings.ndjson")), self.place.audit(&["log.ndjson"]), "{who} {how:?}");
        assert!(!told.contains("S3cret"), "{told}");
    }

    /// What it says never has the password in it.
    #[track_caller]
    fn refuses(&self, scheme: &str, who: &str, how: &[&str], words: &str) {
        let (code, told) = self.follow(scheme, who, how);
        let flat = told.replace(['│', '\n'], " ").split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(code == 2 && flat.contains(words), "{who} {how:?}: {code}: no `{words}` in {told}");
        assert!(flat.contains("cannot follow `"), "{told}");
        assert!(!told.contains("S3cret") && !told.contains("Wr0ng"), "{told}");
        assert_eq!(self.place.read("findings.ndjson"), "");
    }
}

fn asked<'p>(place: &'p Place, server: &'p Server) -> Asked<'p> {
    Asked { place, server }
}

const REFUSED: &str = "authorization violation";

#[test]
fn a_user_with_a_password_and_an_nkey() {
    let place = Place::new();
    let key = KeyPair::new_user();
    let config = format!(
        "authorization {{ users: [ {{ user: \"ana@example\", password: \"S3cret:/%\" }}, {{ nkey: {} }} ] }}",
        key.public_key()
    );
    let Some(server) = server::configured(&place.path("nats"), &config) else { return };
    fill(&place, &mut Client::login(&server, r#","user":"ana@example","pass":"S3cret:/%""#));
    place.write("password", "S3cret:/%\n");
    place.write("wrong", "Wr0ng\n");
    place.write("seed", &format!("{}\n", key.seed().unwrap()));
    place.write("other", &KeyPair::new_user().seed().unwrap());
    let asked = asked(&place, &server);
    asked.lets_in("nats", "ana%40example:S3cret%3a%2F%25@", &[]);
    asked.lets_in("nats", "ana%40example@", &["--nats-credentials", "password"]);
    asked.lets_in("nats", "", &["--nats-credentials", "seed"]);
    asked.refuses("nats", "", &[], REFUSED);
    asked.refuses("nats", "ana%40example:Wr0ng@", &[], REFUSED);
    asked.refuses("nats", "ana%40example@", &["--nats-credentials", "wrong"], REFUSED);
    asked.refuses("nats", "", &["--nats-credentials", "other"], REFUSED);
    asked.refuses("nats", "", &["--nats-credentials", "nowhere"], "`nowhere`: no such file");
    asked.refuses("nats", "ana:Wr0ng@", &["--nats-credentials", "password"], "leave one out");
}

#[test]
fn a_token() {
    let place = Place::new();
    let config = "authorization { token: \"S3cret\" }";
    let Some(server) = server::configured(&place.path("nats"), config) else { return };
    fill(&place, &mut Client::login(&server, r#","auth_token":"S3cret""#));
    place.write("token", "S3cret");
    let asked = asked(&place, &server);
    asked.lets_in("nats", "S3cret@", &[]);
    asked.lets_in("nats", "", &["--nats-credentials", "token"]);
    // A secret that is none is told of, and taken.
    for (mode, told_of) in [(0o644, true), (0o600, false)] {
        std::fs::set_permissions(place.path("token"), std::fs::Permissions::from_mode(mode)).unwrap();
        let (code, told) = asked.follow("nats", "", &["--nats-credentials", "token"]);
        assert_eq!(code, 0, "{told}");
        assert_eq!(told.contains("can be read by every user of this machine: `chmod 600 token`"), told_of, "{told}");
    }
    asked.refuses("nats", "", &[], REFUSED);
    asked.refuses("nats", "Wr0ng@", &[], REFUSED);
}

/// Letters as in URLs, six bits each.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let of = |three: &[u8]| -> String {
        let bits = (0..3).fold(0u32, |bits, i| bits << 8 | u32::from(three.get(i).copied().unwrap_or(0)));
        (0..=three.len()).map(|n| LETTERS[(bits >> (18 - 6 * n) & 63) as usize] as char).collect()
    };
    bytes.chunks(3).map(of).collect()
}

/// What a key says of another.
fn jwt(by: &KeyPair, of: &KeyPair, name: &str, nats: &serde_json::Value) -> String {
    let head = serde_json::json!({ "typ": "JWT", "alg": "ed25519-nkey" });
    let claims = serde_json::json!({
        "jti": name, "iat": 1_735_700_000, "iss": by.public_key(), "sub": of.public_key(), "name": name, "nats": nats,
    });
    let text = format!("{}.{}", base64(head.to_string().as_bytes()), base64(claims.to_string().as_bytes()));
    let signature = by.sign(text.as_bytes()).unwrap();
    format!("{text}.{}", base64(&signature))
}

/// As `nsc` writes them.
fn credentials(jwt: &str, key: &KeyPair) -> String {
    let seed = key.seed().unwrap();
    format!(
        "-----BEGIN NATS USER JWT-----\n{jwt}\n------END NATS USER JWT------\n\n\
         -----BEGIN USER NKEY SEED-----\n{seed}\n------END USER NKEY SEED------\n"
    )
}

#[test]
fn credentials_of_an_account() {
    let place = Place::new();
    let (operator, account, system) = (KeyPair::new_operator(), KeyPair::new_account(), KeyPair::new_account());
    let limits = serde_json::json!({
        "subs": -1, "data": -1, "payload": -1, "imports": -1, "exports": -1, "wildcards": true, "conn": -1, "leaf": -1,
        "mem_storage": -1, "disk_storage": -1, "streams": -1, "consumer": -1,
    });
    let of_operator = jwt(&operator, &operator, "OPERATOR", &serde_json::json!({ "type": "operator", "version": 2 }));
    let of_account = serde_json::json!({ "type": "account", "version": 2, "limits": limits });
    let none = serde_json::json!({ "type": "account", "version": 2, "limits": { "subs": -1, "data": -1, "payload": -1, "conn": -1 } });
    let of_system = jwt(&operator, &system, "SYS", &none);
    let of_account = jwt(&operator, &account, "ACCOUNT", &of_account);
    let nobody = serde_json::json!({ "type": "user", "version": 2, "subs": -1, "data": -1, "payload": -1 });
    let user = |by: &KeyPair, name: &str| {
        let key = KeyPair::new_user();
        credentials(&jwt(by, &key, name, &nobody), &key)
    };
    place.write("right.creds", &user(&account, "ana"));
    place.write("wrong.creds", &user(&KeyPair::new_account(), "ben"));
    place.write("torn.creds", "-----BEGIN NATS USER JWT-----\nnone\n");
    let (account, system) = (account.public_key(), system.public_key());
    let config = format!(
        "operator: {of_operator}\nsystem_account: {system}\nresolver: MEMORY\n\
         resolver_preload: {{ {account}: {of_account}\n {system}: {of_system} }}\n"
    );
    // What the stream holds comes from before anybody was asked: the account keeps it in a folder of its name.
    let plain = format!("accounts {{ {account}: {{ jetstream: enabled, users: [ {{ user: a, password: a }} ] }} }}");
    {
        let Some(server) = server::configured(&place.path("nats"), &plain) else { return };
        fill(&place, &mut Client::login(&server, r#","user":"a","pass":"a""#));
    }
    let server = server::configured(&place.path("nats"), &config).unwrap();
    let asked = asked(&place, &server);
    asked.lets_in("nats", "", &["--nats-credentials", "right.creds"]);
    asked.refuses("nats", "", &[], REFUSED);
    asked.refuses("nats", "", &["--nats-credentials", "wrong.creds"], REFUSED);
    asked.refuses("nats", "", &["--nats-credentials", "torn.creds"], "not as `nsc` writes them");
    asked.refuses("nats", "ana@", &["--nats-credentials", "right.creds"], "leave out what stands before the `@`");
}

fn openssl(folder: &Path, args: &str) {
    let mut command = Command::new("openssl");
    let output = command.current_dir(folder).args(args.split(' ')).output().expect("openssl runs");
    assert!(output.status.success(), "openssl {args}: {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn over_tls() {
    let place = Place::new();
    let here = place.folder.path();
    if Command::new("openssl").arg("version").output().is_err() {
        assert!(std::env::var_os("BYLAWS_NATS").is_none(), "no openssl, and BYLAWS_NATS is set");
        eprintln!("skipped: no openssl (apt-get install openssl)");
        return;
    }
    let Some(mut plain) = server::begin(&place.path("nats")) else { return };
    fill(&place, &mut Client::connect(&plain));
    plain.end();
    let new = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    for ca in ["ca", "other"] {
        openssl(here, &format!("req -x509 {new} -days 3650 -subj /CN={ca} -keyout {ca}.key -out {ca}.pem"));
    }
    place.write("ext", "subjectAltName=IP:127.0.0.1\n");
    for (name, ca) in [("server", "ca"), ("client", "ca"), ("stranger", "other")] {
        openssl(here, &format!("req {new} -subj /CN={name} -keyout {name}.key -out {name}.csr"));
        openssl(
            here,
            &format!(
                "x509 -req -in {name}.csr -CA {ca}.pem -CAkey {ca}.key -CAcreateserial -days 3650 -extfile ext -out {name}.pem"
            ),
        );
    }
    let file = |name: &str| place.path(name).display().to_string();
    let config = |verify: bool| {
        format!(
            "tls {{ cert_file: {:?}, key_file: {:?}, ca_file: {:?}, verify: {verify} }}",
            file("server.pem"),
            file("server.key"),
            file("ca.pem")
        )
    };
    {
        let server = server::configured(&place.path("nats"), &config(false)).unwrap();
        let asked = asked(&place, &server);
        asked.lets_in("tls", "", &["--nats-ca", "ca.pem"]);
        // A server that wants it is given it.
        asked.lets_in("nats", "", &["--nats-ca", "ca.pem"]);
        asked.refuses("tls", "", &["--nats-ca", "other.pem"], "certificate");
        asked.refuses("tls", "", &[], "certificate");
        asked.refuses("tls", "", &["--nats-ca", "nowhere.pem"], "`nowhere.pem`: no such file");
    }
    let server = server::configured(&place.path("nats"), &config(true)).unwrap();
    let asked = asked(&place, &server);
    let known = ["--nats-ca", "ca.pem"];
    asked.lets_in("tls", "", &[&known[..], &["--nats-certificate", "client.pem", "--nats-key", "client.key"]].concat());
    let stranger = ["--nats-certificate", "stranger.pem", "--nats-key", "stranger.key"];
    asked.refuses("tls", "", &[&known[..], &stranger].concat(), "");
    asked.refuses("tls", "", &known, "");
    // A server that has no TLS is not spoken to without it.
    drop(server);
    let server = server::begin(&place.path("nats")).unwrap();
    self::asked(&place, &server).refuses("tls", "", &known, "");
}
