//! What a follower tells while it runs: a line an event, for people or for programs, on standard error.

use super::super::Style;
use clap::ValueEnum;
use tracing::level_filters::LevelFilter;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people
    Text,
    /// One JSON object a line
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogLevel {
    Error,
    Warn,
    Info,
    Debug,
}

pub fn begin(format: LogFormat, level: LogLevel, style: Style) {
    let level = match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
    };
    // What libraries say among themselves is not for here.
    let own = tracing_subscriber::filter::filter_fn(|meta| meta.target().starts_with("bylaws"));
    use tracing_subscriber::layer::SubscriberExt;
    use tracing_subscriber::{Layer, fmt};
    let to = std::io::stderr;
    let layer = match format {
        LogFormat::Json => {
            fmt::layer().json().flatten_event(true).with_target(false).with_writer(to).with_filter(own).boxed()
        }
        LogFormat::Text => {
            fmt::layer().with_target(false).with_ansi(style.stderr).with_writer(to).with_filter(own).boxed()
        }
    };
    let subscriber = tracing_subscriber::registry().with(layer.with_filter(level));
    // In a process that has one already, that one is told.
    let _ = tracing::subscriber::set_global_default(subscriber);
}
