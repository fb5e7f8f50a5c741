//! The store: namespaces, transactions, and what there is to wait for.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use base::{Event, Monotonic, Namespace, Sequence, Space, StoreTime, Tenant};
use log::record::Session;
use smallvec::SmallVec;

use crate::admission::{Admission, OVERHEAD_BYTES};
use crate::error::{Error, Refusal, Stop};
use crate::load::Load;
use crate::lock::{GateGuard, StripeGuard};
use crate::namespace::{Entry, Gate, Handle, LAYERS, Part};
use crate::plan::{Access, Attempt, Named, Plan, Receipt, Want, Work};
use crate::queue::Origin;
use crate::series::SERIES_MAX;
use crate::shard::Shard;
use crate::stripe::StripeId;
use crate::txn::Txn;
use crate::wait::Wait;
use crate::watermark::{Level, Reached, Watermarks};
use crate::{key, settings};

/// A handle on the one shard of a store. Cheap to clone; all clones are the same store.
#[derive(Clone, Debug)]
pub struct Store {
    pub(crate) shard: Arc<Shard>,
}

impl Store {
    /// The time, as transactions see it.
    pub fn now(&self) -> StoreTime {
        self.shard.now()
    }

    /// Time since a fixed point, by the machine's clock: for durations.
    pub fn monotonic(&self) -> Monotonic {
        self.shard.machine.monotonic()
    }

    /// Tells the observer of something that happened around the store.
    pub fn tell(&self, event: &Event) {
        self.shard.observer.event(event);
    }

    /// How far the log and the tables have come.
    pub fn watermarks(&self) -> &Watermarks {
        &self.shard.watermarks
    }

    /// What it was opened with.
    pub fn settings(&self) -> &settings::Settings {
        &self.shard.settings
    }

    /// What the workers count.
    pub fn figures(&self) -> &crate::Figures {
        &self.shard.figures
    }

    /// Bytes of memory that objects are taken to cost.
    pub fn resident_bytes(&self) -> usize {
        self.shard.resident()
    }

    /// The namespace, if there is such a one and it is the tenant's.
    pub fn find_namespace(&self, tenant: Tenant, namespace: Namespace) -> Option<Handle> {
        let handle = self.shard.namespaces.read().get(&namespace).cloned()?;
        let owner = handle.0.entry.read().tenant;
        (owner == tenant).then_some(handle)
    }

    /// The namespace, made with the settings' durability if it is new: that is a commit of its own.
    ///
    /// # Errors
    /// A refusal of kind `Denied` if it belongs to another tenant.
    pub fn namespace(&self, tenant: Tenant, namespace: Namespace) -> Result<Handle, Refusal> {
        let known = self.shard.namespaces.read().get(&namespace).cloned();
        let handle = known.unwrap_or_else(|| self.make_namespace(tenant, namespace));
        let owner = handle.0.entry.read().tenant;
        if owner == tenant {
            return Ok(handle);
        }
        let message = format!("namespace {namespace} belongs to another tenant");
        Err(Refusal { kind: base::Kind::Denied, code: "NOPERM", message: message.into() })
    }

    fn make_namespace(&self, tenant: Tenant, namespace: Namespace) -> Handle {
        let shard = &self.shard;
        let mut namespaces = shard.namespaces.write();
        if let Some(handle) = namespaces.get(&namespace) {
            return handle.clone();
        }
        let part = || {
            let space = Space(shard.next_generation().0);
            let complete = Arc::new(AtomicBool::new(true));
            Part { space, complete, since: Sequence::ZERO }
        };
        let entry =
            Entry { tenant, durability: shard.settings.durability, parts: LAYERS.map(|_| part()) };
        let mut value = Vec::new();
        entry.encode(&mut value);
        let mut changes = Vec::new();
        log::record::put(&mut changes, &key::catalogue(namespace), &value);
        shard.commit_own(&changes);
        shard.know(&entry);
        let handle = Handle(Arc::new(Gate { namespace, entry: entry.into() }));
        namespaces.insert(namespace, handle.clone());
        handle
    }

    /// Puts a session into the log with its next commit, so that it can be told by whom that was made. Of each name,
    /// the first 64 bytes.
    pub fn begin_session(&self, session: &Session<'_>) {
        self.shard.queue.announce(session);
    }

    /// Takes a session out again.
    pub fn end_session(&self, number: u64) {
        self.shard.queue.end(number);
    }

    /// Runs one round of a transaction. The closure must do the same each time it is run, apart from
    /// what it reads; on [`Attempt::Again`], [`Store::load`] what is wanted and call this again.
    pub fn attempt<R>(
        &self,
        plan: &mut Plan,
        closure: impl FnMut(&mut Txn<'_>) -> Result<R, Stop>,
    ) -> Attempt<R> {
        self.round(plan, |txn| run(txn, closure))
    }

    /// Takes the locks that a plan names and hands a transaction under them to `run`.
    pub(crate) fn round<R>(
        &self,
        plan: &mut Plan,
        run: impl FnOnce(Txn<'_>) -> Attempt<R>,
    ) -> Attempt<R> {
        let shard = &*self.shard;
        if shard.watermarks.is_poisoned() {
            return Attempt::Refused(Refusal::stopped(), Receipt::NOTHING);
        }
        let round = plan.work.rounds;
        plan.work.rounds += 1;
        if round > 0 {
            shard.observer.event(&Event::Rerun { round });
            shard.figures.reruns.add(1);
            if shard.machine.monotonic() > plan.work.deadline {
                // Its owner may keep the plan for its next transaction, however long that takes to come.
                plan.work.pins.release();
                plan.work.surveys.clear();
                return Attempt::Refused(plan.work.wait.refusal(round), Receipt::NOTHING);
            }
        }
        let Plan { namespaces, work } = plan;
        if work.access == Access::Exclusive {
            match shard.admit(work) {
                Admission::Granted => {}
                Admission::Later(wait) => {
                    work.wait = wait;
                    return Attempt::Busy;
                }
                Admission::Refused(refusal) => return Attempt::Refused(refusal, Receipt::NOTHING),
            }
        }
        let lock_failures = work.lock_failures;
        let alone_since = work.is_alone().then(|| shard.machine.monotonic());
        let gates = lock_gates(namespaces, shard, work);
        let guards = lock_stripes(shard, &gates, work);
        // With the locks held: whoever held them before has taken its time before.
        work.now = shard.now();
        for (_, guard) in &guards {
            guard.stripe().use_at(work.now);
        }
        let held = namespaces.iter().map(Handle::namespace).collect();
        let attempt = run(Txn::new(shard, work, gates, held, guards));
        if let Some(since) = alone_since {
            shard.figures.exclusive.add(1);
            let took = shard.machine.monotonic().saturating_sub(since);
            shard.figures.exclusive_nanos.add_time(took);
        }
        shard.give_back(&mut plan.work);
        if let Attempt::Again(wants) = &attempt {
            plan.work.wait = Wait::of_round(&plan.work, !wants.is_empty(), lock_failures);
        } else {
            plan.work.pins.release();
            plan.work.surveys.clear();
        }
        attempt
    }

    /// Brings what a transaction wants into memory, and keeps it there until the plan is reset or
    /// done. Blocks on the disk. Returns loads of others that have to be over before the next round.
    pub fn load(&self, plan: &mut Plan, wants: Vec<Want>) -> Result<Vec<u64>, Error> {
        let began = self.shard.machine.monotonic();
        let loaded = self.load_now(plan, wants);
        let took = self.shard.machine.monotonic().saturating_sub(began);
        self.shard.figures.loads.add(took);
        loaded
    }

    fn load_now(&self, plan: &mut Plan, wants: Vec<Want>) -> Result<Vec<u64>, Error> {
        let applied = self.shard.watermarks.at(Level::Applied);
        for survey in &mut plan.work.surveys {
            survey.read(&*self.shard.tables, applied)?;
        }
        self.shard.load(wants, &mut plan.work.pins)
    }

    /// First step of [`Store::load`]: takes note, and reads nothing.
    pub fn begin_load(&self, plan: &mut Plan, wants: Vec<Want>) -> Load {
        self.shard.place(wants, &mut plan.work.pins)
    }

    /// Second step of [`Store::load`]: reads. Blocks on the disk.
    pub fn read_load(&self, load: &mut Load) -> Result<(), Error> {
        load.read(&self.shard)
    }

    /// Third step of [`Store::load`]: puts what was read into memory.
    pub fn end_load(&self, load: Load, read: Result<(), Error>) -> Result<(), Error> {
        self.shard.fill(load, read)
    }

    /// Ready when a load that another has begun is over.
    pub fn poll_load(&self, ticket: u64, context: &Context<'_>) -> Poll<()> {
        self.shard.loads.poll_over(ticket, context)
    }

    /// Stops taking commits for good, as after a failed write of the log: what is under way may have
    /// happened or not.
    pub fn fail(&self, reason: &dyn std::fmt::Display) {
        self.shard.poison(reason);
    }

    /// Waits until everything up to `sequence` has come as far as `level`; may be dropped at any time.
    /// Where that is no more than written, the caller's thread may write it, which is quicker than asking
    /// another to.
    ///
    /// # Errors
    /// [`Error::Unknown`] once the store is poisoned and the level has not been reached.
    pub fn reached(&self, level: Level, sequence: Sequence) -> Reached<'_> {
        let watermarks = &self.shard.watermarks;
        if level == Level::Written && watermarks.at(level) < sequence {
            self.shard.write_now();
        }
        watermarks.reached(level, sequence)
    }

    /// Whether everything up to `sequence` has come as far as `level`.
    pub fn has_reached(&self, level: Level, sequence: Sequence) -> bool {
        self.shard.watermarks.at(level) >= sequence
    }

    /// A transaction that is given up `within` from now.
    pub fn plan(&self, within: Monotonic) -> Plan {
        let now = self.shard.machine.monotonic();
        Plan::new(self.shard.clock.at(now), now + within)
    }

    /// Clears a plan for another transaction, given up `within` from now.
    pub fn replan(&self, plan: &mut Plan, within: Monotonic) {
        self.replan_at(plan, self.shard.machine.monotonic(), within);
    }

    /// The same where the caller has read the clock a moment ago.
    pub fn replan_at(&self, plan: &mut Plan, now: Monotonic, within: Monotonic) {
        plan.reset(self.shard.clock.at(now), now + within);
    }
}

impl Shard {
    /// Commits rows of the store's own, of which memory keeps no objects.
    pub(crate) fn commit_own(&self, changes: &[u8]) -> Sequence {
        let stamped = |sequence| self.watermarks.set_queued(sequence);
        self.queue.push(self.now(), Origin::default(), changes, stamped)
    }

    /// The same for what gives back space, if the log has room for it; `None` if it has not, and it is to be tried
    /// again later. Half of what is kept for deletes is left to those of clients.
    pub(crate) fn release_own(&self, changes: &[u8]) -> Option<Sequence> {
        let need = (changes.len() + OVERHEAD_BYTES) as u64;
        let room = self.log.room();
        let reserved = self.reserved.fetch_add(need, Ordering::AcqRel) + self.queue.bytes();
        let fits = room.admits_release(need, reserved.saturating_add(room.reserve / 2));
        let committed = fits.then(|| self.commit_own(changes));
        self.reserved.fetch_sub(need, Ordering::AcqRel);
        if !fits {
            self.upkeep.raise();
        }
        committed
    }

    /// Takes note of a namespace's spaces, for the evictor.
    pub(crate) fn know(&self, entry: &Entry) {
        let mut complete = self.complete.write();
        for part in &entry.parts {
            complete.insert(part.space, Arc::clone(&part.complete));
        }
    }

    /// Takes on the namespaces that the tables know of.
    pub(crate) fn load_catalogue(&self) -> Result<(), Error> {
        use std::ops::Bound::{Excluded, Included};
        let view = self.tables.view();
        let start = key::catalogue_start();
        let end = key::after_prefix(start);
        let mut found = HashMap::new();
        for row in view.range(Included(start), Excluded(&end)) {
            let (key, value) = row.map_err(Error::Tables)?;
            let damaged = Error::Damaged { what: "a row of the catalogue" };
            let Some(namespace) = key::parse_catalogue(&key) else { return Err(damaged) };
            let Ok(entry) = Entry::decode(&value) else { return Err(damaged) };
            self.know(&entry);
            found.insert(namespace, Handle(Arc::new(Gate { namespace, entry: entry.into() })));
        }
        *self.namespaces.write() = found;
        Ok(())
    }
}

/// Locks the gates, in order of namespace.
fn lock_gates<'a>(
    namespaces: &'a [Handle],
    shard: &Shard,
    work: &Work,
) -> SmallVec<[GateGuard<'a>; 1]> {
    let alone = work.is_alone();
    let access = if alone { Access::Exclusive } else { Access::Shared };
    if alone {
        shard.observer.event(&Event::ExclusiveFallback);
    }
    if let [one] = namespaces {
        // Nearly always: no order to find, and no growing.
        let mut gates = SmallVec::new();
        gates.push(GateGuard::lock(&one.0.entry, access));
        return gates;
    }
    let mut order: SmallVec<[usize; 4]> = (0..namespaces.len()).collect();
    order.sort_unstable_by_key(|&at| namespaces[at].namespace());
    let mut gates: SmallVec<[Option<GateGuard<'a>>; 4]> = namespaces.iter().map(|_| None).collect();
    for at in order {
        gates[at] = Some(GateGuard::lock(&namespaces[at].0.entry, access));
    }
    gates.into_iter().flatten().collect()
}

/// Locks the stripes of all named objects, in ascending order, and notes where each lives.
fn lock_stripes<'a>(
    shard: &'a Shard,
    gates: &[GateGuard<'_>],
    work: &mut Work,
) -> SmallVec<[(StripeId, StripeGuard<'a>); 2]> {
    let Work { named, ids, access, .. } = work;
    let mut stripes: SmallVec<[StripeId; SERIES_MAX]> = SmallVec::with_capacity(named.len());
    for Named { place, layer, id, space, hash, guard } in &mut *named {
        *space = gates[usize::from(place.0)].part(*layer).space;
        *hash = shard.stripes.hash(*space, &ids[id.start as usize..id.end as usize]);
        *guard = 0;
        stripes.push(hash.stripe());
    }
    let mut guards = SmallVec::new();
    let mut lock = |id| guards.push((id, StripeGuard::lock(shard.stripes.lock(id), *access)));
    if let [one] = stripes[..] {
        lock(one);
        return guards;
    }
    stripes.sort_unstable();
    stripes.dedup();
    for named in named {
        // There are no more stripes than that.
        let at = stripes.binary_search(&named.hash.stripe()).unwrap_or_default();
        named.guard = u16::try_from(at).unwrap_or(u16::MAX);
    }
    stripes.into_iter().for_each(lock);
    guards
}

fn run<R>(
    mut txn: Txn<'_>,
    mut closure: impl FnMut(&mut Txn<'_>) -> Result<R, Stop>,
) -> Attempt<R> {
    match step(&mut txn, |txn| {
        open_all(txn)?;
        closure(txn)
    }) {
        Ok((result, receipt)) => Attempt::Done(result, receipt),
        Err(stop) => txn.end_with(stop),
    }
}

/// Runs the closure and commits what it did, or takes all of it back.
pub(crate) fn step<R>(
    txn: &mut Txn<'_>,
    closure: impl FnOnce(&mut Txn<'_>) -> Result<R, Stop>,
) -> Result<(R, Receipt), Stop> {
    let start = txn.savepoint();
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let result = closure(txn)?;
        if txn.must_retry() { Err(Stop::Retry) } else { Ok((result, txn.encode_commit()?)) }
    }));
    let stop = match outcome {
        Ok(Ok((result, changes))) => return Ok((result, queue(txn, changes)?)),
        Ok(Err(_)) if txn.must_retry() => Stop::Retry,
        Ok(Err(stop)) => stop,
        Err(_panic) => {
            Refusal::internal("internal: the command failed in a way that is our fault").into()
        }
    };
    txn.roll_back(start);
    txn.shard.observer.event(&Event::Undone);
    Err(stop)
}

/// Past the point where it can be undone: what goes wrong from here on is the end of the store.
fn queue(txn: &mut Txn<'_>, changes: Option<Vec<u8>>) -> Result<Receipt, Refusal> {
    catch_unwind(AssertUnwindSafe(|| txn.queue(changes))).map_err(|_panic| {
        txn.shard.poison(&"a commit could not be queued, in a way that is our fault");
        Refusal::unknown()
    })
}

/// Opens what the plan names before anything runs, so that everything missing is loaded at once.
pub(crate) fn open_all(txn: &mut Txn<'_>) -> Result<(), Stop> {
    let mut outcome = Ok(());
    for at in 0..txn.work.named.len() {
        match txn.open_named(at) {
            Ok(()) => {}
            Err(Stop::Retry) => outcome = Err(Stop::Retry),
            refused @ Err(_) => return refused,
        }
    }
    outcome
}
