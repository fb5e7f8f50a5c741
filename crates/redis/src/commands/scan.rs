//! `SCAN cursor [MATCH pattern] [COUNT count] [TYPE type]`
//!
//! A cursor is the 48-bit hash that begins the next key's id: it needs no state, and stays good across
//! restarts.

use kv::{Listed, Type};
use wire::resp::{Args, Writer, glob, parse_i64};

use crate::command::{Arity, Command, Flags, Group, KeySpec, Run};
use crate::error::Error;
use crate::keys::{HASH_BYTES, Keys};
use crate::names::type_named;
use crate::walk::{Ask, ROWS_MAX, Told, Walk};

pub(crate) static COMMAND: Command = Command {
    name: "scan",
    arity: Arity::AtLeast(2),
    flags: Flags::READONLY,
    keys: KeySpec::NONE,
    group: Group::Generic,
    since: "2.8.0",
    complexity: "O(1) for every call, O(N) for a complete walk.",
    summary: "Walks over the keys of the database, a piece at a time.",
    run: Run::Walk(begin),
};

/// Keys that are looked at where nothing is said.
const COUNT: usize = 10;

/// Keys of which type it is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum OfType {
    #[default]
    Any,
    Only(Type),
    /// A type that there is no key of.
    None,
}

/// What stands behind the cursor.
#[derive(Debug, Default)]
struct Filter<'a> {
    pattern: Option<&'a [u8]>,
    count: Option<usize>,
    kind: OfType,
}

impl<'a> Filter<'a> {
    fn parse(args: Args<'a>) -> Result<Self, Error> {
        let mut filter = Self::default();
        let mut rest = args.iter();
        while let Some(option) = rest.next() {
            let value = rest.next().ok_or(Error::SYNTAX)?;
            match option.to_ascii_uppercase().as_slice() {
                b"MATCH" => filter.pattern = Some(value),
                b"COUNT" => {
                    let count = parse_i64(value).ok_or(Error::NOT_AN_INTEGER)?;
                    let count = usize::try_from(count).ok().filter(|count| *count > 0);
                    filter.count = Some(count.ok_or(Error::SYNTAX)?.min(ROWS_MAX));
                }
                b"TYPE" => {
                    filter.kind = type_named(value).map_or(OfType::None, OfType::Only);
                }
                _ => return Err(Error::SYNTAX),
            }
        }
        Ok(filter)
    }

    fn admits(&self, listed: &Listed) -> bool {
        (self.kind == OfType::Any || self.kind == OfType::Only(listed.kind))
            && self.pattern.is_none_or(|pattern| glob::matches(pattern, Keys::key_of(&listed.id)))
    }
}

struct Scan<'a> {
    filter: Filter<'a>,
    ask: Option<Ask>,
    found: Vec<Listed>,
    /// The cursor to go on with.
    next: u64,
}

fn begin<'a>(args: Args<'a>, _random: u64) -> Result<Box<dyn Walk + 'a>, Error> {
    let cursor = args.get(1).and_then(|text| std::str::from_utf8(text).ok());
    let cursor: Option<u64> = cursor.and_then(|text| text.parse().ok());
    let cursor = cursor.ok_or(Error::text("ERR invalid cursor"))?;
    let filter = Filter::parse(args.skip(2))?;
    // A cursor beyond the hashes is that of no key: the walk is over.
    let ask = (cursor < 1 << (8 * HASH_BYTES)).then(|| Ask::Rows {
        from: Keys::prefix(cursor).to_vec(),
        most: filter.count.unwrap_or(COUNT),
    });
    Ok(Box::new(Scan { filter, ask, found: Vec::new(), next: 0 }))
}

impl Walk for Scan<'_> {
    fn ask(&self) -> Option<Ask> {
        self.ask.clone()
    }

    /// It goes on to the end of the last hash: a cursor names a hash, so keys that share one must not be
    /// parted.
    fn tell(&mut self, told: Told) {
        let Told::Rows(listing) = told else { return };
        self.found.extend(listing.objects);
        let last = self.found.last().map(|last| Keys::hash_of(&last.id));
        self.ask = None;
        self.next = 0;
        if let Some(next) = listing.next {
            if last == Some(Keys::hash_of(&next)) {
                self.ask = Some(Ask::Rows { from: next.into(), most: 1 });
            } else {
                self.next = Keys::hash_of(&next);
            }
        }
    }

    fn answer(&self, reply: &mut Writer) {
        let keys: Vec<_> = self.found.iter().filter(|listed| self.filter.admits(listed)).collect();
        reply.array(2);
        reply.bulk(self.next.to_string().as_bytes());
        reply.array(keys.len());
        keys.into_iter().for_each(|listed| reply.bulk(Keys::key_of(&listed.id)));
    }
}
