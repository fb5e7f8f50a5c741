//! SCAN, KEYS, DBSIZE, RANDOMKEY outside of transactions.
//!
//! They wait until the tables have what was committed before, and read a view of them: no memory is
//! merged in, no lock is held.

use kv::{Handle, Layer, Receipt, Refusal};
use redis::{Ask, Told, Walk};

use crate::resp::outgoing;
use crate::resp::session::Session;
use crate::server::Failure;

impl Session {
    /// Carries a command over all keys out.
    pub(crate) async fn walk(&mut self, mut walk: Box<dyn Walk + '_>) {
        let start = self.reply.mark();
        while let Some(ask) = walk.ask() {
            match self.look_up(ask).await {
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

    async fn look_up(&mut self, ask: Ask) -> Result<Told, Failure> {
        let namespace = self.settled_namespace().await?;
        let seen = namespace.clone();
        let store = self.server.store.clone();
        let now = store.now();
        let look = move || match ask {
            Ask::Rows { from, most } => {
                store.list(&namespace, Layer::Redis, &from, most, now).map(Told::Rows)
            }
            Ask::Count => store.count(&namespace, Layer::Redis).map(Told::Count),
        };
        let told = self.server.on_loader(look).await;
        // What was committed meanwhile may have been seen, too, and need not be durable yet.
        let queued = self.server.store.watermarks().queued();
        self.note_receipt(seen.receipt(queued));
        told.and_then(|told| told).map_err(Failure::Store)
    }

    /// The selected namespace, once the tables have all that was committed before.
    async fn settled_namespace(&mut self) -> Result<Handle, Failure> {
        let namespace = self.bound()?;
        let queued = self.server.store.watermarks().queued();
        self.server.applied(queued).await?;
        Ok(namespace)
    }
}
