//! How far a command is, on standard error: a bar where that is a terminal, else a line a second.
//!
//! Knows nothing of what it does.

use std::io::{IsTerminal, Write, stderr};
use std::time::Duration;

use base::{Clock, Monotonic};

use crate::machine::MachineClock;

const WIDTH: u64 = 40;

/// Bytes, or rows, of so many.
#[derive(Debug)]
pub(crate) struct Progress {
    /// What is done with them.
    verb: &'static str,
    unit: Unit,
    done: u64,
    all: u64,
    told: Monotonic,
    is_bar: bool,
}

/// What is counted.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Unit {
    Bytes,
    /// It is not known how many there will be.
    Rows,
}

impl Progress {
    /// Of so many bytes, which are `copied`, say.
    pub(crate) fn new(verb: &'static str, all: u64) -> Self {
        Self::of(Unit::Bytes, verb, all)
    }

    /// Of rows.
    pub(crate) fn rows(verb: &'static str) -> Self {
        Self::of(Unit::Rows, verb, 0)
    }

    fn of(unit: Unit, verb: &'static str, all: u64) -> Self {
        Self {
            verb,
            unit,
            done: 0,
            all,
            told: MachineClock.monotonic(),
            is_bar: stderr().is_terminal(),
        }
    }

    /// So many more are done.
    pub(crate) fn add(&mut self, more: u64) {
        self.done += more;
        let pause = Duration::from_millis(if self.is_bar { 100 } else { 1000 });
        let now = MachineClock.monotonic();
        if now.saturating_sub(self.told) >= pause {
            self.told = now;
            self.tell();
        }
    }

    /// All is done.
    pub(crate) fn end(&mut self) {
        if self.is_bar {
            self.tell();
            let _closed = writeln!(stderr());
        }
    }

    fn tell(&self) {
        let line = match self.unit {
            Unit::Bytes => line(self.verb, self.done, self.all, self.is_bar),
            Unit::Rows => format!("{} {} rows", self.verb, self.done),
        };
        // If nobody reads it, the work goes on all the same.
        let _closed = if self.is_bar {
            write!(stderr(), "\r{line}").and_then(|()| stderr().flush())
        } else {
            writeln!(stderr(), "{line}")
        };
    }
}

fn line(verb: &str, done: u64, all: u64, is_bar: bool) -> String {
    let all = all.max(done).max(1);
    let part = |of: u64| u64::try_from(u128::from(done) * u128::from(of) / u128::from(all));
    let (percent, marks) = (part(100).unwrap_or(100), part(WIDTH).unwrap_or(WIDTH));
    let counts = format!("{percent:3} %, {} of {} MiB", done >> 20, all >> 20);
    if !is_bar {
        return format!("{verb} {}", counts.trim_start());
    }
    let bar: String = (0..WIDTH).map(|at| if at < marks { '#' } else { '.' }).collect();
    format!("[{bar}] {counts}")
}

#[cfg(test)]
mod tests;
