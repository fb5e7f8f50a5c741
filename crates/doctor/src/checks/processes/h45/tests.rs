use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::{Host, Probed, Process, Processes};

fn judged(files: Vec<Gone>, unseen: u64) -> Vec<Record> {
    let replaced = Probed::Seen(Replaced { files, unseen });
    let processes = Probed::Seen(Processes { replaced, ..Processes::default() });
    let host = Host { processes, ..ground::host() };
    let (before, after) = (ground::moment(1, host.clone()), ground::moment(1_001, host));
    CHECK.judge(&Window { before: &before, after: &after })
}

fn gone(is_replaced: bool, count: u64) -> Gone {
    let process = |pid| Process { pid, name: "nginx".to_owned() };
    let processes = (0..count.min(2)).map(|at| process(700 + u32::try_from(at).unwrap()));
    Gone {
        path: "/usr/lib/libssl.so.3".to_owned(),
        is_replaced,
        processes: processes.collect(),
        count,
    }
}

#[test]
fn a_file_is_told_of_once_with_how_many_run_it() {
    let of = |is_replaced, count| judged(vec![gone(is_replaced, count)], 0).remove(0);
    let one = of(true, 1);
    assert_eq!((one.status, one.severity), (Status::Fail, Severity::Warning));
    assert_eq!(one.target, "host /usr/lib/libssl.so.3");
    assert_eq!(
        one.observed,
        "/usr/lib/libssl.so.3 was replaced, and pid 700 \"nginx\" still runs it"
    );
    let many = of(false, 5);
    assert!(many.observed.ends_with("was deleted, and pid 700 \"nginx\" and 4 more still run it"));
    assert!(many.fix.contains("pid 701 \"nginx\", ...;"), "{}", many.fix);
}

#[test]
fn none_is_well_and_processes_that_could_not_be_looked_at_are_not() {
    assert_eq!(judged(Vec::new(), 0)[0].status, Status::Pass);
    let unseen = &judged(Vec::new(), 7)[0];
    assert_eq!(unseen.status, Status::Skip);
    assert!(unseen.observed.contains("to look at what 7 of the processes"), "{}", unseen.observed);
}
