//! The identity file: what a data directory is (`docs/format.md`, "The identity file").

use std::fmt;

use anyhow::{Result, bail};
use base::StoreId;

/// The format that this version reads and writes.
pub(crate) const FORMAT: u32 = 1;

/// Length of the file, in bytes.
pub(crate) const BYTES: usize = 512;

const MAGIC: &[u8; 8] = b"GROUNDSL";
const CHECKSUM: std::ops::Range<usize> = 12..16;
const CREATED_BY: usize = 56;

/// The file is there, and is not what was written.
#[derive(Debug)]
pub(crate) struct Damaged(&'static str);

impl fmt::Display for Damaged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Damaged {}

/// What a data directory is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) store: StoreId,
    /// Keys the hash that begins each Redis object id.
    pub(crate) hash_key: [u8; 16],
    /// Milliseconds by the wall clock.
    pub(crate) created_at: u64,
    /// Name and version of the program; at most 63 bytes.
    pub(crate) created_by: String,
}

impl Identity {
    /// The bytes of the file.
    pub(crate) fn encode(&self) -> [u8; BYTES] {
        let mut bytes = [0; BYTES];
        bytes[..8].copy_from_slice(MAGIC);
        bytes[8..12].copy_from_slice(&FORMAT.to_le_bytes());
        bytes[16..32].copy_from_slice(&self.store.0);
        bytes[32..48].copy_from_slice(&self.hash_key);
        bytes[48..56].copy_from_slice(&self.created_at.to_le_bytes());
        let by = &self.created_by.as_bytes()[..self.created_by.len().min(63)];
        bytes[CREATED_BY] = u8::try_from(by.len()).unwrap_or(0);
        bytes[CREATED_BY + 1..CREATED_BY + 1 + by.len()].copy_from_slice(by);
        let checksum = crc32c::crc32c(&bytes);
        bytes[CHECKSUM].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    /// Reads the bytes of the file.
    ///
    /// # Errors
    /// [`Damaged`] if it is not an identity, or no longer what was written; another if its format is newer than
    /// this version.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self> {
        if bytes.get(..8) != Some(MAGIC) {
            bail!(Damaged(
                "not a Groundsill directory, or a damaged one: its `identity` is something else's; restore it from a backup"
            ));
        }
        let mut bytes: [u8; BYTES] = bytes.try_into().map_err(|_length| {
            Damaged("`identity` is damaged: it is not 512 bytes long; restore it from a backup")
        })?;
        let format = u32::from_le_bytes([bytes[8], bytes[9], bytes[10], bytes[11]]);
        let stored = u32::from_le_bytes([bytes[12], bytes[13], bytes[14], bytes[15]]);
        bytes[CHECKSUM].fill(0);
        let is_whole = stored == crc32c::crc32c(&bytes);
        if is_whole && format > FORMAT {
            bail!(
                "the directory has format {format}, this version reads up to {FORMAT}: use the version that wrote it, or a newer one"
            );
        }
        if !is_whole || format == 0 {
            bail!(Damaged(
                "`identity` is damaged: its checksum is wrong; restore it from a backup"
            ));
        }
        let (mut store, mut hash_key, mut created_at) = ([0; 16], [0; 16], [0; 8]);
        store.copy_from_slice(&bytes[16..32]);
        hash_key.copy_from_slice(&bytes[32..48]);
        created_at.copy_from_slice(&bytes[48..56]);
        let by = &bytes[CREATED_BY + 1..][..usize::from(bytes[CREATED_BY]).min(63)];
        let created_by = String::from_utf8_lossy(by).into_owned();
        Ok(Self {
            store: StoreId(store),
            hash_key,
            created_at: u64::from_le_bytes(created_at),
            created_by,
        })
    }
}

#[cfg(test)]
mod tests;
