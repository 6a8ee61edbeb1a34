//! Messages over standard input and output, each on a thread of its own, so that neither side waits for a check.

use super::advice::Advice;
use super::tests::Results;
use lsp_server::{Message, RequestId};
use std::io::{BufRead, Error, ErrorKind, Read, Result, Write};
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
            let incoming = match message(&mut input) {
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

/// A message of this many bytes is the longest that is taken, and a header of so many.
const LONGEST: u64 = 1 << 28;
const LONGEST_HEADER: u64 = 1 << 12;

/// The next message; none where the input has ended. No more memory is taken than has come in.
fn message(input: &mut impl BufRead) -> Result<Option<Message>> {
    let no_message = |why: String| Error::new(ErrorKind::InvalidData, why);
    let mut length = None;
    loop {
        let mut line = Vec::new();
        if input.by_ref().take(LONGEST_HEADER).read_until(b'\n', &mut line)? == 0 {
            return Ok(None);
        }
        let line = String::from_utf8_lossy(&line);
        let malformed = || no_message(format!("malformed header: {line:?}"));
        let header = line.strip_suffix("\r\n").ok_or_else(malformed)?;
        if header.is_empty() {
            break;
        }
        let (name, value) = header.split_once(": ").ok_or_else(malformed)?;
        if name.eq_ignore_ascii_case("Content-Length") {
            length = Some(value.parse::<u64>().map_err(|_| malformed())?);
        }
    }
    let length = length.ok_or_else(|| no_message("no Content-Length".into()))?;
    let mut content = input.by_ref().take(length);
    if length > LONGEST {
        std::io::copy(&mut content, &mut std::io::sink())?;
        return Err(no_message(format!("a message of {length} bytes")));
    }
    let mut bytes = Vec::new();
    if (content.read_to_end(&mut bytes)? as u64) < length {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    serde_json::from_slice(&bytes).map(Some).map_err(|e| no_message(format!("malformed message: {e}")))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_that_are_no_lengths() {
        let note = "{\"jsonrpc\":\"2.0\",\"method\":\"exit\"}";
        let plain = format!("Content-Length: {}\r\n\r\n{note}", note.len());
        let read = |text: &str| message(&mut text.as_bytes());
        assert!(matches!(read(&plain), Ok(Some(Message::Notification(_)))));
        assert!(matches!(read(""), Ok(None)));
        for (text, kind) in [
            ("Content-Length: 18446744073709551615\r\n\r\n{}", ErrorKind::InvalidData),
            ("Content-Length: 100000000000\r\n\r\n{}", ErrorKind::InvalidData),
            ("Content-Length: 200000000\r\n\r\n{}", ErrorKind::UnexpectedEof),
            ("Content-Length: -1\r\n\r\n{}", ErrorKind::InvalidData),
            ("\r\n{}", ErrorKind::InvalidData),
            ("Content-Length: 2\r\n\r\n{}", ErrorKind::InvalidData),
        ] {
            assert_eq!(read(text).unwrap_err().kind(), kind, "{text}");
        }
        // The next one is read.
        let two = format!("Content-Length: 2\r\n\r\n[]{plain}");
        let mut input = two.as_bytes();
        assert!(message(&mut input).is_err());
        assert!(message(&mut input).is_ok_and(|m| m.is_some()));
    }
}
