//! The object ids of Redis keys: `h48 | key`, where `h48` is the first 48 bits of a keyed hash; and in
//! the same form the suffixes of the fields of a large hash.
//!
//! In the order of ids keys lie in the order of their hashes: SCAN's cursor is the next hash, a number
//! below 2^53, good across restarts and without state in the server. The hash is keyed, so that nobody
//! outside can choose keys that share one; its key is in the identity file and never changes.

use std::hash::Hasher;

use siphasher::sip::SipHasher13;

/// Bytes of the hash before the key.
pub const HASH_BYTES: usize = 6;

/// Longest key, in bytes.
pub(crate) const KEY_BYTES_MAX: usize = base::limits::ID_BYTES_MAX - HASH_BYTES;

/// Makes object ids out of keys.
#[derive(Clone, Copy, Debug)]
pub struct Keys {
    hasher: SipHasher13,
}

impl Keys {
    /// With the hash key of the data directory.
    pub fn new(hash_key: &[u8; 16]) -> Self {
        Self { hasher: SipHasher13::new_with_key(hash_key) }
    }

    /// Appends the object id of `key`.
    pub fn put_id(&self, out: &mut Vec<u8>, key: &[u8]) {
        let mut hasher = self.hasher;
        hasher.write(key);
        out.extend_from_slice(&hasher.finish().to_be_bytes()[..HASH_BYTES]);
        out.extend_from_slice(key);
    }

    /// The hash at the front of an id, as a number below 2^48.
    pub(crate) fn hash_of(id: &[u8]) -> u64 {
        let hash = id.iter().take(HASH_BYTES);
        hash.fold(0, |number, byte| number << 8 | u64::from(*byte))
    }

    /// The key in an id.
    pub(crate) fn key_of(id: &[u8]) -> &[u8] {
        id.get(HASH_BYTES..).unwrap_or_default()
    }

    /// What ids with that hash, below 2^48, begin with.
    pub(crate) fn prefix(hash: u64) -> [u8; HASH_BYTES] {
        let [_, _, prefix @ ..] = hash.to_be_bytes();
        prefix
    }
}

#[cfg(test)]
mod tests;
