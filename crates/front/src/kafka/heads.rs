//! The heads of partitions, read for Fetch and `ListOffsets`: what there is, and what the answer depends on.

use base::Sequence;
use kv::Receipt;
use topics::partition::{self, Head};

use super::session::{Effort, Session, Stopped, Wait, refused};
use crate::refusal::{Fault, kafka_refusal, no_partition};

/// Partitions that are looked at in one transaction: a request for more takes several, so that it holds
/// nobody up.
const PARTITIONS: usize = 1024;

/// Heads, each or why there is none, in the order in which they were asked for.
pub(crate) struct Heads {
    pub(crate) each: Vec<Result<Head, Fault>>,
    /// The last commit that any of them depends on.
    pub(crate) receipt: Receipt,
}

impl Session {
    /// Reads the heads of partitions by topic and number, as protocols give it.
    pub(crate) async fn heads(&mut self, wanted: &[(&[u8], i32)]) -> Result<Heads, Stopped> {
        let mut heads = Heads { each: Vec::with_capacity(wanted.len()), receipt: Receipt::NOTHING };
        for some in wanted.chunks(PARTITIONS) {
            let names: Vec<_> = some
                .iter()
                .filter_map(|(name, number)| Some((*name, u32::try_from(*number).ok()?)))
                .collect();
            let read = self.transact(Effort::Read, Wait::None, &names, |txn, place| {
                let head = |&(name, number)| refused(partition::head(txn, place, name, number));
                names.iter().map(head).collect::<Result<Vec<_>, _>>()
            });
            let (found, receipt) = match read.await? {
                Ok(read) => read,
                Err(fault) => {
                    heads.each.extend(some.iter().map(|_| Err(fault.clone())));
                    continue;
                }
            };
            heads.receipt.after = Sequence::max(heads.receipt.after, receipt.after);
            let mut found = found.into_iter();
            heads.each.extend(some.iter().map(|(_, number)| match u32::try_from(*number) {
                Ok(_) => match found.next() {
                    Some(Ok(head)) => Ok(head),
                    Some(Err(refusal)) => Err(kafka_refusal(&refusal)),
                    None => Err(no_partition(*number)),
                },
                Err(_negative) => Err(no_partition(*number)),
            }));
            tokio::task::yield_now().await;
        }
        Ok(heads)
    }
}
