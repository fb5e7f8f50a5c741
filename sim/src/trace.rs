//! What happened, as one number: two runs of a seed are the same run if their traces are equal.
//!
//! Knows nothing of what it is told; it must be told every choice and everything that was observed.

use std::fmt::{self, Write};
use std::hash::{DefaultHasher, Hasher};
use std::sync::Arc;

use parking_lot::Mutex;

/// A running digest of everything that was noted. Clones are the same trace.
#[derive(Clone)]
pub struct Trace(Arc<Mutex<State>>);

struct State {
    hasher: DefaultHasher,
    events: u64,
    line: String,
    loud: bool,
}

/// What a trace comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digest {
    /// Of everything noted, in order.
    pub hash: u64,
    /// How much was noted.
    pub events: u64,
}

impl Trace {
    /// An empty trace; a loud one prints what it is told.
    #[must_use]
    pub fn new(loud: bool) -> Self {
        let hasher = DefaultHasher::new();
        Self(Arc::new(Mutex::new(State { hasher, events: 0, line: String::new(), loud })))
    }

    /// Takes note of one event.
    #[expect(clippy::print_stderr, reason = "a loud trace is asked for on the command line")]
    pub fn note(&self, event: fmt::Arguments<'_>) {
        let mut state = self.0.lock();
        let State { hasher, events, line, loud } = &mut *state;
        line.clear();
        let _never_fails = line.write_fmt(event);
        hasher.write(line.as_bytes());
        hasher.write_u8(b'\n');
        *events += 1;
        if *loud {
            eprintln!("{events:>7} {line}");
        }
    }

    /// What it comes to so far.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let state = self.0.lock();
        Digest { hash: state.hasher.finish(), events: state.events }
    }
}

impl fmt::Debug for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.digest().fmt(f)
    }
}
