//! Running the lints on a set, beside everything else and once the author pauses.

use super::server::Server;
use super::wire::Incoming;
use crate::diag::Diagnostic;
use crate::io::{MemoryFiles, folder_of, join};
use crate::lint::{self, Context, Settings};
use crate::policy_set::PolicySet;
use crate::source::{FileId, SourceMap};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How long nothing must come in before the lints are run.
pub const PAUSE: Duration = Duration::from_millis(300);

/// What the lints found in a set.
pub struct Advice {
    /// Of the set.
    paths: Vec<String>,
    generation: u64,
    found: Vec<Diagnostic>,
    policies: PolicySet,
}

/// Begins to run the lints on a set that they have not seen. Their results come in as messages do.
pub fn begin(server: &mut Server) {
    let Some(index) = server.workspace.unadvised() else { return };
    let set = server.workspace.set_at(index);
    set.advised = set.generation;
    let (paths, generation) = (set.paths.clone(), set.generation);
    let (files, names) = set.texts();
    let (settings, root) = match settings(server, &paths) {
        Ok(settings) => settings,
        Err(why) => {
            server.wrong_settings = vec![why];
            return;
        }
    };
    server.wrong_settings.clear();
    server.workspace.set_at(index).advising = true;
    let answers = server.beside();
    std::thread::spawn(move || {
        let (policies, found) = run(&files, &names, &settings, &root);
        // Where the server has ended meanwhile, nobody waits for it.
        let _ = answers.send(Incoming::Advised(Box::new(Advice { paths, generation, found, policies })));
    });
}

/// Keeps what they found, where the set is still the same.
pub fn end(server: &mut Server, advice: Advice) {
    let Advice { paths, generation, found, policies } = advice;
    let path = |file: FileId| policies.sources().file(file).name.clone();
    server.workspace.advise(&paths, generation, found, path);
}

/// The settings in the nearest `bylaws.toml`, and its folder: the set's own, or one above it.
fn settings(server: &Server, paths: &[String]) -> Result<(Settings, String), String> {
    let mut folder = paths.first().map_or("", String::as_str);
    loop {
        let path = join(folder, "bylaws.toml");
        if let Some(bytes) = server.workspace.read(&path) {
            let text = String::from_utf8(bytes).map_err(|_| format!("`{path}` is not UTF-8 text"))?;
            let mut sources = SourceMap::default();
            let id = sources.add(path.as_str(), text.as_str());
            return Settings::read(id, &text).map(|settings| (settings, folder.to_owned())).map_err(|wrong| {
                let line = wrong.first().map_or(0, |d| sources.line_col(d.span()).0);
                let what = wrong.first().map_or("", |d| d.message.as_str());
                format!("`{path}`, line {line}: {what}; the lints are not run")
            });
        }
        let above = folder_of(folder);
        if above == folder {
            return Ok((Settings::default(), String::new()));
        }
        folder = above;
    }
}

fn run(files: &MemoryFiles, names: &[String], settings: &Settings, root: &str) -> (PolicySet, Vec<Diagnostic>) {
    let (policies, _) = PolicySet::default().again(files, names);
    let (checked, notes) = policies.check_noting();
    let within = format!("{}/", root.trim_end_matches('/'));
    let path = |name: &str| name.strip_prefix(&within).unwrap_or(name).to_owned();
    let paths: Vec<String> = policies.sources().files().map(|(_, file)| path(&file.name)).collect();
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let today = (seconds / 86_400) as i32;
    let seen = (checked.hir(), notes.uses.as_slice());
    let context = Context::new(policies.sources(), policies.files(), seen, today, (settings, &paths));
    let found = lint::run(&context, settings);
    (policies, found)
}
