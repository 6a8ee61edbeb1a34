//! A NATS server for a test, and as much of its protocol as a test needs.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub struct Server {
    child: Child,
    pub port: u16,
}

impl Server {
    pub fn end(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}

/// A server with JetStream; a notice where there is none, unless `BYLAWS_NATS` demands it.
pub fn begin(folder: &Path) -> Option<Server> {
    configured(folder, "")
}

/// The same, with what stands in a file of configuration.
pub fn configured(folder: &Path, config: &str) -> Option<Server> {
    let needed = std::env::var_os("BYLAWS_NATS").is_some();
    let there = Command::new("nats-server").arg("--version").output().is_ok();
    if !there && !needed {
        eprintln!("skipped: no nats-server (apt-get install nats-server)");
        return None;
    }
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    std::fs::create_dir_all(folder).unwrap();
    let (file, log) = (folder.with_extension("conf"), folder.with_extension("log"));
    std::fs::write(&file, config).unwrap();
    let child = Command::new("nats-server")
        .arg("-c")
        .arg(file)
        .args(["-js", "-a", "127.0.0.1", "-p", &port.to_string(), "-sd"])
        .arg(folder)
        .stdout(Stdio::null())
        .stderr(std::fs::File::create(&log).unwrap())
        .spawn()
        .expect("nats-server starts");
    let server = Server { child, port };
    let start = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        let told = || std::fs::read_to_string(&log).unwrap_or_default();
        assert!(start.elapsed() < Duration::from_secs(30), "nats-server does not listen: {}", told());
        std::thread::sleep(Duration::from_millis(20));
    }
    Some(server)
}

pub struct Client {
    write: TcpStream,
    read: BufReader<TcpStream>,
}

impl Client {
    pub fn connect(server: &Server) -> Client {
        Client::login(server, "")
    }

    /// As somebody: `,"user":"…","pass":"…"`.
    pub fn login(server: &Server, who: &str) -> Client {
        let write = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
        write.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let read = BufReader::new(write.try_clone().unwrap());
        let mut client = Client { write, read };
        client.send(format!("CONNECT {{\"verbose\":false,\"pedantic\":false{who}}}\r\nSUB answers 1\r\n").as_bytes());
        client
    }

    fn send(&mut self, bytes: &[u8]) {
        self.write.write_all(bytes).unwrap();
    }

    /// Sends, and waits for the answer: with JetStream, that it was taken.
    pub fn ask(&mut self, subject: &str, body: &[u8]) -> String {
        self.send(format!("PUB {subject} answers {}\r\n", body.len()).as_bytes());
        self.send(body);
        self.send(b"\r\n");
        loop {
            let mut line = String::new();
            self.read.read_line(&mut line).unwrap();
            if line.starts_with("PING") {
                self.send(b"PONG\r\n");
            }
            if line.starts_with("MSG ") {
                let length: usize = line.split_whitespace().last().unwrap().parse().unwrap();
                let mut body = vec![0; length + 2];
                self.read.read_exact(&mut body).unwrap();
                let answer = String::from_utf8(body).unwrap();
                assert!(!answer.contains("\"error\""), "{answer}");
                return answer;
            }
        }
    }

    pub fn stream(&mut self, name: &str) {
        let config = format!(r#"{{"name":"{name}","subjects":["{name}.>"],"storage":"file"}}"#);
        self.ask(&format!("$JS.API.STREAM.CREATE.{name}"), config.as_bytes());
    }
}
