//! Bringing objects into memory: one load at a time for each, from a view taken after its place in
//! memory was marked, so that nothing older than what memory once held can come back.
//!
//! A load has three steps, so that a simulation can put anything between them: [`Shard::place`] marks
//! entries as loading and pins them, [`Load::read`] reads them from a view, [`Shard::fill`] puts in what
//! was read, unless memory knows better.

use std::collections::HashMap;
use std::ops::Bound;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};

use base::codec::{Malformed, Reader};
use base::{Event, Generation, Sequence, Space};
use parking_lot::Mutex;
use tables::View;

use crate::error::Error;
use crate::key;
use crate::object::{Entry, Split, State};
use crate::plan::{Part, Want};
use crate::shard::Shard;
use crate::stripe::{Hash, Slot};

/// A split object of at most this many rows comes into memory whole.
const WHOLE_ROWS_MAX: u64 = 4096;

/// A split object of at most this many bytes comes into memory whole.
const WHOLE_BYTES_MAX: u64 = 1 << 20;

/// Whether a split object comes into memory whole; of a larger one, what is asked for.
pub(crate) const fn comes_whole(split: &Split) -> bool {
    split.count <= WHOLE_ROWS_MAX && split.bytes <= WHOLE_BYTES_MAX
}

/// A range is read up to this many bytes; what it lacks then is asked for again.
const RANGE_BYTES_MAX: usize = 1 << 20;

/// Rows come along with headers until one part in so many of what a transaction may read was read; then only those
/// that are asked for.
const ROWS_AHEAD_SHARE: u64 = 4;

/// Loads under way, and who waits for them.
#[derive(Debug, Default)]
pub(crate) struct Loads {
    next: AtomicU64,
    waiting: Mutex<HashMap<u64, Vec<Waker>>>,
}

impl Loads {
    fn begin(&self) -> u64 {
        let ticket = self.next.fetch_add(1, Ordering::Relaxed);
        self.waiting.lock().insert(ticket, Vec::new());
        ticket
    }

    fn end(&self, ticket: u64) {
        let waiting = self.waiting.lock().remove(&ticket).unwrap_or_default();
        waiting.into_iter().for_each(Waker::wake);
    }

    /// Ready when the load is over.
    pub(crate) fn poll_over(&self, ticket: u64, context: &Context<'_>) -> Poll<()> {
        match self.waiting.lock().get_mut(&ticket) {
            None => Poll::Ready(()),
            Some(waiting) => {
                waiting.push(context.waker().clone());
                Poll::Pending
            }
        }
    }
}

/// Entries held in memory until the transaction that asked for them has run.
#[derive(Debug, Default)]
pub(crate) struct Pins {
    shard: Option<Arc<Shard>>,
    held: Vec<(Hash, Slot)>,
    /// Bytes that were read for them.
    bytes: u64,
}

impl Pins {
    fn add(&mut self, shard: &Arc<Shard>, hash: Hash, slot: Slot) {
        if self.shard.is_none() {
            self.shard = Some(Arc::clone(shard));
        }
        self.held.push((hash, slot));
    }

    /// Lets go of all.
    pub(crate) fn release(&mut self) {
        self.bytes = 0;
        let Some(shard) = &self.shard else { return };
        for (hash, slot) in self.held.drain(..) {
            if let Some(entry) = shard.stripes.lock(hash.stripe()).write().get_mut(slot) {
                entry.pins -= 1;
            }
        }
    }
}

impl Drop for Pins {
    fn drop(&mut self) {
        self.release();
    }
}

/// One object's part that is being loaded.
#[derive(Debug)]
struct Job {
    want: Want,
    slot: Slot,
    /// Of a split object, which rows it had before the view was taken that they are read from: what it got since, by
    /// a rename say, an older view does not tell of.
    life: Option<Life>,
    read: Read,
}

#[derive(Debug)]
enum Read {
    Nothing,
    Header(Option<HeaderRow>),
    Rows { life: Life, covers: Option<Range>, rows: Rows },
}

impl Read {
    /// Bytes that were read.
    fn bytes(&self) -> u64 {
        let of_rows = |rows: &Rows| {
            let value = |row: &Option<Box<[u8]>>| row.as_ref().map_or(0, |value| value.len());
            rows.iter().map(|row| (row.0.len() + value(&row.1)) as u64).sum()
        };
        match self {
            Self::Nothing | Self::Header(None) => 0,
            Self::Header(Some(header)) => {
                header.body.len() as u64 + header.rows.as_ref().map_or(0, of_rows)
            }
            Self::Rows { rows, .. } => of_rows(rows),
        }
    }
}

#[derive(Debug)]
struct HeaderRow {
    last_commit: Sequence,
    body: Vec<u8>,
    /// All rows of an object that is split and yet small enough to come whole.
    rows: Option<Rows>,
}

/// Objects on their way into memory.
#[derive(Debug)]
pub struct Load {
    shard: Arc<Shard>,
    ticket: u64,
    jobs: Vec<Job>,
    /// Loads of others that hold something that is wanted.
    joined: Vec<u64>,
    /// Bytes that were read for the same transaction, in this load and those before it.
    bytes: u64,
}

impl Load {
    /// Loads begun by others that are to be waited for before the transaction is run again.
    pub fn joined(&self) -> &[u64] {
        &self.joined
    }

    /// Reads what was placed. Blocks on the disk.
    pub(crate) fn read(&mut self, shard: &Shard) -> Result<(), Error> {
        if self.jobs.is_empty() {
            return Ok(());
        }
        let view = shard.tables.view();
        let bytes_max = shard.settings.limits.object_bytes;
        for job in &mut self.jobs {
            job.read = match &job.want.part {
                Part::Header => {
                    let with_rows = self.bytes <= bytes_max / ROWS_AHEAD_SHARE;
                    read_header(&*view, &job.want, with_rows)?
                }
                Part::Row(suffix) => read_row(&*view, job, suffix)?,
                Part::Range { from, most } => read_range(&*view, job, from, *most)?,
                Part::All => read_all(&*view, job)?,
            };
            self.bytes += job.read.bytes();
            if self.bytes > bytes_max {
                return Err(Error::TooMuch { bytes_max });
            }
        }
        Ok(())
    }
}

const DAMAGED: Error = Error::Damaged { what: "the header row of an object" };

/// The header, and the rows of an object that is split and small, if they are to come along: many commands need no
/// more than the header.
fn read_header(view: &dyn View, want: &Want, with_rows: bool) -> Result<Read, Error> {
    let mut key = Vec::new();
    key::put_header(&mut key, want.space, &want.id);
    let Some(row) = view.get(&key).map_err(Error::Tables)? else { return Ok(Read::Header(None)) };
    let (last_commit, body) = parse_header_row(&row).map_err(|Malformed { .. }| DAMAGED)?;
    let mut entry = Entry::new(want.space, &want.id, State::Absent);
    entry.decode(last_commit, body).map_err(|Malformed { .. }| DAMAGED)?;
    let rows = match &entry.state {
        State::Split(split) if with_rows && comes_whole(split) => {
            Some(scan(view, want.space, split.generation)?)
        }
        _ => None,
    };
    Ok(Read::Header(Some(HeaderRow { last_commit, body: body.to_vec(), rows })))
}

/// A header row as it lies in the tables: the commit that wrote it, then its body.
pub(crate) fn parse_header_row(row: &[u8]) -> Result<(Sequence, &[u8]), Malformed> {
    let mut reader = Reader::new(row);
    let last_commit = Sequence(reader.u64("a commit sequence")?);
    Ok((last_commit, reader.rest()))
}

/// Which rows a split object has, and since when under its present name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Life {
    generation: Generation,
    arrival: Generation,
}

impl Life {
    const fn of(split: &Split) -> Self {
        Self { generation: split.generation, arrival: split.arrival }
    }
}

fn read_row(view: &dyn View, job: &Job, suffix: &[u8]) -> Result<Read, Error> {
    let Some(life) = job.life else { return Ok(Read::Nothing) };
    let mut key = Vec::new();
    key::put_content(&mut key, job.want.space, life.generation, suffix);
    let row = view.get(&key).map_err(Error::Tables)?;
    let row = (suffix.into(), row.map(|row| (*row).into()));
    Ok(Read::Rows { life, covers: None, rows: vec![row] })
}

fn read_all(view: &dyn View, job: &Job) -> Result<Read, Error> {
    let Some(life) = job.life else { return Ok(Read::Nothing) };
    let rows = scan(view, job.want.space, life.generation)?;
    Ok(Read::Rows { life, covers: Some(all()), rows })
}

/// The range of all rows.
fn all() -> Range {
    (Box::default(), None)
}

fn read_range(view: &dyn View, job: &Job, from: &[u8], most: usize) -> Result<Read, Error> {
    let Some(life) = job.life else { return Ok(Read::Nothing) };
    let (mut start, mut prefix) = (Vec::new(), Vec::new());
    key::put_content(&mut start, job.want.space, life.generation, from);
    key::put_content(&mut prefix, job.want.space, life.generation, b"");
    let end = key::after_prefix(&prefix);
    let (mut rows, mut bytes, mut to) = (Rows::new(), 0, None);
    for row in view.range(Bound::Included(&start), Bound::Excluded(&end)) {
        let (key, value) = row.map_err(Error::Tables)?;
        let suffix = key.get(key::CONTENT_PREFIX_BYTES..).unwrap_or_default();
        bytes += suffix.len() + value.len();
        rows.push((suffix.into(), Some((*value).into())));
        if rows.len() >= most || bytes >= RANGE_BYTES_MAX {
            // The first suffix behind that one.
            to = Some([suffix, &[0]].concat().into());
            break;
        }
    }
    Ok(Read::Rows { life, covers: Some((from.into(), to)), rows })
}

type Rows = Vec<(Box<[u8]>, Option<Box<[u8]>>)>;

/// From a suffix on, up to another or to the end.
type Range = (Box<[u8]>, Option<Box<[u8]>>);

fn scan(view: &dyn View, space: Space, generation: Generation) -> Result<Rows, Error> {
    let mut prefix = Vec::new();
    key::put_content(&mut prefix, space, generation, b"");
    let end = key::after_prefix(&prefix);
    view.range(Bound::Included(&prefix), Bound::Excluded(&end))
        .map(|row| {
            let (key, value) = row.map_err(Error::Tables)?;
            let suffix = key.get(key::CONTENT_PREFIX_BYTES..).unwrap_or_default();
            Ok((suffix.into(), Some((*value).into())))
        })
        .collect()
}

impl Shard {
    /// Marks what is wanted as loading, or joins those who load it, and pins it all.
    pub(crate) fn place(self: &Arc<Self>, wants: Vec<Want>, pins: &mut Pins) -> Load {
        let ticket = self.loads.begin();
        let shard = Arc::clone(self);
        let mut load =
            Load { shard, ticket, jobs: Vec::new(), joined: Vec::new(), bytes: pins.bytes };
        for want in wants {
            let mut stripe = self.stripes.lock(want.hash.stripe()).write();
            let found = stripe.find(want.hash, want.space, &want.id);
            let slot = found.unwrap_or_else(|| {
                let entry = Entry::new(want.space, &want.id, State::Loading(ticket));
                self.charge(entry.charge().cast_signed());
                stripe.insert(want.hash, entry)
            });
            let Some(entry) = stripe.get_mut(slot) else { continue };
            entry.pins += 1;
            pins.add(self, want.hash, slot);
            let taken_over = matches!(entry.state, State::Loading(ABANDONED));
            if taken_over {
                entry.state = State::Loading(ticket);
            }
            match (&entry.state, &want.part) {
                (State::Loading(other), _) if *other != ticket => {
                    load.joined.push(*other);
                    self.observer.event(&Event::LoadJoined);
                }
                (State::Loading(_), _) if found.is_some() && !taken_over => {}
                (State::Loading(_), _) | (_, Part::Row(_) | Part::Range { .. } | Part::All) => {
                    let life = match &entry.state {
                        State::Split(split) => Some(Life::of(split)),
                        _ => None,
                    };
                    load.jobs.push(Job { want, slot, life, read: Read::Nothing });
                }
                (_, Part::Header) => {}
            }
        }
        load
    }

    /// Puts into memory what was read, unless memory has come to know better, and wakes who waits.
    /// After a failed read, what was placed goes again.
    pub(crate) fn fill(&self, mut load: Load, read: Result<(), Error>) -> Result<(), Error> {
        let mut outcome = read;
        for job in std::mem::take(&mut load.jobs) {
            let mut stripe = self.stripes.lock(job.want.hash.stripe()).write();
            let Some(entry) = stripe.get_mut(job.slot) else { continue };
            let before = entry.charge().cast_signed();
            let filled = if outcome.is_ok() { fill_entry(entry, job.read) } else { Ok(true) };
            match filled {
                Ok(true) => {}
                Ok(false) => self.observer.event(&Event::LoadOutrun),
                Err(error) => outcome = Err(error),
            }
            abandon(entry, load.ticket);
            self.charge(entry.charge().cast_signed() - before);
            self.observer.event(&Event::Loaded);
        }
        outcome
    }

    /// All three steps. Blocks on the disk.
    pub(crate) fn load(
        self: &Arc<Self>,
        wants: Vec<Want>,
        pins: &mut Pins,
    ) -> Result<Vec<u64>, Error> {
        let mut load = self.place(wants, pins);
        // What goes wrong with one object must not take the whole process's loads with it.
        let read = catch_unwind(AssertUnwindSafe(|| load.read(self)));
        let read = read.unwrap_or(Err(Error::Defect { during: "a load" }));
        let joined = load.joined.clone();
        pins.bytes = load.bytes;
        self.fill(load, read)?;
        Ok(joined)
    }
}

/// Also when the load is given up half-way, by a panic say: nobody waits for it for ever.
impl Drop for Load {
    fn drop(&mut self) {
        for job in &self.jobs {
            let mut stripe = self.shard.stripes.lock(job.want.hash.stripe()).write();
            if let Some(entry) = stripe.get_mut(job.slot) {
                abandon(entry, self.ticket);
            }
        }
        self.shard.loads.end(self.ticket);
    }
}

/// Not read: whoever wants it next has to try again. Its pins go with the entry's users.
fn abandon(entry: &mut Entry, ticket: u64) {
    if matches!(entry.state, State::Loading(loading) if loading == ticket) {
        entry.state = State::Loading(ABANDONED);
    }
}

/// Ticket of a load that failed: the next to want the entry takes it over.
pub(crate) const ABANDONED: u64 = u64::MAX;

/// Puts into memory what was read; false where memory has come to know better.
fn fill_entry(entry: &mut Entry, read: Read) -> Result<bool, Error> {
    match read {
        Read::Nothing => {}
        Read::Header(None) => entry.state = State::Absent,
        Read::Header(Some(HeaderRow { last_commit, body, rows })) => {
            entry.decode(last_commit, &body).map_err(|Malformed { .. }| DAMAGED)?;
            if let (State::Split(split), Some(rows)) = (&mut entry.state, rows) {
                learn(split, rows, Some(all()));
            }
        }
        Read::Rows { life, covers, rows } => match &mut entry.state {
            State::Split(split) if Life::of(split) == life => learn(split, rows, covers),
            _ => return Ok(false),
        },
    }
    Ok(true)
}

fn learn(split: &mut Split, rows: Rows, covers: Option<Range>) {
    rows.into_iter().for_each(|(suffix, row)| split.learn(&suffix, row));
    if let Some((from, to)) = covers {
        split.cover(from, to);
    }
}
