use super::*;

/// A folder such as `/sys`, which goes with it.
struct Sys(PathBuf);

impl Sys {
    fn new(name: &str, files: &[(&str, &str)]) -> Self {
        let folder =
            std::env::temp_dir().join(format!("groundsill-h31-{name}-{}", std::process::id()));
        let sys = Self(folder);
        fs::create_dir_all(sys.0.join("block")).unwrap();
        for (path, text) in files {
            let path = sys.0.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        sys
    }

    fn health(&self) -> Health {
        match below(&self.0) {
            Probed::Seen(health) => health,
            other => panic!("{other:?}"),
        }
    }
}

impl Drop for Sys {
    fn drop(&mut self) {
        let _gone = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn h31_arrays_tell_what_they_lack_and_a_level_without_spares_does_not() {
    let sys = Sys::new(
        "arrays",
        &[
            ("block/md0/md/array_state", "clean\n"),
            ("block/md0/md/level", "raid5\n"),
            ("block/md0/md/raid_disks", "4 (3)\n"),
            ("block/md0/md/degraded", "1\n"),
            ("block/md0/md/sync_action", "recover\n"),
            ("block/md1/md/array_state", "broken\n"),
            ("block/md1/md/level", "raid0\n"),
            ("block/md1/md/raid_disks", "2\n"),
            ("block/md127/md/array_state", "inactive\n"),
            ("block/md127/md/metadata_version", "external:imsm\n"),
            ("block/sda/size", "1\n"),
        ],
    );
    let found = sys.health().arrays;
    let told: Vec<_> = found.iter().map(|it| (it.name.as_str(), it.disks, it.missing)).collect();
    assert_eq!(told, [("md0", 4, Some(1)), ("md1", 2, None), ("md127", 0, None)]);
    assert_eq!(found[2].metadata, "external:imsm");
    assert_eq!((found[0].action.as_str(), found[1].state.as_str()), ("recover", "broken"));
}

#[test]
fn h31_disks_and_memory_tell_their_states_and_counts() {
    let sys = Sys::new(
        "drives",
        &[
            ("block/sda/device/state", "running\n"),
            ("block/sr0/device/state", "running\n"),
            ("class/nvme/nvme0/state", "live\n"),
            ("class/nvme/nvme0/hwmon3/temp1_alarm", "1\n"),
            ("class/nvme/nvme1/state", "dead\n"),
            ("class/nvme/nvme1/hwmon4/temp1_alarm", "1\n"),
            ("devices/system/edac/mc/mc0/ce_count", "12\n"),
            ("devices/system/edac/mc/mc0/ue_count", "0\n"),
            ("devices/system/edac/mc/power/control", "auto\n"),
        ],
    );
    let health = sys.health();
    let told: Vec<_> =
        health.drives.iter().map(|it| (it.name.as_str(), it.state.as_str(), it.is_hot)).collect();
    let wanted = [("sda", "running", None), ("nvme0", "live", Some(true)), ("nvme1", "dead", None)];
    assert_eq!(told, wanted);
    let controller =
        MemoryController { name: "mc0".to_owned(), corrected: Some(12), uncorrected: Some(0) };
    assert_eq!(health.memory, [controller]);
}

#[test]
fn h31_each_disk_of_btrfs_tells_what_it_did_wrong() {
    const ID: &str = "10e4c94b-25cd-4fc6-8f0b-e0466d906e20";
    let text = "write_errs 0\nread_errs 2\nflush_errs 0\ncorruption_errs 4\ngeneration_errs 0\n";
    let (stats, device) =
        (format!("fs/btrfs/{ID}/devinfo/1/error_stats"), format!("fs/btrfs/{ID}/devices/loop2"));
    let files =
        [(stats.as_str(), text), (device.as_str(), ""), ("fs/btrfs/features/raid56", "0\n")];
    let found = Sys::new("btrfs", &files).health().volumes;
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].id.as_str(), found[0].disk), (ID, 1));
    assert_eq!((found[0].errors["corruption_errs"], found[0].errors["read_errs"]), (4, 2));
    assert_eq!(found[0].devices, ["loop2"]);
}

#[test]
fn h31_without_sys_nothing_is_known() {
    assert!(matches!(below(Path::new("/nonexistent/sys")), Probed::Absent(_)));
}
