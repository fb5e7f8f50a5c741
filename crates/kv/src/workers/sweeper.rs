//! Ends objects at their deadlines, in the order of the expiry index, in bounded slices. A row that comes to lie before
//! what was swept is found when it looks from the start again.
//!
//! An object past its deadline is not readable, swept or not; the sweeper gives back its space without
//! anyone touching it. A row of the index may be early or stale: then it is moved on or dropped.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use base::{Event, Monotonic, Sequence, Space, StoreTime};

use crate::error::{Error, Stop};
use crate::key;
use crate::namespace::Layer;
use crate::plan::{Attempt, Place, Plan};
use crate::shard::Shard;
use crate::signal::Signal;
use crate::store::Store;
use crate::txn::Txn;
use crate::watermark::Level;
use crate::worker::{Next, Worker};
use crate::workers::cursor::Cursor;

/// How often it looks whether something is due.
const INTERVAL: Duration = Duration::from_millis(50);

/// Objects in one slice, at most.
const SLICE: usize = 256;

/// And no more once this long was worked on them, as their locks and namespaces are held meanwhile.
const SLICE_WORK: Duration = Duration::from_millis(1);

/// And no more once their ids take so many bytes: the room that a full disk leaves for them is short.
const SLICE_BYTES: usize = 128 << 10;

/// Spaces that they are of, at most: each has its namespace held for the slice.
const SPACES_MAX: usize = 8;

/// A slice that takes longer is given up and tried again.
const SLICE_TIME: Duration = Duration::from_secs(1);

/// One row of the expiry index.
#[derive(Debug)]
struct Due {
    deadline: StoreTime,
    space: Space,
    id: Box<[u8]>,
}

/// While the tables are far behind, a slice is done so often, so that clients' writes come first and yet it goes on.
const BUSY_INTERVAL: Duration = Duration::from_secs(1);

/// See the module's description.
#[derive(Debug)]
pub(crate) struct Sweeper {
    store: Store,
    /// The last slice's commit: until it is applied, the tables still show what it dropped.
    pending: Sequence,
    /// When it last began a slice.
    began_at: Monotonic,
    /// Behind the last row of the index that it is done with.
    place: Cursor,
    /// Objects in the next slice, at most: about twice what the time for one has lately sufficed for, as all that are
    /// named are loaded and locked.
    most: usize,
}

impl Sweeper {
    pub(crate) fn new(shard: Arc<Shard>) -> Self {
        Self {
            store: Store { shard },
            pending: Sequence::ZERO,
            began_at: Monotonic::ZERO,
            place: Cursor::default(),
            most: SLICE,
        }
    }

    /// What is due first, in order.
    fn due(&self, now: StoreTime) -> Result<Vec<Due>, Error> {
        let view = self.store.shard.tables.view();
        let (from, to) = key::expiry_bounds(now);
        let (mut due, mut bytes) = (Vec::<Due>::new(), 0);
        for row in self.place.rows(&*view, &from, &to).take(self.most) {
            let (key, _) = row.map_err(Error::Tables)?;
            let malformed = |_| Error::Damaged { what: "a row of the expiry index" };
            let (deadline, space, id) = key::parse_expiry(&key).map_err(malformed)?;
            due.push(Due { deadline, space, id: id.into() });
            bytes += id.len();
            if bytes >= SLICE_BYTES {
                break;
            }
        }
        let lag = due.first().map_or(0, |first| now.0 - first.deadline.0);
        self.store.shard.figures.expiry_lag_ms.set(lag);
        Ok(due)
    }

    /// Sweeps one slice; whether there was anything to do.
    fn slice(&mut self) -> Result<bool, Error> {
        let mut plan = self.store.plan(SLICE_TIME);
        let mut due = self.due(plan.now())?;
        let Some(first) = due.first().map(|first| first.space) else {
            self.place.meet_end();
            return Ok(false);
        };
        let homes = self.homes(&mut plan, &due);
        if homes.is_empty() {
            // The space was flushed: its objects are gone, and these rows with them.
            let end = due.iter().position(|due| due.space != first);
            due.truncate(end.unwrap_or(due.len()));
            return Ok(self.drop_rows(&due) && self.pass(&due));
        }
        due.truncate(homes.len());
        name(&mut plan, &homes, &due);
        let machine = &*self.store.shard.machine;
        loop {
            let attempt = self.store.attempt(&mut plan, |txn| {
                let until = machine.monotonic() + SLICE_WORK;
                let (mut done, mut expired) = (0, 0);
                for (home, due) in homes.iter().zip(&due) {
                    if done > 0 && machine.monotonic() >= until {
                        break;
                    }
                    expired += u64::from(sweep(txn, *home, due)?);
                    done += 1;
                }
                Ok((done, expired))
            });
            match attempt {
                Attempt::Done((done, expired), receipt) => {
                    self.store.shard.figures.expired.add(expired);
                    self.wait_for(receipt.after);
                    if done < due.len() || due.len() >= self.most {
                        self.most = (2 * done).min(SLICE);
                    }
                    return Ok(self.pass(&due[..done]));
                }
                Attempt::Refused(..) | Attempt::Busy => return Ok(false),
                Attempt::Again(wants) => {
                    if !self.store.load(&mut plan, wants)?.is_empty() {
                        // Another is loading one of them: later.
                        return Ok(false);
                    }
                }
            }
        }
    }

    /// Where the objects of these rows are, for the first of them: up to one whose space was flushed, or is one too many.
    fn homes(&self, plan: &mut Plan, due: &[Due]) -> Vec<(Place, Layer)> {
        let (mut known, mut homes) = (BTreeMap::new(), Vec::new());
        for Due { space, .. } in due {
            if !known.contains_key(space) {
                if known.len() == SPACES_MAX {
                    break;
                }
                let Some((handle, layer)) = self.store.shard.home(*space) else { break };
                known.insert(*space, (plan.namespace(&handle), layer));
            }
            homes.extend(known.get(space));
        }
        homes
    }

    /// Takes rows out of the index; false if the log has no room for that at present.
    fn drop_rows(&mut self, due: &[Due]) -> bool {
        let mut changes = Vec::new();
        for due in due {
            let mut key = Vec::new();
            key::put_expiry(&mut key, due.deadline, due.space, &due.id);
            log::record::remove(&mut changes, &key);
        }
        let sequence = self.store.shard.release_own(&changes);
        sequence.map(|sequence| self.wait_for(sequence)).is_some()
    }

    /// It is done with these rows; true, so that it looks at once for more.
    fn pass(&mut self, due: &[Due]) -> bool {
        if let Some(Due { deadline, space, id }) = due.last() {
            let mut key = Vec::new();
            key::put_expiry(&mut key, *deadline, *space, id);
            self.place.pass(&key);
        }
        true
    }

    fn wait_for(&mut self, sequence: Sequence) {
        self.pending = sequence;
        self.store.watermarks().demand(Level::Applied, sequence);
    }
}

fn name(plan: &mut Plan, homes: &[(Place, Layer)], due: &[Due]) {
    for ((place, layer), due) in homes.iter().zip(due) {
        plan.name(*place, *layer, |id| id.extend_from_slice(&due.id));
    }
    plan.release_bytes_in_upkeep(due.iter().map(|due| 2 * due.id.len() + 64).sum());
}

/// Ends one object if it is past its deadline, and takes its row out of the index or moves it on; whether it has ended.
fn sweep(txn: &mut Txn<'_>, (place, layer): (Place, Layer), due: &Due) -> Result<bool, Stop> {
    let object = txn.open(place, layer, &due.id)?;
    let deadline = txn.stored_deadline(object);
    let is_over = deadline.is_some_and(|at| at <= txn.now());
    match deadline {
        Some(_) if is_over => drop(txn.delete(object)?),
        Some(at) if at > due.deadline => txn.index_deadline(object, at)?,
        _ => {}
    }
    txn.unindex_deadline(object, due.deadline)?;
    Ok(is_over)
}

impl Worker for Sweeper {
    fn name(&self) -> &'static str {
        "sweeper"
    }

    fn step(&mut self, now: Monotonic) -> Next {
        let shard = &*self.store.shard;
        let is_busy = shard.backlog.is_half_full(shard.settings.backlog_bytes)
            && now < self.began_at + BUSY_INTERVAL;
        if shard.watermarks.is_poisoned()
            || is_busy
            || shard.watermarks.at(Level::Applied) < self.pending
        {
            return Next::At(now + INTERVAL / 10);
        }
        self.began_at = now;
        let is_from_start = self.place.rewind(now);
        let swept = self.slice();
        if is_from_start {
            let ended_at = self.store.shard.machine.monotonic();
            self.place.rewound(ended_at.saturating_sub(now), ended_at);
        }
        match swept {
            Ok(true) => Next::Again,
            Ok(false) => Next::At(now + INTERVAL),
            Err(error) => {
                self.store
                    .shard
                    .observer
                    .event(&Event::TableWorkFailed { reason: error.to_string() });
                Next::At(now + Duration::from_secs(5))
            }
        }
    }

    fn signal(&self) -> Option<Arc<Signal>> {
        None
    }
}
