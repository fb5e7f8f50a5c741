use super::*;

fn read(lines: &[&str]) -> Kills {
    let mut reader = Reader::new(0);
    lines.iter().for_each(|line| reader.line(line));
    reader.end()
}

#[test]
fn a_kill_of_a_group_names_the_victim_and_both_groups() {
    let found = read(&[
        "5,1,0,-;Linux version 6.1.0\n",
        "4,900,7200000000,-;python3 invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0\n",
        "6,901,7200000100,-;oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/shop,task_memcg=/shop/api,task=my, name,pid=4242,uid=1000\n",
        "3,902,7200000200,-;Memory cgroup out of memory: Killed process 4242 (my, name) total-vm:90000kB, anon-rss:64000kB, file-rss:3kB, shmem-rss:0kB, UID:1000 pgtables:200kB oom_score_adj:0\n",
    ]);
    let wanted = Kill {
        up_ms: 7_200_000,
        victim: Process { pid: 4242, name: "my, name".to_owned() },
        machine: false,
        limit_of: Some("/shop".to_owned()),
        group: Some("/shop/api".to_owned()),
        resident_bytes: Some(65_536_000),
    };
    assert_eq!(found, Kills { killed: vec![wanted], since_up_ms: 0 });
}

#[test]
fn a_kill_of_the_machine_is_told_from_that_of_a_group() {
    let found = read(&[
        "6,901,5000000,-;oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,task_memcg=/system.slice/db.service,task=postgres,pid=7,uid=0\n",
        "3,902,5000200,-;Out of memory: Killed process 7 (postgres) total-vm:9kB, anon-rss:8kB, file-rss:0kB, shmem-rss:1kB, UID:0 pgtables:2kB oom_score_adj:0\n",
    ]);
    let kill = &found.killed[0];
    assert_eq!((found.killed.len(), kill.machine, &kill.limit_of), (1, true, &None));
    assert_eq!(kill.group.as_deref(), Some("/system.slice/db.service"));
    assert_eq!((kill.resident_bytes, found.since_up_ms), (Some(8 * 1024), 5_000));
}

#[test]
fn kernels_before_5_tell_it_in_other_words() {
    let found = read(&[
        "6,1,1000000,-;Task in /docker/ab killed as a result of limit of /docker\n",
        "3,2,1000100,-;Memory cgroup out of memory: Kill process 99 (node) score 1008 or sacrifice child\n",
        "3,3,1000200,-;Killed process 99 (node) total-vm:1300kB, anon-rss:1200kB, file-rss:0kB, shmem-rss:0kB\n",
        "3,4,9000100,-;Out of memory: Kill process 100 (java) score 900 or sacrifice child\n",
        "3,5,9000200,-;Killed process 100 (java) total-vm:13kB, anon-rss:12kB, file-rss:0kB, shmem-rss:0kB\n",
    ]);
    let told: Vec<_> = found
        .killed
        .iter()
        .map(|it| (it.victim.pid, it.machine, it.group.as_deref(), it.limit_of.as_deref()))
        .collect();
    let wanted = [(99, false, Some("/docker/ab"), Some("/docker")), (100, true, None, None)];
    assert_eq!(told, wanted);
}

#[test]
fn those_that_die_with_their_group_are_told_too() {
    let found = read(&[
        "6,1,1000000,-;oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/g,task_memcg=/g,task=a,pid=5,uid=0\n",
        "3,2,1000100,-;Memory cgroup out of memory: Killed process 5 (a) total-vm:1kB, anon-rss:1kB, file-rss:0kB\n",
        "6,3,1000200,-;Tasks in /g are going to be killed due to memory.oom.group set\n",
        "3,4,1000300,-;Memory cgroup out of memory: Killed process 6 (b) total-vm:1kB, anon-rss:1kB, file-rss:0kB\n",
    ]);
    let told: Vec<_> =
        found.killed.iter().map(|it| (it.victim.pid, it.limit_of.as_deref())).collect();
    assert_eq!(told, [(5, Some("/g")), (6, Some("/g"))]);
}

#[test]
fn what_else_is_in_the_log_is_no_kill_and_very_many_are_cut() {
    let forged = "12,1,1,-;Out of memory: Killed process 1 (init) total-vm:1kB, anon-rss:1kB\n";
    assert_eq!(read(&[forged]).killed, Vec::new(), "a program wrote it");
    assert_eq!(read(&["", "6,1,1;x", "6,1,1,-;Killed process none\n"]).killed, Vec::new());
    let many: Vec<String> = (0..600)
        .map(|at| format!("3,1,{at}00000000,-;Out of memory: Killed process {at} (a) total-vm:1kB, anon-rss:1kB\n"))
        .collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let found = read(&many).killed;
    assert_eq!((found.len(), found[0].victim.pid), (500, 100));
}
