use super::*;

#[test]
fn h44_only_disks_that_are_mounted_at_each_start_are_kept() {
    let text = "# /etc/fstab\n\
                UUID=0a1b / ext4 errors=remount-ro 0 1\n\
                /dev/sdb1 /srv/data\\040base/ xfs noatime,nofail 0 2\n\
                /dev/sdc1 /mnt/usb auto noauto,user 0 0\n\
                LABEL=lazy /lazy ext4 x-systemd.automount 0 2\n\
                /dev/sda2 none swap sw 0 0\n\
                /var/a /var/b none bind 0 0\n\
                tmpfs /tmp tmpfs size=1g 0 0\n";
    let told = parse(text);
    let points: Vec<_> = told.iter().map(|it| (it.point.as_str(), it.nofail)).collect();
    assert_eq!(points, [("/", false), ("/srv/data base", true)]);
}
