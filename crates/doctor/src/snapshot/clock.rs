//! Clocks, and what keeps them right.

use serde::{Deserialize, Serialize};

use super::{Probed, Process};

/// Clocks, and what keeps them right.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Clocks {
    /// From what the kernel counts time, such as `tsc`.
    pub source: Probed<String>,
    /// From what it could.
    pub sources: Probed<Vec<String>>,
    /// Programs that are known to set the clock.
    pub keepers: Probed<Vec<Process>>,
    /// Whether systemd-timesyncd has set the clock since the machine was started (`/run/systemd/timesync/synchronized`); none if
    /// it was not started.
    pub timesync: Option<bool>,
    /// How far the clock is from that of a server of time which the user named (`--fact ntp=HOST`).
    pub measured: Option<Probed<Measured>>,
}

/// How far the clock of a server is from that of the machine that looks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Offset {
    /// Microseconds that it is ahead; below zero: behind.
    pub ahead_us: i64,
    /// Microseconds that question and answer took: the offset is not surer than half of it.
    pub delay_us: u64,
}

/// The wall clock and one that nobody sets may differ by so much while an answer is waited for.
const STEP_US: u64 = 10_000;

impl Offset {
    /// From what a server told, when the question left and when the answer came, all in microseconds since 1970; and for how long that
    /// was waited for by a clock that nobody sets. Failed where the wall clock was set meanwhile.
    pub fn between(left_us: i64, told_us: i64, came_us: i64, delay_us: u64) -> Probed<Self> {
        let waited_us = i64::try_from(delay_us).unwrap_or(i64::MAX);
        if came_us.saturating_sub(left_us).abs_diff(waited_us) > STEP_US {
            return Probed::Failed(
                "the clock of this machine was set while the answer came".to_owned(),
            );
        }
        Probed::Seen(Self {
            ahead_us: told_us.saturating_sub(i64::midpoint(left_us, came_us)),
            delay_us,
        })
    }
}

/// What one question to a server of time came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measured {
    /// Which server.
    pub server: String,
    /// Microseconds that its clock is ahead of ours; below zero: behind.
    pub ahead_us: i64,
    /// Microseconds that question and answer took: the offset is not surer than half of it.
    pub delay_us: u64,
    /// How far the server is from a clock of reference; 1 has one itself.
    pub stratum: u8,
}

#[cfg(test)]
mod tests;
