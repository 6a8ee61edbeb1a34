//! Signals that ask the process to end: ctrl-c, `kill`, a terminal that is closed. One that is ignored when the process starts
//! stays so, as `nohup` and what shells run in the background want it.

use std::io;

/// Has work done when the process is asked to end, by which signal is told. Whoever comes first is asked, and decides what
/// becomes of the process: whoever comes later is not needed.
pub(super) use system::on_end;

/// Has a file that may not become so large (`ulimit -f`) be an error of whoever writes it, and not the end of the process.
pub(super) use system::no_end_by_size;

/// Ends the process as the signal would have, so that whoever started it sees which it was.
pub(super) use system::end_by;

#[cfg(unix)]
mod system {
    use super::io;
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
    use signal_hook::iterator::Signals;
    use std::io::IsTerminal;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::{Arc, mpsc};

    pub fn on_end(mut work: impl FnMut(i32) + Send + 'static) -> io::Result<()> {
        static TAKEN: AtomicBool = AtomicBool::new(false);
        if TAKEN.swap(true, Ordering::SeqCst) {
            return Ok(());
        }
        let (say, said) = mpsc::sync_channel(1);
        // Taken by the thread that answers to them: where there can be no thread, they stay as they are.
        std::thread::Builder::new().name("signals".into()).spawn(move || {
            let signals = Signals::new(ending(ignored()));
            let begun = signals.map(|mut signals| {
                let _ = say.send(Ok(()));
                signals.forever().for_each(&mut work);
            });
            if let Err(error) = begun {
                let _ = say.send(Err(error));
            }
        })?;
        said.recv().unwrap_or(Ok(()))
    }

    pub fn no_end_by_size() {
        let _ = signal_hook::flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false)));
    }

    pub fn end_by(signal: i32) {
        let _ = signal_hook::low_level::emulate_default_handler(signal);
    }

    /// Those that are not ignored.
    fn ending(ignored: u64) -> Vec<i32> {
        [SIGINT, SIGTERM, SIGHUP].into_iter().filter(|signal| ignored & bit(*signal) == 0).collect()
    }

    fn bit(signal: i32) -> u64 {
        1 << (signal - 1)
    }

    /// What the process ignores, a bit a signal. Where the system does not say: under `nohup` standard error is no terminal.
    fn ignored() -> u64 {
        let told = std::fs::read_to_string("/proc/self/status").ok().and_then(|status| of_status(&status));
        let unknown = || if io::stderr().is_terminal() { 0 } else { bit(SIGINT) | bit(SIGHUP) };
        told.unwrap_or_else(unknown)
    }

    fn of_status(status: &str) -> Option<u64> {
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"))?;
        u64::from_str_radix(mask.trim(), 16).ok()
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn what_is_ignored_stays_so() {
            let status = |mask| format!("Name:\tbylaws\nSigBlk:\t0000000000000007\nSigIgn:\t{mask}\nSigCgt:\t0\n");
            let taken = |mask| of_status(&status(mask)).map(ending);
            // SIGPIPE is ignored in any program of this language.
            assert_eq!(taken("0000000000001000"), Some(vec![SIGINT, SIGTERM, SIGHUP]));
            assert_eq!(taken("0000000000001001"), Some(vec![SIGINT, SIGTERM]));
            assert_eq!(taken("0000000000001006"), Some(vec![SIGTERM, SIGHUP]));
            assert_eq!(taken("none"), None);
            assert_eq!(of_status("Name:\tbylaws\n"), None);
        }
    }
}

#[cfg(not(unix))]
mod system {
    use super::io;
    use signal_hook::consts::{SIGINT, SIGTERM};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
    use std::time::Duration;

    const LOOK: Duration = Duration::from_millis(50);

    pub fn on_end(mut work: impl FnMut(i32) + Send + 'static) -> io::Result<()> {
        static TAKEN: AtomicBool = AtomicBool::new(false);
        if TAKEN.swap(true, Ordering::SeqCst) {
            return Ok(());
        }
        let came = Arc::new(AtomicUsize::new(0));
        for signal in [SIGINT, SIGTERM] {
            signal_hook::flag::register_usize(signal, came.clone(), signal as usize)?;
        }
        let look = move || {
            loop {
                match came.swap(0, Ordering::SeqCst) {
                    0 => std::thread::sleep(LOOK),
                    signal => work(signal as i32),
                }
            }
        };
        std::thread::Builder::new().name("signals".into()).spawn(look).map(drop)
    }

    pub fn no_end_by_size() {}

    /// As shells tell of a process that ctrl-c ended.
    pub fn end_by(_: i32) {
        std::process::exit(130);
    }
}
