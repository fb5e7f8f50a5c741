//! What is going on, for whoever waits: a bar on a terminal, else a line a second, on standard error.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// How often something is shown: within a second, whoever calls once a second.
const INTERVAL: Duration = Duration::from_millis(950);

/// Cells of the bar.
const CELLS: usize = 24;

/// See the module's description.
#[derive(Debug)]
pub(crate) struct Progress {
    what: String,
    total: f64,
    began: Instant,
    shown: Instant,
    on_terminal: bool,
}

impl Progress {
    /// Of something that is over when `total` is done; not a number if nobody knows.
    pub(crate) fn new(what: impl Into<String>, total: f64) -> Self {
        let now = Instant::now();
        let on_terminal = std::io::stderr().is_terminal();
        Self { what: what.into(), total, began: now, shown: now, on_terminal }
    }

    /// Shows how far it is, unless it did so a moment ago.
    pub(crate) fn show(&mut self, done: f64, note: &str) {
        if self.shown.elapsed() < INTERVAL {
            return;
        }
        self.shown = Instant::now();
        let line = line(&self.what, done / self.total, self.began.elapsed(), note);
        // Nobody is hurt if it cannot be shown.
        let _unseen = if self.on_terminal {
            write!(std::io::stderr(), "\r\x1b[K{line}")
        } else {
            writeln!(std::io::stderr(), "{line}")
        };
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.on_terminal {
            let _unseen = write!(std::io::stderr(), "\r\x1b[K");
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share between 0 and 1 of a few cells"
)]
fn line(what: &str, share: f64, took: Duration, note: &str) -> String {
    let seconds = took.as_secs();
    if !share.is_finite() {
        return format!("  {seconds:>4} s  {what}  {note}").trim_end().to_owned();
    }
    let share = share.clamp(0.0, 1.0);
    let full = (share * CELLS as f64) as usize;
    let bar = "#".repeat(full) + &"-".repeat(CELLS - full);
    format!("  [{bar}] {:>3.0} % {seconds:>4} s  {what}  {note}", share * 100.0)
        .trim_end()
        .to_owned()
}

#[cfg(test)]
mod tests;
