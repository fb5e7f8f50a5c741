//! Rows that objects have of their own, held against the objects that they belong to.
//!
//! Both are brought together in the order of generations, in which the rows lie and the objects do not:
//! so the lowest generations that objects name are gathered first, as many as there is memory for, and
//! all rows up to the last of them are read; then the next.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::iter::Peekable;
use std::ops::Bound;

use base::{Generation, Space};

use super::{Auditor, Row, Rule, read_entry};
use crate::error::Error;
use crate::key::{self, Owed};
use crate::object::{State, Type};
use crate::packed;
use crate::reading::{RowKey, read_key};

/// Generations that are gathered at a time.
pub(super) const CLAIMS_MAX: usize = 1 << 20;

/// One life of content, in the order in which it lies.
type Life = (Space, Generation);

/// What an object says of a generation.
#[derive(Clone, Copy, Debug)]
enum Claim {
    /// So many rows and bytes.
    Content { rows: u64, bytes: u64 },
    /// It is of records, which are not counted.
    Records,
}

/// Generations that objects name, from one on.
struct Claims {
    named: BTreeMap<Life, Claim>,
    /// From here on they are yet to be gathered.
    end: Option<Life>,
}

/// Rows of one generation.
#[derive(Clone, Copy, Debug, Default)]
struct Found {
    rows: u64,
    bytes: u64,
}

impl Auditor<'_> {
    pub(super) fn contents(&mut self) -> Result<(), Error> {
        let mut owed = self.tagged(key::OWED).peekable();
        let mut rows = self.tagged(key::CONTENT).peekable();
        let mut from = None;
        loop {
            let Claims { mut named, end } = self.gather(from)?;
            while let Some(life) = self.next_life(&mut rows, end)? {
                while let Some(first) = named.first_entry().filter(|first| *first.key() < life) {
                    let (bare, claim) = first.remove_entry();
                    self.settle(bare, Some(claim), Found::default(), &mut owed)?;
                }
                let found = self.count(&mut rows, life)?;
                self.settle(life, named.remove(&life), found, &mut owed)?;
            }
            for (bare, claim) in named {
                self.settle(bare, Some(claim), Found::default(), &mut owed)?;
            }
            if end.is_none() {
                return Ok(());
            }
            from = end;
        }
    }

    /// The lowest generations that objects name, from `from` on.
    fn gather(&mut self, from: Option<Life>) -> Result<Claims, Error> {
        let mut claims = Claims { named: BTreeMap::new(), end: None };
        for row in self.tagged(key::HEADER) {
            let (row, value) = row?;
            // What does not decode was told of before.
            let Some((entry, _)) = read_entry(&row, &value) else { continue };
            if self.dead.contains(&entry.space) {
                continue;
            }
            let mut head = None;
            if let State::Split(split) = &entry.state {
                let life = (entry.space, split.generation);
                let claim = Claim::Content { rows: split.count, bytes: split.bytes };
                self.claim(&mut claims, from, life, claim, &row);
                if entry.kind() == Type::Partition {
                    head = self.first_row(life)?;
                }
            } else if entry.kind() == Type::Partition {
                head = packed::get(entry.content(), b"").map(<[u8]>::to_vec);
            }
            let records = head.and_then(|head| (self.bounds.records_of)(&head));
            if let Some(records) = records.filter(|records| *records != Generation::NONE) {
                self.claim(&mut claims, from, (entry.space, records), Claim::Records, &row);
            }
        }
        Ok(claims)
    }

    fn claim(
        &mut self,
        claims: &mut Claims,
        from: Option<Life>,
        life: Life,
        claim: Claim,
        row: &[u8],
    ) {
        if from.is_some_and(|from| life < from) || claims.end.is_some_and(|end| life >= end) {
            return;
        }
        match claims.named.entry(life) {
            Entry::Occupied(_) => return self.fault_row(Rule::Sole, row),
            Entry::Vacant(place) => place.insert(claim),
        };
        if claims.named.len() > self.claims_max {
            claims.end = claims.named.pop_last().map(|(life, _)| life);
        }
    }

    /// The row with an empty suffix of a split object.
    fn first_row(&self, (space, generation): Life) -> Result<Option<Vec<u8>>, Error> {
        let mut row = Vec::new();
        key::put_content(&mut row, space, generation, b"");
        let found = self.rows(Bound::Included(&row), Bound::Included(&row)).next().transpose()?;
        Ok(found.map(|(_, value)| value.to_vec()))
    }

    /// The generation of the next content row, if that is before `end`.
    fn next_life(
        &mut self,
        rows: &mut Peekable<impl Iterator<Item = Result<Row, Error>>>,
        end: Option<Life>,
    ) -> Result<Option<Life>, Error> {
        while let Some(next) = rows.peek() {
            let Ok((row, _)) = next else { break };
            if let RowKey::Content { space, generation, .. } = read_key(row) {
                let life = (space, generation);
                return Ok(Some(life).filter(|life| end.is_none_or(|end| *life < end)));
            }
            self.fault_row(Rule::Form, row);
            rows.next();
        }
        rows.next().map_or(Ok(None), |failed| failed.map(|_row| None))
    }

    /// Reads the rows of one generation.
    fn count(
        &mut self,
        rows: &mut Peekable<impl Iterator<Item = Result<Row, Error>>>,
        life: Life,
    ) -> Result<Found, Error> {
        let mut found = Found::default();
        while self.next_life(rows, None)? == Some(life) {
            let Some((row, value)) = rows.next().transpose()? else { break };
            let suffix = row.len().saturating_sub(key::CONTENT_PREFIX_BYTES);
            found.rows += 1;
            found.bytes += (suffix + value.len()) as u64;
        }
        Ok(found)
    }

    /// Judges one generation; they come in order.
    fn settle(
        &mut self,
        life: Life,
        claim: Option<Claim>,
        found: Found,
        owed: &mut Peekable<impl Iterator<Item = Result<Row, Error>>>,
    ) -> Result<(), Error> {
        let is_owed = is_owed(owed, life)?;
        let (space, generation) = life;
        self.found.rows += found.rows;
        let rule = match claim {
            _ if !self.is_below_ceiling(generation.0) => Some(Rule::Ceiling),
            _ if self.dead.contains(&space) => None,
            Some(_) if is_owed => Some(Rule::Sole),
            Some(Claim::Content { rows, bytes }) => {
                (rows != found.rows || bytes != found.bytes).then_some(Rule::Size)
            }
            Some(Claim::Records) => None,
            None => (!is_owed).then_some(Rule::Owner),
        };
        if let Some(rule) = rule {
            self.fault(rule, || {
                let Found { rows, bytes } = found;
                format!("generation {generation} in space {space}, {rows} rows of {bytes} bytes")
            });
        }
        Ok(())
    }
}

/// Whether a generation is owed. Those that are come in order, and are asked for in order.
fn is_owed(
    owed: &mut Peekable<impl Iterator<Item = Result<Row, Error>>>,
    life: Life,
) -> Result<bool, Error> {
    while let Some(next) = owed.peek() {
        let Ok((row, _)) = next else { break };
        match key::parse_owed(row) {
            Ok(Owed::Generation(space, generation)) if (space, generation) >= life => {
                return Ok((space, generation) == life);
            }
            _ => drop(owed.next()),
        }
    }
    owed.next().map_or(Ok(false), |failed| failed.map(|_row| false))
}
