use super::*;

#[test]
fn the_longest_mount_holds_a_folder_and_the_last_of_two_at_one_place() {
    let mount = |point: &str, kind: &str| Mount {
        point: point.to_owned(),
        kind: kind.to_owned(),
        ..Mount::default()
    };
    let mounts = [mount("/", "overlay"), mount("/var/lib", "ext4"), mount("/var/lib", "tmpfs")];
    let kind = |folder: &str| mount_of(&mounts, folder).map(|it| it.kind);
    assert_eq!(kind("/var/lib/redis").as_deref(), Some("tmpfs"));
    assert_eq!(kind("/var/library").as_deref(), Some("overlay"));
}
