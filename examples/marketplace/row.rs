//! One record or row of a table, and how it is written as JSON and CSV.

use std::collections::BTreeMap;

#[derive(Clone, Debug)]
pub enum Value {
    Text(String),
    Number(String),
    Flag(bool),
    List(Vec<String>),
}

/// Fields in the order of writing; a name with a dot is a field in a field.
#[derive(Clone, Debug)]
pub struct Row {
    pub kind: &'static str,
    fields: Vec<(&'static str, Value)>,
}

impl Row {
    pub const fn new(kind: &'static str) -> Self {
        Self { kind, fields: Vec::new() }
    }

    /// Gives the field this value, in the place of one that it had.
    pub fn set(mut self, name: &'static str, value: Value) -> Self {
        match self.fields.iter_mut().find(|(n, _)| *n == name) {
            Some(field) => field.1 = value,
            None => self.fields.push((name, value)),
        }
        self
    }

    pub fn text(self, name: &'static str, value: impl ToString) -> Self {
        self.set(name, Value::Text(value.to_string()))
    }

    /// A text, or nothing.
    pub fn maybe(self, name: &'static str, value: Option<impl ToString>) -> Self {
        match value {
            Some(value) => self.text(name, value),
            None => self,
        }
    }

    pub fn number(self, name: &'static str, value: impl ToString) -> Self {
        self.set(name, Value::Number(value.to_string()))
    }

    pub fn flag(self, name: &'static str, value: bool) -> Self {
        self.set(name, Value::Flag(value))
    }

    pub fn list(self, name: &'static str, values: &[&str]) -> Self {
        self.set(name, Value::List(values.iter().map(ToString::to_string).collect()))
    }

    /// Gives each text that is an old name its new one.
    pub fn rename(&mut self, names: &BTreeMap<String, String>) {
        for (_, value) in &mut self.fields {
            if let Value::Text(text) = value
                && let Some(new) = names.get(text)
            {
                text.clone_from(new);
            }
        }
    }

    pub fn append(&mut self, other: Self) {
        self.fields.extend(other.fields);
    }

    pub fn without(mut self, name: &str) -> Self {
        self.fields.retain(|(n, _)| *n != name);
        self
    }

    pub fn get(&self, name: &str) -> Option<&Value> {
        self.fields.iter().find(|(n, _)| *n == name).map(|(_, value)| value)
    }

    pub fn as_text(&self, name: &str) -> &str {
        match self.get(name) {
            Some(Value::Text(text)) => text,
            other => panic!("{} {name}: {other:?}", self.kind),
        }
    }

    /// One object that names its kind; fields with one prefix stand beside each other.
    pub fn json(&self) -> String {
        let mut out = format!("{{\"kind\": {}", quoted(self.kind));
        let mut open: Option<&str> = None;
        for (name, value) in &self.fields {
            let (group, field) = match name.split_once('.') {
                Some((group, field)) => (Some(group), field),
                None => (None, *name),
            };
            if open.is_some() && open != group {
                out.push('}');
            }
            match group {
                Some(_) if open == group => out.push_str(", "),
                Some(g) => out += &format!(", {}: {{", quoted(g)),
                None => out.push_str(", "),
            }
            open = group;
            out += &format!("{}: {}", quoted(field), json_value(value));
        }
        if open.is_some() {
            out.push('}');
        }
        out.push('}');
        out
    }

    pub fn csv(&self, columns: &[&str]) -> String {
        let cell = |column: &&str| match self.get(column) {
            None => String::new(),
            Some(Value::Text(text) | Value::Number(text)) => csv_cell(text),
            Some(Value::Flag(flag)) => flag.to_string(),
            Some(list @ Value::List(_)) => csv_cell(&json_value(list)),
        };
        columns.iter().map(cell).collect::<Vec<_>>().join(",")
    }
}

fn json_value(value: &Value) -> String {
    match value {
        Value::Text(text) => quoted(text),
        Value::Number(number) => number.clone(),
        Value::Flag(flag) => flag.to_string(),
        Value::List(values) => {
            format!("[{}]", values.iter().map(|v| quoted(v)).collect::<Vec<_>>().join(", "))
        }
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

pub fn csv_cell(text: &str) -> String {
    if text.contains([',', '"', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_string() }
}
