//! What happened, told to the rim: `app` logs, draws and counts it, tests assert on it. The crates
//! below `app` do not log.

use crate::id::Sequence;

/// Something that an operator or a test may want to know of. Never carries users' keys or values.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// Recovery has read this much of the log that it has to read.
    RecoveryProgress {
        /// Bytes read so far.
        bytes: u64,
        /// Bytes to read in all.
        of: u64,
    },
    /// So much of the log that the tables lack has been put into them.
    ReplayProgress {
        /// Bytes so far.
        bytes: u64,
        /// Bytes in all, about.
        of: u64,
    },
    /// The log ended in bytes that nothing vouches for; they were copied aside and dropped.
    TornTailDropped {
        /// The segment file's name.
        file: String,
        /// Where in it the tail began, in bytes.
        offset: u64,
        /// How many bytes were dropped, over all segments.
        bytes: u64,
        /// The last commit that was kept.
        kept: Sequence,
        /// Where the copy is; none if the disk had no space for one.
        copy: Option<String>,
    },
    /// A new segment of the log is in use.
    SegmentStarted {
        /// Its number.
        segment: u64,
    },
    /// A segment of the log was removed: it is in tables and past the bounds of history.
    SegmentRemoved {
        /// Its number.
        segment: u64,
    },
    /// A write or a sync of the log failed: nothing more is acknowledged.
    Poisoned {
        /// What failed, and where.
        reason: String,
    },
    /// Space for the log could not be taken in advance: writes are refused until it can.
    LogSpaceExhausted {
        /// Why.
        reason: String,
    },
    /// Space for the log can be taken again.
    LogSpaceReturned,
    /// A memtable went to a table on disk.
    Flushed {
        /// The last commit in it.
        through: Sequence,
    },
    /// A flush or a compaction failed and is to be tried again.
    TableWorkFailed {
        /// What failed, and where.
        reason: String,
    },
    /// A table file's bytes are not what was written: verify, and restore a backup or repair into a new directory. Told
    /// once for each file in an open.
    TableDamaged {
        /// The file.
        file: String,
        /// What was found.
        reason: String,
    },
    /// A compaction changed the tables.
    Compacted,
    /// Wall clock and store time differ by more than a second.
    ClockStep {
        /// Wall clock minus store time, in milliseconds.
        skew_ms: i64,
    },
    /// An object left memory.
    Evicted,
    /// Who looks for objects that may leave memory came by one of which a commit is not in the tables yet: it stays,
    /// used or not.
    EvictionHeldBack,
    /// An object was loaded from the tables.
    Loaded,
    /// What was read from the tables is not put into memory, for the object has been changed since: it is another one,
    /// or none.
    LoadOutrun,
    /// A transaction joined a load that another had begun.
    LoadJoined,
    /// A transaction ran again because something it reached for was not at hand.
    Rerun {
        /// The number of the round that ended so.
        round: u32,
    },
    /// A transaction took its namespaces exclusively.
    ExclusiveFallback,
    /// A task that served a connection failed by a defect of ours; the connection was closed, the others
    /// go on.
    ConnectionFailed {
        /// What the task died of.
        reason: String,
    },
    /// A client took nothing of its replies for so long that its connection was closed.
    ConnectionStalled {
        /// Bytes of replies that it had not taken.
        left: u64,
    },
    /// A client sent what is no request of the protocol: its connection was closed.
    RequestMalformed {
        /// Which front, and why: `kafka: `, and what is wrong with it.
        reason: String,
    },
    /// A client asked for the coordinator of a consumer group, and there are none.
    GroupWanted {
        /// The group, as the client named it.
        group: String,
    },
    /// A transaction was undone: it was refused, failed or panicked.
    Undone,
}

/// Receives events as they happen, on whatever thread they happen: quick, and never calling back.
pub trait Observer: Send + Sync {
    /// Takes note of one event.
    fn event(&self, event: &Event);
}

impl<F: Fn(&Event) + Send + Sync> Observer for F {
    fn event(&self, event: &Event) {
        self(event);
    }
}
