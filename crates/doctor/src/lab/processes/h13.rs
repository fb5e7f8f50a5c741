//! A control group that may have few tasks and has most of them.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use crate::lab::{PREFIX, Stage, Stop, failed, failing};

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let group = Group::new()?;
    let most = stage.draw(20, 20);
    group.write("pids.max", &most.to_string())?;
    let mut shell = Command::new("bash")
        // It is moved to the group before it starts the others.
        .args(["-c", "read line; for ((i = 0; i < $0; i++)); do sleep 60 & done; wait"])
        .arg((most * 8 / 10).to_string())
        .stdin(Stdio::piped())
        .spawn()
        .map_err(failed("run bash"))?;
    let outcome = full(stage, &group, &mut shell, most);
    for pid in group.read("cgroup.procs").split_whitespace().filter_map(|it| it.parse().ok()) {
        let pid = rustix::process::Pid::from_raw(pid);
        let _gone =
            pid.map(|pid| rustix::process::kill_process(pid, rustix::process::Signal::KILL));
    }
    let _gone = shell.kill();
    let ended = shell.wait();
    let seen = outcome?;
    ended.map_err(failed("wait for bash"))?;
    stage.until("they have ended", |records| failing(records, &group.target()).is_none())?;
    Ok(seen)
}

fn full(stage: &Stage<'_>, group: &Group, shell: &mut Child, most: u64) -> Result<String, Stop> {
    group.write("cgroup.procs", &shell.id().to_string())?;
    let told = shell.stdin.as_mut().map(|stdin| std::io::Write::write_all(stdin, b"go\n"));
    told.transpose().map_err(failed("tell bash"))?;
    let found = stage.until("most are taken", |records| {
        let wanted = format!("{} of {most} tasks", group.read("cgroup.procs").lines().count());
        failing(records, &group.target()).is_some_and(|it| it.observed.starts_with(&wanted))
    })?;
    Ok(failing(&found, &group.target()).ok_or("it is gone again")?.observed.clone())
}

/// A control group, which goes with it.
struct Group {
    root: PathBuf,
    name: String,
}

impl Group {
    fn new() -> Result<Self, Stop> {
        let roots = ["/sys/fs/cgroup/pids", "/sys/fs/cgroup"].map(PathBuf::from);
        let root = roots.into_iter().find(|root| root.join("cgroup.procs").exists());
        let root =
            root.ok_or_else(|| Stop::Missing("control groups below /sys/fs/cgroup".to_owned()))?;
        let group = Self { root, name: format!("{PREFIX}h13") };
        std::fs::create_dir_all(group.path()).map_err(failed("make a control group"))?;
        if !group.path().join("pids.max").exists() {
            return Err(Stop::Missing("the controller pids of control groups".to_owned()));
        }
        Ok(group)
    }

    fn path(&self) -> PathBuf {
        self.root.join(&self.name)
    }

    fn target(&self) -> String {
        format!("group /{}", self.name)
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path().join(name)).unwrap_or_default()
    }

    fn write(&self, name: &str, value: &str) -> Result<(), Stop> {
        std::fs::write(self.path().join(name), value).map_err(failed("write to the control group"))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // One whose last process is just ending is busy for a moment.
        for _ in 0..100 {
            if std::fs::remove_dir(self.path()).is_ok() {
                return;
            }
            std::thread::sleep(crate::lab::PAUSE);
        }
    }
}
