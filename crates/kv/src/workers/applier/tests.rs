use base::StoreTime;
use log::{Group, Session};

use super::*;
use crate::shard::tests::shard;

#[test]
fn a_group_without_commits_does_not_have_the_tables_vouch_for_the_one_before_it() {
    // As after a crash: no commit has the sequence before the next one.
    let shard = shard(Sequence(1000));
    let mut group = Group::new(Sequence(1000), StoreTime(1));
    let (user, client, address, protocol): (&[u8], &[u8], &[u8], &[u8]) =
        (b"u", b"", b"a", b"resp");
    group.push_session(&Session { number: 1, user, client, address, protocol });
    shard.backlog.bytes.store(group.bytes(), Ordering::Relaxed);
    shard.backlog.groups.lock().push_back(group);
    let mut applier = Applier::new(Arc::clone(&shard));
    // It gathers first.
    for seconds in 0..20 {
        applier.step(Duration::from_secs(seconds));
    }
    assert!(shard.backlog.groups.lock().is_empty());
    assert_eq!(shard.tables.applied(), Sequence::ZERO);
}
