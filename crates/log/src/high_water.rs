//! The two-slot file that says how far the log was durable, so that a lost tail is noticed
//! (`docs/format.md`, "The high-water file").
//!
//! Knows nothing of frames.
//!
//! Invariant: a slot is overwritten only while the other holds what was synced before it.

use std::io;
use std::sync::Arc;

use base::codec::Reader;
use base::{Generation, Sequence};

use crate::error::Error;
use crate::medium::{File, Medium};

/// The file's name.
pub(crate) const NAME: &str = "high-water";

const MAGIC: &[u8; 4] = b"GSHW";
const SLOT_BYTES: usize = 512;
const SLOTS: usize = 2;
const USED: usize = 48;

/// What a slot says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct HighWater {
    /// All up to here was durable.
    pub(crate) durable: Sequence,
    /// The oldest segment that a replay needed; 0 before the first.
    pub(crate) oldest: u64,
    /// No generation or space at or above it had been given out.
    pub(crate) generations: Generation,
}

/// What the file holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Slots {
    /// The newest good slot, and its counter.
    pub(crate) newest: Option<(u64, HighWater)>,
    /// How many slots hold bytes that do not check.
    pub(crate) bad: u32,
}

impl Slots {
    /// Reads the file; no slot is good if it is not there.
    pub(crate) fn read(medium: &dyn Medium, store: u64) -> Result<Self, Error> {
        let file = match medium.open(NAME) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(Error::io("open", NAME)(error)),
        };
        let len = file.len().map_err(Error::io("take the length of", NAME))?;
        let mut slots = Self::default();
        for slot in 0..SLOTS {
            let mut bytes = [0; USED];
            let offset = (slot * SLOT_BYTES) as u64;
            if offset + USED as u64 <= len {
                file.read_at(offset, &mut bytes).map_err(Error::io("read", NAME))?;
            }
            match decode(&bytes, store) {
                Some(found) if slots.newest.is_none_or(|(counter, _)| counter < found.0) => {
                    slots.newest = Some(found);
                }
                Some(_) => {}
                None => slots.bad += u32::from(bytes != [0; USED]),
            }
        }
        Ok(slots)
    }
}

fn encode(counter: u64, store: u64, state: &HighWater) -> [u8; SLOT_BYTES] {
    let mut slot = [0; SLOT_BYTES];
    let fields = [counter, store, state.durable.0, state.oldest, state.generations.0];
    let (head, rest) = slot.split_at_mut(8);
    for (place, field) in rest.chunks_exact_mut(8).zip(fields) {
        place.copy_from_slice(&field.to_le_bytes());
    }
    let checksum = crc32c::crc32c(rest.get(..USED - 8).unwrap_or_default());
    let (magic, check) = head.split_at_mut(4);
    magic.copy_from_slice(MAGIC);
    check.copy_from_slice(&checksum.to_le_bytes());
    slot
}

/// The bytes of a file that says `state`.
pub(crate) fn file(store: u64, state: &HighWater) -> Vec<u8> {
    [[0; SLOT_BYTES], encode(1, store, state)].concat()
}

fn decode(bytes: &[u8; USED], store: u64) -> Option<(u64, HighWater)> {
    let (head, fields) = bytes.split_at(8);
    let mut reader = Reader::new(head);
    if reader.take(4, "a magic").ok()? != MAGIC
        || reader.u32("a checksum").ok()? != crc32c::crc32c(fields)
    {
        return None;
    }
    let mut reader = Reader::new(fields);
    let counter = reader.u64("a counter").ok()?;
    if reader.u64("a store").ok()? != store {
        return None;
    }
    let state = HighWater {
        durable: Sequence(reader.u64("a sequence").ok()?),
        oldest: reader.u64("a segment").ok()?,
        generations: Generation(reader.u64("a generation").ok()?),
    };
    Some((counter, state))
}

/// The file, open for writing.
pub(crate) struct HighWaterFile {
    file: Arc<dyn File>,
    store: u64,
    counter: u64,
    state: HighWater,
}

impl HighWaterFile {
    /// Opens the file that `slots` were read from, making it if it is not there; its name is durable
    /// on return.
    pub(crate) fn open(medium: &dyn Medium, store: u64, slots: &Slots) -> Result<Self, Error> {
        let file = match medium.open(NAME) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => medium.create(NAME),
            opened => opened,
        };
        let file = file.map_err(Error::io("open", NAME))?;
        let (counter, state) = slots.newest.unwrap_or_default();
        let mut opened = Self { file, store, counter, state };
        if slots.newest.is_none() {
            let both = [0; SLOTS * SLOT_BYTES];
            opened.file.write_at(0, &both).map_err(Error::io("write", NAME))?;
            opened.write(HighWater::default())?;
            medium.sync().map_err(Error::io("sync", "the log's directory"))?;
        }
        Ok(opened)
    }

    /// What was last written, durably.
    pub(crate) const fn state(&self) -> HighWater {
        self.state
    }

    /// Writes the older slot and syncs it.
    pub(crate) fn write(&mut self, state: HighWater) -> Result<(), Error> {
        self.counter += 1;
        let slot = encode(self.counter, self.store, &state);
        let offset = self.counter % SLOTS as u64 * SLOT_BYTES as u64;
        self.file.write_at(offset, &slot).map_err(Error::io("write", NAME))?;
        self.file.sync().map_err(Error::io("sync", NAME))?;
        self.state = state;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
