//! Reading all rows of one object from the tables, a slice at a time: no lock is held, nothing comes into
//! memory to stay, and what is read is one state however long it takes.
//!
//! What is in memory only is not looked at: the caller waits until *applied* has reached the object's last
//! commit. Knows nothing of what the rows mean.

use std::ops::Bound;

use base::codec::Malformed;
use base::{Generation, Sequence, Space};
use tables::{Value, View};

use crate::error::Error;
use crate::key;
use crate::keyspace::space_in;
use crate::load::parse_header_row;
use crate::namespace::{Handle, Layer};
use crate::object::{Entry, Header, State};
use crate::packed;
use crate::store::Store;

/// One object in one state of the tables, which it keeps: use it up, or drop it.
pub struct Snapshot {
    view: Box<dyn View>,
    header: Header,
    rest: Rest,
    /// Rows that its header tells of and that were not read yet.
    left: u64,
}

/// A row: its suffix and its value.
pub type StoredRow = (Box<[u8]>, Value);

/// What was not read yet.
enum Rest {
    /// All of a small object, as it is packed.
    Packed(Box<[u8]>),
    /// The rows behind this key of the tables, or from it on.
    Rows { from: Bound<Vec<u8>>, to: Vec<u8> },
}

impl std::fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Snapshot").field("left", &self.left).finish_non_exhaustive()
    }
}

const DAMAGED: Error = Error::Damaged { what: "the rows of an object" };

impl Store {
    /// The object as the tables have it now, `None` if it does not exist, and the last commit that this state knows of:
    /// what is told of it waits for that one. Blocks on the disk.
    pub fn snapshot(
        &self,
        namespace: &Handle,
        layer: Layer,
        id: &[u8],
    ) -> Result<(Option<Snapshot>, Sequence), Error> {
        let view = self.shard.tables.view();
        let applied = view.applied();
        Ok((self.snapshot_in(view, namespace, layer, id)?, applied))
    }

    fn snapshot_in(
        &self,
        view: Box<dyn View>,
        namespace: &Handle,
        layer: Layer,
        id: &[u8],
    ) -> Result<Option<Snapshot>, Error> {
        let Some(space) = space_in(&*view, namespace, layer)? else { return Ok(None) };
        let mut key = Vec::new();
        key::put_header(&mut key, space, id);
        let Some(row) = view.get(&key).map_err(Error::Tables)? else { return Ok(None) };
        let mut entry = Entry::new(space, id, State::Absent);
        let decoded =
            parse_header_row(&row).and_then(|(last_commit, body)| entry.decode(last_commit, body));
        decoded.map_err(|Malformed { .. }| DAMAGED)?;
        if !entry.exists(self.now()) {
            return Ok(None);
        }
        let rest = match &entry.state {
            State::Split(split) => Rest::of_rows(space, split.generation),
            _ => Rest::Packed(entry.content().into()),
        };
        let header = entry.header();
        Ok(Some(Snapshot { view, left: header.rows, header, rest }))
    }
}

impl Rest {
    fn of_rows(space: Space, generation: Generation) -> Self {
        let mut prefix = Vec::new();
        key::put_content(&mut prefix, space, generation, b"");
        let to = key::after_prefix(&prefix);
        Self::Rows { from: Bound::Included(prefix), to }
    }
}

impl Snapshot {
    /// What the object is, in this state.
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// The next rows, in order of suffix: at least one, and no more once there are `rows` of them or they
    /// take `bytes`; none at the end. Blocks on the disk.
    ///
    /// # Errors
    /// [`Error::Damaged`] if there are not as many rows as the header tells of.
    pub fn read(&mut self, rows: usize, bytes: usize) -> Result<Vec<StoredRow>, Error> {
        let mut read = Vec::new();
        match &mut self.rest {
            Rest::Packed(content) => {
                let content = std::mem::take(content);
                read.extend(
                    packed::rows(&content).map(|row| (row.suffix.into(), row.value.into())),
                );
            }
            Rest::Rows { from, to } => {
                let (mut last, mut taken) = (None, 0);
                let start = from.as_ref().map(Vec::as_slice);
                for row in self.view.range(start, Bound::Excluded(to)) {
                    let (key, value) = row.map_err(Error::Tables)?;
                    taken += key.len() + value.len();
                    let suffix = key.get(key::CONTENT_PREFIX_BYTES..).unwrap_or_default();
                    read.push((suffix.into(), value));
                    last = Some(key);
                    if read.len() >= rows || taken >= bytes {
                        break;
                    }
                }
                if let Some(last) = last {
                    *from = Bound::Excluded(last.to_vec());
                }
            }
        }
        let is_over = read.is_empty();
        let left = self.left.checked_sub(read.len() as u64);
        self.left = left.filter(|left| !is_over || *left == 0).ok_or(DAMAGED)?;
        Ok(read)
    }
}
