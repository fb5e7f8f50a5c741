//! Who a connection's client is, or that it has yet to say so.
//!
//! Invariant: a client that is not known holds one of the places for strangers, which are fewer than
//! those for connections.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use base::Monotonic;
use tokio::sync::OwnedSemaphorePermit;

use super::{DEFAULT_USER, User};
use crate::server::Server;

/// See the module's description.
#[derive(Debug)]
pub(crate) struct Caller {
    /// Whether a password is needed at all.
    is_guarded: bool,
    user: Option<Arc<User>>,
    place: Option<OwnedSemaphorePermit>,
    stranger_since: Monotonic,
}

impl Caller {
    /// A client that has just connected; `None` if there are too many that are not known.
    pub(crate) fn new(server: &Server) -> Option<Self> {
        let is_guarded = server.access.is_some();
        let place = if is_guarded { Some(server.stranger_place()?) } else { None };
        Some(Self { is_guarded, user: None, place, stranger_since: server.store.monotonic() })
    }

    /// Whether it may be served.
    pub(crate) fn is_known(&self) -> bool {
        !self.is_guarded || self.user.as_ref().is_some_and(|user| !user.is_gone())
    }

    /// Whether it was known, by a user that there is no more.
    pub(crate) fn is_outcast(&self) -> bool {
        self.user.as_ref().is_some_and(|user| user.is_gone())
    }

    pub(crate) fn name(&self) -> &str {
        self.user.as_ref().map_or(DEFAULT_USER, |user| user.name())
    }

    pub(crate) fn know(&mut self, user: Arc<User>) {
        self.user = Some(user);
        self.place = None;
    }

    /// Has it be a stranger again, for the time that strangers have. False if there is no place for
    /// another one: then the connection is to end.
    #[must_use]
    pub(crate) fn forget(&mut self, server: &Server) -> bool {
        self.user = None;
        if !self.is_guarded || self.place.is_some() {
            return true;
        }
        self.place = server.stranger_place();
        self.stranger_since = server.store.monotonic();
        self.place.is_some()
    }

    /// Returns when it has taken too long to say who it is; never if it is known.
    pub(crate) fn is_late(&self, server: &Server) -> impl Future<Output = ()> + use<> {
        let left = (!self.is_known()).then(|| self.time_left(server));
        async move {
            match left {
                Some(left) => tokio::time::sleep(left).await,
                None => pending().await,
            }
        }
    }

    /// Whether it has taken too long already.
    pub(crate) fn was_late(&self, server: &Server) -> bool {
        !self.is_known() && self.time_left(server).is_zero()
    }

    fn time_left(&self, server: &Server) -> Duration {
        let until = self.stranger_since + server.limits.authentication_time;
        until.saturating_sub(server.store.monotonic())
    }
}
