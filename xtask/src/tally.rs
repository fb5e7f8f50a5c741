//! How many tests passed, failed and were skipped, read from the closing lines of test runners.

use std::fmt;
use std::ops::AddAssign;

/// Counts of tests. Shown as the closing line of `cargo x test`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Ran, and held.
    pub(crate) passed: u64,
    /// Ran, and did not hold, or could not be run to the end.
    pub(crate) failed: u64,
    /// Were there, and did not run.
    pub(crate) skipped: u64,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

/// A test runner whose closing line we can read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Runner {
    /// `test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; ...`, one for
    /// each test program.
    CargoTest,
    /// `==== 1 failed, 3 passed, 2 skipped, 1 error in 0.12s ====`, one in all; with `-q`, without
    /// the frame.
    Pytest,
}

impl Runner {
    /// What `line` counts, if it is a closing line.
    pub(crate) fn closing_line(self, line: &str) -> Option<Tally> {
        let line = line.trim();
        let counts = match self {
            Self::CargoTest => line.strip_prefix("test result: ")?.split_once(". ")?.1,
            Self::Pytest => {
                let (counts, time) =
                    line.trim_matches(|c| c == '=' || c == ' ').rsplit_once(" in ")?;
                let seconds = time.split_whitespace().next()?.strip_suffix('s')?;
                seconds.parse::<f64>().ok()?;
                counts
            }
        };
        let mut tally = Tally::default();
        let mut understood = false;
        for part in counts.split([',', ';']) {
            let Some((number, word)) = part.trim().split_once(' ') else { continue };
            let Ok(number) = number.parse::<u64>() else { continue };
            let counter = match word {
                "passed" => &mut tally.passed,
                "failed" | "error" | "errors" => &mut tally.failed,
                "ignored" | "skipped" => &mut tally.skipped,
                _ => continue,
            };
            *counter += number;
            understood = true;
        }
        understood.then_some(tally)
    }
}

#[cfg(test)]
mod tests;
