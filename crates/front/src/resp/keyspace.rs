//! SCAN, KEYS, DBSIZE, RANDOMKEY: commands over all keys of a database.
//!
//! They wait until the tables have what was committed before, and read a view of them: no memory is
//! merged in, no lock is held. A cursor is the 48-bit hash that begins the next key's id: it needs no
//! state, and stays good across restarts.

use kv::{Handle, Layer, Level, Listed, Listing, Receipt, Refusal, Type};
use redis::Error;
use wire::resp::{Args, glob, parse_i64};

use crate::resp::outgoing;
use crate::resp::session::Session;
use crate::server::Failure;

/// Header rows that one call reads.
const ROWS_MAX: usize = 10_000;

/// Keys that SCAN looks at where nothing is said.
const COUNT: usize = 10;

/// Bytes of the hash at the beginning of an id.
const HASH_BYTES: usize = 6;

/// Keys of which type SCAN is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum OfType {
    #[default]
    Any,
    Only(Type),
    /// A type that there is no key of.
    None,
}

/// What SCAN is asked for behind its cursor.
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
                    filter.kind = redis::type_named(value).map_or(OfType::None, OfType::Only);
                }
                _ => return Err(Error::SYNTAX),
            }
        }
        Ok(filter)
    }

    fn admits(&self, listed: &Listed) -> bool {
        (self.kind == OfType::Any || self.kind == OfType::Only(listed.kind))
            && self.pattern.is_none_or(|pattern| glob::matches(pattern, key_of(listed)))
    }
}

fn key_of(listed: &Listed) -> &[u8] {
    listed.id.get(HASH_BYTES..).unwrap_or_default()
}

fn hash_of(id: &[u8]) -> u64 {
    id.iter().take(HASH_BYTES).fold(0, |hash, byte| hash << 8 | u64::from(*byte))
}

fn id_from(cursor: u64) -> Vec<u8> {
    cursor.to_be_bytes()[8 - HASH_BYTES..].to_vec()
}

impl Session {
    /// `SCAN cursor [MATCH pattern] [COUNT count] [TYPE type]`
    pub(crate) async fn scan(&mut self, args: Args<'_>) {
        let cursor = std::str::from_utf8(&args[1]).ok().and_then(|text| text.parse::<u64>().ok());
        let filter = cursor
            .ok_or(Error::text("ERR invalid cursor"))
            .and_then(|_| Filter::parse(args.skip(2)));
        let filter = match filter {
            Ok(filter) => filter,
            Err(error) => {
                self.fail(error);
                return;
            }
        };
        let start = self.reply.mark();
        // A cursor beyond the hashes is that of no key: the walk is over.
        let from = cursor.filter(|cursor| *cursor < 1 << (8 * HASH_BYTES)).map(id_from);
        let listed = match from {
            Some(from) => self.list_whole_hashes(from, filter.count.unwrap_or(COUNT)).await,
            None => Ok(Listing::default()),
        };
        match listed {
            Ok(listing) => {
                let next = listing.next.as_deref().map_or(0, hash_of);
                let keys: Vec<_> =
                    listing.objects.iter().filter(|listed| filter.admits(listed)).collect();
                self.reply.array(2);
                self.reply.bulk(next.to_string().as_bytes());
                self.reply.array(keys.len());
                keys.into_iter().for_each(|listed| self.reply.bulk(key_of(listed)));
            }
            Err(failure) => self.answer_failure(start, &failure),
        }
    }

    /// Walks over at least `count` header rows, and to the end of the last hash: a cursor names a hash, so
    /// keys that share one must not be parted.
    async fn list_whole_hashes(&mut self, from: Vec<u8>, count: usize) -> Result<Listing, Failure> {
        let mut listing = self.list(from, count).await?;
        while let Some(next) = listing.next.take() {
            let is_parted =
                listing.objects.last().is_some_and(|last| hash_of(&last.id) == hash_of(&next));
            if !is_parted {
                listing.next = Some(next);
                break;
            }
            let more = self.list(next.into(), 1).await?;
            listing.objects.extend(more.objects);
            listing.next = more.next;
        }
        Ok(listing)
    }

    /// `KEYS pattern`
    pub(crate) async fn keys(&mut self, args: Args<'_>) {
        let start = self.reply.mark();
        let (mut from, mut count) = (Some(Vec::new()), 0);
        while let Some(id) = from {
            match self.list(id, ROWS_MAX).await {
                Ok(listing) => {
                    for listed in listing
                        .objects
                        .iter()
                        .filter(|listed| glob::matches(&args[1], key_of(listed)))
                    {
                        self.reply.bulk(key_of(listed));
                        count += 1;
                    }
                    if let Err(spent) = self.outgoing.grow_to(self.reply.len()) {
                        let refusal = Refusal::limit(outgoing::text(spent));
                        let failure = Failure::Refused(refusal, Receipt::NOTHING);
                        return self.answer_failure(start, &failure);
                    }
                    from = listing.next.map(Into::into);
                }
                Err(failure) => return self.answer_failure(start, &failure),
            }
        }
        self.reply.wrap_array(start, count);
    }

    /// `DBSIZE`
    pub(crate) async fn db_size(&mut self) {
        let start = self.reply.mark();
        match self.count_keys().await {
            Ok(count) => self.reply.integer(i64::try_from(count).unwrap_or(i64::MAX)),
            Err(failure) => self.answer_failure(start, &failure),
        }
    }

    async fn count_keys(&mut self) -> Result<u64, Failure> {
        let namespace = self.settled_namespace().await?;
        let store = self.server.store.clone();
        let counted = self.server.on_loader(move || store.count(&namespace, Layer::Redis)).await;
        counted.and_then(|count| count).map_err(Failure::Store)
    }

    /// `RANDOMKEY`
    pub(crate) async fn random_key(&mut self) {
        let start = self.reply.mark();
        let random = id_from(self.draw() >> (64 - 8 * HASH_BYTES));
        // From a random place on, and if nothing lies behind it, from the beginning.
        for from in [random, Vec::new()] {
            let (mut from, mut found) = (Some(from), None);
            while let Some(id) = from.take().filter(|_| found.is_none()) {
                match self.list(id, COUNT).await {
                    Ok(listing) => {
                        found = listing.objects.into_iter().next();
                        from = listing.next.map(Into::into);
                    }
                    Err(failure) => return self.answer_failure(start, &failure),
                }
            }
            if let Some(listed) = found {
                return self.reply.bulk(key_of(&listed));
            }
        }
        self.reply.null();
    }

    async fn list(&mut self, from: Vec<u8>, most: usize) -> Result<Listing, Failure> {
        let namespace = self.settled_namespace().await?;
        let store = self.server.store.clone();
        let now = store.now();
        let listed = self
            .server
            .on_loader(move || store.list(&namespace, Layer::Redis, &from, most, now))
            .await;
        listed.and_then(|listing| listing).map_err(Failure::Store)
    }

    /// The selected namespace, once the tables have all that was committed before; and the reply waits
    /// until that is as durable as the namespace asks.
    async fn settled_namespace(&mut self) -> Result<Handle, Failure> {
        let namespace = self.bound()?;
        let queued = self.server.store.watermarks().queued();
        self.server.reached(Level::Applied, queued).await?;
        self.note_receipt(namespace.receipt(queued));
        Ok(namespace)
    }
}
