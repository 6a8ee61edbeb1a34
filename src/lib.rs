//! Conduct rules as code: checked, tested, and evaluated over activity records, with every finding explained.
//!
//! The way through, each step a type:
//!
//! | step | from | to |
//! |---|---|---|
//! | [`PolicySet::load`] | [`Files`]: policy texts on a disk or in memory | [`PolicySet`] |
//! | [`PolicySet::check`] | names, types, units, time | [`Checked`]: every [`Diagnostic`], or none |
//! | [`Checked::compile`] | a set without errors | [`Plan`] |
//! | [`Checked::save`], [`Plan::load`] | the plan as bytes, for another process | [`SavedPlan`] |
//! | [`Ingest::read`] | NDJSON, JSON, CSV, Parquet | [`Batch`]es of the columns that the plan needs |
//! | [`Evaluator::push`], [`Evaluator::finish`] | batches, in any order | [`Findings`] |
//! | [`Findings::explain`] | one verdict | the clauses, values and records that it rests on |
//!
//! The library reads no file, clock or environment by itself; the `bylaws` command does (feature `cli`).
//!
//! ```
//! use bylaws::{Evaluator, EvalOptions, Ingest, Input, InputSpec, MemoryFiles, PolicySet, Route, Sink, Verdict};
//! use std::sync::{Arc, Mutex};
//!
//! let files = MemoryFiles::from_iter([("gifts.bylaw", r#"
//!     record gift at received by actor identity id {
//!       id: text,  received: date,  actor: text,  value: money,
//!     }
//!     forbid large_gift "No gift of more than 500 CNY" {
//!       on       gift
//!       when     value > 500 CNY
//!       because  "{actor} received {value}"
//!     }
//! "#)]);
//! let mut policies = PolicySet::load(&files, &["gifts.bylaw"]).unwrap();
//! let checked = policies.check(&[]);
//! assert!(checked.diagnostics().is_empty());
//! let plan = Arc::new(checked.compile().unwrap());
//!
//! let log = br#"{"kind": "gift", "id": "G1", "received": "2025-03-01", "actor": "E1", "value": "650 CNY"}
//! {"kind": "gift", "id": "G2", "received": "2025-03-02", "actor": "E2", "value": "20 CNY"}"#;
//! let spec = InputSpec { id: bylaws::InputId(0), name: "log.ndjson".into(), format: None, route: Route::Tagged };
//! let batches = Mutex::new(Vec::new());
//! let sink = Sink { batch: &|b| batches.lock().unwrap().push(b), reject: &|_| (), advance: &|_| () };
//! Ingest::new(&plan.reading()).read(&spec, Input::Bytes(log), Default::default(), sink).unwrap();
//!
//! let mut evaluator = Evaluator::new(plan, EvalOptions::default()).unwrap();
//! for batch in batches.into_inner().unwrap() {
//!     evaluator.push(batch).unwrap();
//! }
//! let findings = evaluator.finish();
//! assert_eq!(findings.verdicts(), [Verdict::Finding]);
//! assert_eq!(findings.explain(0).message, "E1 received 650.00 CNY");
//! ```
#![forbid(unsafe_code)]

// The parser that is made from the grammar names it.
extern crate alloc;

#[cfg(feature = "cli")]
mod analyze;
#[cfg(feature = "cli")]
mod bundle;
#[cfg(feature = "cli")]
#[cfg_attr(not(feature = "follow"), allow(dead_code))]
mod cli;
mod data;
mod diag;
mod eval;
mod fmt;
#[cfg(feature = "cli")]
mod handbook;
#[cfg(feature = "cli")]
mod infer;
mod ingest;
mod io;
#[cfg(feature = "cli")]
mod lint;
#[cfg(feature = "lsp")]
mod lsp;
mod plan;
#[cfg_attr(not(feature = "cli"), allow(dead_code, unused_imports))]
mod policy_set;
#[cfg(feature = "report")]
#[cfg_attr(not(feature = "cli"), allow(dead_code, unused_imports))]
mod report;
mod sema;
mod source;
mod syntax;
#[cfg(feature = "cli")]
mod testing;
mod threads;

#[cfg(feature = "cli")]
#[doc(hidden)]
pub use cli::command;

pub use data::mapping::Format;
pub use data::{
    Batch, Brief, ColumnId, Currency, Decimal, Defect, Gone, InputId, KindId, LetGo, Limits, Money, Place, Reading,
    Schema, Severity, Sieve, Time, Value, Verdict,
};
pub use diag::{Code, Diagnostic, Fix, Label, Level};
pub use eval::apart::{ApartError, Extent, Marks, Moved, Part, found};
pub use eval::{
    BatchError, Evaluator, Explainer, Explanation, FindingRow, Findings, Options as EvalOptions, PlanError, RecordRef,
    RuleCounts, Sieves,
};
pub use ingest::{
    Ingest, Input, InputError, InputReport, InputSpec, Options as IngestOptions, ReadAt, Reject, Route, Sift, Sink,
    format_of,
};
pub use io::{FileError, Files, MemoryFiles};
pub use plan::saved::{Saved as SavedPlan, SavedError as SavedPlanError};
pub use plan::stages::{By, Stage, Survey, stages, survey};
pub use plan::{Atom, AtomTest, Plan, TextMatch};
pub use policy_set::{Checked, LoadError, PolicySet};
#[cfg(feature = "report")]
pub use report::{diagnostic_text, verdict_columns, verdict_order, verdict_text};
pub use sema::hir::Hir as TypedRules;
pub use source::{FileId, SourceMap, Span};

/// What the project's own integration tests reach into; no part of the interface.
#[doc(hidden)]
pub mod internals {
    pub mod source {
        pub use crate::source::*;
    }
    pub mod diag {
        pub use crate::diag::*;
    }
    pub mod data {
        pub use crate::data::*;
    }
    #[cfg(feature = "cli")]
    pub mod analyze {
        use crate::analyze::{self, Ask, Set, Solver, Trouble};
        use crate::cli::Bench;
        use crate::{Checked, SourceMap};
        use serde_json::Value;

        type Of<'a> = (&'a SourceMap, &'a Checked);

        fn set<'a>((sources, checked): Of<'a>) -> Set<'a> {
            Set { sources, hir: checked.hir(), charter: &[] }
        }

        /// What people and programs read of what changes in meaning between two sets; none where they have errors.
        pub fn diff(old: Of<'_>, new: Of<'_>) -> Option<(String, Value)> {
            let bench = Bench::of([old.1.compile()?.into(), new.1.compile()?.into()]);
            let changes = analyze::diff(set(old), set(new), &bench, None);
            Some((analyze::human(&changes, false), analyze::json(&changes)))
        }

        /// What they read of how the rules of one set stand to each other.
        pub fn within(of: Of<'_>) -> Option<(String, Value)> {
            asked(of, None)
        }

        /// The same with a solver that has a model of whatever it is asked, and always this one.
        pub fn with_model(of: Of<'_>, model: &str) -> Option<(String, Value)> {
            asked(of, Some(&Model(model)))
        }

        fn asked(of: Of<'_>, solver: Option<&dyn Solver>) -> Option<(String, Value)> {
            let bench = Bench::within(of.1.compile()?, of.1.hir());
            let ask = Ask { overlaps: true, threads: 1, judge: &bench, solver };
            let analysis = analyze::within(set(of), ask);
            Some((analyze::within_human(&analysis, false), analyze::within_json(&analysis)))
        }

        struct Model<'a>(&'a str);

        impl Solver for Model<'_> {
            fn ask(&self, script: &str) -> Result<String, Trouble> {
                Ok(if script.starts_with("(get-value") { self.0.to_owned() } else { "sat".into() })
            }

            fn name(&self) -> &str {
                "made-up"
            }
        }
    }
    #[cfg(feature = "cli")]
    pub mod infer {
        pub use crate::infer::*;
    }
    pub mod ingest {
        pub use crate::ingest::*;
    }
    pub mod fmt {
        pub use crate::fmt::*;
    }
    #[cfg(feature = "cli")]
    pub mod handbook {
        use crate::handbook::{self, Catalogue, Given};
        pub use crate::handbook::{CHINESE, ENGLISH};

        /// The page and the Markdown of a policy set without errors, in a language that is shipped.
        pub fn pages(policies: &mut crate::PolicySet, language: &str) -> Option<(String, String)> {
            written(policies, &Catalogue::shipped(language)?)
        }

        /// The same, by a catalogue's text and what the authors call their rules.
        ///
        /// # Errors
        /// What is wrong with the catalogue or the names.
        pub fn pages_by(
            policies: &mut crate::PolicySet,
            catalogue: &str,
            names: &str,
        ) -> Result<Option<(String, String)>, Vec<String>> {
            let mut catalogue = Catalogue::of(catalogue).map_err(|bad| bad.0)?;
            catalogue.add_names(names).map_err(|bad| bad.0)?;
            Ok(written(policies, &catalogue))
        }

        fn written(policies: &mut crate::PolicySet, catalogue: &Catalogue) -> Option<(String, String)> {
            let (checked, uses) = policies.check_names(&[]);
            if checked.has_errors() {
                return None;
            }
            let (hir, files, sources) = (checked.hir(), policies.files(), policies.sources());
            let given = Given { hir, files, sources, uses: &uses, as_of: None, title: None };
            let made = handbook::handbook(&given, catalogue);
            Some((handbook::html(&made, catalogue), handbook::markdown(&made, catalogue)))
        }
    }
    #[cfg(feature = "cli")]
    pub mod lint {
        pub use crate::lint::*;
    }
    pub mod syntax {
        pub use crate::syntax::*;
    }
    pub mod sema {
        pub use crate::sema::*;
    }
    pub mod plan {
        pub use crate::plan::*;
    }
    pub mod eval {
        pub use crate::eval::*;
    }
    pub mod policy_set {
        pub use crate::policy_set::{CONDITION, Names, Tried};
    }
    #[cfg(feature = "cli")]
    pub mod bundle {
        pub use crate::bundle::*;
    }
    #[cfg(feature = "cli")]
    pub mod report {
        use crate::Verdict;
        use crate::report::integrity::Earlier;
        use crate::report::{baseline::Baseline, check_json, ledger::Chain, receipt, render};

        /// How many findings are new since an earlier run, how many it knew, and those of then that are none any more, where
        /// these are the findings of now.
        ///
        /// # Errors
        /// Why the text is none of an earlier run.
        pub fn earlier(text: &str, now: &[String]) -> Result<(usize, usize, Vec<String>), String> {
            let now = now.iter().map(|id| (id.as_str(), Verdict::Finding)).collect();
            let since = Earlier::read("earlier.json".into(), text)?.since(&now);
            Ok((since.new, since.known, since.gone.into_iter().map(|gone| gone.id).collect()))
        }

        /// A receipt, written again, and how another differs from it.
        ///
        /// # Errors
        /// Why the text is no receipt.
        pub fn receipt(text: &str, other: &str) -> Result<(String, Vec<String>), String> {
            let (then, now) = (receipt::read(text)?, receipt::read(other)?);
            let written = serde_json::to_string(&then).map_err(|e| e.to_string())?;
            Ok((written, receipt::differences(&then, &now)))
        }

        /// How many entries a ledger has, and the hash of the last.
        ///
        /// # Errors
        /// The first fault in it.
        pub fn ledger(mut text: &[u8]) -> Result<(u64, String), String> {
            let chain = Chain::read(&mut text, &mut |_, _, _| ()).map_err(|e| e.to_string())?;
            chain.map(|(chain, _)| (chain.entries, chain.head)).map_err(|fault| fault.to_string())
        }

        /// What people read of diagnostics, and what programs do.
        pub fn diagnostics(sources: &crate::SourceMap, told: &[crate::Diagnostic]) -> [String; 2] {
            [render::diagnostics(sources, told, false), check_json(sources, told, &[])]
        }

        /// A baseline, written again.
        ///
        /// # Errors
        /// Why the text is no baseline.
        pub fn baseline(text: &str) -> Result<String, String> {
            let mut bytes = Vec::new();
            Baseline::read(text)?.write(&mut bytes).map_err(|e| e.to_string())?;
            String::from_utf8(bytes).map_err(|e| e.to_string())
        }
    }
    #[cfg(feature = "cli")]
    pub mod signature {
        pub use crate::cli::signed_by;
    }
    #[cfg(feature = "cli")]
    pub mod testing {
        use crate::{Diagnostic, Plan, PolicySet, testing};
        use std::sync::Arc;

        /// What failed of each test of a set without errors.
        pub fn run(policies: &mut PolicySet) -> Vec<Vec<Diagnostic>> {
            let checked = policies.check(&[]);
            let tests = checked.hir().tests.iter();
            let outcome = |test| {
                let own = policies.check_for(test, &[]);
                let metrics = || Arc::new(Plan::of_metrics(own.hir()));
                match own.compile() {
                    Some(plan) => testing::run(Arc::new(plan), metrics, policies.sources(), test, true).failures,
                    None => own.diagnostics().to_vec(),
                }
            };
            tests.map(outcome).collect()
        }
    }
    #[cfg(feature = "lsp")]
    pub mod lsp {
        use std::io::{Read, Write};

        /// Serves until the client says `exit` or the input ends.
        pub fn serve(files: &dyn crate::Files, input: impl Read + Send + 'static, output: impl Write + Send + 'static) {
            crate::lsp::serve(files, input, output);
        }
    }
}
