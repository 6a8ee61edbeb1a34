//! One search: the records chosen so far, and what lies between them.

use super::super::Truth;
use super::super::bounds::Beyond;
use super::super::history;
use super::super::index::List;
use super::super::interp::{Frame, Scope, all, truth};
use super::super::judge::{Judgement, conclude};
use super::super::val::Val;
use super::super::window;
use super::{Gap, Match, Search, Test};
use crate::data::Verdict;
use crate::plan::{Body, Expr};
use rustc_hash::FxHashMap;

/// The records of one key.
pub(super) struct Lists<'a> {
    pub steps: Vec<Option<List<'a>>>,
    pub gaps: Vec<Option<List<'a>>>,
    /// By gap: what may be of this key, and whether its times are known.
    pub adrift: Vec<Vec<(List<'a>, bool)>>,
}

/// A search for one last record.
pub(super) struct State<'s, 'a> {
    search: &'s Search<'a>,
    lists: &'s Lists<'a>,
    chosen: Vec<Option<Frame<'a>>>,
    /// Position, what holds so far and the records in reach: whether anything was found.
    tried: FxHashMap<(usize, Truth, Vec<u32>), bool>,
    best: Option<Match>,
    /// Where it is asked for: the first position that was reached, and the records chosen then.
    furthest: Option<Furthest<'a>>,
    asked: bool,
    /// Records that were taken for a position so far.
    ways: u64,
}

/// A position, and the records from it on.
pub(super) type Furthest<'a> = (usize, Vec<Option<Frame<'a>>>);

impl<'s, 'a> State<'s, 'a> {
    pub fn new(search: &'s Search<'a>, lists: &'s Lists<'a>) -> State<'s, 'a> {
        let chosen = vec![None; search.steps.len()];
        State { search, lists, chosen, tried: FxHashMap::default(), best: None, furthest: None, asked: false, ways: 0 }
    }

    /// With these records chosen.
    pub fn at(search: &'s Search<'a>, lists: &'s Lists<'a>, frames: &[Frame<'a>]) -> State<'s, 'a> {
        State::with(search, lists, frames.iter().copied().map(Some).collect())
    }

    /// With these records chosen, as far as there are any.
    pub fn with(search: &'s Search<'a>, lists: &'s Lists<'a>, chosen: Vec<Option<Frame<'a>>>) -> State<'s, 'a> {
        State { chosen, ..State::new(search, lists) }
    }

    /// How far the search comes for a last record; none where that itself does not do.
    pub fn furthest(mut self, last: Frame<'a>, own: Truth) -> Option<Furthest<'a>> {
        self.asked = true;
        self.choose(self.search.steps.len() - 1, last, own);
        self.furthest
    }

    /// The match that stands for a last record; none where nothing matches.
    pub fn best(mut self, last: Frame<'a>, own: Truth) -> Option<Match> {
        self.choose(self.search.steps.len() - 1, last, own);
        self.best
    }

    /// Takes a record for a position, and goes on with those before it.
    fn choose(&mut self, at: usize, frame: Frame<'a>, so_far: Truth) -> Below {
        self.ways += 1;
        let watch = &self.search.cx.runtime.watch;
        let whose = || vec![self.search.rule.name.clone()];
        if watch.is_stopped() || !watch.allows(Beyond::PartialMatches, self.ways, whose) {
            return Below::Failed;
        }
        self.chosen[at] = Some(frame);
        let mut holds = so_far;
        for i in 0..self.search.tests[at].len() {
            let test = self.search.tests[at][i];
            holds = holds.and(self.test(test));
            if holds == Truth::False {
                self.chosen[at] = None;
                return Below::Failed;
            }
        }
        if self.asked && self.furthest.as_ref().is_none_or(|f| at < f.0) {
            self.furthest = Some((at, self.chosen.clone()));
        }
        let found = if at == 0 { self.conclude(holds) } else { self.before(at, holds) };
        self.chosen[at] = None;
        if found { Below::Found } else { Below::Nothing }
    }

    /// Whether there is a certain finding already.
    fn settled(&self) -> bool {
        self.best.as_ref().is_some_and(|b| b.judgement.verdict == Verdict::Finding)
    }

    /// Looks for the record before that at `at`, the latest first.
    fn before(&mut self, at: usize, holds: Truth) -> bool {
        let search = self.search;
        let key: Vec<u32> = search.reach[at].iter().map(|&j| self.chosen[j].map_or(0, |f| f.id)).collect();
        let key = (at, holds, key);
        if let Some(&found) = self.tried.get(&key) {
            return found;
        }
        let position = at - 1;
        let place = search.steps[position];
        let (Some(list), Some(next)) = (self.lists.steps[position], self.chosen[at]) else { return false };
        let Some(last) = self.chosen.last().copied().flatten() else { return false };
        let dates = place.history.dates;
        let mut found = false;
        for i in (search.earliest(list, dates, &last)..search.behind(list, dates, &next)).rev() {
            let frame = search.cx.world.frame(place.history.kind, list.ids[i]);
            if !self.chosen[at..].iter().flatten().all(|later| search.follows(&frame, later))
                || (position == 0 && !search.reaches(&frame, &last))
            {
                continue;
            }
            let own = if list.is_doubtful(i) { search.own(&place, frame) } else { Truth::True };
            match holds.and(own) {
                Truth::False => continue,
                holds => match self.choose(position, frame, holds) {
                    Below::Nothing if search.narrowing[position] => break,
                    Below::Failed | Below::Nothing => {}
                    Below::Found => found = true,
                },
            }
            if self.settled() {
                return true;
            }
        }
        self.tried.insert(key, found);
        found
    }

    /// All records are chosen: the verdict, which is kept if it says more than the best so far.
    fn conclude(&mut self, holds: Truth) -> bool {
        let (search, mut holds) = (self.search, holds);
        let mut judgement = Judgement::plain(Verdict::Compliant);
        self.scoped(self.chosen.len(), None, &mut |scope| {
            if let Body::Require { need } = &search.rule.body {
                let found = match history::evaluate(&search.cx, *need, scope).single() {
                    Val::Bool(b) => Truth::of(b),
                    Val::Pending => Truth::Pending,
                    _ => Truth::Unknown,
                };
                holds = holds.and(found.not());
            }
            judgement = conclude(&search.cx, search.rule, scope, holds);
        });
        if judgement.verdict == Verdict::Compliant {
            return false;
        }
        if self.best.as_ref().is_none_or(|b| rank(judgement.verdict) > rank(b.judgement.verdict)) {
            let ids: Box<[u32]> = self.chosen.iter().flatten().map(|f| f.id).collect();
            self.best = ids.last().copied().map(|last| Match { judgement, last, ids });
        }
        true
    }

    pub fn test(&self, test: Test<'a>) -> Truth {
        let search = self.search;
        let mut result = Truth::Unknown;
        match test {
            Test::Pair(at) => self.scoped(at + 1, None, &mut |scope| {
                result = all(&search.cx, &search.steps[at].history.pair, scope);
            }),
            Test::When(expr) => self.scoped(self.chosen.len(), None, &mut |scope| {
                result = truth(&search.cx, expr, scope);
            }),
            Test::Gap(g) => result = self.gap(g),
        }
        result
    }

    /// What a condition comes to with the chosen records in scope.
    pub fn holds(&self, expr: &Expr) -> Truth {
        let mut result = Truth::Unknown;
        self.scoped(self.chosen.len(), None, &mut |scope| result = truth(&self.search.cx, expr, scope));
        result
    }

    /// Calls with the chosen records of the first `upto` steps in scope, and perhaps one more record behind them.
    fn scoped(&self, upto: usize, own: Option<(u8, Frame<'a>)>, f: &mut dyn FnMut(&Scope<'_, 'a>)) {
        let mut frames: Vec<(u8, Frame<'a>)> = Vec::with_capacity(upto + 2);
        frames.extend(self.chosen.last().copied().flatten().map(|f| (0, f)));
        let chosen = self.chosen.iter().take(upto).enumerate();
        frames.extend(chosen.filter_map(|(i, f)| Some((i as u8 + 1, (*f)?))));
        frames.extend(own);
        chain(&frames, None, f);
    }

    fn gap(&self, g: usize) -> Truth {
        let gap = &self.search.gaps[g];
        match (gap.least, gap.right) {
            (Some(0), _) => Truth::True,
            (Some(least), _) => {
                let (certain, possible) = self.count(g, None, least as usize);
                match least as usize {
                    n if certain >= n => Truth::True,
                    n if possible < n => Truth::False,
                    _ => Truth::Unknown,
                }
            }
            (None, Some(_)) => absent(self.count(g, None, 1), true),
            (None, None) => {
                // Where the first of a run is in doubt, so may be the end of the time.
                let (certain, possible) = self.anchors();
                let by = |anchor: &Option<Frame<'a>>| {
                    let until = self.deadline(anchor.as_ref()?, gap)?;
                    Some(absent(self.count(g, Some(until), 1), self.is_over(until, gap)))
                };
                match (by(&certain), by(&possible)) {
                    (Some(a), Some(b)) if a == b => a,
                    (None, Some(b)) => b,
                    _ => Truth::Unknown,
                }
            }
        }
    }

    /// Certain and possible members of a gap; no more than `enough` certain ones are counted.
    fn count(&self, g: usize, until: Option<i64>, enough: usize) -> (usize, usize) {
        let (mut certain, mut possible) = (0, 0);
        self.members(g, until, &mut |_, truth| {
            certain += usize::from(truth == Truth::True);
            possible += 1;
            certain < enough
        });
        (certain, possible)
    }

    /// The records between two chosen ones for which a step's conditions are not false, the latest first.
    pub fn members(&self, g: usize, until: Option<i64>, f: &mut dyn FnMut(Frame<'a>, Truth) -> bool) {
        let (search, gap) = (self.search, &self.search.gaps[g]);
        let history = gap.of.history;
        for &(list, timed) in &self.lists.adrift[g] {
            for &id in list.ids.iter().rev() {
                let frame = search.cx.world.frame(history.kind, id);
                if timed && !self.is_inside(g, until, &frame) {
                    continue;
                }
                let truth = Truth::Unknown.and(self.conditions(g, frame, true));
                if truth != Truth::False && !f(frame, truth) {
                    return;
                }
            }
        }
        let (Some(list), Some(last)) = (self.lists.gaps[g], self.chosen.last().copied().flatten()) else { return };
        let left = gap.left.and_then(|at| self.chosen[at]);
        let right = gap.right.and_then(|at| self.chosen[at]);
        let from = match &left {
            Some(left) => search.after(list, history.dates, left),
            None => search.earliest(list, history.dates, &last),
        };
        let end = match (&right, until) {
            (Some(right), _) => search.behind(list, history.dates, right),
            (None, Some(until)) => {
                let until = match self.dates(gap) && !history.dates {
                    true => i32::try_from(until).map_or(i64::MAX, |date| search.late_on(date)),
                    false => until,
                };
                list.times.partition_point(|&t| t <= until)
            }
            (None, None) => list.ids.len(),
        };
        for i in (from..end).rev() {
            let frame = search.cx.world.frame(history.kind, list.ids[i]);
            if !self.is_inside(g, until, &frame) {
                continue;
            }
            let truth = self.conditions(g, frame, list.is_doubtful(i));
            if truth != Truth::False && !f(frame, truth) {
                return;
            }
        }
    }

    /// Whether a record of known time lies where a gap is.
    pub fn is_inside(&self, g: usize, until: Option<i64>, frame: &Frame<'a>) -> bool {
        let (search, gap) = (self.search, &self.search.gaps[g]);
        let Some(last) = self.chosen.last().copied().flatten() else { return false };
        let left = gap.left.and_then(|at| self.chosen[at]);
        let right = gap.right.and_then(|at| self.chosen[at]);
        left.map_or_else(|| search.reaches(frame, &last), |left| search.follows(&left, frame))
            && right.is_none_or(|right| search.follows(frame, &right))
            && until.is_none_or(|until| self.is_by(frame, until, gap))
    }

    /// What a gap's conditions come to for a record.
    fn conditions(&self, g: usize, frame: Frame<'a>, doubtful: bool) -> Truth {
        let (search, gap) = (self.search, &self.search.gaps[g]);
        let history = gap.of.history;
        let mut truth = if doubtful { search.own(&gap.of, frame) } else { Truth::True };
        if truth != Truth::False && !history.pair.is_empty() {
            let root = history.root + 1;
            self.scoped(root as usize - 1, Some((root, frame)), &mut |scope| {
                truth = truth.and(all(&search.cx, &history.pair, scope));
            });
        }
        truth
    }

    /// The first record of the match: of a run at its start, that with which there are enough; by the certain ones,
    /// and by all.
    fn anchors(&self) -> (Option<Frame<'a>>, Option<Frame<'a>>) {
        let first = self.chosen.first().copied().flatten();
        let run = self.search.gaps.iter().position(|g| g.left.is_none() && g.least.is_some_and(|n| n > 0));
        let Some(g) = run else { return (first, first) };
        let least = self.search.gaps[g].least.unwrap_or(0) as usize;
        let (mut certain, mut possible) = (Vec::new(), Vec::new());
        self.members(g, None, &mut |frame, truth| {
            if truth == Truth::True {
                certain.push(frame);
            }
            possible.push(frame);
            certain.len() < least
        });
        let nth = |frames: &[Frame<'a>]| frames.get(least - 1).copied();
        (nth(&certain), nth(&possible))
    }

    /// By dates: where the first record, or what is looked for, has one.
    pub fn dates(&self, gap: &Gap<'_>) -> bool {
        gap.of.history.dates || self.search.steps.first().is_some_and(|p| p.history.dates)
    }

    /// The end of the time that the sequence may take.
    fn deadline(&self, first: &Frame<'_>, gap: &Gap<'_>) -> Option<i64> {
        let (dates, zone) = (self.dates(gap), self.search.cx.zone);
        let at = window::unit(first.time?, dates, zone)?;
        Some(window::shift(at, self.search.sequence.within, dates, zone).unwrap_or(i64::MAX))
    }

    /// Of a gap behind the last record: its end, whether that is a date, and whether it has passed.
    pub fn open(&self, g: usize) -> Option<(i64, bool, bool)> {
        let gap = &self.search.gaps[g];
        if gap.right.is_some() {
            return None;
        }
        let (certain, possible) = self.anchors();
        let until = self.deadline(&certain.or(possible)?, gap)?;
        Some((until, self.dates(gap), self.is_over(until, gap)))
    }

    fn is_by(&self, frame: &Frame<'_>, until: i64, gap: &Gap<'_>) -> bool {
        let unit = frame.time.and_then(|t| window::unit(t, self.dates(gap), self.search.cx.zone));
        unit.is_some_and(|at| at <= until)
    }

    fn is_over(&self, until: i64, gap: &Gap<'_>) -> bool {
        let (watermark, zone) = (&self.search.cx.world.watermark, self.search.cx.zone);
        let now = if self.dates(gap) { watermark.date(zone).map(i64::from) } else { watermark.instant(zone) };
        now.is_some_and(|now| now > until)
    }
}

/// What came of the records before one.
enum Below {
    /// Its own conditions do not hold.
    Failed,
    Nothing,
    Found,
}

fn absent((certain, possible): (usize, usize), over: bool) -> Truth {
    match (certain, possible) {
        (1.., _) => Truth::False,
        (0, 1..) => Truth::Unknown,
        (0, 0) if over => Truth::True,
        (0, 0) => Truth::Pending,
    }
}

/// Of several matches of one last record, which verdict stands.
fn rank(verdict: Verdict) -> u8 {
    match verdict {
        // A finding is counted with another only once all are there.
        Verdict::Finding | Verdict::Repeated => 4,
        Verdict::Pending => 3,
        Verdict::Indeterminate => 2,
        Verdict::Waived | Verdict::Excepted => 1,
        Verdict::Compliant => 0,
    }
}

/// Calls with records in scope, the last innermost.
pub fn chain<'a>(frames: &[(u8, Frame<'a>)], parent: Option<&Scope<'_, 'a>>, f: &mut dyn FnMut(&Scope<'_, 'a>)) {
    match (frames, parent) {
        ([(root, frame), rest @ ..], _) => chain(rest, Some(&Scope { root: *root, frame: *frame, parent }), f),
        ([], Some(scope)) => f(scope),
        ([], None) => {}
    }
}
