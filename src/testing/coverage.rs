//! What the tests of a policy set decide, and what none of them does.

use super::failures::expected;
use crate::data::Verdict;
use crate::diag::{Code, Diagnostic};
use crate::eval::{Part, PartKind, PartRole, Tried, parts};
use crate::plan::{Body, Plan, RulePlan};
use crate::sema::hir::{Times, Window};
use crate::source::Span;

/// What one test shows of the rules: of those verdicts only that it expects.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shown {
    /// With indices of rules.
    pub parts: Vec<(usize, Part, Tried)>,
    pub verdicts: Vec<(usize, Verdict)>,
}

#[derive(Clone, Debug)]
pub(crate) struct Coverage {
    pub rules: Vec<RuleCoverage>,
}

#[derive(Clone, Debug)]
pub(crate) struct RuleCoverage {
    pub name: String,
    pub revision: String,
    pub name_span: Span,
    pub parts: Vec<PartCoverage>,
    /// The verdicts that a test should expect of this rule, and how often one does.
    pub verdicts: Vec<(Verdict, u64)>,
}

#[derive(Clone, Debug)]
pub(crate) struct PartCoverage {
    pub part: Part,
    /// How often it decided by being true, or was met.
    pub yes: u64,
    /// How often it decided by being false.
    pub no: u64,
}

/// So many of so many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Share {
    pub of: u64,
    pub decided: u64,
}

impl std::ops::AddAssign for Share {
    fn add_assign(&mut self, other: Share) {
        self.of += other.of;
        self.decided += other.decided;
    }
}

/// One line of the table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shares {
    pub verdicts: Share,
    pub conditions: Share,
    pub exceptions: Share,
    pub boundaries: Share,
}

impl Shares {
    pub fn all(&self) -> Share {
        let mut all = Share::default();
        [self.verdicts, self.conditions, self.exceptions, self.boundaries].into_iter().for_each(|s| all += s);
        all
    }
}

impl PartCoverage {
    pub fn share(&self) -> Share {
        let decided = u64::from(self.yes > 0) + u64::from(self.no > 0);
        match self.part.kind {
            PartKind::Boundary | PartKind::Edge => Share { of: 1, decided: u64::from(self.yes > 0) },
            _ => Share { of: 2, decided },
        }
    }

    /// What is not shown of it, in a few words.
    fn missing(&self) -> Option<&'static str> {
        use PartRole as R;
        Some(match (self.part.kind, &self.part.role, self.yes > 0, self.no > 0) {
            (PartKind::Boundary | PartKind::Edge, _, true, _) | (_, _, true, true) => return None,
            (PartKind::Edge, ..) => "no record at the window's edge",
            (PartKind::Boundary, R::Step, ..) => "never just as often as it has to be",
            (PartKind::Boundary, R::Limit, ..) => "never exactly at the limit",
            (PartKind::Boundary, ..) => "the boundary itself is never tried",
            (PartKind::Exception, R::Waiver(_), false, false) => "decides in no test",
            (PartKind::Exception, R::Waiver(_), false, true) => "never covers anything",
            (PartKind::Exception, R::Waiver(_), true, false) => "covers all that is tried",
            (PartKind::Exception, _, false, false) => "never considered",
            (PartKind::Exception, _, false, true) => "never applies",
            (PartKind::Exception, _, true, false) => "never fails to apply",
            (_, _, false, false) => "decides in no test",
            (_, R::Step, false, true) => "never stops a match",
            (_, R::Step, true, false) => "no match without it",
            (_, R::Need, false, true) => "never there",
            (_, R::Need, true, false) => "never missing",
            (_, R::Limit, false, true) => "never over the limit",
            (_, R::Limit, true, false) => "never within the limit",
            (_, _, false, true) => "never decides by being true",
            (_, _, true, false) => "never decides by being false",
        })
    }
}

impl RuleCoverage {
    pub fn shares(&self) -> Shares {
        let mut shares = Shares::default();
        for part in &self.parts {
            *(match part.part.kind {
                PartKind::Condition => &mut shares.conditions,
                PartKind::Exception => &mut shares.exceptions,
                PartKind::Boundary | PartKind::Edge => &mut shares.boundaries,
            }) += part.share();
        }
        for (_, n) in &self.verdicts {
            shares.verdicts += Share { of: 1, decided: u64::from(*n > 0) };
        }
        shares
    }

    /// What no test decides, at its places.
    pub fn diagnostic(&self) -> Option<Diagnostic> {
        let untested = self.shares().all().decided == 0;
        if untested {
            return Some(
                Diagnostic::warning(
                    Code::Undecided,
                    format!("no test that passes decides anything of `{}`", self.name),
                    self.name_span,
                    "without a test that holds",
                )
                .help("give it records on both sides of what it says, and expect its verdicts"),
            );
        }
        let absent: Vec<&str> = self.verdicts.iter().filter(|(_, n)| *n == 0).map(|(v, _)| expected(*v)).collect();
        let mut places: Vec<(Span, String)> = Vec::new();
        if !absent.is_empty() {
            places.push((self.name_span, format!("no test expects {}", absent.join(", or "))));
        }
        for part in &self.parts {
            let Some(missing) = part.missing() else { continue };
            // What is inside of an exception that never applies goes without saying.
            let around = |p: &&PartCoverage| p.part.kind == PartKind::Exception && p.part.role == part.part.role;
            if part.part.kind != PartKind::Exception && self.parts.iter().find(around).is_some_and(|p| p.yes == 0) {
                continue;
            }
            match places.iter_mut().find(|(span, _)| *span == part.part.span) {
                Some((_, label)) if label.ends_with(missing) => {}
                Some((_, label)) => *label = format!("{label}; {missing}"),
                None => places.push((part.part.span, missing.to_owned())),
            }
        }
        let mut places = places.into_iter();
        let (span, label) = places.next()?;
        let all = self.shares().all();
        let message = format!("the tests decide {} of {} parts of `{}`", all.decided, all.of, self.name);
        let first = Diagnostic::warning(Code::Undecided, message, span, label);
        Some(places.fold(first, |d, (span, label)| d.label(span, label)))
    }
}

impl Coverage {
    pub fn new(plan: &Plan) -> Coverage {
        let rule = |rule: &RulePlan| RuleCoverage {
            name: rule.name.clone(),
            revision: rule.revision.clone(),
            name_span: rule.name_span,
            parts: parts(plan, rule).into_iter().map(|part| PartCoverage { part, yes: 0, no: 0 }).collect(),
            verdicts: verdicts(plan, rule).into_iter().map(|v| (v, 0)).collect(),
        };
        Coverage { rules: plan.rules.iter().map(rule).collect() }
    }

    pub fn add(&mut self, shown: &Shown) {
        for (rule, part, tried) in &shown.parts {
            let Some(rule) = self.rules.get_mut(*rule) else { continue };
            let Some(of) = rule.parts.iter_mut().find(|p| p.part == *part) else { continue };
            match tried {
                Tried::True | Tried::Met => of.yes += 1,
                Tried::False => of.no += 1,
            }
        }
        for (rule, verdict) in &shown.verdicts {
            let of = self.rules.get_mut(*rule).and_then(|r| r.verdicts.iter_mut().find(|(v, _)| v == verdict));
            if let Some((_, n)) = of {
                *n += 1;
            }
        }
    }

    pub fn shares(&self) -> Shares {
        let mut all = Shares::default();
        for of in self.rules.iter().map(RuleCoverage::shares) {
            all.verdicts += of.verdicts;
            all.conditions += of.conditions;
            all.exceptions += of.exceptions;
            all.boundaries += of.boundaries;
        }
        all
    }

    /// What no test decides, by rule.
    pub fn diagnostics(&self) -> Vec<Diagnostic> {
        self.rules.iter().filter_map(RuleCoverage::diagnostic).collect()
    }
}

/// The verdicts that a rule can end in by what it says, not by what is missing in the data.
fn verdicts(plan: &Plan, rule: &RulePlan) -> Vec<Verdict> {
    let mut all = vec![Verdict::Finding, Verdict::Compliant];
    if !rule.unless.is_empty() {
        all.push(Verdict::Excepted);
    }
    if !rule.waivers.is_empty() {
        all.push(Verdict::Waived);
    }
    if rule.once.is_some() {
        all.push(Verdict::Repeated);
    }
    let ahead = |h: &u32| matches!(plan.histories[*h as usize].window, Window::After(_) | Window::Around(_));
    if rule.sequence.as_ref().is_some_and(|s| s.steps.last().is_some_and(|s| s.times == Times::None)) {
        all.push(Verdict::Pending);
    }
    let need = match rule.body {
        Body::Require { need } => Some(need),
        _ => None,
    };
    if rule.sequence.is_none() && rule.histories.iter().chain(&need).any(ahead) {
        all.push(Verdict::Pending);
    }
    all
}
