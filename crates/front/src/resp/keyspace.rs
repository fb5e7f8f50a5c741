//! SCAN, KEYS, DBSIZE, RANDOMKEY outside of transactions.
//!
//! They wait until the tables have what was committed before, and read one state of them, however long
//! that takes: no memory is merged in, no lock is held.

use std::sync::Arc;

use kv::{Layer, Overview, Receipt, Refusal};
use redis::{Ask, Told, Walk};

use crate::resp::outgoing;
use crate::resp::session::Session;
use crate::server::{Failure, Server};

impl Session {
    /// Carries a command over all keys out.
    pub(crate) async fn walk(&mut self, mut walk: Box<dyn Walk + '_>) {
        let start = self.reply.mark();
        let overview = match self.overview().await {
            Ok(overview) => overview,
            Err(failure) => return self.answer_failure(start, &failure),
        };
        while let Some(ask) = walk.ask() {
            match look_up(&self.server, &overview, ask).await {
                Ok(told) => walk.tell(told),
                Err(failure) => return self.answer_failure(start, &failure),
            }
            if let Err(spent) = self.outgoing.grow_to(self.reply.len() + walk.bytes()) {
                let refusal = Refusal::limit(outgoing::text(spent));
                let failure = Failure::Refused(refusal, Receipt::NOTHING);
                return self.answer_failure(start, &failure);
            }
        }
        walk.answer(&mut self.reply);
    }

    /// The selected namespace, once the tables have all that was committed before.
    async fn overview(&mut self) -> Result<Arc<Overview>, Failure> {
        let namespace = self.bound()?;
        let queued = self.server.store.watermarks().queued();
        self.server.applied(queued).await?;
        let (store, seen) = (self.server.store.clone(), namespace.clone());
        let overview = move || store.overview(&namespace, Layer::Redis);
        let overview = self.server.on_loader(overview).await;
        // What was committed meanwhile may have been seen, too, and need not be durable yet.
        let queued = self.server.store.watermarks().queued();
        self.note_receipt(seen.receipt(queued));
        overview.and_then(|overview| overview).map(Arc::new).map_err(Failure::Store)
    }
}

async fn look_up(server: &Server, overview: &Arc<Overview>, ask: Ask) -> Result<Told, Failure> {
    let overview = Arc::clone(overview);
    let look = move || match ask {
        Ask::Rows { from, most } => overview.list(&from, most).map(Told::Rows),
        Ask::Count => overview.count().map(Told::Count),
    };
    let told = server.on_loader(look).await;
    told.and_then(|told| told).map_err(Failure::Store)
}
