//! Who may connect: users with passwords, of which only hashes are known.
//!
//! To check a password is slow by design, so that a stolen file of hashes is of little use. It is done on
//! threads that may take long, a few at one time; a password that has been found right is known again by a
//! keyed hash, so that clients that all come back at once cost next to nothing.
//!
//! Knows no protocol and no file: the text of the file is handed to it.
//!
//! Invariants:
//! 1. Neither an answer nor the time that it takes tells whether there is a user of that name.
//! 2. No password and no hash is in what `Debug` shows.
//! 3. A user who is taken out of the file, or whose hash is changed, is no longer known from the next request
//!    on, on open connections too.

mod caller;
mod users;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::RwLock;
use tokio::sync::Semaphore;

pub(crate) use caller::Caller;
pub(crate) use users::User;
pub use users::{Users, UsersError, hash_line};

/// The user that a password without a name belongs to.
pub(crate) const DEFAULT_USER: &str = "default";

/// Passwords that are checked at one time: each takes a processor and, as we write them, 19 MiB.
const CHECKS: u32 = 2;

/// A wrong password is answered after this long.
const FAILURE_DELAY: Duration = Duration::from_millis(500);

/// Passwords that are longer are wrong.
pub const PASSWORD_BYTES_MAX: usize = 1024;

/// See the module's description.
pub struct Access {
    users: RwLock<Arc<Users>>,
    /// Of the keyed hashes of right passwords.
    key: [u8; 32],
    checks: Arc<Semaphore>,
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access").field("users", &*self.users.read()).finish_non_exhaustive()
    }
}

impl Access {
    /// For `users`; `key` is random and of this process alone.
    pub fn new(users: Users, key: [u8; 32]) -> Self {
        Self {
            users: RwLock::new(Arc::new(users)),
            key,
            checks: Arc::new(Semaphore::new(CHECKS as usize)),
        }
    }

    /// From now on these are the users. Those who stay as they are stay known, on open connections too.
    pub fn set_users(&self, mut users: Users) {
        let mut current = self.users.write();
        users.take_over(&current);
        *current = Arc::new(users);
    }

    /// Whether there is a user of that name.
    pub(crate) fn names(&self, name: &[u8]) -> bool {
        self.users.read().find(name).is_some()
    }

    /// The user, if the password is theirs. Takes long if it is not, whether there is such a user or not.
    ///
    /// May be dropped at any time; a check that has begun is brought to its end.
    pub(crate) async fn authenticate(&self, name: &[u8], password: &[u8]) -> Option<Arc<User>> {
        let user = self.check(name, password).await;
        if user.is_none() {
            tokio::time::sleep(FAILURE_DELAY).await;
        }
        user
    }

    async fn check(&self, name: &[u8], password: &[u8]) -> Option<Arc<User>> {
        if password.len() > PASSWORD_BYTES_MAX {
            return None;
        }
        let users = Arc::clone(&self.users.read());
        let found = users.find(name);
        if let Some(user) = found.filter(|user| user.is_remembered(&self.key, password)) {
            return Some(Arc::clone(user));
        }
        // Never closed.
        let permit = Arc::clone(&self.checks).acquire_owned().await.ok()?;
        // Another connection may have shown the same password meanwhile.
        if let Some(user) = found.filter(|user| user.is_remembered(&self.key, password)) {
            return Some(Arc::clone(user));
        }
        // For a name that nobody has, somebody else's hash is computed, in vain.
        let (user, password) = (Arc::clone(found.unwrap_or(users.first())), password.to_vec());
        let key = self.key;
        let check = move || {
            let is_right = user.check(&password);
            if is_right {
                user.remember(&key, &password);
            }
            // Given back here, and not by who waits and may have given up: else checks would pile up.
            drop(permit);
            is_right
        };
        let is_right = tokio::task::spawn_blocking(check).await.unwrap_or(false);
        found.filter(|_| is_right).map(Arc::clone)
    }
}

#[cfg(test)]
pub(crate) mod tests;
