use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::{Data, Host, Postgres, Probed, Process, Processes, Snapshot};

fn folder(kind: Kind, mount: Option<(&str, &str)>) -> DataFolder {
    DataFolder {
        process: Process { pid: 812, name: "postgres".to_owned() },
        kind,
        folder: "/var/lib/data".to_owned(),
        sign: "PG_VERSION".to_owned(),
        mount: mount.map(|(kind, features)| Mount {
            point: "/var/lib".to_owned(),
            kind: kind.to_owned(),
            source: "it".to_owned(),
            features: features.split(',').map(str::to_owned).collect(),
            ..Mount::default()
        }),
        log_device: None,
    }
}

fn moment(at_ms: u64, folders: &[DataFolder]) -> Snapshot {
    let data = Data { folders: folders.to_vec(), hidden: Vec::new() };
    let processes = Processes { data: Probed::Seen(data), ..Processes::default() };
    ground::moment(at_ms, Host { processes: Probed::Seen(processes), ..ground::host() })
}

fn judged(folder: DataFolder) -> Record {
    let folders = [folder];
    let (before, after) = (moment(1, &folders), moment(1_001, &folders));
    CHECK.judge(&Window { before: &before, after: &after }).remove(0)
}

fn of(kind: &str, features: &str) -> Option<(Severity, &'static str)> {
    let record = judged(folder(Kind::Postgres, Some((kind, features))));
    (record.status == Status::Fail).then(|| (record.severity, record.aspect.unwrap()))
}

#[test]
fn each_kind_of_file_system_is_as_bad_as_what_it_loses() {
    assert_eq!(of("ext4", "rw"), None);
    assert_eq!(of("xfs", "rw,soft"), None);
    assert_eq!(of("tmpfs", "rw"), Some((Severity::Critical, "memory")));
    assert_eq!(of("overlay", "rw"), Some((Severity::Warning, "layer")));
    assert_eq!(of("nfs4", "rw,soft"), Some((Severity::Critical, "soft")));
    assert_eq!(of("nfs4", "rw,hard"), Some((Severity::Info, "network")));
}

#[test]
fn what_is_found_names_the_server_and_the_mount() {
    let record = judged(folder(Kind::Postgres, Some(("tmpfs", "rw"))));
    assert_eq!(record.target, "host /var/lib/data");
    assert_eq!(
        record.observed,
        "pid 812 \"postgres\" keeps its data on tmpfs (mounted at /var/lib)"
    );
}

#[test]
fn a_mount_that_may_not_be_seen_is_not_fine_and_no_server_is_out_of_place() {
    assert_eq!(judged(folder(Kind::Redis, None)).status, Status::Skip);
    let (before, after) = (moment(1, &[]), moment(1_001, &[]));
    let records = CHECK.judge(&Window { before: &before, after: &after });
    assert_eq!(records[0].status, Status::NotApplicable);
}

#[test]
fn a_server_whose_folder_may_not_be_seen_is_not_fine() {
    let hidden = vec![Process { pid: 7, name: "postgres".to_owned() }];
    let data = Probed::Seen(Data { folders: Vec::new(), hidden });
    let processes = Probed::Seen(Processes { data, ..Processes::default() });
    let host = Host { processes, ..ground::host() };
    let (before, after) = (ground::moment(1, host.clone()), ground::moment(1_001, host));
    let record = &CHECK.judge(&Window { before: &before, after: &after })[0];
    assert_eq!(record.status, Status::Skip);
    assert!(record.observed.contains("root, to see where pid 7"), "{}", record.observed);
}

#[test]
fn data_that_postgres_was_told_not_to_keep_may_be_anywhere() {
    let status = |fsync: &str, kind| {
        let folders = [folder(kind, Some(("tmpfs", "rw")))];
        let (before, mut after) = (moment(1, &folders), moment(1_001, &folders));
        let settings = Probed::Seen([ground::setting("fsync", fsync)].into());
        after.postgres =
            vec![ground::server(":5432", Postgres { settings, ..Postgres::default() })];
        CHECK.judge(&Window { before: &before, after: &after })[0].status
    };
    assert_eq!(status("off", Kind::Postgres), Status::NotApplicable);
    assert_eq!(status("on", Kind::Postgres), Status::Fail);
    let folders = [folder(Kind::Postgres, Some(("tmpfs", "rw")))];
    let (before, mut after) = (moment(1, &folders), moment(1_001, &folders));
    after.postgres = vec![ground::server(":5432", Postgres::default())];
    let records = CHECK.judge(&Window { before: &before, after: &after });
    assert_eq!(records[0].status, Status::Fail, "it is not known what it was told");
    assert_eq!(status("off", Kind::Redis), Status::Fail);
}
