//! What conditions are tried on: a policy set, inputs, and what has been said of both so far.

use super::super::memory::{Limit, Size};
use super::super::people::Naming;
use super::super::policies::Trust;
use super::super::{Failure, Style, audit, check, output, reading, records, why};
use crate::data::{KindId, Limits, Place, Time, Verdict};
use crate::diag::{Diagnostic, did_you_mean};
use crate::eval::why::{About, Why};
use crate::eval::{Evaluator, Findings, Options, RuleCounts};
use crate::plan::Plan;
use crate::policy_set::{CONDITION, Checked, Names, PolicySet, Tried};
use crate::report::{self, Context};
use std::sync::Arc;

pub(super) struct Session {
    pub policies: PolicySet,
    set: Vec<(String, String)>,
    /// Of the set itself.
    pub plan: Arc<Plan>,
    pub inputs: records::Inputs,
    as_of: Option<Time>,
    threads: usize,
    memory_limit: Option<Size>,
    limits: Limits,
    pub names: Names,
    /// The records that conditions are about, where that was said.
    pub kind: Option<String>,
    /// The kinds that the inputs hold records of.
    present: Option<Vec<String>>,
}

/// How the session was begun.
pub(super) struct Start<'a> {
    pub policies: &'a [String],
    pub set: &'a [(String, String)],
    pub trust: &'a Trust,
    pub records: &'a [String],
    pub as_of: Option<&'a str>,
    pub threads: usize,
    pub memory_limit: Option<Size>,
    pub naming: &'a Naming,
}

/// A condition, judged at every record of its kind.
pub(super) struct Judged {
    pub kind: KindId,
    pub findings: Findings,
    pub outcome: reading::Outcome,
    /// The verdicts in the order of their records: by time, those of unknown time last.
    pub order: Vec<usize>,
    pub counts: RuleCounts,
}

impl Session {
    pub fn begin(start: &Start, style: Style) -> Result<Session, Failure> {
        let (policies, checked) = check::load(start.policies, start.trust, start.set, style)?.parts();
        let plan = Arc::new(check::compile(&checked)?);
        let mut inputs = records::inputs(start.records, &plan.reading())?;
        start.naming.apply(&plan.reading(), &mut inputs, (start.threads, &start.trust.limit.limits()))?;
        let as_of = start.as_of.map(|text| audit::time(text, &plan)).transpose()?;
        Ok(Session {
            policies,
            set: start.set.to_vec(),
            plan,
            inputs,
            as_of,
            threads: start.threads,
            memory_limit: start.memory_limit,
            limits: start.trust.limit.limits(),
            names: Names::default(),
            kind: None,
            present: None,
        })
    }

    /// The kinds of records that the policy declares.
    pub fn records(&self) -> impl Iterator<Item = &str> {
        self.plan.schema.declared().iter().filter(|k| !k.is_table()).map(|k| k.name.as_str())
    }

    /// Has conditions be about another kind from here on.
    pub fn on(&mut self, kind: &str) -> Result<(), Failure> {
        let declared = self.plan.schema.declared();
        if declared.iter().all(|k| k.name != kind) {
            let failure = Failure::new(format!("the policy has no record or table `{kind}`"));
            let names = || declared.iter().map(|k| k.name.as_str());
            return Err(match did_you_mean(kind, names()) {
                Some(near) => failure.help(format!("did you mean `{near}`?")),
                None => failure.help(format!("it has {}", listed(names()))),
            });
        }
        self.kind = Some(kind.to_owned());
        Ok(())
    }

    /// Adds a name for the conditions that follow.
    pub fn define(&mut self, text: &str, style: Style) -> Result<(), Failure> {
        match self.policies.add_name(text, &self.names, &self.set) {
            Ok(names) => {
                self.names = names;
                Ok(())
            }
            Err(told) => Err(self.wrong(&told, style)),
        }
    }

    /// Judges a condition at every record of the kind that it is about.
    pub fn judge(&mut self, text: &str, style: Style) -> Result<Judged, Failure> {
        let (kind, tried) = match self.kind.clone() {
            Some(kind) => match self.check(text, &kind) {
                Ok(tried) => (kind, tried),
                Err(told) => return Err(self.wrong(&told, style)),
            },
            None => self.fitting(text, style)?,
        };
        output::tell(&report::render::diagnostics(self.policies.sources(), &tried.warnings, style.stderr));
        let Some(kind) = self.plan.schema.kind_named(&kind) else {
            return Err(Failure::new(format!("the policy has no record or table `{kind}`")));
        };
        self.run(&tried.checked, kind, false)
    }

    /// Every record of a kind, with all of its fields.
    pub fn whole(&mut self, kind: &str, style: Style) -> Result<Judged, Failure> {
        let tried = self.check("true", kind).map_err(|told| self.wrong(&told, style))?;
        match self.plan.schema.kind_named(kind) {
            Some(kind) => self.run(&tried.checked, kind, true),
            None => Err(Failure::new(format!("the policy has no record or table `{kind}`"))),
        }
    }

    fn check(&mut self, text: &str, kind: &str) -> Result<Tried, Vec<Diagnostic>> {
        self.policies.check_condition(kind, text, &self.names, &self.set)
    }

    /// The one kind that the condition can be about: the only one that it fits, or of those that the inputs hold.
    fn fitting(&mut self, text: &str, style: Style) -> Result<(String, Tried), Failure> {
        let kinds: Vec<String> = self.records().map(str::to_owned).collect();
        let mut fit = Vec::new();
        let mut wrong: Option<(String, Vec<Diagnostic>)> = None;
        // It may be wrong whatever it is about.
        let mut alike = true;
        for kind in &kinds {
            match self.check(text, kind) {
                Ok(tried) => fit.push((kind.clone(), tried)),
                Err(told) => {
                    let same = |(_, other): &(_, Vec<Diagnostic>)| {
                        other.iter().map(|d| &d.message).eq(told.iter().map(|d| &d.message))
                    };
                    alike &= wrong.as_ref().is_none_or(same);
                    if wrong.as_ref().is_none_or(|(_, least)| told.len() < least.len()) {
                        wrong = Some((kind.clone(), told));
                    }
                }
            }
        }
        if fit.is_empty() && !alike {
            // The message is about records that there are.
            let present = self.present()?;
            if let [only] = &present[..]
                && let Err(told) = self.check(text, only)
            {
                wrong = Some((only.clone(), told));
            }
        }
        if fit.len() > 1 {
            let present = self.present()?;
            let there = |kind: &String| present.contains(kind);
            if fit.iter().filter(|(kind, _)| there(kind)).count() == 1 {
                fit.retain(|(kind, _)| there(kind));
            }
        }
        match (fit.len(), wrong) {
            (0, None) => {
                Err(Failure::new("the policy declares no record, so that there is nothing to try a condition on"))
            }
            (0, Some((kind, told))) => {
                let failure = self.wrong(&told, style);
                if !alike {
                    output::tell(&format!(
                        "read as a condition on `{kind}`: `--on KIND` or `:on KIND` names another\n"
                    ));
                }
                Err(failure)
            }
            (1, _) => fit.pop().ok_or_else(|| Failure::new("no kind fits")),
            _ => Err(Failure::new("the condition can be about several kinds of record").help(format!(
                "say which with `--on KIND` or `:on KIND`: {}",
                listed(fit.iter().map(|f| f.0.as_str()))
            ))),
        }
    }

    /// The kinds of record that the inputs hold.
    pub fn present(&mut self) -> Result<Vec<String>, Failure> {
        if let Some(present) = &self.present {
            return Ok(present.clone());
        }
        let mut plan = (*self.plan).clone();
        plan.rules.clear();
        plan.read_every_kind();
        let (findings, _) = self.read(Arc::new(plan), false)?;
        let counts = findings.records();
        let kinds = self.plan.schema.declared().iter().zip(counts);
        let present: Vec<String> =
            kinds.filter(|(k, n)| !k.is_table() && n.judged > 0).map(|(k, _)| k.name.clone()).collect();
        self.present = Some(present.clone());
        Ok(present)
    }

    fn run(&self, checked: &Checked, kind: KindId, whole: bool) -> Result<Judged, Failure> {
        let mut hir = checked.hir().clone();
        hir.keep_rule(CONDITION);
        let mut plan = Plan::compile(&hir);
        // Times without an offset are read as they are with the whole set.
        plan.timezone.clone_from(&self.plan.timezone);
        if whole {
            plan.read_whole(kind);
        }
        let (findings, outcome) = self.read(Arc::new(plan), true)?;
        let is_own = |i: &usize| findings.row(*i).rule.name == CONDITION;
        let (mut order, unknown): (Vec<usize>, Vec<usize>) =
            (0..findings.len()).filter(is_own).partition(|&i| findings.row(i).time.is_some());
        order.sort_by_key(|&i| findings.row(i).time.map(moment));
        order.extend(unknown);
        let mut counts = RuleCounts::default();
        for (i, _) in findings.plan().rules.iter().enumerate().filter(|(_, r)| r.name == CONDITION) {
            counts.add(&findings.counts(i));
        }
        Ok(Judged { kind, findings, outcome, order, counts })
    }

    fn read(&self, plan: Arc<Plan>, keep: bool) -> Result<(Findings, reading::Outcome), Failure> {
        let options = Options {
            as_of: self.as_of,
            threads: self.threads,
            keep_compliant: keep,
            retain: keep,
            twice: self.inputs.stay(),
            ..Options::default()
        };
        let evaluator = Evaluator::new(plan.clone(), options).map_err(|e| Failure::new(e.to_string()))?;
        let evaluator = evaluator.with_people(self.inputs.people.clone());
        let reading = plan.reading();
        let limit = Limit::new(self.memory_limit, self.limits);
        let reader = reading::Reader::new(&reading, &self.inputs, self.threads, keep, limit);
        let (evaluator, outcome) = reader.read(evaluator)?;
        Ok((reader.finish(evaluator)?, outcome))
    }

    /// Tells what is wrong with a condition.
    fn wrong(&self, told: &[Diagnostic], style: Style) -> Failure {
        output::tell(&report::render::diagnostics(self.policies.sources(), told, style.stderr));
        Failure::told(report::plural(told.len(), "error"))
    }

    pub fn context<'a>(&'a self, judged: &'a Judged, names: &'a [String]) -> Context<'a> {
        Context { sources: self.policies.sources(), plan: judged.findings.plan(), inputs: names }
    }

    pub fn input_names(&self) -> Vec<String> {
        self.inputs.files.iter().map(|f| f.name.clone()).collect()
    }

    /// What one record, or one of a kind's records by its number, comes to: an index into [`Judged::order`].
    pub fn find(&self, judged: &Judged, wanted: &str) -> Result<Found, Failure> {
        if let Ok(number) = wanted.parse::<usize>() {
            return match number.checked_sub(1).filter(|n| *n < judged.order.len()) {
                Some(n) => Ok(Found::At(n)),
                None => Err(Failure::new(format!(
                    "there is no record {number}: `{}` has {}",
                    self.kind_name(judged),
                    report::plural(judged.order.len(), "record")
                ))
                .help("a bare number counts the records in the order of time; write KIND:ID for one by its identity")),
            };
        }
        let named = match wanted.contains(':') {
            true => wanted.to_owned(),
            false => format!("{}:{wanted}", self.kind_name(judged)),
        };
        let about = self.kind_name(judged);
        let of_another = |other: &str| {
            Failure::new(format!("`{wanted}` is a `{other}`, and the condition is about `{about}`"))
                .help(format!("say `--on {other}` or `:on {other}`, or name another record"))
        };
        let is_kind = |name: &&str| *name != about && self.plan.schema.kind_named(name).is_some();
        if let Some(other) = named.split_once(':').map(|(kind, _)| kind).filter(is_kind) {
            return Err(of_another(other));
        }
        let found = why::find(&self.inputs, &judged.findings, &judged.outcome, &named).map_err(|failure| {
            failure.or_help(format!("the condition is about `{about}`: other kinds are not looked at"))
        })?;
        let Some(&(kind, id)) = found.iter().find(|(kind, _)| *kind == judged.kind) else {
            return Err(of_another(found.first().map_or("", |(k, _)| self.plan.schema.kind(*k).name.as_str())));
        };
        let place = judged.order.iter().position(|&i| {
            let about = judged.findings.about_verdict(i);
            (about.kind, about.id) == (kind, id)
        });
        Ok(place.map_or(Found::NotJudged(kind, id), Found::At))
    }

    pub fn kind_name(&self, judged: &Judged) -> &str {
        &self.plan.schema.kind(judged.kind).name
    }

    pub fn is_table(&self, judged: &Judged) -> bool {
        self.plan.schema.kind(judged.kind).is_table()
    }
}

/// Where a record is among those that were judged.
pub(super) enum Found {
    At(usize),
    /// A table's row that does not hold at the end of the data.
    NotJudged(KindId, u32),
}

impl Judged {
    /// What the condition is at a record, with its parts.
    pub fn why(&self, found: &Found) -> Option<Why> {
        let about: About = match *found {
            Found::At(n) => self.findings.about_verdict(*self.order.get(n)?),
            Found::NotJudged(kind, id) => {
                let rule = self.findings.plan().rules.iter().position(|r| r.name == CONDITION)?;
                *self.findings.about(rule, kind, id).first()?
            }
        };
        Some(self.findings.looked_at(&about))
    }

    pub fn verdict(&self, n: usize) -> Option<Verdict> {
        self.order.get(n).map(|&i| self.findings.verdicts()[i])
    }

    pub fn place(&self, n: usize) -> Option<Place> {
        self.order.get(n).and_then(|&i| self.findings.row(i).place)
    }

    pub fn at_place(&self, place: Place) -> Option<usize> {
        (0..self.order.len()).find(|&n| self.place(n) == Some(place))
    }
}

fn moment(time: Time) -> i64 {
    match time {
        Time::Date(day) => i64::from(day),
        Time::Instant(at) => at,
    }
}

pub(super) fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.map(|n| format!("`{n}`")).collect();
    if names.is_empty() { "none".into() } else { names.join(", ") }
}
