//! The handbook's words: Fluent messages in one language, English where one is missing, and what authors call their
//! rules, records and fields.

use fluent_bundle::types::FluentNumber;
use fluent_bundle::{FluentArgs, FluentBundle, FluentResource, FluentValue};
use fluent_syntax::ast::Entry;
use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt::Write;
use unic_langid::LanguageIdentifier;

/// All messages that the handbook uses; a further language translates this file.
pub const ENGLISH: &str = include_str!("catalogue/en.ftl");
pub const CHINESE: &str = include_str!("catalogue/zh.ftl");

/// A value in a message.
#[derive(Clone, Copy)]
pub enum Arg<'a> {
    Text(&'a str),
    Number(i64),
}

impl<'a> From<&'a str> for Arg<'a> {
    fn from(text: &'a str) -> Arg<'a> {
        Arg::Text(text)
    }
}

impl<'a> From<&'a String> for Arg<'a> {
    fn from(text: &'a String) -> Arg<'a> {
        Arg::Text(text)
    }
}

impl From<i64> for Arg<'_> {
    fn from(n: i64) -> Arg<'static> {
        Arg::Number(n)
    }
}

/// A catalogue that cannot be read: the places and what is wrong there.
#[derive(Debug)]
pub struct BadCatalogue(pub Vec<String>);

pub struct Catalogue {
    language: LanguageIdentifier,
    /// The language asked for, where it is not English.
    own: Option<FluentBundle<FluentResource>>,
    english: FluentBundle<FluentResource>,
    /// What authors call their rules, records and fields, in this language.
    names: FluentBundle<FluentResource>,
    /// Messages of the own language that were not to be had, or could not be formed.
    lacking: RefCell<BTreeSet<String>>,
}

impl Catalogue {
    /// A language that is shipped: `en` or `zh`.
    pub fn shipped(language: &str) -> Option<Catalogue> {
        match language {
            "en" => Catalogue::new("en", None).ok(),
            "zh" => Catalogue::new("zh", Some(CHINESE)).ok(),
            _ => None,
        }
    }

    /// Another language, of a catalogue's text; it names itself by the message `language`.
    ///
    /// # Errors
    /// Where the text is no Fluent, or does not say its language.
    pub fn of(text: &str) -> Result<Catalogue, BadCatalogue> {
        let probe = bundle(&LanguageIdentifier::default(), text)?;
        let code = message(&probe, "language", None, &[]).unwrap_or_default();
        if code.parse::<LanguageIdentifier>().is_err() || code.is_empty() {
            let help = "it has no `language = de` that names its language by a BCP 47 code";
            return Err(BadCatalogue(vec![help.into()]));
        }
        Catalogue::new(&code, Some(text))
    }

    fn new(language: &str, text: Option<&str>) -> Result<Catalogue, BadCatalogue> {
        let language: LanguageIdentifier =
            language.parse().map_err(|_| BadCatalogue(vec![format!("`{language}` is no language code")]))?;
        let own = text.map(|text| bundle(&language, text)).transpose()?;
        let english = bundle(&"en".parse().unwrap_or_default(), ENGLISH)?;
        let names = empty(&language);
        let lacking = RefCell::default();
        let catalogue = Catalogue { language, own, english, names, lacking };
        if let Some(own) = &catalogue.own {
            let missing = messages(ENGLISH).into_iter().filter(|id| !own.has_message(id));
            catalogue.lacking.borrow_mut().extend(missing);
        }
        Ok(catalogue)
    }

    /// Adds what authors call their rules, records and fields: `rule-gift_cap = …`. The first text that names a
    /// thing is kept.
    ///
    /// # Errors
    /// Where the text is no Fluent, or names a thing for the second time.
    pub fn add_names(&mut self, text: &str) -> Result<(), BadCatalogue> {
        let resource = resource(text)?;
        self.names.add_resource(resource).map_err(|errors| BadCatalogue(errors.iter().map(|e| e.to_string()).collect()))
    }

    /// The language as a BCP 47 code.
    pub fn language(&self) -> String {
        self.language.to_string()
    }

    /// Messages that the language does not have, or that could not be formed in it; they stand in English.
    pub fn lacking(&self) -> Vec<String> {
        self.lacking.borrow().iter().cloned().collect()
    }

    pub fn say(&self, id: &str, args: &[(&str, Arg)]) -> String {
        if let Some(own) = &self.own {
            match message(own, id, None, args) {
                Some(text) => return text,
                None => drop(self.lacking.borrow_mut().insert(id.to_owned())),
            }
        }
        message(&self.english, id, None, args).unwrap_or_else(|| id.to_owned())
    }

    /// What authors call a thing in this language, or say about it: `rule-gift_cap`, and its attribute `.doc`.
    pub fn name(&self, id: &str, attribute: Option<&str>) -> Option<String> {
        message(&self.names, id, attribute, &[])
    }
}

/// The ids of a catalogue's messages, in its order.
pub fn messages(text: &str) -> Vec<String> {
    let (Ok(resource) | Err((resource, _))) = fluent_syntax::parser::parse(text);
    let ids = resource.body.into_iter().filter_map(|entry| match entry {
        Entry::Message(message) => Some(message.id.name.to_owned()),
        _ => None,
    });
    ids.collect()
}

fn empty(language: &LanguageIdentifier) -> FluentBundle<FluentResource> {
    let mut bundle = FluentBundle::new(vec![language.clone()]);
    bundle.set_use_isolating(false);
    bundle
}

fn bundle(language: &LanguageIdentifier, text: &str) -> Result<FluentBundle<FluentResource>, BadCatalogue> {
    let mut bundle = empty(language);
    // English forms that are made of a name; a language that has no use for them does not call them.
    let added = bundle.add_function("A", |of, _| form(of, |name| format!("{} {name}", article(name))));
    debug_assert!(added.is_ok());
    let added = bundle.add_function("PLURAL", |of, _| form(of, plural));
    debug_assert!(added.is_ok());
    let resource = resource(text)?;
    bundle.add_resource(resource).map_err(|errors| BadCatalogue(errors.iter().map(|e| e.to_string()).collect()))?;
    Ok(bundle)
}

fn resource(text: &str) -> Result<FluentResource, BadCatalogue> {
    if let Some(line) = too_deep(text) {
        return Err(BadCatalogue(vec![format!("line {line}: more than {DEEPEST} brackets in one another")]));
    }
    FluentResource::try_new(text.to_owned()).map_err(|(_, errors)| bad(text, &errors))
}

/// The parser reads each bracket within the one around it, on the stack.
const DEEPEST: usize = 100;

/// The line of the first bracket that is too deep.
fn too_deep(text: &str) -> Option<usize> {
    let (mut open, mut quoted, mut line, mut escaped) = (0usize, false, 1, false);
    let mut remark = text.starts_with('#');
    let mut bytes = text.bytes().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\n' => {
                line += 1;
                quoted = false;
                remark = open == 0 && bytes.peek() == Some(&b'#');
            }
            _ if remark => {}
            b'"' if open > 0 && !escaped => quoted = !quoted,
            _ if quoted => {}
            b'{' => open += 1,
            b'(' if open > 0 => open += 1,
            b'}' | b')' => open = open.saturating_sub(1),
            _ => {}
        }
        escaped = quoted && byte == b'\\' && !escaped;
        if open > DEEPEST {
            return Some(line);
        }
    }
    None
}

fn bad(text: &str, errors: &[fluent_syntax::parser::ParserError]) -> BadCatalogue {
    let (mut line, mut from) = (1, 0);
    let mut told = Vec::new();
    for error in errors {
        let at = error.pos.start.clamp(from, text.len());
        line += text.as_bytes()[from..at].iter().filter(|b| **b == b'\n').count();
        from = at;
        told.push(format!("line {line}: {}", error.kind));
    }
    BadCatalogue(told)
}

fn message(
    bundle: &FluentBundle<FluentResource>,
    id: &str,
    attribute: Option<&str>,
    args: &[(&str, Arg)],
) -> Option<String> {
    let message = bundle.get_message(id)?;
    let pattern = match attribute {
        None => message.value()?,
        Some(name) => message.get_attribute(name)?.value(),
    };
    let mut given = FluentArgs::new();
    for (name, value) in args {
        match value {
            Arg::Text(text) => given.set(*name, *text),
            Arg::Number(n) => given.set(*name, FluentNumber::from(*n)),
        }
    }
    let mut errors = Vec::new();
    let text = bundle.format_pattern(pattern, Some(&given), &mut errors);
    errors.is_empty().then(|| text.into_owned())
}

fn form<'a>(of: &[FluentValue<'a>], make: impl Fn(&str) -> String) -> FluentValue<'a> {
    match of.first() {
        Some(FluentValue::String(name)) => FluentValue::String(Cow::Owned(make(name))),
        _ => FluentValue::Error,
    }
}

/// `a` or `an`, by the first letter, and by the sounds that it stands for.
fn article(name: &str) -> &'static str {
    let lower = name.to_lowercase();
    let like_you = ["uni", "use", "usu", "uk", "eu", "one", "us "].iter().any(|start| lower.starts_with(start));
    let silent = ["hour", "honest", "honor", "honour", "heir"].iter().any(|start| lower.starts_with(start));
    let vowel = lower.starts_with(['a', 'e', 'i', 'o', 'u']);
    if silent || (vowel && !like_you) { "an" } else { "a" }
}

/// Of the last word.
fn plural(name: &str) -> String {
    let mut out = name.to_owned();
    let before_y = name.strip_suffix('y').and_then(|rest| rest.chars().next_back());
    if before_y.is_some_and(|c| !"aeiou".contains(c)) {
        out.pop();
        out.push_str("ies");
    } else if ["s", "x", "z", "ch", "sh"].iter().any(|end| name.ends_with(end)) {
        out.push_str("es");
    } else {
        let _ = write!(out, "s");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_in_one_another() {
        let nested = |n: usize| format!("language = de\na = {}\"x\"{}\n", "{".repeat(n), "}".repeat(n));
        assert!(Catalogue::of(&nested(50)).is_ok());
        let told = |text: &str| Catalogue::of(text).err().map(|bad| bad.0);
        let deep = Some(vec!["line 2: more than 100 brackets in one another".to_owned()]);
        assert_eq!(told(&nested(100_000)), deep);
        assert_eq!(told(&format!("language = de\na = {{ F({}", "G(".repeat(100_000))), deep);
        // What is in quotes or in a remark is no bracket.
        let plain = |i: usize| format!("a{i} = {{ \"{{\" }} {{ \"\\\"{{(\" }}\n# {{{{{{\n");
        assert!(Catalogue::of(&format!("language = de\n{}", (0..200).map(plain).collect::<String>())).is_ok());
    }

    #[test]
    fn english_forms() {
        for (name, one, many) in [
            ("gift", "a", "gifts"),
            ("file activity", "a", "file activities"),
            ("access grant", "an", "access grants"),
            ("day", "a", "days"),
            ("unit", "a", "units"),
            ("hour", "an", "hours"),
            ("process", "a", "processes"),
        ] {
            assert_eq!((article(name), plural(name).as_str()), (one, many));
        }
    }
}
