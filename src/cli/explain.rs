//! `bylaws explain`: the page behind a diagnostic's code.

use super::{Exit, Failure, Style, limits, output};
use crate::diag::{Code, did_you_mean};
use clap::builder::{PossibleValue, StringValueParser, TypedValueParser};
use clap::{Arg, Args, Command};
use std::ffi::OsStr;

#[derive(Args)]
#[command(after_help = "\
Examples:
  bylaws explain B0203
  bylaws explain limits   what `--limit` sets, with the defaults
  bylaws explain          every code, one a line")]
pub(super) struct ExplainArgs {
    /// A code as diagnostics show it: B0203
    #[arg(value_parser = Codes, hide_possible_values = true)]
    code: Option<String>,
}

/// Any text, of which shells complete the codes that there are.
#[derive(Clone)]
struct Codes;

impl TypedValueParser for Codes {
    type Value = String;

    fn parse_ref(&self, command: &Command, arg: Option<&Arg>, value: &OsStr) -> Result<String, clap::Error> {
        StringValueParser::new().parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(Code::ALL.iter().map(|code| PossibleValue::new(code.as_str()).help(code.title()))))
    }
}

pub(super) fn run(args: &ExplainArgs, style: Style) -> Result<Exit, Failure> {
    let Some(wanted) = &args.code else {
        let lines: String = Code::ALL.iter().map(|c| format!("{c}  {}\n", c.title())).collect();
        output::print(&lines)?;
        return Ok(Exit::Clean);
    };
    if wanted == "limits" {
        output::print(&limits::listed())?;
        return Ok(Exit::Clean);
    }
    match wanted.parse::<Code>() {
        Ok(code) => {
            output::print(&page(code.page(), style.stdout))?;
            Ok(Exit::Clean)
        }
        Err(()) => {
            let known = Code::ALL.iter().map(|c| c.as_str());
            let failure = Failure::new(format!("there is no code `{wanted}`"));
            Err(match did_you_mean(&wanted.to_uppercase(), known) {
                Some(near) => failure.help(format!("did you mean `bylaws explain {near}`?")),
                None => failure.help("`bylaws explain` lists every code"),
            })
        }
    }
}

/// The codes for fish, whose script names only options.
pub(super) fn of_fish() -> String {
    let line = |code: &Code| {
        let title = code.title().replace('\\', "\\\\").replace('\'', "\\'");
        format!("complete -c bylaws -n \"__fish_bylaws_using_subcommand explain\" -f -a {code} -d '{title}'\n")
    };
    Code::ALL.iter().map(line).collect()
}

/// The few marks of Markdown that the pages use, for a terminal.
fn page(markdown: &str, color: bool) -> String {
    let (bold, dim, off) = if color { ("\x1b[1m", "\x1b[36m", "\x1b[0m") } else { ("", "", "") };
    let mut text = String::new();
    let mut in_code = false;
    for line in markdown.lines() {
        if line.starts_with("```") {
            in_code = !in_code;
        } else if in_code {
            match line {
                "" => text.push('\n'),
                line => text.push_str(&format!("    {dim}{line}{off}\n")),
            }
        } else if let Some(heading) = line.strip_prefix('#') {
            text.push_str(&format!("{bold}{}{off}\n", heading.trim_start_matches('#').trim()));
        } else {
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}
