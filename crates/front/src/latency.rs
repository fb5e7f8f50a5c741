//! What took long, by kind of event: of each second in which there was such, the longest. As Redis's latency monitor
//! keeps it, of commands alone; what a command takes is measured as for [`crate::slowlog`].

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use base::StoreTime;
use parking_lot::Mutex;
use redis::{Command, Flags};

/// Seconds that are kept of each event, as by Redis.
const SAMPLES_MAX: usize = 160;

/// See the module's description.
#[derive(Debug, Default)]
pub(crate) struct Latencies {
    /// What takes as many milliseconds is kept; nothing while it is 0.
    pub(crate) threshold_ms: AtomicI64,
    kept: Mutex<BTreeMap<&'static str, Event>>,
}

/// One kind of event.
#[derive(Clone, Debug, Default)]
pub(crate) struct Event {
    /// Oldest first, one a second at most.
    pub(crate) samples: VecDeque<Sample>,
    /// The longest since it was last forgotten.
    pub(crate) worst_ms: u64,
}

/// The longest of one second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sample {
    /// Unix time.
    pub(crate) second: u64,
    pub(crate) ms: u64,
}

/// The event that a command's time is of.
pub(crate) const fn event_of(command: &Command) -> &'static str {
    if command.flags.has(Flags::FAST) { "fast-command" } else { "command" }
}

impl Latencies {
    /// Whether what took so long is to be kept.
    pub(crate) fn wants(&self, took: Duration) -> bool {
        let threshold = u64::try_from(self.threshold_ms.load(Ordering::Relaxed)).unwrap_or(0);
        threshold > 0 && took >= Duration::from_millis(threshold)
    }

    /// Keeps it, if it is the longest of its second.
    pub(crate) fn note(&self, event: &'static str, at: StoreTime, took: Duration) {
        let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        let second = at.0 / 1000;
        let mut kept = self.kept.lock();
        let event = kept.entry(event).or_default();
        event.worst_ms = event.worst_ms.max(ms);
        match event.samples.back_mut() {
            Some(last) if last.second == second => last.ms = last.ms.max(ms),
            _ => {
                if event.samples.len() == SAMPLES_MAX {
                    event.samples.pop_front();
                }
                event.samples.push_back(Sample { second, ms });
            }
        }
    }

    /// Each kind of event that there was.
    pub(crate) fn events(&self) -> Vec<(&'static str, Event)> {
        self.kept.lock().iter().map(|(name, event)| (*name, event.clone())).collect()
    }

    /// The event of that name, in any case of letters, if there was one.
    pub(crate) fn find(&self, name: &[u8]) -> Option<(&'static str, Event)> {
        self.events().into_iter().find(|(event, _)| name.eq_ignore_ascii_case(event.as_bytes()))
    }

    /// Forgets the events that are named, or all; how many there were.
    pub(crate) fn forget(&self, names: &[&[u8]]) -> usize {
        let mut kept = self.kept.lock();
        let before = kept.len();
        let is_named = |event: &str| {
            names.is_empty() || names.iter().any(|name| name.eq_ignore_ascii_case(event.as_bytes()))
        };
        kept.retain(|event, _| !is_named(event));
        before - kept.len()
    }
}

/// Rows of a graph, and the columns that it has at most: those of a terminal.
const GRAPH: (u64, usize) = (4, 80);

/// The latest samples of an event as columns of `|`, the last on the right, `_` on top of one that reaches half of its
/// topmost row; below each, from top to bottom, the time that has passed since.
pub(crate) fn graph(name: &str, event: &Event, now: u64) -> String {
    let (rows, columns) = GRAPH;
    let skipped = event.samples.len().saturating_sub(columns);
    let shown: Vec<Sample> = event.samples.iter().skip(skipped).copied().collect();
    let high = shown.iter().map(|sample| sample.ms).max().unwrap_or(0);
    let low = shown.iter().map(|sample| sample.ms).min().unwrap_or(0);
    let worst = event.worst_ms;
    let mut text = format!(
        "{name} - high {high} ms, low {low} ms (all time high {worst} ms)\n{}\n",
        "-".repeat(columns)
    );
    // In half rows; the least is one of them, so that each is seen.
    let height = |sample: &Sample| {
        let span = (high - low).max(1);
        1 + (sample.ms - low) * (2 * rows - 1) / span
    };
    for row in (0..rows).rev() {
        let mark = |sample: &Sample| match height(sample).saturating_sub(2 * row) {
            0 => ' ',
            1 => '_',
            _ => '|',
        };
        put_line(&mut text, shown.iter().map(mark));
    }
    text.push('\n');
    let ages: Vec<Vec<char>> = shown
        .iter()
        .map(|sample| age(now.saturating_sub(sample.second)).chars().collect())
        .collect();
    for line in 0..ages.iter().map(Vec::len).max().unwrap_or(0) {
        put_line(&mut text, ages.iter().map(|age| age.get(line).copied().unwrap_or(' ')));
    }
    text
}

fn put_line(text: &mut String, line: impl Iterator<Item = char>) {
    text.extend(line);
    text.truncate(text.trim_end_matches(' ').len());
    text.push('\n');
}

/// Seconds, in the largest unit of which there is one.
fn age(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m", seconds / 60),
        3600..86_400 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests;
