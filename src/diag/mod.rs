//! Diagnostics: what is wrong with a policy, where, and what to do about it.
//!
//! Messages are lower case without a final period, put the author's own words in backticks, and
//! name no Rust types. What to do next stands in the help.

mod codes;
mod suggest;

pub use codes::Code;
pub use suggest::did_you_mean;

use crate::source::Span;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    Advice,
    Warning,
    Error,
}

/// A place, and what to say there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    pub span: Span,
    pub text: String,
}

/// A replacement that would mend the policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fix {
    pub title: String,
    pub span: Span,
    pub replacement: String,
    /// It may be made without asking: what the policy means stays as it is.
    pub safe: bool,
}

/// It cannot be made without a code, a message and a place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostic {
    pub code: Code,
    pub level: Level,
    pub message: String,
    /// The first is where the fault is; the others are related places, perhaps in other files.
    pub labels: Vec<Label>,
    pub help: Option<String>,
    pub fixes: Vec<Fix>,
}

impl Diagnostic {
    pub fn error(code: Code, message: impl Into<String>, span: Span, label: impl Into<String>) -> Diagnostic {
        Diagnostic {
            code,
            level: Level::Error,
            message: message.into(),
            labels: vec![Label { span, text: label.into() }],
            help: None,
            fixes: Vec::new(),
        }
    }

    pub fn warning(code: Code, message: impl Into<String>, span: Span, label: impl Into<String>) -> Diagnostic {
        Diagnostic { level: Level::Warning, ..Diagnostic::error(code, message, span, label) }
    }

    /// Adds a related place.
    pub fn label(mut self, span: Span, text: impl Into<String>) -> Diagnostic {
        self.labels.push(Label { span, text: text.into() });
        self
    }

    pub fn help(mut self, help: impl Into<String>) -> Diagnostic {
        self.help = Some(help.into());
        self
    }

    pub fn fix(mut self, title: impl Into<String>, span: Span, replacement: impl Into<String>) -> Diagnostic {
        self.fixes.push(Fix { title: title.into(), span, replacement: replacement.into(), safe: false });
        self
    }

    /// As [`Diagnostic::fix`], one that may be made without asking.
    pub fn safe_fix(mut self, title: impl Into<String>, span: Span, replacement: impl Into<String>) -> Diagnostic {
        self.fixes.push(Fix { title: title.into(), span, replacement: replacement.into(), safe: true });
        self
    }

    pub fn advice(code: Code, message: impl Into<String>, span: Span, label: impl Into<String>) -> Diagnostic {
        Diagnostic { level: Level::Advice, ..Diagnostic::error(code, message, span, label) }
    }

    /// Where the fault is.
    pub fn span(&self) -> Span {
        self.labels[0].span
    }
}
