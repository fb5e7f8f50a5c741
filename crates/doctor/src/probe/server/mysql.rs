//! Mysql: what it tells.

use tokio::time::Instant;

use super::{Endpoint, Place, Session};
use crate::probe::Load;
use crate::snapshot::{self, Probed, Server};

/// A connection.
#[derive(Debug)]
pub(super) struct Mysql {
    place: Place,
    load: Load,
}

impl Session for Mysql {
    type Seen = snapshot::Mysql;

    async fn open(endpoint: Endpoint) -> Self {
        Self { place: Place::unknown(&endpoint), load: Load::default() }
    }

    async fn look(&mut self, _deep: bool, _until: Instant) -> Server<Self::Seen> {
        self.place.server(Probed::Absent("way to ask it yet".to_owned()), None)
    }

    fn load(&self) -> Load {
        self.load
    }
}
