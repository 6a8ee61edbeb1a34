//! Work on several threads. The caller's own is one of them: where work is short, a thread that has just begun may still wait
//! for a processor, and the caller has done part of its share by then.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{Scope, ScopedJoinHandle};

/// Where one that held it panicked, what it left is taken as it is: the panic ends the run.
pub fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a lock held.
pub fn unlock<T>(of: Mutex<T>) -> T {
    of.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// How many of these threads the machine can run at once.
pub fn at_most(threads: usize) -> usize {
    std::thread::available_parallelism().map_or(1, |n| n.get().min(threads))
}

/// A further thread, on another processor than the caller's from the first. Linux often puts a new one behind the one that
/// began it, above all in a virtual machine, where a processor that is idle seems taken by another machine; it then waits
/// some milliseconds for what is over in as many. So the caller gives way, and the new one goes elsewhere.
pub fn begin<'s, T: Send + 's>(
    scope: &'s Scope<'s, '_>,
    run: impl FnOnce() -> T + Send + 's,
) -> ScopedJoinHandle<'s, T> {
    let of_caller = processor::current();
    let thread = scope.spawn(move || {
        processor::leave(of_caller);
        run()
    });
    std::thread::yield_now();
    thread
}

#[cfg(all(target_os = "linux", feature = "cli"))]
mod processor {
    use nix::sched::{sched_getaffinity, sched_getcpu, sched_setaffinity};
    use nix::unistd::Pid;

    /// None where that is not known.
    pub fn current() -> Option<usize> {
        sched_getcpu().ok()
    }

    /// Goes on elsewhere, where this is the processor and there are others that the thread may use.
    pub fn leave(processor: Option<usize>) {
        let Some(processor) = processor.filter(|processor| current() == Some(*processor)) else { return };
        let own = Pid::from_raw(0);
        let Ok(all) = sched_getaffinity(own) else { return };
        let mut others = all;
        if others.unset(processor).is_ok() && sched_setaffinity(own, &others).is_ok() {
            // Where it is from now on is the system's again.
            let _ = sched_setaffinity(own, &all);
        }
    }
}

#[cfg(not(all(target_os = "linux", feature = "cli")))]
mod processor {
    pub fn current() {}

    pub fn leave((): ()) {}
}

/// The same on so many threads.
pub fn on_all<T: Send>(threads: usize, run: &(dyn Fn() -> T + Sync)) -> Vec<T> {
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| begin(scope, run)).collect();
        let own = run();
        std::iter::once(own).chain(others.into_iter().map(joined)).collect()
    })
}

/// What each number below `n` comes to, in order. A thread takes the next when it is done with one.
pub fn each<T: Send>(threads: usize, n: usize, of: impl Fn(usize) -> T + Sync) -> Vec<T> {
    if threads <= 1 || n <= 1 {
        return (0..n).map(of).collect();
    }
    let next = AtomicUsize::new(0);
    let take = || Some(next.fetch_add(1, Ordering::Relaxed)).filter(|i| *i < n);
    let run = || std::iter::from_fn(take).map(|i| (i, of(i))).collect::<Vec<_>>();
    let mut done: Vec<(usize, T)> = on_all(threads.min(n), &run).into_iter().flatten().collect();
    done.sort_by_key(|(i, _)| *i);
    done.into_iter().map(|(_, what)| what).collect()
}

/// So many pieces there are for each thread: one that begins late takes fewer.
const PIECES: usize = 4;

/// What the pieces come to into which some things are cut, in order.
pub fn pieces<'a, A: Sync, T: Send>(threads: usize, all: &'a [A], of: impl Fn(&'a [A]) -> T + Sync) -> Vec<T> {
    let size = if threads <= 1 { all.len() } else { all.len().div_ceil(threads * PIECES) };
    let pieces: Vec<&[A]> = all.chunks(size.max(1)).collect();
    each(threads, pieces.len(), |i| of(pieces[i]))
}

/// A thread that panics takes the run with it, as it would on one thread.
fn joined<T>(thread: ScopedJoinHandle<'_, T>) -> T {
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_is_done_once_and_in_order() {
        for threads in 1..5 {
            for n in [0, 1, 2, 7, 100] {
                let all: Vec<usize> = (0..n).collect();
                assert_eq!(each(threads, n, |i| i), all);
                assert_eq!(pieces(threads, &all, <[usize]>::to_vec).concat(), all);
            }
            assert_eq!(on_all(threads, &|| 1).len(), threads);
        }
    }

    #[cfg(all(target_os = "linux", feature = "cli"))]
    #[test]
    fn a_thread_may_go_wherever_its_caller_may() {
        let allowed = || nix::sched::sched_getaffinity(nix::unistd::Pid::from_raw(0)).unwrap();
        for _ in 0..20 {
            assert_eq!(on_all(4, &allowed), vec![allowed(); 4]);
        }
    }

    #[test]
    #[should_panic(expected = "three")]
    fn a_panic_is_passed_on() {
        each(2, 10, |i| assert_ne!(i, 3, "three"));
    }
}
