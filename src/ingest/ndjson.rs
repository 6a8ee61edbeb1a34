//! NDJSON: a JSON object a line. Blank lines, a byte-order mark, CRLF and a last line without an end are all right.

use super::chunks::{Chunk, Content, Ends, work};
use super::layout::Layout;
use super::scan::Bounds;
use super::shapes::Shapes;
use super::worker::{Job, Unknown, Worker};
use super::{InputError, InputReport};
use crate::data::{Place, Reading};
use crate::diag::Code;

const BOM: &[u8] = b"\xef\xbb\xbf";

pub fn read(reading: &Reading, job: &Job, content: Content) -> Result<InputReport, InputError> {
    let layout = Layout::new(reading, &job.spec.route, false);
    work(reading, &layout, job, content, (0, 1), Ends::Lines, &|worker, chunk| lines(worker, job, chunk))
}

fn lines(worker: &mut Worker, job: &Job, chunk: Chunk) {
    // Texts are valid by the chunk, as a rule; otherwise each line shows for itself.
    let valid = simdutf8::basic::from_utf8(chunk.bytes).ok();
    let mut room = worker.room();
    let mut shapes = std::mem::replace(&mut worker.shapes, Shapes::new(Bounds::KNOWN));
    let (mut at, mut line) = (0, chunk.line);
    while at < chunk.bytes.len() {
        if let Some(text) = valid
            && let Some(passed) = shapes.pass(text, at, &mut room.slots)
            && !worker.is_too_long(passed.end - at)
            && !(chunk.too_long && passed.end == chunk.bytes.len())
        {
            let place = Place { input: job.spec.id, offset: chunk.offset + at as u64, line, element: 0 };
            let unknown = Unknown::OfShape(shapes.end(passed.shape));
            worker.object(&text[at..passed.end], place, &mut room, unknown);
            at = passed.next;
            line += 1;
            continue;
        }
        let end = memchr::memchr(b'\n', &chunk.bytes[at..]).map_or(chunk.bytes.len(), |n| at + n);
        let mut start = at;
        if chunk.offset == 0 && at == 0 && chunk.bytes.starts_with(BOM) {
            start = BOM.len();
        }
        let bytes = without_space(&chunk.bytes[start..end]);
        let place = Place { input: job.spec.id, offset: chunk.offset + start as u64, line, element: 0 };
        if chunk.too_long && end == chunk.bytes.len() || worker.is_too_long(bytes.len()) {
            worker.reject_too_long(place, "a line", bytes);
        } else if !bytes.is_empty() {
            let text = match valid {
                Some(text) => Ok(&text[start..start + bytes.len()]),
                None => std::str::from_utf8(bytes),
            };
            match text {
                Ok(text) => {
                    if worker.json_record(text, place, &mut room) {
                        shapes.learn(text, worker.trie(), &room.slots.unknown);
                    }
                }
                Err(error) => {
                    let reason = format!("not UTF-8 at byte {} of the record", error.valid_up_to() + 1);
                    worker.reject(place, Code::NotUtf8, reason, bytes);
                }
            }
        }
        at = end + 1;
        line += 1;
    }
    worker.leave(room);
    worker.shapes = shapes;
}

/// Without the space behind it: what JSON takes for space, and no more.
pub fn without_space(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().rposition(|b| !matches!(b, b' ' | b'\t' | b'\r' | b'\n'));
    &bytes[..end.map_or(0, |end| end + 1)]
}
