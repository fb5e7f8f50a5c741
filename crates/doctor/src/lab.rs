//! Labs: a fault made for real, to see that its check finds it, and finds it no more once it is mended.
//!
//! For a machine that nobody needs: a lab changes it. What it makes it takes away again.

use std::time::Duration;

use crate::check::Check;
use crate::record::{Record, Status};
use crate::snapshot::{Snapshot, Window};

mod h12;
mod h14;
mod h22;

/// How long a lab waits for the fault to show, and to be gone.
const PATIENCE: Duration = Duration::from_secs(20);

/// How often it looks meanwhile.
const PAUSE: Duration = Duration::from_millis(50);

/// A lab.
#[derive(Clone, Copy, Debug)]
pub struct Lab {
    /// The check that it is for.
    pub id: &'static str,
    /// Makes the fault, sees it found, mends it, sees it gone.
    run: fn(&Stage<'_>) -> Result<String, String>,
}

/// All of them, in the order of their ids.
pub const ALL: [Lab; 3] = [
    Lab { id: "H12", run: h12::run },
    Lab { id: "H14", run: h14::run },
    Lab { id: "H22", run: h22::run },
];

impl Lab {
    /// Runs it: what it saw, or what went wrong.
    pub fn run(&self, look: &dyn Fn() -> Snapshot, seed: u64) -> Result<String, String> {
        let check = crate::checks::find(self.id).ok_or("there is no such check")?;
        (self.run)(&Stage { check, look, seed })
    }
}

/// What a lab has at hand.
struct Stage<'a> {
    check: &'static Check,
    look: &'a dyn Fn() -> Snapshot,
    /// Magnitudes are drawn from it.
    seed: u64,
}

impl Stage<'_> {
    /// A number from `least` on, below `least + span`.
    fn draw(&self, least: u64, span: u64) -> u64 {
        least + (self.seed ^ self.seed >> 29).wrapping_mul(0x9e37_79b9_7f4a_7c15) % span
    }

    /// Looks, has something happen, and looks again.
    fn between(&self, act: impl FnOnce() -> Result<(), String>) -> Result<Vec<Record>, String> {
        let before = (self.look)();
        act()?;
        let after = (self.look)();
        Ok(self.check.judge(&Window { before: &before, after: &after }))
    }

    /// Looks twice until the check says what `wanted` accepts.
    fn until(&self, what: &str, wanted: impl Fn(&[Record]) -> bool) -> Result<Vec<Record>, String> {
        let began_ms = (self.look)().at_ms;
        loop {
            let before = (self.look)();
            std::thread::sleep(PAUSE);
            let after = (self.look)();
            let records = self.check.judge(&Window { before: &before, after: &after });
            if wanted(&records) {
                return Ok(records);
            }
            if Duration::from_millis(after.at_ms.saturating_sub(began_ms)) > PATIENCE {
                return Err(format!("{what}: not within {PATIENCE:?}; it says {records:?}"));
            }
        }
    }
}

/// The failing record about `at`, if there is one.
fn failing<'r>(records: &'r [Record], at: &str) -> Option<&'r Record> {
    records.iter().find(|record| record.status == Status::Fail && record.target.ends_with(at))
}
