//! What the connections count. CONFIG RESETSTAT begins anew.

use std::sync::atomic::{AtomicU64, Ordering};

/// Each is read and written on its own.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    /// Connections that were taken.
    pub(crate) connections: Counter,
    /// Connections that were turned away, all places being taken.
    pub(crate) rejected: Counter,
    /// Requests that were run.
    pub(crate) commands: Counter,
    /// Those of them that were run as one of a series.
    pub(crate) joined: Counter,
    /// Transactions and series that waited because the tables were behind.
    pub(crate) held_back: Counter,
    /// Bytes received.
    pub(crate) received_bytes: Counter,
    /// Bytes sent.
    pub(crate) sent_bytes: Counter,
    /// Connections that were closed because their clients did not read.
    pub(crate) stalled: Counter,
    /// Connections that were closed because what came was no request of the protocol.
    pub(crate) malformed: Counter,
    /// Connections that were closed because all requests together took too much memory.
    pub(crate) crowded_out: Counter,
    /// Wrong passwords, and right ones of users that there are not.
    pub(crate) turned_away: Counter,
    /// Connections that ended by a defect of ours.
    pub(crate) failed: Counter,
    /// Commands that failed by a defect of ours.
    pub(crate) defects: Counter,
}

impl Counters {
    pub(crate) fn reset(&self) {
        let Self { connections, rejected, commands, joined, received_bytes, sent_bytes, .. } = self;
        let Self {
            held_back, stalled, malformed, crowded_out, turned_away, failed, defects, ..
        } = self;
        for counter in [connections, rejected, commands, joined, received_bytes, sent_bytes]
            .into_iter()
            .chain([held_back, stalled, malformed, crowded_out, turned_away, failed, defects])
        {
            counter.reset();
        }
    }
}

/// One number.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn reset(&self) {
        self.0.store(0, Ordering::Relaxed);
    }
}
