//! Streams of NATS JetStream, through a durable consumer: a message is acknowledged once it is written down, so that the
//! server sends it again until then. One that comes again is known by its number in the stream.

use super::super::{Failure, records};
use super::NatsArgs;
use super::input::{Chunk, Named, Origin, Piece};
use crate::data::Reading;
use crate::diag::Code;
use crate::ingest::Route;
use async_nats::ConnectOptions;
use async_nats::jetstream::consumer::{AckPolicy, Consumer, pull};
use async_nats::jetstream::{self, Message};
use futures_util::StreamExt;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tracing::{info, warn};

/// So many messages at once.
const SOME: usize = 4096;
/// So many may be on their way that are not written down.
const OPEN: i64 = 1 << 18;
const WAIT: Duration = Duration::from_millis(200);
const CONNECTING: Duration = Duration::from_secs(10);
/// How often is asked which messages cannot come again.
const ASK: Duration = Duration::from_secs(10);

/// What has been taken from a stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NatsState {
    pub origin: Origin,
    pub consumer: String,
    /// When the stream was made: another one of its name numbers from the beginning.
    pub created: String,
    /// Numbers up to this one were taken, and do not come again.
    pub floor: u64,
    /// Those behind it that were taken.
    pub taken: BTreeSet<u64>,
    /// Before the first message it is not known which records there are.
    pub routed: bool,
}

pub struct Followed {
    pub id: u32,
    pub state: NatsState,
    /// Since it was asked last.
    pub redelivered: u64,
    route: Option<Route>,
    runtime: Runtime,
    consumer: Consumer<pull::Config>,
    /// To be acknowledged when they are written down.
    open: Vec<Message>,
    waiting: u64,
    asked: Instant,
    /// Trouble was told, and not yet its end.
    troubled: bool,
}

/// Where a stream is.
struct Url {
    server: String,
    /// Without a password.
    name: String,
    stream: String,
}

pub fn is_stream(arg: &str) -> bool {
    arg.starts_with("nats://") || arg.starts_with("tls://")
}

fn parsed(arg: &str) -> Option<Url> {
    let (scheme, rest) = arg.split_once("://")?;
    let (authority, stream) = rest.split_once('/')?;
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let is_name = !stream.is_empty() && !stream.contains(['/', '.', '*', '>', ' ', '?']);
    (is_name && !host.is_empty()).then(|| Url {
        server: format!("{scheme}://{authority}"),
        name: format!("{scheme}://{host}/{stream}"),
        stream: stream.into(),
    })
}

impl Followed {
    /// Connects, and goes on with what is known of the stream, which is taken out of `known`.
    pub fn begin(
        arg: &str,
        route: Option<Route>,
        args: &NatsArgs,
        known: &mut Vec<(u32, NatsState)>,
        next: &mut u32,
        reading: &Reading,
    ) -> Result<Followed, Failure> {
        let url = parsed(arg)
            .ok_or_else(|| Failure::new("a stream is named `nats://HOST:PORT/STREAM`").code(Code::Routing))?;
        let cannot = |why: String| Failure::new(format!("cannot follow `{}`: {why}", url.name)).code(Code::Unreadable);
        // A thread of its own, so that the connection is kept while records are judged.
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .map_err(|e| cannot(e.to_string()))?;
        let (stream, mut consumer) = runtime.block_on(async {
            let mut options = ConnectOptions::new().name("bylaws follow").connection_timeout(CONNECTING);
            if let Some(path) = &args.nats_credentials {
                let read = options.credentials_file(path).await;
                options = read
                    .map_err(|e| cannot(format!("`{}`: {}", path.display(), super::super::disk::plain_io_error(&e))))?;
            }
            let client = options.connect(&url.server).await.map_err(|e| cannot(e.to_string()))?;
            let context = jetstream::new(client);
            let stream = context.get_stream(&url.stream).await.map_err(|e| cannot(e.to_string()))?;
            let config = pull::Config {
                durable_name: Some(args.nats_consumer.clone()),
                ack_policy: AckPolicy::Explicit,
                ack_wait: args.nats_ack_wait,
                max_ack_pending: OPEN,
                ..pull::Config::default()
            };
            let consumer = stream.get_or_create_consumer(&args.nats_consumer, config).await;
            let consumer = consumer.map_err(|e| cannot(format!("the consumer `{}`: {e}", args.nats_consumer)))?;
            Ok::<_, Failure>((stream, consumer))
        })?;
        let created = stream.cached_info().created.to_string();
        let about = runtime.block_on(consumer.info()).map_err(|e| cannot(e.to_string()))?.clone();
        let before = known.iter().position(|(_, s)| s.origin.name == url.name);
        let state = match before {
            Some(at) if known[at].1.created == created => {
                if known[at].1.consumer != args.nats_consumer {
                    warn!(stream = %url.name, before = %known[at].1.consumer, now = %args.nats_consumer, "another consumer than before: what comes again is not taken again");
                }
                Some(known.remove(at))
            }
            Some(at) => {
                warn!(stream = %url.name, "the stream was made anew: it is read from its beginning");
                known[at].1.origin.name += " (before)";
                None
            }
            None => None,
        };
        let (id, state) = match state {
            Some((id, state)) => (id, NatsState { consumer: args.nats_consumer.clone(), ..state }),
            None => {
                if about.delivered.stream_sequence > 0 {
                    return Err(Failure::new(format!(
                        "the consumer `{}` of `{}` was used before: {} messages were sent to it",
                        args.nats_consumer, url.name, about.delivered.consumer_sequence
                    ))
                    .help("go on with the `--state` that it belongs to, or give another name with `--nats-consumer`"));
                }
                info!(stream = %url.name, consumer = %args.nats_consumer, "a stream is followed");
                let routed = route.as_ref().map(|r| Named::of(r, reading));
                let origin = Origin {
                    name: url.name.clone(),
                    route: routed.clone().unwrap_or(Named::Tagged),
                    csv: false,
                    heading: Vec::new(),
                    latest: None,
                };
                *next += 1;
                let state = NatsState {
                    origin,
                    consumer: args.nats_consumer.clone(),
                    created,
                    floor: 0,
                    taken: BTreeSet::new(),
                    routed: routed.is_some(),
                };
                (*next - 1, state)
            }
        };
        Ok(Followed {
            id,
            state,
            redelivered: 0,
            route,
            runtime,
            consumer,
            open: Vec::new(),
            waiting: about.num_pending + about.num_ack_pending as u64,
            asked: Instant::now(),
            troubled: false,
        })
    }

    /// Messages that have come and were not taken before; `last`: what cannot be read is an error.
    pub fn read(&mut self, last: bool, reading: &Reading) -> Result<Option<Chunk>, Failure> {
        let fetched: Result<Vec<Message>, String> = self.runtime.block_on(async {
            let batch = self.consumer.fetch().max_messages(SOME).messages();
            let mut batch =
                tokio::time::timeout(CONNECTING, batch).await.map_err(|e| e.to_string())?.map_err(|e| e.to_string())?;
            let mut all = Vec::new();
            while let Ok(Some(message)) = tokio::time::timeout(CONNECTING, batch.next()).await {
                all.push(message.map_err(|e| e.to_string())?);
            }
            Ok(all)
        });
        let all = match fetched {
            Ok(all) => all,
            Err(why) if last => {
                return Err(
                    Failure::new(format!("cannot read `{}`: {why}", self.state.origin.name)).code(Code::Unreadable)
                );
            }
            Err(why) => {
                if !std::mem::replace(&mut self.troubled, true) {
                    warn!(stream = %self.state.origin.name, reason = %why, "the stream cannot be read for now: it is tried again");
                }
                std::thread::sleep(WAIT);
                return Ok(None);
            }
        };
        if std::mem::take(&mut self.troubled) {
            info!(stream = %self.state.origin.name, "the stream can be read again");
        }
        let mut chunk = Chunk { input: self.id, ..Chunk::default() };
        if all.is_empty() {
            self.ask();
            return Ok(None);
        }
        let mut lines = 0;
        for message in all {
            let (number, pending) = match message.info() {
                Ok(info) => (info.stream_sequence, info.pending),
                Err(_) => continue,
            };
            self.waiting = pending;
            let again = number <= self.state.floor || !self.state.taken.insert(number);
            if again {
                self.redelivered += 1;
            } else {
                if !self.state.routed {
                    let route = match &self.route {
                        Some(route) => route.clone(),
                        None => records::route_of_head(&self.state.origin.name, &message.payload, reading)?,
                    };
                    self.state.origin.route = Named::of(&route, reading);
                    self.state.routed = true;
                }
                chunk.pieces.push(Piece { at: chunk.bytes.len() as u64, line: lines, of: (number, number) });
                // A message is one record: within JSON a line's end is a space.
                chunk.bytes.extend(message.payload.iter().map(|b| if matches!(b, b'\n' | b'\r') { b' ' } else { *b }));
                chunk.bytes.push(b'\n');
                lines += 1;
            }
            self.open.push(message);
        }
        chunk.more = self.waiting > 0;
        Ok(Some(chunk))
    }

    /// Which messages cannot come again, and how many wait.
    fn ask(&mut self) {
        if self.asked.elapsed() < ASK && self.waiting == 0 {
            return;
        }
        self.asked = Instant::now();
        let Ok(Ok(about)) =
            self.runtime.block_on(async { tokio::time::timeout(CONNECTING, self.consumer.info()).await })
        else {
            return;
        };
        self.waiting = about.num_pending + about.num_ack_pending as u64;
        self.state.floor = self.state.floor.max(about.ack_floor.stream_sequence);
        self.state.taken = self.state.taken.split_off(&(self.state.floor + 1));
    }

    /// Whether all that is there has been read, and written down.
    pub fn is_read(&self) -> bool {
        self.waiting == 0
    }

    /// What was taken is written down.
    pub fn acknowledge(&mut self) -> Result<(), Failure> {
        let open = std::mem::take(&mut self.open);
        if open.is_empty() {
            return Ok(());
        }
        let done = self.runtime.block_on(async {
            for message in &open {
                message.ack().await?;
            }
            open[0].context.client().flush().await.map_err(|e| Box::new(e) as Box<dyn std::error::Error + Send + Sync>)
        });
        // One that is not acknowledged comes again, and is known.
        if let Err(why) = done {
            warn!(stream = %self.state.origin.name, reason = %why, "messages could not be acknowledged: they come again, and are not taken again");
        }
        Ok(())
    }
}
