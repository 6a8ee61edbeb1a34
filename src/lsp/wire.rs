//! Messages over standard input and output, each on a thread of its own, so that neither side waits for a check.

use lsp_server::Message;
use std::io::{ErrorKind, Read, Write};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

/// What came in.
pub enum Incoming {
    Message(Message),
    /// No message of the protocol, and why. The next one may be.
    Malformed(String),
}

/// Reads until the input ends or the client says `exit`.
pub fn reader(input: impl Read + Send + 'static) -> Receiver<Incoming> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut input = std::io::BufReader::new(input);
        loop {
            let incoming = match Message::read(&mut input) {
                Ok(Some(message)) => Incoming::Message(message),
                Ok(None) => return,
                Err(error) if error.kind() == ErrorKind::InvalidData => Incoming::Malformed(error.to_string()),
                Err(_) => return,
            };
            let ends = matches!(&incoming, Incoming::Message(Message::Notification(n)) if n.method == "exit");
            if sender.send(incoming).is_err() || ends {
                return;
            }
        }
    });
    receiver
}

/// Writes what is sent, until the sender is gone or nobody reads.
pub fn writer(mut output: impl Write + Send + 'static) -> (Sender<Message>, JoinHandle<()>) {
    let (sender, receiver) = channel::<Message>();
    let thread = std::thread::spawn(move || {
        for message in receiver {
            if message.write(&mut output).is_err() {
                return;
            }
        }
    });
    (sender, thread)
}
