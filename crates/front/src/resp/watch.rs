//! WATCH: a transaction that runs only if nothing it looked at before has changed.
//!
//! A watch is registered with the store, which marks it in the commit that changes the object, while that
//! is locked. EXEC names the watched objects, so that they stand still, and looks at the marks.

use std::sync::Arc;

use kv::{Handle, Layer, Plan, Receipt, Refusal, Txn, Watch};
use redis::check_key;
use wire::resp::Args;

use crate::resp::session::Session;
use crate::server::Failure;

/// Keys that one connection may watch at one time.
const WATCHES_MAX: usize = 10_000;

/// Keys that a connection watches.
#[derive(Debug, Default)]
pub(crate) struct Watches(Vec<Watched>);

#[derive(Debug)]
struct Watched {
    namespace: Handle,
    id: Vec<u8>,
    existed: bool,
    watch: Watch,
}

impl Watches {
    /// Names them in a plan that names nothing yet; how many there are.
    pub(crate) fn name(&self, plan: &mut Plan) -> usize {
        for Watched { namespace, id, .. } in &self.0 {
            let place = plan.namespace(namespace);
            plan.name(place, Layer::Redis, |named| named.extend_from_slice(id));
        }
        self.0.len()
    }

    /// Whether all are as they were, in a transaction whose plan names them first.
    pub(crate) fn hold(&self, txn: &Txn<'_>) -> bool {
        self.0.iter().enumerate().all(|(at, Watched { existed, watch, .. })| {
            // An object that has come to its deadline since is gone without a commit so far.
            let exists = txn.named(at).is_some_and(|object| txn.kind(object).is_some());
            !watch.has_fired() && exists == *existed
        })
    }

    /// Forgets all.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}

impl Session {
    /// `WATCH key [key ...]`
    pub(crate) async fn watch(&mut self, args: Args<'_>) {
        if let Err(error) = args.skip(1).iter().try_for_each(check_key) {
            self.fail(error);
            return;
        }
        let start = self.reply.mark();
        for key in args.skip(1).iter() {
            if let Err(failure) = self.watch_key(key).await {
                return self.answer_failure(start, &failure);
            }
        }
        self.reply.ok();
    }

    async fn watch_key(&mut self, key: &[u8]) -> Result<(), Failure> {
        let namespace = self.bound()?;
        let server = Arc::clone(&self.server);
        let mut id = Vec::with_capacity(key.len() + 8);
        server.keys.put_id(&mut id, key);
        if self.watches.0.iter().any(|watched| {
            watched.id == id && watched.namespace.namespace() == namespace.namespace()
        }) {
            return Ok(());
        }
        if self.watches.0.len() >= WATCHES_MAX {
            let text = format!("a connection watches at most {WATCHES_MAX} keys");
            return Err(Failure::Refused(Refusal::limit(text), Receipt::NOTHING));
        }
        let mut plan = server.store.plan(server.limits.transaction_time);
        let place = plan.namespace(&namespace);
        // What is past its deadline and not yet swept is ended now, so that sweeping it is no change.
        let end_if_due = |txn: &mut Txn<'_>| {
            let object = txn.open(place, Layer::Redis, &id)?;
            if txn.kind(object).is_none() { txn.delete(object).map(drop) } else { Ok(()) }
        };
        let ((), receipt) = server.run(&mut plan, end_if_due).await?;
        self.note_receipt(receipt);
        let watch = server.store.watch([(&namespace, Layer::Redis, &*id)]);
        server.store.replan(&mut plan, server.limits.transaction_time);
        let place = plan.namespace(&namespace);
        let look = |txn: &mut Txn<'_>| {
            let object = txn.open(place, Layer::Redis, &id)?;
            Ok(txn.kind(object).is_some())
        };
        let (existed, receipt) = server.run(&mut plan, look).await?;
        self.note_receipt(receipt);
        self.watches.0.push(Watched { namespace, id, existed, watch });
        Ok(())
    }
}
