//! Rules on sequences.

use super::policy::{Root, Writer};
use super::schema::Ty;

impl Writer<'_, '_> {
    /// The trigger, and the records that the rest of the rule can read: by their names, the last of them last.
    pub fn sequence(&mut self) -> (String, Vec<Root>) {
        let records = self.records();
        let number = 2 + self.tape.below(5) / 3 + self.tape.below(8) / 7;
        let kinds: Vec<usize> = (0..number).map(|_| *self.tape.pick(&records)).collect();
        let dated = |kind: usize| self.schema.kinds[kind].time() == Some(Ty::Date);
        let within = {
            let any = kinds.iter().any(|&k| dated(k));
            self.plain_length(any)
        };
        let key = if self.tape.chance(70) { "by actor" } else { "across everyone" };
        let mut steps = Vec::new();
        let mut roots: Vec<Root> = Vec::new();
        for (i, kind) in kinds.into_iter().enumerate() {
            let name = self.schema.kinds[kind].name;
            let own = Root { prefix: format!("s{i}."), kind, dated: self.schema.kinds[kind].time() == Some(Ty::Date) };
            let mut inner = roots.clone();
            inner.push(own.clone());
            let filter = match self.tape.below(4) {
                0 | 1 => String::new(),
                2 => format!(" where {}", self.cond(&inner[inner.len() - 1..], 1)),
                _ => format!(" where {}", self.cond(&inner, 1)),
            };
            let how = match self.tape.below(6) {
                4 if i > 0 => "not ".to_owned(),
                5 => format!("{} or more times ", 1 + self.tape.below(3)),
                _ => String::new(),
            };
            if !how.starts_with("not") {
                roots.push(own);
            }
            steps.push(format!("    {how}{name} as s{i}{filter}\n"));
        }
        (format!("  on sequence {key} within {within} {{\n{}  }}\n", steps.join("    then\n")), roots)
    }
}
