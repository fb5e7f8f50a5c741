//! What is asked for over HTTP: whether the server lives, what hinders it from serving, and its figures.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use kv::TablesStats;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::CONNECTIONS_MAX;
use super::metrics::{Moment, render};
use super::request::Credentials;
use crate::host::Usage;
use crate::server::Server;

/// A look at the tables waits for the disk, behind loads of clients; an answer does without it after this.
const LOOK_TIME: Duration = Duration::from_millis(500);

pub(super) struct Probe {
    server: Arc<Server>,
    places: Arc<Semaphore>,
    /// One place, for looking at the tables.
    looking: Arc<Semaphore>,
    /// Damaged tables at the latest look. What is damaged stays so until the store is opened again.
    damaged: AtomicUsize,
}

impl Probe {
    pub(super) fn new(server: Arc<Server>) -> Self {
        Self {
            server,
            places: Arc::new(Semaphore::new(CONNECTIONS_MAX)),
            looking: Arc::new(Semaphore::new(1)),
            damaged: AtomicUsize::new(0),
        }
    }

    /// A connection's place, given back when dropped; none if all are taken.
    pub(super) fn place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.places).try_acquire_owned().ok()
    }

    /// Whether the metrics may be shown to whoever says so of themselves.
    pub(super) async fn lets_in(&self, credentials: Option<&Credentials>) -> bool {
        match (&self.server.access, credentials) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(_), Some(Credentials { user, password })) => {
                self.server.authenticate(user, password).await.is_some()
            }
        }
    }

    /// Whether the log works, without which the process is about to end.
    pub(super) fn is_live(&self) -> bool {
        !self.server.store.watermarks().is_poisoned()
    }

    /// Why clients had better not be sent here, a line each; nothing if it is ready.
    pub(super) async fn hindrances(&self) -> Vec<String> {
        self.moment().await.hindrances
    }

    pub(super) async fn metrics(&self) -> String {
        render(&self.moment().await)
    }

    async fn moment(&self) -> Moment<'_> {
        let (tables, usage) = self.look().await.unzip();
        let server = &*self.server;
        let mut moment = Moment {
            server,
            standing: server.store.standing(),
            tables,
            usage: usage.unwrap_or_default(),
            http: CONNECTIONS_MAX - self.places.available_permits(),
            hindrances: Vec::new(),
        };
        if let Some(tables) = &moment.tables {
            self.damaged.fetch_max(tables.damaged.len(), Ordering::Relaxed);
        }
        moment.hindrances = self.hindrances_of(&moment);
        moment
    }

    fn hindrances_of(&self, moment: &Moment<'_>) -> Vec<String> {
        let damaged = self.damaged.load(Ordering::Relaxed);
        let reasons = [
            (self.server.is_stopping(), "stopping".to_owned()),
            (!self.is_live(), "the log has failed: the process is about to end".to_owned()),
            (
                moment.standing.is_out_of_room,
                "the disk has no space for the log: writes are refused, large ones first"
                    .to_owned(),
            ),
            (
                moment.standing.is_far_behind(),
                "the tables are too far behind the log: writes wait".to_owned(),
            ),
            (damaged > 0, format!("damaged tables, {damaged} of them: run `groundsill verify`")),
        ];
        reasons.into_iter().filter_map(|(holds, reason)| holds.then_some(reason)).collect()
    }

    /// Looks at what has to be waited for, if that does not take too long.
    async fn look(&self) -> Option<(TablesStats, Usage)> {
        let look = async {
            let turn = Arc::clone(&self.looking).acquire_owned().await.ok()?;
            let (store, usage) = (self.server.store.clone(), self.server.host.usage);
            let look = move || {
                let seen = (store.tables_stats(), usage());
                // Given back here, and not by who waits and may have given up: else looks would pile up.
                drop(turn);
                seen
            };
            self.server.on_loader(look).await.ok()
        };
        timeout(LOOK_TIME, look).await.ok().flatten()
    }
}

#[cfg(test)]
mod tests;
