//! Messages over standard input and output, each on a thread of its own, so that neither side waits for a check.

use super::advice::Advice;
use super::tests::Results;
use lsp_server::{Message, RequestId};
use std::io::{ErrorKind, Read, Write};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

/// What came in.
pub enum Incoming {
    Message(Message),
    /// No message of the protocol, and why. The next one may be.
    Malformed(String),
    /// Tests that were begun for a request have run.
    Ran(RequestId, Box<Results>),
    /// Lints that were begun have run.
    Advised(Box<Advice>),
    /// There is no more.
    End,
}

/// Reads until the input ends or the client says `exit`. What others have to say goes into the same channel.
pub fn reader(input: impl Read + Send + 'static) -> (Sender<Incoming>, Receiver<Incoming>) {
    let (sender, receiver) = channel();
    let messages = sender.clone();
    std::thread::spawn(move || {
        let mut input = std::io::BufReader::new(input);
        loop {
            let incoming = match Message::read(&mut input) {
                Ok(Some(message)) => Incoming::Message(message),
                Err(error) if error.kind() == ErrorKind::InvalidData => Incoming::Malformed(error.to_string()),
                Ok(None) | Err(_) => Incoming::End,
            };
            let ends = match &incoming {
                Incoming::Message(Message::Notification(note)) => note.method == "exit",
                Incoming::End => true,
                _ => false,
            };
            if messages.send(incoming).is_err() || ends {
                return;
            }
        }
    });
    (sender, receiver)
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
