//! The store's own rows: which spaces there are, and how many objects are counted in each.

use std::ops::Bound;

use tables::APPLIED_KEY;

use super::{Auditor, Rule};
use crate::error::Error;
use crate::key::{self, Owed};
use crate::namespace::Entry;

impl Auditor<'_> {
    pub(super) fn own_rows(&mut self) -> Result<(), Error> {
        self.catalogue()?;
        self.owed_spaces()?;
        self.counts()?;
        for row in self.rows(Bound::Included(&super::behind(key::EXPIRY)), Bound::Unbounded) {
            let (row, _) = row?;
            self.fault_row(Rule::Form, &row);
        }
        Ok(())
    }

    fn catalogue(&mut self) -> Result<(), Error> {
        let start = key::catalogue_start();
        let end = key::after_prefix(start);
        for row in self.rows(Bound::Included(start), Bound::Excluded(&end)) {
            let (row, value) = row?;
            let Ok(entry) = Entry::decode(&value) else {
                self.fault_row(Rule::Form, &row);
                continue;
            };
            for part in &entry.parts {
                if self.live.insert(part.space, 0).is_some() {
                    self.fault_row(Rule::Sole, &row);
                }
                if !self.is_below_ceiling(part.space.0) {
                    self.fault_row(Rule::Ceiling, &row);
                }
            }
        }
        Ok(())
    }

    fn owed_spaces(&mut self) -> Result<(), Error> {
        for row in self.tagged(key::OWED) {
            let (row, value) = row?;
            let number = match key::parse_owed(&row) {
                Ok(Owed::Space(space)) if value.is_empty() => {
                    self.dead.insert(space);
                    if self.live.contains_key(&space) {
                        self.fault_row(Rule::Sole, &row);
                    }
                    space.0
                }
                Ok(Owed::Generation(_, generation)) if value.is_empty() => generation.0,
                _ => {
                    self.fault_row(Rule::Form, &row);
                    continue;
                }
            };
            if !self.is_below_ceiling(number) {
                self.fault_row(Rule::Ceiling, &row);
            }
        }
        Ok(())
    }

    /// What else begins as the store's own rows do.
    fn counts(&mut self) -> Result<(), Error> {
        for row in self.tagged(0) {
            let (row, value) = row?;
            if *row == *APPLIED_KEY || key::parse_catalogue(&row).is_some() {
                continue;
            }
            let number = || <[u8; 8]>::try_from(&*value).ok().map(i64::from_le_bytes);
            let (Some(space), Some(count)) = (key::parse_keys(&row), number()) else {
                self.fault_row(Rule::Form, &row);
                continue;
            };
            if let Some(expected) = self.live.get_mut(&space) {
                *expected = count;
            } else if !self.dead.contains(&space) {
                self.fault_row(Rule::Space, &row);
            }
        }
        Ok(())
    }
}
