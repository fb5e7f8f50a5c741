//! The waist: what `kv` asks of a log, whichever it is.
//!
//! Knows neither files nor frames' bytes.

use std::sync::Arc;

use base::{Monotonic, Sequence};

use crate::error::Error;
use crate::frame::Frame;
use crate::group::Group;

/// A log. All verbs may be called from several threads at once; none waits for another's sync.
pub trait Log: Send + Sync {
    /// Appends a group as one frame. On return it is *written*: it survives the death of the
    /// process, not yet a power cut. The group has to begin where the log goes on, else
    /// [`Error::Fenced`], and nothing is written. An empty group is not written.
    fn append(&self, group: &mut Group) -> Result<(), Error>;

    /// Makes durable everything that was appended before the call, and returns the last of it.
    fn sync(&self) -> Result<Sequence, Error>;

    /// The frames that hold the commits from `from` on, in order, and the frames without commits
    /// between them, up to what was written when the call was made. Commits below `from` are left
    /// out. [`Error::Trimmed`] if `from` is no longer kept, [`Error::Corrupt`] where a frame is no
    /// longer what was written.
    fn read(&self, from: Sequence) -> Result<Frames, Error>;

    /// Commits up to `through` are not needed for replay any more. They stay as history.
    fn trim(&self, through: Sequence) -> Result<(), Error>;

    /// How many bytes of log hold what is above `after`; at most 1 MiB and a frame too many.
    fn bytes_after(&self, after: Sequence) -> u64;

    /// What can be appended without running out of disk. Waits for nothing.
    fn room(&self) -> Room;

    /// Has the log take space only while, beside what it is to keep free, so many bytes stay free for others
    /// who use the same disk for the same store.
    fn leave_free(&self, _bytes: u64) {}

    /// Why more space could not be taken, while [`Room::exhausted`]: what is free, what is wanted, and where.
    fn shortage(&self) -> Option<Arc<str>> {
        None
    }

    /// Does one bounded piece of upkeep, on a thread that may wait for the disk: fills space in
    /// advance, drops history, keeps the high-water file (synced at most once a second), writes an
    /// idle frame. To be called again as it says, and also soon after a sync. [`Error::Io`] says
    /// that old history could not be removed: nothing else suffers, and it may be tried again later.
    /// After [`Log::close`] there is nothing to do.
    fn maintain(&self, now: Monotonic) -> Result<Upkeep, Error>;

    /// Syncs, and ends the log cleanly, so that the next open need not leave a gap.
    fn close(&self) -> Result<(), Error>;
}

/// Frames as they are read, in order. Ends after the first error.
pub type Frames = Box<dyn Iterator<Item = Result<Frame, Error>> + Send>;

/// What can be appended: within space that was taken in advance, and where the disk has plenty, beyond it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Bytes that can be appended for certain, `reserve` included.
    pub bytes: u64,
    /// Of them, the bytes that are for deletes and expiry alone.
    pub reserve: u64,
    /// The longest write that lies within space taken in advance: no frame spans segments.
    pub frame: u64,
    /// Bytes that the disk had a moment ago beside what it is to keep free and all that is yet to be
    /// taken in advance. Writes may use them at once: they cannot keep the reserve from being filled.
    pub beyond: u64,
    /// Whether taking more was tried and failed. If not, a writer that lacks room waits for
    /// [`Log::maintain`]; if so, it is refused with [`base::Kind::Limit`].
    pub exhausted: bool,
}

impl Room {
    /// Whether a write of `bytes` fits beside what others have reserved, without touching the
    /// reserve.
    #[must_use]
    pub const fn admits(&self, bytes: u64, reserved: u64) -> bool {
        let taken = reserved.saturating_add(bytes);
        let within = bytes <= self.frame && self.bytes >= self.reserve.saturating_add(taken);
        within || self.beyond >= taken
    }

    /// Whether a delete or an expiry of `bytes` fits beside what others have reserved.
    #[must_use]
    pub const fn admits_release(&self, bytes: u64, reserved: u64) -> bool {
        let taken = reserved.saturating_add(bytes);
        self.bytes >= taken || self.beyond >= taken
    }

    /// Whether a write of `bytes` would never fit, however long it waited: there is not the disk for it.
    #[must_use]
    pub const fn refuses(&self, bytes: u64) -> bool {
        self.exhausted || bytes > self.frame && bytes > self.beyond
    }
}

/// When there is more upkeep to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upkeep {
    /// There is more to do at once.
    Again,
    /// Nothing before this time, unless something is appended or synced.
    At(Monotonic),
}
