//! `RANDOMKEY`

use wire::resp::{Args, Writer};

use crate::command::{Arity, Command, Flags, Group, KeySpec, Run};
use crate::error::Error;
use crate::keys::{HASH_BYTES, Keys};
use crate::walk::{Ask, Told, Walk};

pub(crate) static COMMAND: Command = Command {
    name: "randomkey",
    arity: Arity::Exactly(1),
    flags: Flags::READONLY,
    keys: KeySpec::NONE,
    group: Group::Generic,
    since: "1.0.0",
    complexity: "O(1)",
    summary: "Returns a key drawn at random, or nil if there is none.",
    run: Run::Walk(begin),
};

/// Header rows to look at, of which one may be past its deadline, or all.
const ROWS: usize = 10;

struct Draw {
    from: Option<Vec<u8>>,
    /// Nothing lies behind the random place: it goes on at the beginning.
    is_second: bool,
    found: Option<Box<[u8]>>,
}

fn begin<'a>(_args: Args<'a>, random: u64) -> Result<Box<dyn Walk + 'a>, Error> {
    let from = Some(Keys::prefix(random >> (64 - 8 * HASH_BYTES)).to_vec());
    Ok(Box::new(Draw { from, is_second: false, found: None }))
}

impl Walk for Draw {
    fn ask(&self) -> Option<Ask> {
        self.from.clone().map(|from| Ask::Rows { from, most: ROWS })
    }

    fn tell(&mut self, told: Told) {
        let Told::Rows(listing) = told else { return };
        self.found = listing.objects.into_iter().next().map(|listed| listed.id);
        self.from = match (&self.found, listing.next) {
            (Some(_), _) => None,
            (None, Some(next)) => Some(next.into()),
            (None, None) if self.is_second => None,
            (None, None) => {
                self.is_second = true;
                Some(Vec::new())
            }
        };
    }

    fn answer(&self, reply: &mut Writer) {
        match &self.found {
            Some(id) => reply.bulk(Keys::key_of(id)),
            None => reply.null(),
        }
    }
}
