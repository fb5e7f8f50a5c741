//! The sessions that are open, as records, for the segment that begins next.

use std::collections::BTreeMap;

/// Of a segment, at most one part in so many is what it repeats of sessions.
const SHARE: u64 = 8;

/// See the module's description.
#[derive(Debug, Default)]
pub(crate) struct OpenSessions {
    records: BTreeMap<u64, Vec<u8>>,
    /// Bytes of these.
    bytes: u64,
}

impl OpenSessions {
    /// Takes note of a session's record, or that it is over.
    pub(crate) fn note(&mut self, number: u64, record: Option<&[u8]>) {
        let before = match record {
            Some(record) => {
                self.bytes += record.len() as u64;
                self.records.insert(number, record.to_vec())
            }
            None => self.records.remove(&number),
        };
        self.bytes -= before.map_or(0, |record| record.len() as u64);
    }

    /// How many bytes of them a segment of `bytes` begins with at most.
    pub(crate) fn repeated_bytes(&self, bytes: u64) -> u64 {
        self.bytes.min(bytes / SHARE)
    }

    /// What a segment of `bytes` begins with: all of them, or the newest, so that it is not filled by them. A commit
    /// of another is one of a session that the segment does not name.
    pub(crate) fn repeated(&self, bytes: u64) -> impl Iterator<Item = &[u8]> {
        let mut left = self.repeated_bytes(bytes);
        let newest_first = self.records.values().rev().map(Vec::as_slice);
        newest_first.take_while(move |record| {
            let rest = left.checked_sub(record.len() as u64);
            left = rest.unwrap_or(0);
            rest.is_some()
        })
    }
}

#[cfg(test)]
mod tests;
