//! What a client does beside transactions, a step at a time: it sleeps until something changes, reads
//! records, or walks over all objects of a namespace.

use std::collections::BTreeSet;

use base::{Sequence, StoreTime};
use kv::{Handle, Layer, Level, Overview};

use super::Desk;
use super::vigil::Vigil;
use crate::client::Head;
use crate::notes::{DURABLE, Key};
use crate::planted::Planted;
use crate::violation::{Checker, Violation};

/// Header rows that one step of a walk looks at.
const WALK_ROWS: usize = 5;

/// Records and their bytes that are read at once.
const FETCH_MAX: (usize, usize) = (10_000, 1 << 20);

/// See the module's description.
#[derive(Debug)]
pub(super) enum Trip {
    /// Until what is watched changes.
    Asleep,
    /// Until the records of a feed may be shown.
    Fetching(Key, Head),
    /// Over the Redis objects of a namespace.
    Walking(Walk),
}

/// A walk, as far as it has come.
#[derive(Debug)]
pub(super) struct Walk {
    namespace: u32,
    /// Everything up to here must be seen.
    since: Sequence,
    /// When it began, and the state that it reads, once it has.
    began: StoreTime,
    overview: Option<Overview>,
    from: Box<[u8]>,
    found: BTreeSet<Vec<u8>>,
}

fn handle<'a>(desk: &Desk<'a>, namespace: u32) -> &'a Handle {
    let [durable, relaxed] = desk.handles;
    if namespace == DURABLE { durable } else { relaxed }
}

/// Whether so much can be read from the tables; if not, that is asked for.
fn has_reached(desk: &Desk<'_>, level: Level, sequence: Sequence) -> bool {
    let reached = desk.store.has_reached(level, sequence);
    if !reached {
        desk.store.watermarks().demand(level, sequence);
    }
    reached
}

impl Trip {
    /// Begins a walk.
    pub(super) fn walk(desk: &Desk<'_>, namespace: u32) -> Self {
        let (since, found) = (desk.store.watermarks().queued(), BTreeSet::new());
        let (began, overview) = (StoreTime(0), None);
        Self::Walking(Walk { namespace, since, began, overview, from: Box::default(), found })
    }

    /// Goes on; whether it is over.
    pub(super) fn step(
        &mut self,
        desk: &mut Desk<'_>,
        vigil: Option<&mut Vigil>,
    ) -> Result<bool, Violation> {
        match self {
            Self::Asleep => vigil.map_or(Ok(true), |vigil| vigil.sleep(desk.book)),
            Self::Fetching(feed, head) => fetch(desk, feed, *head),
            Self::Walking(walk) => walk.step(desk),
        }
    }
}

fn fetch(desk: &mut Desk<'_>, feed: &Key, head: Head) -> Result<bool, Violation> {
    let due = match desk.planted {
        Some(Planted::FetchedBeforeDurable) => has_reached(desk, Level::Applied, head.after),
        Some(Planted::FetchedBeforeApplied) => has_reached(desk, Level::Durable, head.after),
        _ => {
            has_reached(desk, Level::Applied, head.after)
                && has_reached(desk, Level::Durable, head.after)
        }
    };
    if !due {
        return Ok(false);
    }
    let handle = handle(desk, feed.namespace);
    let read = desk.store.read_records(handle, Layer::Topics, head.records, b"", FETCH_MAX);
    let what = || format!("records of {feed:?} cannot be read: {read:?}");
    desk.book.check(Checker::Records, read.is_ok(), what)?;
    let records = read.unwrap_or_default();
    desk.trace.note(format_args!("fetched {} records of {feed:?}", records.len()));
    desk.book.fetched(feed, head, &records)?;
    Ok(true)
}

impl Walk {
    fn step(&mut self, desk: &mut Desk<'_>) -> Result<bool, Violation> {
        let waits = desk.planted != Some(Planted::ListedBeforeApplied);
        if waits && !has_reached(desk, Level::Applied, self.since) {
            return Ok(false);
        }
        let overview = if let Some(overview) = self.overview.take() {
            Ok(overview)
        } else {
            self.began = desk.store.now();
            desk.store.overview(handle(desk, self.namespace), Layer::Redis)
        };
        let listing = overview.and_then(|overview| {
            let listing = overview.list(&self.from, WALK_ROWS)?;
            self.overview = Some(overview);
            Ok(listing)
        });
        let listed = listing.is_ok();
        desk.book
            .check(Checker::Listing, listed, || format!("objects cannot be listed: {listing:?}"))?;
        let listing = listing.unwrap_or_default();
        desk.trace.note(format_args!("listed {}", listing.objects.len()));
        self.found.extend(listing.objects.into_iter().map(|object| object.id.into_vec()));
        if let Some(next) = listing.next {
            self.from = next;
            return Ok(false);
        }
        self.check(desk)?;
        Ok(true)
    }

    /// Of the objects that have not changed since, exactly those were found that there are.
    fn check(&self, desk: &Desk<'_>) -> Result<(), Violation> {
        let book = &*desk.book;
        let mut known = 0;
        for key in book.model.keys().filter(|key| self.has(key)) {
            let found = self.found.contains(&key.id);
            known += usize::from(found);
            if book.model.changed_at(key) > self.since {
                continue;
            }
            let right = found == book.model.exists(key, self.began);
            book.check(Checker::Listing, right, || {
                format!("since {} {key:?} has not changed, and was it listed? {found}", self.since)
            })?;
            book.tally.count("objects that a walk was held to");
        }
        book.check(Checker::Listing, known == self.found.len(), || {
            format!("{known} of {:?} have ever been", self.found)
        })?;
        if desk.store.watermarks().queued() != self.since {
            return Ok(());
        }
        let count = self.overview.as_ref().and_then(|overview| overview.count().ok());
        let count = usize::try_from(count.unwrap_or(u64::MAX)).unwrap_or(usize::MAX);
        let now = desk.store.now();
        let there =
            |at| book.model.keys().filter(move |key| self.has(key) && book.model.exists(key, at));
        let (least, most) = (there(now).count(), there(StoreTime(0)).count());
        book.tally.count("counts compared");
        book.check(Checker::Listing, (least..=most).contains(&count), || {
            format!("{count} objects are counted, and there are {least} to {most}")
        })
    }

    fn has(&self, key: &Key) -> bool {
        key.namespace == self.namespace && key.layer == Layer::Redis
    }
}
