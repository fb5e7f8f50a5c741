use super::*;

const HYBRID: &str = "\
22 27 0:21 / /proc rw,relatime - proc proc rw
32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct
35 31 0:32 /docker/ab /sys/fs/cgroup/my\\040memory ro,nosuid master:11 - cgroup cgroup rw,memory
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
";

#[test]
fn each_hierarchy_is_found_with_its_controllers_and_its_root() {
    let mounts = parse(HYBRID);
    assert_eq!(mounts.iter().map(|it| it.version).collect::<Vec<_>>(), [1, 1, 2]);
    let memory = find(&mounts, "memory");
    let memory = memory.seen().unwrap();
    assert_eq!((&*memory.point, &*memory.root), ("/sys/fs/cgroup/my memory", "/docker/ab"));
    assert_eq!(find(&mounts, "cpu").seen().unwrap().point, "/sys/fs/cgroup/cpu,cpuacct");
}

#[test]
fn a_controller_that_is_nowhere_is_absent() {
    assert!(matches!(find(&parse(HYBRID), "pids"), Probed::Absent(_)));
    assert!(matches!(find(&[], "memory"), Probed::Absent(_)));
}

#[test]
fn the_path_of_a_group_is_that_which_processes_have() {
    let path = |root: &str, folder: &str| {
        let (point, root) = ("/cg".to_owned(), root.to_owned());
        let own = Hierarchy { point, root, version: 1, controllers: Vec::new() };
        own.path_of(Path::new(folder))
    };
    assert_eq!(path("/", "/cg/a/b"), "/a/b");
    assert_eq!(path("/", "/cg"), "/");
    assert_eq!(path("/docker/ab", "/cg"), "/docker/ab");
    assert_eq!(path("/docker/ab", "/cg/x"), "/docker/ab/x");
    assert_eq!(path("/../..", "/cg/x"), "/x");
}
