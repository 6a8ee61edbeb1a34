//! Streams of NATS JetStream, through a durable consumer: a message is acknowledged once it is written down, so that the
//! server sends it again until then. One that comes again is known by its number in the stream.
//!
//! What was not acknowledged would come again behind what is newer, and be late. So the consumer is made anew behind what
//! was acknowledged, at each start, and where a message was lost on its way.

use super::super::{Failure, records};
use super::input::{Chunk, Named, Origin, Piece};
use super::{NatsArgs, login};
use crate::data::Reading;
use crate::diag::Code;
use crate::ingest::Route;
use async_nats::jetstream::consumer::{AckPolicy, Consumer, DeliverPolicy, Info, pull};
use async_nats::jetstream::stream::Stream;
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
const WAIT: Duration = Duration::from_millis(500);
/// After nothing has come.
const REST: Duration = Duration::from_millis(50);
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
    stream: Stream,
    consumer: Consumer<pull::Config>,
    config: pull::Config,
    /// The server's count of what it has sent.
    sent: u64,
    /// To be acknowledged when they are written down.
    open: Vec<Message>,
    waiting: u64,
    asked: Instant,
    /// Nothing came the last time.
    idle: Option<Instant>,
    /// Trouble was told, and not yet its end.
    troubled: bool,
}

/// Where a stream is.
#[derive(Debug, PartialEq, Eq)]
struct Url {
    server: String,
    /// What stands before the `@`.
    login: Option<String>,
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
    let (login, host) = authority.rsplit_once('@').map_or((None, authority), |(login, host)| (Some(login), host));
    let is_name = !stream.is_empty() && !stream.contains(['/', '.', '*', '>', ' ', '?']);
    (is_name && !host.is_empty()).then(|| Url {
        server: format!("{scheme}://{host}"),
        login: login.map(str::to_owned),
        name: format!("{scheme}://{host}/{stream}"),
        stream: stream.into(),
    })
}

/// The consumer, behind what was acknowledged.
async fn anew(stream: &Stream, config: &pull::Config, floor: u64) -> Result<Consumer<pull::Config>, String> {
    let name = config.durable_name.as_deref().unwrap_or_default();
    // There may be none.
    let _ = stream.delete_consumer(name).await;
    let deliver_policy = match floor {
        0 => DeliverPolicy::All,
        floor => DeliverPolicy::ByStartSequence { start_sequence: floor + 1 },
    };
    let config = pull::Config { deliver_policy, ..config.clone() };
    stream.create_consumer(config).await.map_err(|e| e.to_string())
}

impl Followed {
    /// Connects, and goes on with what is known of the stream, which is taken out of `known`.
    pub fn begin(
        arg: &str,
        route: Option<Route>,
        (args, state_id): (&NatsArgs, &str),
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
        let config = pull::Config {
            durable_name: Some(args.nats_consumer.clone()),
            description: Some(format!("bylaws follow, state {state_id}")),
            ack_policy: AckPolicy::Explicit,
            ack_wait: args.nats_ack_wait,
            max_ack_pending: OPEN,
            ..pull::Config::default()
        };
        let (stream, about) = runtime.block_on(async {
            let options = login::options(args, url.login.as_deref()).map_err(cannot)?;
            let client =
                options.connection_timeout(CONNECTING).connect(&url.server).await.map_err(|e| cannot(e.to_string()))?;
            let stream = jetstream::new(client).get_stream(&url.stream).await.map_err(|e| cannot(e.to_string()))?;
            let about = stream.consumer_info(&args.nats_consumer).await.ok();
            Ok::<_, Failure>((stream, about))
        })?;
        // It is said on it whose it is.
        let owner = |a: &Info| a.config.description != config.description;
        if about.as_ref().is_some_and(owner) {
            return Err(Failure::new(format!(
                "the consumer `{}` of `{}` belongs to something else, or to another state",
                args.nats_consumer, url.name
            ))
            .help("go on with the `--state` that it belongs to, or give another name with `--nats-consumer`"));
        }
        let created = stream.cached_info().created.to_string();
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
        let mut state = state;
        // What was acknowledged had been written down.
        state.floor = state.floor.max(about.map_or(0, |a| a.ack_floor.stream_sequence));
        let made = runtime.block_on(anew(&stream, &config, state.floor));
        let consumer = made.map_err(|e| cannot(format!("the consumer `{}`: {e}", args.nats_consumer)))?;
        Ok(Followed {
            id,
            state,
            redelivered: 0,
            route,
            runtime,
            stream,
            config,
            sent: 0,
            open: Vec::new(),
            waiting: consumer.cached_info().num_pending,
            consumer,
            asked: Instant::now(),
            idle: None,
            troubled: false,
        })
    }

    /// Has all come again that was not acknowledged, in its order.
    fn begin_anew(&mut self) -> Result<(), String> {
        self.open.clear();
        self.consumer = self.runtime.block_on(anew(&self.stream, &self.config, self.state.floor))?;
        self.sent = 0;
        self.waiting = self.consumer.cached_info().num_pending;
        Ok(())
    }

    /// Messages that have come and were not taken before; `last`: what cannot be read is an error.
    pub fn read(&mut self, last: bool, reading: &Reading) -> Result<Option<Chunk>, Failure> {
        if self.idle.is_some_and(|since| since.elapsed() < REST) {
            return Ok(None);
        }
        let fetched: Result<Vec<Message>, String> = self.runtime.block_on(async {
            let late = |_| "the server does not answer".to_owned();
            let batch = self.consumer.fetch().max_messages(SOME).messages();
            let mut batch = tokio::time::timeout(CONNECTING, batch).await.map_err(late)?.map_err(|e| e.to_string())?;
            let mut all = Vec::new();
            while let Some(message) = tokio::time::timeout(CONNECTING, batch.next()).await.map_err(late)? {
                all.push(message.map_err(|e| e.to_string())?);
            }
            // Each that was sent has come.
            for message in &all {
                let sent = message.info().map_err(|e| e.to_string())?.consumer_sequence;
                if sent != self.sent + 1 {
                    return Err("a message was lost on its way".into());
                }
                self.sent = sent;
            }
            Ok(all)
        });
        let fetched = fetched.or_else(|why| self.begin_anew().map_err(|more| format!("{why}; {more}")).and(Err(why)));
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
            self.idle = Some(Instant::now());
            if self.asked.elapsed() >= ASK {
                self.ask();
            }
            return Ok(None);
        }
        self.idle = None;
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

    /// Which messages cannot come again, and how many wait or may come again.
    fn ask(&mut self) {
        self.asked = Instant::now();
        let about = self.runtime.block_on(async { tokio::time::timeout(CONNECTING, self.consumer.info()).await });
        let Ok(Ok(about)) = about else { return };
        self.waiting = about.num_pending + about.num_ack_pending as u64;
        self.state.floor = self.state.floor.max(about.ack_floor.stream_sequence);
        self.state.taken = self.state.taken.split_off(&(self.state.floor + 1));
    }

    /// Whether all that is there has been read, and written down.
    pub fn is_read(&mut self) -> bool {
        if self.open.is_empty() {
            self.ask();
        }
        self.open.is_empty() && self.waiting == 0
    }

    /// What was taken is written down.
    pub fn acknowledge(&mut self) -> Result<(), Failure> {
        let open = std::mem::take(&mut self.open);
        if open.is_empty() {
            return Ok(());
        }
        let done: Result<(), async_nats::Error> = self.runtime.block_on(async {
            for message in &open {
                message.ack().await?;
            }
            open[0].context.client().flush().await.map_err(Into::into)
        });
        // One that is not acknowledged comes again, and is known.
        if let Err(why) = done {
            warn!(stream = %self.state.origin.name, reason = %why, "messages could not be acknowledged: they come again, and are not taken again");
        }
        Ok(())
    }
}
