//! Bugs that are planted to see a checker bite. None is in the product: each is another log, other
//! tables, another clock, a medium that lies, or a client's end that does what it must not.
//!
//! `sim/teeth.toml` lists them, each with the scenario that it is planted in and the checker that must
//! find it.

use std::collections::BTreeMap;
use std::sync::Arc;

use ::log::{Change, Group, Record};
use ::tables::Value;
use base::Sequence;
use kv::{Level, Receipt, Refusal, Stop};
use parking_lot::Mutex;
use serde::Deserialize;

use crate::client::{Answer, Program};
use crate::notes::{Care, Notes, Op, Quirk, Scribe};
use crate::session::Due;

mod log;
mod tables;

/// A bug.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Planted {
    /// The medium claims to sync and does not.
    SyncDoesNothing,
    /// The medium loses a write that it claims to have made.
    WriteDropped,
    /// The log says that a sync covers what was written while it went on.
    SyncCoversMore,
    /// The log is trimmed to what is durable, not to what is in tables.
    TrimmedAhead,
    /// Nobody keeps the high-water mark, nor writes idle frames.
    NoHighWater,
    /// Recovery takes a dropped tail for a part of the log.
    TailRaised,
    /// Recovery takes the first half of a torn group.
    TornGroupTaken,
    /// Recovery replays what it has replayed.
    ReplayedTwice,
    /// The tables flush what the log has not synced.
    FlushedBeforeDurable,
    /// The tables are rotated in the middle of a batch.
    RotatedInsideBatch,
    /// The row `applied` reaches the tables before some rows of its batch.
    AppliedAhead,
    /// The tables forget to remove.
    RemovesForgotten,
    /// A load reads a snapshot that was taken before the object was looked for.
    LoadedFromBefore,
    /// Generations begin anew at each open.
    GenerationsReused,
    /// What the store takes for monotonic time follows the wall.
    WallForMonotonic,
    /// The reply leaves when the commit is queued.
    AnsweredWhenQueued,
    /// The reply leaves when the commit is written.
    AnsweredWhenWritten,
    /// The replies of a series leave when the first of them may.
    AnsweredWithTheFirst,
    /// The transaction before which a series ended is answered as if it had been done.
    UndoneAnswered,
    /// What a series has done last is taken for not done, and run again.
    DoneTakenForUndone,
    /// A reply to a read does not wait for what was read.
    ReadsDoNotWait,
    /// A reply does not wait for the commit that removed what was found absent.
    AbsenceDoesNotCount,
    /// A refusal is swallowed: what was done before it stays.
    RefusalSwallowed,
    /// Reads run in one transaction, the writes that rest on them in the next.
    SplitInTwo,
    /// The number of an event is taken before its log is locked.
    NumberBeforeLock,
    /// A transaction that is run again goes on with what it read before.
    StaleAfterRerun,
    /// Nobody looks whether a transfer was made before.
    GuardIgnored,
    /// Nobody looks whether a lock is held with the token that is shown.
    TokenUnchecked,
    /// Who prolongs a lock is told that it was, and it was not.
    RenewalForgotten,
    /// Who gives a lock back is told that it was, and it was not.
    ReleaseForgotten,
    /// Whoever asks for a lock that is held is taken for its holder.
    OwnerIgnored,
    /// Locks end by the wall clock; the rest of the store's time follows it, too.
    LeasesByTheWall,
    /// What is refused for want of space is answered as if it had been done.
    FullTakenForDone,
    /// A transaction goes by the time of its first round.
    TimeOfTheFirstRound,
    /// The length of a list that is appended to is from before it was locked.
    LostUpdate,
    /// What is read of lists that are not appended to is from before they were locked.
    WriteSkew,
    /// A list that was once seen empty stays so.
    PhantomOnEmpty,
    /// A transaction does not see what it has appended itself.
    OwnWritesUnseen,
    /// A watch is registered after what is watched was read.
    WatchedTooLate,
    /// Nobody looks whether what is watched has changed.
    WatchIgnored,
    /// Records are shown that a power cut can take.
    FetchedBeforeDurable,
    /// Records are read from tables that do not have them yet.
    FetchedBeforeApplied,
    /// A walk does not wait for the tables.
    ListedBeforeApplied,
    /// The tables end a range of many rows early.
    RangeCutShort,
    /// Tables of a flushed space go before the flush is in tables on disk.
    DroppedBeforeFlushed,
    /// Going back to a savepoint leaves a namespace flushed.
    FlushNotUndone,
    /// A sync that failed is taken for done.
    FailedSyncForgotten,
}

impl Planted {
    /// The log, with the bug if it is one of a log.
    pub(crate) fn in_log(self, inner: Arc<dyn ::log::Log>, raised: &Raised) -> Arc<dyn ::log::Log> {
        match self {
            Self::SyncCoversMore
            | Self::TrimmedAhead
            | Self::NoHighWater
            | Self::ReplayedTwice
            | Self::FailedSyncForgotten
            | Self::TailRaised
            | Self::TornGroupTaken => Arc::new(log::PlantedLog::new(inner, self, raised.clone())),
            _ => inner,
        }
    }

    /// Puts what the log ended before into the tables, as if recovery had taken it.
    pub(crate) fn raise(
        self,
        raised: &Raised,
        tables: &dyn ::tables::Tables,
        last: Sequence,
        next: Sequence,
    ) {
        let groups = std::mem::take(&mut *raised.0.lock());
        let above = groups.iter().filter(|group| group.first() > last);
        let rows = match self {
            Self::TailRaised => rows(above, usize::MAX),
            Self::TornGroupTaken => rows(above.take(1), 1),
            _ => return,
        };
        let before = Sequence(next.0 - 1);
        if !rows.is_empty() && before > tables.applied() {
            let changes = rows.into_iter().map(|(key, value)| ::tables::Change { key, value });
            let _refused_tables_show_nothing = tables.apply(changes.collect(), before);
        }
    }

    /// The tables, with the bug if it is one of tables.
    pub(crate) fn in_tables(self, inner: Arc<dyn ::tables::Tables>) -> Arc<dyn ::tables::Tables> {
        match self {
            Self::FlushedBeforeDurable
            | Self::RotatedInsideBatch
            | Self::AppliedAhead
            | Self::LoadedFromBefore
            | Self::RangeCutShort
            | Self::DroppedBeforeFlushed
            | Self::RemovesForgotten => Arc::new(tables::PlantedTables::new(inner, self)),
            _ => inner,
        }
    }
}

/// The rows that groups set, as the tables hold them; of each commit at most `most`.
fn rows<'a>(
    groups: impl Iterator<Item = &'a Group>,
    most: usize,
) -> BTreeMap<Value, Option<Value>> {
    let mut rows = BTreeMap::new();
    for record in groups.flat_map(Group::records) {
        let Ok(Record::Commit { sequence, changes, .. }) = record else { continue };
        for change in changes.filter_map(Result::ok).take(most) {
            match change {
                Change::Put { key: key @ [1, ..], value } => {
                    let value = [&sequence.0.to_le_bytes(), value].concat();
                    rows.insert(key.into(), Some(value.into()));
                }
                Change::Put { key, value } => drop(rows.insert(key.into(), Some(value.into()))),
                Change::Remove { key } => drop(rows.insert(key.into(), None)),
                Change::Add { .. } => {}
            }
        }
    }
    rows
}

/// What was appended to the log, for recoveries that take too much.
#[derive(Clone, Debug, Default)]
pub struct Raised(Arc<Mutex<Vec<Group>>>);

/// The code of a refusal that only stands for the first half of a transaction that was split.
pub const HALF_DONE: &str = "HALF";

/// What a closure came to.
#[derive(Clone, Debug)]
pub enum Answered {
    /// The program's answer.
    Done(Answer),
    /// It was refused, and that was swallowed.
    Refused(&'static str),
}

/// What a wrapped closure remembers from round to round.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    rounds: Vec<Notes>,
    half: Option<(Notes, Answer)>,
    began: Option<base::StoreTime>,
}

impl Memory {
    /// Another transaction begins.
    pub fn begin(&mut self) {
        self.rounds.clear();
        self.half = None;
        self.began = None;
    }

    /// What was seen in earlier rounds and is seen again, as far as the bug goes.
    fn recalls(&self, bug: Planted) -> Quirk {
        let seen = self.rounds.iter().flat_map(|notes| {
            let key = |op: &Op| match op {
                Op::Header(at, _) | Op::Row(at, ..) | Op::Rows(at, ..) => {
                    notes.keys.get(*at).cloned()
                }
                _ => None,
            };
            let recalled = notes.ops.iter().filter(move |op| is_recalled(bug, notes, op));
            recalled.filter_map(move |op| Some((key(op)?, op.clone())))
        });
        let recalls = seen.collect();
        Quirk { recalls, ..Quirk::default() }
    }
}

fn is_recalled(bug: Planted, notes: &Notes, op: &Op) -> bool {
    let Some(at) = op.object() else { return false };
    let writes = |op: &Op| matches!(op, Op::Put(of, ..) if *of == at);
    let is_written = notes.ops.iter().any(writes);
    match bug {
        Planted::NumberBeforeLock => {
            notes.keys.get(at).is_some_and(|key| key.layer == kv::Layer::Topics)
        }
        Planted::LostUpdate => matches!(op, Op::Header(..)) && is_written,
        Planted::WriteSkew => !is_written,
        Planted::PhantomOnEmpty => {
            !is_written && matches!(op, Op::Rows(_, _, rows) if rows.is_empty())
        }
        _ => true,
    }
}

/// Runs a program, in the way that is planted.
pub fn run(
    planted: Option<Planted>,
    memory: &mut Memory,
    program: &Program,
    mut scribe: Scribe<'_, '_, '_>,
) -> Result<Answered, Stop> {
    let half_done =
        || Stop::from(Refusal { kind: base::Kind::Conflict, code: HALF_DONE, message: "".into() });
    match planted {
        Some(Planted::RefusalSwallowed) => match program.run(&mut scribe) {
            Err(Stop::Refused(refusal)) => Ok(Answered::Refused(refusal.code)),
            other => other.map(Answered::Done),
        },
        Some(Planted::SplitInTwo) => {
            if let Some((notes, answer)) = memory.half.clone() {
                write_again(&notes, &mut scribe)?;
                scribe.take_over(notes);
                return Ok(Answered::Done(answer));
            }
            let answer = program.run(&mut scribe)?;
            memory.half = Some((scribe.notes().clone(), answer));
            Err(half_done())
        }
        Some(
            bug @ (Planted::NumberBeforeLock
            | Planted::LostUpdate
            | Planted::WriteSkew
            | Planted::PhantomOnEmpty),
        ) => {
            if memory.half.is_none() {
                let answer = program.run(&mut scribe)?;
                memory.rounds.push(scribe.notes().clone());
                memory.half = Some((Notes::default(), answer));
                return Err(half_done());
            }
            program.run(&mut scribe.with(memory.recalls(bug))).map(Answered::Done)
        }
        Some(Planted::OwnWritesUnseen) => {
            let quirk = Quirk { own_unseen: true, ..Quirk::default() };
            program.run(&mut scribe.with(quirk)).map(Answered::Done)
        }
        Some(bug @ Planted::StaleAfterRerun) => {
            let mut scribe = scribe.with(memory.recalls(bug));
            let outcome = program.run(&mut scribe);
            memory.rounds.push(scribe.notes().clone());
            outcome.map(Answered::Done)
        }
        Some(Planted::TimeOfTheFirstRound) => {
            let began = *memory.began.get_or_insert(scribe.now());
            program.run(&mut scribe.at(began)).map(Answered::Done)
        }
        Some(Planted::FlushNotUndone) => {
            let quirk = Quirk { flushes_stay: true, ..Quirk::default() };
            program.run(&mut scribe.with(quirk)).map(Answered::Done)
        }
        Some(Planted::GuardIgnored) => {
            let quirk = Quirk { blind: true, ..Quirk::default() };
            program.run(&mut scribe.with(quirk)).map(Answered::Done)
        }
        Some(
            bug @ (Planted::TokenUnchecked
            | Planted::RenewalForgotten
            | Planted::ReleaseForgotten
            | Planted::OwnerIgnored),
        ) => {
            let locks = match bug {
                Planted::RenewalForgotten => Care::ForgetsToRenew,
                Planted::ReleaseForgotten => Care::ForgetsToRelease,
                Planted::OwnerIgnored => Care::OwnerIgnored,
                _ => Care::Unguarded,
            };
            let quirk = Quirk { locks, ..Quirk::default() };
            program.run(&mut scribe.with(quirk)).map(Answered::Done)
        }
        _ => program.run(&mut scribe).map(Answered::Done),
    }
}

/// Does what was noted, as far as it writes, whatever it rested on.
fn write_again(notes: &Notes, scribe: &mut Scribe<'_, '_, '_>) -> Result<(), Stop> {
    for op in &notes.ops {
        let (Op::Create(at, _)
        | Op::Delete(at, _)
        | Op::Deadline(at, ..)
        | Op::Put(at, ..)
        | Op::Remove(at, ..)) = op
        else {
            continue;
        };
        let held = scribe.open(&notes.keys[*at])?;
        match op {
            Op::Create(_, kind) => scribe.create(held, *kind)?,
            Op::Deadline(_, deadline, _) => scribe.set_deadline(held, *deadline)?,
            Op::Delete(..) => drop(scribe.delete(held)?),
            Op::Remove(_, suffix, _) => drop(scribe.remove(held, suffix)?),
            Op::Put(_, suffix, value) => {
                if scribe.header(held).is_none() {
                    scribe.create(held, kv::Type::Hash)?;
                }
                scribe.put(held, suffix, value)?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// What a reply is made to wait for.
#[must_use]
pub fn due(planted: Option<Planted>, receipt: Receipt, notes: &Notes) -> Receipt {
    let nothing = Receipt { after: Sequence::ZERO, ..receipt };
    match planted {
        Some(Planted::AnsweredWhenQueued) => nothing,
        Some(Planted::AnsweredWhenWritten) => Receipt { level: Level::Written, ..receipt },
        Some(Planted::ReadsDoNotWait) if receipt.commit.is_none() => nothing,
        Some(Planted::AbsenceDoesNotCount) if receipt.commit.is_none() && found_nothing(notes) => {
            nothing
        }
        _ => receipt,
    }
}

/// What a reply of a series is made to wait for.
#[must_use]
pub(crate) fn due_in_series(planted: Option<Planted>, first: Due, mut due: Due) -> Due {
    if planted == Some(Planted::AnsweredWithTheFirst) {
        (due.after, due.level) = (first.after, first.level);
    }
    due
}

fn found_nothing(notes: &Notes) -> bool {
    notes.ops.iter().all(|op| match op {
        Op::Header(_, header) => header.is_none(),
        Op::Row(_, _, value) => value.is_none(),
        Op::Rows(_, _, rows) => rows.is_empty(),
        _ => true,
    })
}
