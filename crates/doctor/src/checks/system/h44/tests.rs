use super::*;
use crate::ground;
use crate::record::{Record, Status};
use crate::snapshot::{System, View};

fn judged(system: System, kernel: &str, container: Option<&str>) -> Vec<Record> {
    let view = View { container: container.map(str::to_owned), ..View::default() };
    let host =
        Host { system: Probed::Seen(system), kernel: kernel.to_owned(), view, ..ground::host() };
    let (before, after) = (ground::moment(1, host.clone()), ground::moment(1_001, host));
    CHECK.judge(&Window { before: &before, after: &after })
}

fn system() -> System {
    System {
        sealed: Probed::Seen(false),
        settings: Probed::Seen(Vec::new()),
        unmounted: Probed::Seen(Vec::new()),
        kernels: Probed::Absent("/lib/modules".to_owned()),
        ..System::default()
    }
}

fn with_setting(configured: &str, running: Probed<String>) -> System {
    let (name, file) = ("vm.max_map_count".to_owned(), "/etc/sysctl.d/60-db.conf".to_owned());
    let setting = Setting { name, configured: configured.to_owned(), file, running };
    System { settings: Probed::Seen(vec![setting]), ..system() }
}

fn running(value: &str) -> Probed<String> {
    Probed::Seen(value.to_owned())
}

#[test]
fn a_setting_that_differs_is_a_warning_and_says_both() {
    let found = judged(with_setting("262144", running("65530")), "6.1", None);
    assert_eq!(
        (found.len(), found[0].status, found[0].severity),
        (1, Status::Fail, Severity::Warning)
    );
    assert_eq!(found[0].target, "host vm.max_map_count");
    assert_eq!(
        found[0].observed,
        "vm.max_map_count is 65530, and /etc/sysctl.d/60-db.conf sets it to 262144"
    );
    assert!(found[0].fix.contains(
        "sysctl -w vm.max_map_count='262144' (undo: sysctl -w vm.max_map_count='65530')"
    ));
}

#[test]
fn numbers_are_compared_as_numbers_and_word_by_word() {
    assert!(is_same("0262144", "262144"));
    assert!(is_same("4096 87380 6291456", "4096 87380 6291456"));
    assert!(!is_same("4096 87380", "4096 87380 6291456"));
    assert!(!is_same("1", "10"));
    let found = judged(with_setting("262144", running("262144")), "6.1", None);
    assert_eq!(found[0].status, Status::Pass);
}

#[test]
fn what_could_not_be_read_is_not_fine() {
    let denied = || Probed::Denied("root".to_owned());
    let found = judged(with_setting("1", denied()), "6.1", None);
    assert_eq!((found.len(), found[0].status), (1, Status::Skip));
    let hidden = System { settings: Probed::Denied("root".to_owned()), ..system() };
    assert_eq!(judged(hidden, "6.1", None)[0].status, Status::Skip);
    let absent = judged(with_setting("1", Probed::Absent("it".to_owned())), "6.1", None);
    assert_eq!((absent[0].status, absent[0].severity), (Status::Fail, Severity::Info));
}

#[test]
fn a_container_is_not_judged_by_its_own_files() {
    let sealed = System { sealed: Probed::Seen(true), ..with_setting("1", running("2")) };
    assert_eq!(judged(sealed, "6.1", Some("docker"))[0].status, Status::NotApplicable);
    let unmounted = Probed::Seen(vec![Unmounted::default()]);
    let image = System { unmounted, ..system() };
    assert_eq!(judged(image.clone(), "6.1", Some("docker"))[0].status, Status::Pass);
    assert_eq!(judged(image, "6.1", None)[0].status, Status::Fail);
}

#[test]
fn a_disk_that_is_not_mounted_is_a_warning() {
    let line =
        |nofail| Unmounted { source: "/dev/sdb1".to_owned(), point: "/srv/db".to_owned(), nofail };
    let found =
        judged(System { unmounted: Probed::Seen(vec![line(true)]), ..system() }, "6.1", None);
    assert_eq!((found[0].status, found[0].severity), (Status::Fail, Severity::Warning));
    assert_eq!(found[0].observed, "/dev/sdb1 is not mounted at /srv/db, though /etc/fstab has it");
    assert!(!found[0].impact.contains("emergency shell"));
    let found =
        judged(System { unmounted: Probed::Seen(vec![line(false)]), ..system() }, "6.1", None);
    assert!(found[0].impact.contains("emergency shell"));
}

fn kernels(names: &[&str], running: &str) -> Option<(Severity, String)> {
    let kernels = Probed::Seen(names.iter().map(|it| (*it).to_owned()).collect());
    let found = judged(System { kernels, ..system() }, running, None);
    (found[0].status == Status::Fail).then(|| (found[0].severity, found[0].observed.clone()))
}

#[test]
fn a_newer_kernel_of_the_same_flavour_is_information() {
    let (severity, told) = kernels(&["6.1.0-9-amd64", "6.1.0-18-amd64"], "6.1.0-9-amd64").unwrap();
    assert_eq!(
        (severity, told.as_str()),
        (Severity::Info, "6.1.0-9-amd64 runs, and 6.1.0-18-amd64 is installed")
    );
    assert_eq!(kernels(&["6.1.0-9-amd64", "6.1.0-18-amd64"], "6.1.0-18-amd64"), None);
    assert_eq!(kernels(&["6.1.0-9-amd64", "6.1.0-18-rt-amd64"], "6.1.0-9-amd64"), None);
    assert_eq!(kernels(&["6.1.0-18-amd64"], "6.18.44"), None);
    assert_eq!(kernels(&[], "6.1.0-9-amd64"), None);
    let red_hat = ["5.14.0-362.8.1.el9_3.x86_64", "5.14.0-427.13.1.el9_4.x86_64"];
    assert_eq!(kernels(&red_hat, red_hat[0]).unwrap().0, Severity::Info);
}

#[test]
fn modules_that_are_gone_are_a_warning() {
    let (severity, told) = kernels(&["6.1.0-18-amd64"], "6.1.0-9-amd64").unwrap();
    assert_eq!(severity, Severity::Warning);
    assert!(told.contains("its modules are removed"), "{told}");
    // A kernel that was built by hand, newer than what is installed.
    assert_eq!(kernels(&["6.1.0-9-amd64"], "6.1.0-18-amd64"), None);
}
