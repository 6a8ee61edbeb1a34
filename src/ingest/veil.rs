//! What of a record's own text may be shown, where it holds what is not to be: of `@sensitive` fields nothing, and of
//! what the policy does not declare nothing either, since it may be a slip for one of them.

use super::layout::Layout;
use super::rows::{Get, holds};
use super::values::{Reader, Scalar};
use super::{Route, scan};
use crate::data::display::WITHHELD;
use crate::data::mapping::Step;
use crate::data::{ColumnId, KindId, Origin, People, Reading, Type};
use std::collections::HashMap;
use std::ops::Range;

pub struct Veil<'p> {
    top: Node,
    /// By heading.
    cells: HashMap<String, Node>,
    people: &'p People,
}

/// Of two for one place the later counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Show {
    Plain,
    Person,
    Withheld,
}

/// A place in a record, and those below it.
#[derive(Debug, Default)]
struct Node {
    show: Option<Show>,
    /// How it is read: with pseudonyms, what is not of its field's type is not shown, as it may belong to another.
    readers: Vec<Reader>,
    below: Vec<(Step, Node)>,
}

/// A text that may be shown.
#[derive(Debug, Default)]
pub struct Veiled {
    pub text: String,
    /// Where values stood, and where they or what is in their place stand now.
    moved: Vec<(Range<usize>, Range<usize>)>,
}

impl Veiled {
    /// Where a part of the text as it was is now.
    pub fn place(&self, of: &Range<usize>) -> Option<Range<usize>> {
        let around = self.moved.iter().filter(|(from, _)| from.start <= of.start && of.end <= from.end);
        around.min_by_key(|(from, _)| from.len()).map(|(_, to)| to.clone())
    }

    fn push(&mut self, from: Range<usize>, text: &str) {
        let start = self.text.len();
        self.text.push_str(text);
        self.moved.push((from, start..self.text.len()));
    }
}

/// For the records of an input, by their kind.
pub struct Veils<'p> {
    reading: &'p Reading,
    route: &'p Route,
    people: &'p People,
    made: HashMap<KindId, Option<Veil<'p>>>,
}

impl<'p> Veils<'p> {
    pub fn new(reading: &'p Reading, route: &'p Route, people: &'p People) -> Veils<'p> {
        Veils { reading, route, people, made: HashMap::new() }
    }

    /// None where everything may be shown.
    pub fn of(&mut self, kind: KindId) -> Option<&Veil<'p>> {
        let made = self.made.entry(kind);
        made.or_insert_with(|| Veil::new(self.reading, self.route, Some(kind), self.people)).as_ref()
    }
}

/// Whether all that is in an input may be shown.
fn is_open(reading: &Reading, route: &Route, people: &People) -> bool {
    let sensitive = |kind: KindId| reading.schema.kind(kind).columns.iter().any(|c| c.sensitive);
    let any = match route {
        Route::Tagged => (0..reading.schema.declared().len() as u32).any(|k| sensitive(KindId(k))),
        Route::Kind(kind) => sensitive(*kind),
        Route::Sources(of) => of.iter().filter_map(|i| reading.sources.get(*i)).any(|s| sensitive(s.kind)),
    };
    !any && people.fingerprint().is_none()
}

impl<'p> Veil<'p> {
    /// For records of a kind, or of any that the input may hold; none where everything may be shown.
    pub fn new(reading: &Reading, route: &Route, kind: Option<KindId>, people: &'p People) -> Option<Veil<'p>> {
        if is_open(reading, route, people) {
            return None;
        }
        let schema = &reading.schema;
        let all = |kind: &crate::data::Kind| {
            (kind.origin == Origin::Declared).then(|| (0..kind.columns.len() as u32).map(ColumnId).collect())
        };
        let whole = Reading { projections: schema.kinds.iter().map(all).collect(), ..reading.clone() };
        let layout = Layout::new(&whole, route, false);
        let mut veil = Veil { top: Node::default(), cells: HashMap::new(), people };
        let own = |of: KindId| layout.tagged.is_none() || kind.is_none_or(|kind| kind == of);
        for target in layout.targets.iter().filter(|t| own(t.kind)) {
            for (at, column) in schema.kind(target.kind).columns.iter().enumerate() {
                let id = ColumnId(at as u32);
                let show = match (column.sensitive, &column.ty) {
                    (true, _) => Show::Withheld,
                    // Its fields are shown, and not what else may be in it.
                    (false, Type::Struct) => continue,
                    (false, _) if people.fingerprint().is_some() && schema.is_person(target.kind, id) => Show::Person,
                    (false, _) => Show::Plain,
                };
                let mut reads = Vec::new();
                target.expr(id).into_iter().for_each(|e| e.reads(&mut reads));
                for (get, reader) in reads {
                    let list = target.each.as_ref().filter(|_| get.item);
                    let mut steps = list.map_or_else(Vec::new, |each| steps(&layout.slots.paths, &each.list));
                    steps.extend(self::steps(list.map_or(&layout.slots.paths, |each| &each.paths), get));
                    veil.see(&steps, show, Some(reader));
                }
            }
        }
        if layout.tagged.is_some() {
            veil.see(&[Step::Key("kind".into())], Show::Plain, None);
        }
        Some(veil)
    }

    fn see(&mut self, steps: &[Step], show: Show, reader: Option<&Reader>) {
        let keys: Option<Vec<&str>> =
            steps.iter().map(|s| if let Step::Key(key) = s { Some(key.as_str()) } else { None }).collect();
        let whole = keys.is_some();
        let heading = keys.unwrap_or_else(|| {
            steps.iter().map_while(|s| if let Step::Key(key) = s { Some(key.as_str()) } else { None }).collect()
        });
        // Of what is in a cell as JSON, it is not worked out which parts may be shown.
        let cell = self.cells.entry(heading.join(".")).or_default();
        cell.show = cell.show.max(Some(if whole { show } else { Show::Withheld }));
        cell.readers.extend(reader.cloned());
        let mut node = &mut self.top;
        for step in steps {
            let at = node.below.iter().position(|(s, _)| s == step).unwrap_or_else(|| {
                node.below.push((step.clone(), Node::default()));
                node.below.len() - 1
            });
            node = &mut node.below[at].1;
        }
        node.show = node.show.max(Some(show));
        node.readers.extend(reader.cloned());
    }

    /// A JSON value as it may be shown.
    pub fn json(&self, text: &str) -> Veiled {
        let mut veiled = Veiled::default();
        let start = text.len() - text.trim_ascii_start().len();
        self.value(text, text[start..].trim_ascii_end(), &[&self.top], None, &mut veiled);
        veiled
    }

    fn value(&self, whole: &str, text: &str, nodes: &[&Node], or: Option<Show>, out: &mut Veiled) {
        let show = self.show(nodes, || Scalar::of_json(text)).or(or);
        let leads_on = nodes.iter().any(|n| !n.below.is_empty());
        let from = (text.as_ptr() as usize).saturating_sub(whole.as_ptr() as usize);
        let from = from..from + text.len();
        let start = out.text.len();
        let below = |fits: &dyn Fn(&Step) -> bool| -> Vec<&Node> {
            nodes.iter().flat_map(|n| &n.below).filter(|(step, _)| fits(step)).map(|(_, node)| node).collect()
        };
        match text.as_bytes().first() {
            _ if show == Some(Show::Withheld) || (show.is_none() && !leads_on) => out.text.push_str(&quoted(WITHHELD)),
            Some(b'{') => {
                out.text.push('{');
                for (n, (key, value)) in scan::members(text).enumerate() {
                    let nodes = below(&|step| matches!(step, Step::Key(k) if *k == key));
                    out.text.push_str(if n > 0 { ", " } else { "" });
                    out.text.push_str(&quoted(if nodes.is_empty() { "…" } else { &key }));
                    out.text.push_str(": ");
                    self.value(whole, value.trim_ascii(), &nodes, show, out);
                }
                out.text.push('}');
            }
            Some(b'[') => {
                out.text.push('[');
                for (n, element) in scan::elements(text).enumerate() {
                    let element = element.trim_ascii();
                    let nodes = below(&|step| match step {
                        Step::Every => true,
                        Step::Index(at) => *at as usize == n,
                        Step::Filter { key, equals } => holds(element, key, equals),
                        Step::Key(_) => false,
                    });
                    out.text.push_str(if n > 0 { ", " } else { "" });
                    self.value(whole, element, &nodes, show, out);
                }
                out.text.push(']');
            }
            Some(b'n') => out.text.push_str(text),
            _ => match show {
                Some(show) => {
                    let plain = scan::unquoted(text);
                    let shown = self.shown(plain.as_deref().unwrap_or(text), show);
                    let same = plain.as_deref().unwrap_or(text) == shown;
                    out.text.push_str(if same { text } else { "" });
                    out.text.push_str(&if same { String::new() } else { quoted(&shown) });
                }
                // Something else is read there than this.
                None => out.text.push_str(&quoted(WITHHELD)),
            },
        }
        out.moved.push((from, start..out.text.len()));
    }

    /// How a value is shown at these places at once.
    fn show<'s>(&self, nodes: &[&Node], value: impl Fn() -> Scalar<'s>) -> Option<Show> {
        let show = nodes.iter().filter_map(|n| n.show).max()?;
        let mut readers = nodes.iter().flat_map(|n| &n.readers).peekable();
        let odd = show == Show::Plain && self.people.fingerprint().is_some() && readers.peek().is_some();
        Some(if odd && readers.all(|r| r.read(&value()).is_err()) { Show::Withheld } else { show })
    }

    fn shown(&self, text: &str, show: Show) -> String {
        match show {
            Show::Plain => self.people.text(text),
            Show::Person => self.people.person(text),
            Show::Withheld => WITHHELD.into(),
        }
    }

    /// A row of columns as it may be shown; each cell with its heading and where it stands.
    pub fn row<'h>(&self, text: &str, cells: impl Iterator<Item = (&'h str, Range<usize>)>) -> Veiled {
        let mut veiled = Veiled::default();
        let mut at = 0;
        for (heading, cell) in cells {
            veiled.text.push_str(&text[at..cell.start]);
            let inside = &text[cell.clone()];
            let nodes: Vec<&Node> = self.cells.get(heading).into_iter().collect();
            let show = self.show(&nodes, || Scalar::of_cell(inside)).unwrap_or(Show::Withheld);
            let shown = if inside.is_empty() { String::new() } else { self.shown(inside, show) };
            veiled.push(cell.clone(), &shown);
            at = cell.end;
        }
        // Cells beyond the heading have no name.
        let rest = &text[at..];
        veiled.text.push_str(if rest.trim_matches('"').trim().is_empty() { rest } else { WITHHELD });
        veiled
    }
}

/// From the top of a record, or of an element, to a value.
fn steps(paths: &[Vec<String>], get: &Get) -> Vec<Step> {
    let keys = paths.get(get.slot as usize).into_iter().flatten().map(|key| Step::Key(key.clone()));
    keys.chain(get.rest.iter().cloned()).collect()
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
