//! Whether rows fit one another, as those of any commit do: what a checksum cannot tell.
//!
//! Works on rows as they lie in tables, in order, without a store. Reads header rows once and once more
//! for each [`claims::CLAIMS_MAX`] generations, the expiry index once for each [`deadlines::BYTES_MAX`] bytes of
//! ids with a deadline, all else once. Takes memory for one such load of each, 64 MiB and 128 MiB at the
//! most, and 32 bytes for each space.
//!
//! Knows not what the rows of an object mean; whoever does, says which generation a partition's head names.
//!
//! Invariants: [`Rule`]. They hold after every commit, so in tables, which hold all commits up to one. What
//! was flushed is owed as a whole, and half of it may be gone: of such a space, only keys and values are
//! looked at. Rows of the expiry index may be early, or of what is no more.

mod claims;
mod deadlines;
mod own;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Bound;

use base::codec::Malformed;
use base::{Generation, Sequence, Space};
use tables::Value;

use crate::error::Error;
use crate::key;
use crate::load::parse_header_row;
use crate::object::{Entry, State};
use crate::reading::{RowKey, describe_row, read_key};

use deadlines::Deadlines;

/// Rows between two keys, in order.
pub type Scanned<'a> = Box<dyn Iterator<Item = Result<(Value, Value), tables::Error>> + 'a>;

/// Gives the rows between two keys, the same each time.
pub type Scan<'a> = dyn Fn(Bound<&[u8]>, Bound<&[u8]>) -> Scanned<'a> + 'a;

/// Faults that are told one by one.
const FAULTS_MAX: usize = 100;

/// What holds between rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Each row is one that a store writes.
    Form,
    /// A space of rows is a namespace's, or owed.
    Space,
    /// No generation and no space is at or above the ceiling.
    Ceiling,
    /// No row is of a commit after the last one.
    Commit,
    /// A generation with rows is named by an object, or owed.
    Owner,
    /// A generation is named by one object, and not owed then.
    Sole,
    /// An object has as many rows and bytes as its header says.
    Size,
    /// The expiry index leads to each object with a deadline, and not later than that.
    Deadline,
    /// A space has as many objects as are counted.
    Count,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Form => "no store writes such a row",
            Self::Space => "its space is no namespace's, and not owed",
            Self::Ceiling => "its generation or space was never given out",
            Self::Commit => "it is of a commit after the last one in the tables",
            Self::Owner => "no object names its generation, and it is not owed",
            Self::Sole => "its generation belongs to another object too, or is owed",
            Self::Size => "it has other rows than its header row says",
            Self::Deadline => "the expiry index does not lead to it in time",
            Self::Count => "the space has another number of objects",
        })
    }
}

/// A rule that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Which one.
    pub rule: Rule,
    /// Of what, for people.
    pub of: String,
}

/// What an audit found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Audit {
    /// Objects, those of flushed spaces not included.
    pub objects: u64,
    /// Rows that objects have of their own.
    pub rows: u64,
    /// What does not hold; the first hundred.
    pub faults: Vec<Fault>,
    /// How many more there are.
    pub more: u64,
}

impl Audit {
    /// Whether all holds.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.faults.is_empty()
    }
}

/// What the rows are held against.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// The last commit in them.
    pub applied: Sequence,
    /// No generation and no space at or above this was given out.
    pub ceiling: Generation,
    /// The generation that the row with an empty suffix of a partition's head names.
    pub records_of: fn(&[u8]) -> Option<Generation>,
}

/// Reads all rows and says which do not fit the others.
///
/// # Errors
/// What the rows could not be read for.
pub fn audit<'a>(scan: &'a Scan<'a>, bounds: &Bounds) -> Result<Audit, Error> {
    let mut auditor = Auditor::new(scan, *bounds);
    auditor.own_rows()?;
    auditor.headers()?;
    auditor.contents()?;
    Ok(auditor.found)
}

/// An audit under way.
struct Auditor<'a> {
    scan: &'a Scan<'a>,
    bounds: Bounds,
    /// The spaces of namespaces, and how many objects are counted in each.
    live: BTreeMap<Space, i64>,
    /// Spaces that are owed.
    dead: BTreeSet<Space>,
    found: Audit,
    claims_max: usize,
    deadline_bytes_max: usize,
}

/// A key, and its value.
type Row = (Value, Value);

/// The first keys that do not begin with that byte.
const fn behind(tag: u8) -> [u8; 1] {
    [tag + 1]
}

impl<'a> Auditor<'a> {
    fn new(scan: &'a Scan<'a>, bounds: Bounds) -> Self {
        Self {
            scan,
            bounds,
            live: BTreeMap::new(),
            dead: BTreeSet::new(),
            found: Audit::default(),
            claims_max: claims::CLAIMS_MAX,
            deadline_bytes_max: deadlines::BYTES_MAX,
        }
    }

    fn fault(&mut self, rule: Rule, of: impl FnOnce() -> String) {
        if self.found.faults.len() < FAULTS_MAX {
            self.found.faults.push(Fault { rule, of: of() });
        } else {
            self.found.more += 1;
        }
    }

    fn fault_row(&mut self, rule: Rule, row: &[u8]) {
        self.fault(rule, || describe_row(row));
    }

    /// The rows whose keys begin with that byte.
    fn tagged(&self, tag: u8) -> impl Iterator<Item = Result<Row, Error>> + use<'a> {
        self.rows(Bound::Included(&[tag]), Bound::Excluded(&behind(tag)))
    }

    fn rows(
        &self,
        from: Bound<&[u8]>,
        to: Bound<&[u8]>,
    ) -> impl Iterator<Item = Result<Row, Error>> + use<'a> {
        (self.scan)(from, to).map(|row| row.map_err(Error::Tables))
    }

    fn is_below_ceiling(&self, number: u64) -> bool {
        number < self.bounds.ceiling.0
    }

    /// Each header row by itself, the number of them, and the way to them from the expiry index.
    fn headers(&mut self) -> Result<(), Error> {
        let mut deadlines = Deadlines::default();
        let (mut space, mut count) = (None, 0);
        for row in self.tagged(key::HEADER) {
            let (row, value) = row?;
            let Some((entry, last_commit)) = read_entry(&row, &value) else {
                self.fault_row(Rule::Form, &row);
                continue;
            };
            if space != Some(entry.space) {
                self.counted(space.replace(entry.space), std::mem::take(&mut count));
            }
            count += 1;
            if last_commit > self.bounds.applied {
                self.fault_row(Rule::Commit, &row);
            }
            if self.dead.contains(&entry.space) {
                continue;
            }
            self.found.objects += 1;
            if !self.live.contains_key(&entry.space) {
                self.fault_row(Rule::Space, &row);
            }
            if let Some(deadline) = entry.deadline() {
                deadlines.add(&row, deadline);
                if deadlines.bytes() >= self.deadline_bytes_max {
                    self.expire(&mut deadlines, false)?;
                }
            }
        }
        self.counted(space, count);
        // What was not come by has no objects.
        for (space, count) in std::mem::take(&mut self.live) {
            if count != 0 {
                self.fault_row(Rule::Count, &key::keys(space));
            }
        }
        self.expire(&mut deadlines, true)
    }

    /// All headers of a space have been seen.
    fn counted(&mut self, space: Option<Space>, count: i64) {
        let Some(space) = space else { return };
        if let Some(expected) = self.live.remove(&space)
            && expected != count
        {
            self.fault_row(Rule::Count, &key::keys(space));
        }
    }

    /// Holds objects that have a deadline against the whole expiry index, and the last time tells of
    /// that what is wrong in itself.
    fn expire(&mut self, deadlines: &mut Deadlines, is_last: bool) -> Result<(), Error> {
        for row in self.tagged(key::EXPIRY) {
            let (row, value) = row?;
            match key::parse_expiry(&row) {
                Ok((at, ..)) if value.is_empty() => deadlines.reach(&row, at),
                _ if is_last => self.fault_row(Rule::Form, &row),
                _ => {}
            }
        }
        for header in deadlines.unreached() {
            self.fault_row(Rule::Deadline, header);
        }
        deadlines.clear();
        Ok(())
    }
}

/// What a header row says, and of which commit it is.
fn read_entry(row: &[u8], value: &[u8]) -> Option<(Entry, Sequence)> {
    let RowKey::Header { space, id } = read_key(row) else { return None };
    let read = || -> Result<(Entry, Sequence), Malformed> {
        let (last_commit, body) = parse_header_row(value)?;
        let mut entry = Entry::new(space, id, State::Absent);
        entry.decode(last_commit, body)?;
        Ok((entry, last_commit))
    };
    read().ok()
}

#[cfg(test)]
mod tests;
