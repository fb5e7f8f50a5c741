use super::*;

const LINES: &str = "\
27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw,discard,errors=remount-ro
28 27 0:25 / /mnt/with\\040space ro,nosuid - tmpfs none ro,size=4k
31 27 0:44 /export /srv rw,relatime shared:9 master:2 - nfs4 store:/export rw,vers=4.2,soft
broken line
";

#[test]
fn a_line_is_read_with_and_without_tags() {
    let mounts = parse(LINES);
    assert_eq!(mounts.len(), 3);
    assert_eq!(
        (mounts[0].point.as_str(), mounts[0].kind.as_str(), mounts[0].device.as_str()),
        ("/", "ext4", "254:0")
    );
    assert!(mounts[0].has("errors=remount-ro") && mounts[0].has("relatime"));
    assert_eq!(mounts[1].point, "/mnt/with space");
    assert_eq!((mounts[2].source.as_str(), mounts[2].is_remote()), ("store:/export", true));
    assert!(!mounts[0].is_remote());
}

#[test]
fn only_what_holds_files_is_kept() {
    let kept: Vec<_> = parse(LINES).iter().map(is_kept).collect();
    assert_eq!(kept, [true, true, true]);
    let of = |kind: &str, point: &str| {
        is_kept(&Mount { kind: kind.to_owned(), point: point.to_owned(), ..Mount::default() })
    };
    assert!(!of("proc", "/proc") && !of("squashfs", "/snap/core") && !of("overlay", "/var/x"));
    assert!(of("overlay", "/") && of("fuse.sshfs", "/far"));
}

#[test]
fn the_root_tells_how_full_it_is() {
    let mounts = look();
    let root = mounts.seen().unwrap().iter().find(|it| it.point == "/").unwrap();
    let space = root.space.seen().unwrap();
    assert!(space.size > 0 && space.available <= space.free && space.free <= space.size);
}

#[test]
fn of_two_at_one_place_the_last_is_seen() {
    let text = "27 1 0:5 / /x rw - tmpfs a rw\n28 1 0:6 / /y rw - tmpfs b rw\n29 1 0:7 / /x rw - tmpfs c rw\n";
    let seen: Vec<_> = uncovered(parse(text)).into_iter().map(|it| it.source).collect();
    assert_eq!(seen, ["b", "c"]);
}
