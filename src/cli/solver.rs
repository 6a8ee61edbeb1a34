//! An SMT solver, as a program of its own: what it is asked goes to its standard input.

use super::Failure;
use crate::analyze::{Solver, Trouble};
use crate::threads::lock;
use clap::Args;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

#[derive(Args)]
pub(super) struct SolverArgs {
    /// Ask an SMT solver, too: `z3` or `cvc5`, or the path of one
    #[arg(long, value_name = "PROGRAM")]
    solver: Option<String>,
    /// How long the solver may take for one question
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = clap::value_parser!(u64).range(1..=3600))]
    solver_timeout: u64,
}

impl SolverArgs {
    /// None where none is asked for; a failure where it does not answer.
    pub fn start(&self) -> Result<Option<Program>, Failure> {
        let Some(program) = &self.solver else { return Ok(None) };
        let name = std::path::Path::new(program).file_name().map(|n| n.to_string_lossy().into_owned());
        let dialect = match name.as_deref() {
            Some(name) if name.starts_with("z3") => Dialect::Z3,
            Some(name) if name.starts_with("cvc5") => Dialect::Cvc5,
            _ => {
                return Err(Failure::new(format!("`{program}` is no solver that is known here"))
                    .help("name `z3` or `cvc5`, or the path of one of these"));
            }
        };
        let limit = Duration::from_secs(self.solver_timeout);
        let solver =
            Program { program: program.clone(), dialect, limit, running: Mutex::new(None), hung: AtomicU32::new(0) };
        // Whether it is there is known before any work is done; what it makes of a question, with the question.
        match solver.running().map(|running| *lock(&solver.running) = Some(running)) {
            Ok(()) => Ok(Some(solver)),
            Err(error) => Err(Failure::new(format!("cannot run `{program}`: {}", super::disk::plain_io_error(&error)))
                .help("on Debian: `apt install z3`; without --solver the analysis is made without one")),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dialect {
    Z3,
    Cvc5,
}

pub(super) struct Program {
    program: String,
    dialect: Dialect,
    limit: Duration,
    running: Mutex<Option<Running>>,
    /// How often one after the other it had to be ended.
    hung: AtomicU32,
}

struct Running {
    child: Child,
    questions: Sender<String>,
    answers: Receiver<String>,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// So often it may hang.
const PATIENCE: u32 = 3;

/// What it prints when all before is answered.
const END: &str = "end of answer";

impl Program {
    fn running(&self) -> std::io::Result<Running> {
        let limit = self.limit.as_millis();
        let args = match self.dialect {
            Dialect::Z3 => vec!["-in".into(), "-smt2".into(), format!("-t:{limit}")],
            Dialect::Cvc5 => {
                let limit = format!("--tlimit-per={limit}");
                ["--lang=smt2", "--incremental", "--strings-exp", &limit].map(str::to_owned).to_vec()
            }
        };
        let mut child = Command::new(&self.program)
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let broken = || std::io::Error::from(std::io::ErrorKind::BrokenPipe);
        let mut input = child.stdin.take().ok_or_else(broken)?;
        let output = child.stdout.take().ok_or_else(broken)?;
        let (questions, to_write) = channel::<String>();
        let (to_read, answers) = channel();
        // It may stop to read as well as to write: neither holds up the one who asks.
        std::thread::spawn(move || {
            for question in to_write {
                if input.write_all(question.as_bytes()).and_then(|()| input.flush()).is_err() {
                    return;
                }
            }
        });
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if to_read.send(line).is_err() {
                    return;
                }
            }
        });
        Ok(Running { child, questions, answers })
    }

    fn answer(&self, running: &Running, script: &str) -> Result<String, Trouble> {
        let ended = || Trouble::Broken("it ended".into());
        running.questions.send(format!("{script}(echo \"{END}\")\n")).map_err(|_| ended())?;
        // Its own limit comes first, so that it can say that it does not know.
        let until = Instant::now() + self.limit + Duration::from_secs(1);
        let mut text = String::new();
        loop {
            let left = until.saturating_duration_since(Instant::now());
            match running.answers.recv_timeout(left) {
                Ok(line) if line.trim_matches('"') == END => break,
                Ok(line) => {
                    text.push_str(&line);
                    text.push('\n');
                }
                Err(std::sync::mpsc::RecvTimeoutError::Timeout) => return Err(Trouble::Late),
                Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => return Err(ended()),
            }
        }
        match text.lines().find(|l| l.starts_with("(error")) {
            Some(error) => Err(Trouble::Broken(error.to_owned())),
            None => Ok(text),
        }
    }
}

impl Solver for Program {
    fn ask(&self, script: &str) -> Result<String, Trouble> {
        if self.hung.load(Ordering::Relaxed) >= PATIENCE {
            return Err(Trouble::Broken(format!("it hung {PATIENCE} times, and is not asked any more")));
        }
        let mut held = lock(&self.running);
        let running = match held.take() {
            Some(running) => running,
            None => self.running().map_err(|e| Trouble::Broken(super::disk::plain_io_error(&e)))?,
        };
        let answer = self.answer(&running, script);
        // One that is late or broken is ended; the next question gets another one.
        match &answer {
            Ok(_) => {
                *held = Some(running);
                self.hung.store(0, Ordering::Relaxed);
            }
            Err(Trouble::Late) => {
                self.hung.fetch_add(1, Ordering::Relaxed);
            }
            Err(_) => {}
        }
        answer
    }

    fn name(&self) -> &str {
        &self.program
    }
}
