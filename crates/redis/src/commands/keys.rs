//! `KEYS pattern`

use wire::resp::{Args, Writer, glob};

use crate::command::{Arity, Command, Flags, Group, KeySpec, Run};
use crate::error::Error;
use crate::keys::Keys;
use crate::walk::{Ask, ROWS_MAX, Told, Walk};

pub(crate) static COMMAND: Command = Command {
    name: "keys",
    arity: Arity::Exactly(2),
    flags: Flags::READONLY.and(Flags::DANGEROUS),
    keys: KeySpec::NONE,
    group: Group::Generic,
    since: "1.0.0",
    complexity: "O(N) in the number of keys of the database.",
    summary: "Returns all keys that match a pattern.",
    run: Run::Walk(begin),
};

struct Matching<'a> {
    pattern: &'a [u8],
    from: Option<Vec<u8>>,
    /// Ids of the keys so far.
    found: Vec<Box<[u8]>>,
    bytes: usize,
}

fn begin<'a>(args: Args<'a>, _random: u64) -> Result<Box<dyn Walk + 'a>, Error> {
    let pattern = args.get(1).unwrap_or_default();
    Ok(Box::new(Matching { pattern, from: Some(Vec::new()), found: Vec::new(), bytes: 0 }))
}

impl Walk for Matching<'_> {
    fn ask(&self) -> Option<Ask> {
        self.from.clone().map(|from| Ask::Rows { from, most: ROWS_MAX })
    }

    fn tell(&mut self, told: Told) {
        if let Told::Rows(listing) = told {
            let ids = listing.objects.into_iter().map(|listed| listed.id);
            for id in ids.filter(|id| glob::matches(self.pattern, Keys::key_of(id))) {
                self.bytes += size_of_val(&id) + id.len();
                self.found.push(id);
            }
            self.from = listing.next.map(Into::into);
        }
    }

    fn bytes(&self) -> usize {
        self.bytes
    }

    fn answer(&self, reply: &mut Writer) {
        reply.array(self.found.len());
        self.found.iter().for_each(|id| reply.bulk(Keys::key_of(id)));
    }
}
