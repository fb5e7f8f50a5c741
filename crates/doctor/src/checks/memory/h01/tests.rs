use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::{Host, Memory, Probed, Process, Processes};

fn judged(chosen: &str, servers: &[(Kind, Option<bool>)]) -> Vec<Record> {
    let known = |(kind, huge_pages): &(Kind, Option<bool>)| Known {
        process: Process { pid: 812, name: "redis-server".to_owned() },
        kind: *kind,
        folder: None,
        cgroup: None,
        resident_bytes: None,
        huge_pages: *huge_pages,
    };
    let servers = Probed::Seen(servers.iter().map(known).collect());
    let processes = Probed::Seen(Processes { servers, ..Processes::default() });
    let huge_pages = Probed::Seen(chosen.to_owned());
    let memory = Probed::Seen(Memory { huge_pages, ..Memory::default() });
    let host = Host { memory, processes, ..ground::host() };
    let (before, after) = (ground::moment(1, host.clone()), ground::moment(1_001, host));
    CHECK.judge(&Window { before: &before, after: &after })
}

#[test]
fn always_is_a_warning_only_beside_a_redis_that_takes_them() {
    let found = judged("always", &[(Kind::Redis, Some(true))]);
    assert_eq!(
        (found.len(), found[0].status, found[0].severity),
        (1, Status::Fail, Severity::Warning)
    );
    assert_eq!(found[0].target, "host pid 812");
    assert_eq!(
        found[0].observed,
        "transparent_hugepage is always, and pid 812 \"redis-server\" takes huge pages"
    );
    for servers in [&[(Kind::Redis, Some(false))][..], &[(Kind::Postgres, Some(true))], &[]] {
        let found = judged("always", servers);
        assert_eq!((found.len(), found[0].severity), (1, Severity::Info), "{servers:?}");
    }
}

#[test]
fn madvise_and_never_are_well() {
    for chosen in ["madvise", "never"] {
        assert_eq!(judged(chosen, &[(Kind::Redis, Some(true))])[0].status, Status::Pass);
    }
}

#[test]
fn mongod_is_information_as_it_hangs_on_its_version() {
    let found = judged("always", &[(Kind::Mongo, Some(true))]);
    assert_eq!((found[0].severity, found[0].confidence), (Severity::Info, Confidence::Low));
}

#[test]
fn a_kernel_that_does_not_tell_is_not_fine() {
    let found = judged("always", &[(Kind::Redis, None)]);
    assert_eq!((found.len(), found[0].status), (1, Status::Skip));
    let both = judged("always", &[(Kind::Redis, None), (Kind::Redis, Some(true))]);
    assert_eq!([both[0].status, both[1].status], [Status::Fail, Status::Skip]);
}
