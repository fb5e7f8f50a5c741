//! The users, as a text of lines `user:hash`. Empty lines and those that begin with `#` are passed over.
//!
//! A hash is Argon2id in the PHC string format, which holds its salt and what it costs.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use argon2::password_hash::{Ident, PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{ARGON2ID_IDENT, Argon2, Params};
use blake2::Blake2sMac256;
use blake2::digest::Mac;
use parking_lot::Mutex;

/// Bytes of a user's name.
const NAME_BYTES_MAX: usize = 64;

/// What a hash may cost: memory in KiB, rounds, lanes.
const COST_MAX: (u32, u32, u32) = (64 * 1024, 16, 4);

/// Why a text is no list of users. It never holds what stands in the text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "a line counts from 1; the texts say the rest")]
pub enum UsersError {
    #[error("line {line} is not `user:hash`: make it with `groundsill password USER`")]
    Form { line: usize },
    #[error(
        "line {line}: the name is not 1 to {NAME_BYTES_MAX} printable characters of ASCII without blanks and colons"
    )]
    Name { line: usize },
    #[error(
        "line {line}: what stands behind the name is not a hash, and a plain password is not taken: make the line with `groundsill password USER`"
    )]
    Hash { line: usize },
    #[error(
        "line {line}: to check the hash costs too much: at most m={}, t={}, p={}", COST_MAX.0, COST_MAX.1, COST_MAX.2
    )]
    Cost { line: usize },
    #[error("line {line} names a user whom an earlier line names")]
    Twice { line: usize },
    #[error(
        "it names no user, so nobody could connect: add what `groundsill password USER` prints"
    )]
    Empty,
}

/// One user. Known by a hash of a password, and by a keyed hash of the same once it has been shown.
pub(crate) struct User {
    name: String,
    hash: String,
    remembered: Mutex<Option<[u8; 32]>>,
    is_gone: AtomicBool,
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User").field("name", &self.name).finish_non_exhaustive()
    }
}

impl User {
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Whether they were taken out of the list, or given another password.
    pub(crate) fn is_gone(&self) -> bool {
        self.is_gone.load(Ordering::Acquire)
    }

    /// Whether the password is theirs. Takes tens of milliseconds, and memory.
    pub(super) fn check(&self, password: &[u8]) -> bool {
        PasswordHash::new(&self.hash)
            .is_ok_and(|hash| Argon2::default().verify_password(password, &hash).is_ok())
    }

    /// Whether it is the password that was found right before. Takes the same time whatever differs.
    pub(super) fn is_remembered(&self, key: &[u8; 32], password: &[u8]) -> bool {
        let remembered = *self.remembered.lock();
        remembered.is_some_and(|tag| {
            keyed(key, password).is_some_and(|mac| mac.verify_slice(&tag).is_ok())
        })
    }

    pub(super) fn remember(&self, key: &[u8; 32], password: &[u8]) {
        *self.remembered.lock() =
            keyed(key, password).map(|mac| mac.finalize().into_bytes().into());
    }
}

/// `None` for a key of a length that cannot be, which this one has not.
fn keyed(key: &[u8; 32], password: &[u8]) -> Option<Blake2sMac256> {
    let mac = <Blake2sMac256 as Mac>::new_from_slice(key).ok()?;
    Some(mac.chain_update(password))
}

/// Users by their names: at least one.
#[derive(Debug)]
pub struct Users {
    by_name: BTreeMap<String, Arc<User>>,
    first: Arc<User>,
}

impl Users {
    /// Reads the lines of a text.
    pub fn parse(text: &str) -> Result<Self, UsersError> {
        let mut by_name = BTreeMap::new();
        for (at, content) in text.lines().enumerate() {
            let (line, content) = (at + 1, content.trim());
            if content.is_empty() || content.starts_with('#') {
                continue;
            }
            let (name, hash) = content.split_once(':').ok_or(UsersError::Form { line })?;
            if !is_name(name) {
                return Err(UsersError::Name { line });
            }
            check_hash(hash, line)?;
            let user = User {
                name: name.to_owned(),
                hash: hash.to_owned(),
                remembered: Mutex::default(),
                is_gone: AtomicBool::new(false),
            };
            if by_name.insert(name.to_owned(), Arc::new(user)).is_some() {
                return Err(UsersError::Twice { line });
            }
        }
        let first = by_name.values().next().map(Arc::clone).ok_or(UsersError::Empty)?;
        Ok(Self { by_name, first })
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.by_name.len()
    }

    pub(super) fn find(&self, name: &[u8]) -> Option<&Arc<User>> {
        self.by_name.get(str::from_utf8(name).ok()?)
    }

    /// Any of them, the same each time.
    pub(super) const fn first(&self) -> &Arc<User> {
        &self.first
    }

    /// Has those who are as they were be the same, and marks the others as gone.
    pub(super) fn take_over(&mut self, before: &Self) {
        for (name, user) in &before.by_name {
            match self.by_name.get_mut(name).filter(|now| now.hash == user.hash) {
                Some(now) => *now = Arc::clone(user),
                None => user.is_gone.store(true, Ordering::Release),
            }
        }
    }
}

fn is_name(name: &str) -> bool {
    (1..=NAME_BYTES_MAX).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic())
}

fn check_hash(hash: &str, line: usize) -> Result<(), UsersError> {
    let hash = PasswordHash::new(hash).ok().filter(is_whole).ok_or(UsersError::Hash { line })?;
    let params = Params::try_from(&hash).map_err(|_unknown| UsersError::Hash { line })?;
    let (memory, rounds, lanes) = COST_MAX;
    let is_cheap =
        params.m_cost() <= memory && params.t_cost() <= rounds && params.p_cost() <= lanes;
    is_cheap.then_some(()).ok_or(UsersError::Cost { line })
}

/// Whether it is of the one kind that is taken, with salt and hash.
fn is_whole(hash: &PasswordHash<'_>) -> bool {
    let kind: Ident<'_> = ARGON2ID_IDENT;
    hash.algorithm == kind && hash.salt.is_some() && hash.hash.is_some()
}

/// A line for [`Users::parse`]; `salt` is random. `None` for a name or a password that cannot be.
pub fn hash_line(name: &str, password: &[u8], salt: [u8; 16]) -> Option<String> {
    let is_password = (1..=super::PASSWORD_BYTES_MAX).contains(&password.len());
    if !is_name(name) || name.contains(':') || name.starts_with('#') || !is_password {
        return None;
    }
    let salt = SaltString::encode_b64(&salt).ok()?;
    let hash = Argon2::default().hash_password(password, &salt).ok()?;
    Some(format!("{name}:{hash}"))
}
