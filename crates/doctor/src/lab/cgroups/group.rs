//! A control group of a lab, and programs in it.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::lab::{PATIENCE, PAUSE, PREFIX, Stop};

/// Bytes.
pub(in crate::lab) const MIB: u64 = 1 << 20;

/// A group of one controller, which goes with it, and with what runs in it.
#[derive(Debug)]
pub(in crate::lab) struct Group {
    name: String,
    folder: PathBuf,
    version: u8,
}

impl Group {
    /// A new one, just below the topmost.
    pub(in crate::lab) fn new(controller: &str, name: &str) -> Result<Self, Stop> {
        let top = Path::new("/sys/fs/cgroup");
        let (top, version) = if top.join(controller).join("cgroup.procs").exists() {
            (top.join(controller), 1)
        } else {
            let handed_on = fs::read_to_string(top.join("cgroup.subtree_control"));
            let is_there = handed_on
                .is_ok_and(|handed_on| handed_on.split_whitespace().any(|it| it == controller));
            if !is_there {
                return Err(Stop::Missing(format!(
                    "a control group with the controller {controller} below /sys/fs/cgroup"
                )));
            }
            (top.to_path_buf(), 2)
        };
        let name = format!("{PREFIX}{name}-{}", std::process::id());
        let folder = top.join(&name);
        fs::create_dir(&folder).map_err(|error| format!("make {}: {error}", folder.display()))?;
        Ok(Self { name, folder, version })
    }

    /// One for memory with a limit; without swap it may not swap either.
    pub(in crate::lab) fn with_memory(name: &str, limit: u64, swaps: bool) -> Result<Self, Stop> {
        let own = Self::new("memory", name)?;
        own.write("memory.limit_in_bytes", "memory.max", &limit.to_string())?;
        if !swaps && own.version == 1 {
            own.write("memory.swappiness", "", "0")?;
        } else if !swaps && own.folder.join("memory.swap.max").exists() {
            own.write("", "memory.swap.max", "0")?;
        }
        Ok(own)
    }

    /// As the check names it.
    pub(in crate::lab) fn path(&self) -> String {
        format!("/{}", self.name)
    }

    /// Where it is.
    pub(in crate::lab) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Writes a file, by its name with version 1 and with version 2.
    pub(in crate::lab) fn write(&self, one: &str, two: &str, value: &str) -> Result<(), Stop> {
        let path = self.folder.join(if self.version == 1 { one } else { two });
        let written = fs::write(&path, value);
        written.map_err(|error| Stop::Failed(format!("write {}: {error}", path.display())))
    }

    /// A value in a file of names and values, by its name with version 1 and with version 2.
    pub(in crate::lab) fn value(&self, one: [&str; 2], two: [&str; 2]) -> Result<u64, Stop> {
        let [file, name] = if self.version == 1 { one } else { two };
        let path = self.folder.join(file);
        let text = fs::read_to_string(&path);
        let text = text.map_err(|error| format!("read {}: {error}", path.display()))?;
        let value = text.lines().find_map(|line| {
            let (found, value) = line.split_once(' ')?;
            (found == name).then(|| value.trim().parse().ok())?
        });
        value.ok_or_else(|| Stop::Failed(format!("{} has no {name}", path.display())))
    }

    /// Starts a program in it.
    pub(in crate::lab) fn start(&self, program: &str, arguments: &[&str]) -> Result<Program, Stop> {
        let enter = format!("echo $$ > {}/cgroup.procs && exec \"$@\"", self.folder.display());
        let mut all = vec!["-c", &enter, "lab", program];
        all.extend(arguments);
        Program::start("bash", &all)
    }

    /// Runs a script of the shell in it to its end, however that is.
    pub(in crate::lab) fn run(&self, script: &str) -> Result<(), Stop> {
        let mut program = self.start("bash", &["-c", script])?;
        let ended = program.0.wait();
        ended.map(drop).map_err(|error| Stop::Failed(format!("wait for {script}: {error}")))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let gone = || {
            let inside = fs::read_to_string(self.folder.join("cgroup.procs")).unwrap_or_default();
            for pid in inside.lines().filter_map(|pid| pid.parse().ok()) {
                let pid = rustix::process::Pid::from_raw(pid);
                let _gone = pid
                    .map(|pid| rustix::process::kill_process(pid, rustix::process::Signal::KILL));
            }
            fs::remove_dir(&self.folder).is_ok()
        };
        // What is left of it goes with the next `lab --clean`.
        for _ in 0..PATIENCE.as_millis() / PAUSE.as_millis() {
            if gone() {
                return;
            }
            std::thread::sleep(PAUSE);
        }
    }
}

/// A program, which ends with it.
#[derive(Debug)]
pub(in crate::lab) struct Program(Child);

impl Program {
    /// Starts one; what it writes is lost.
    pub(in crate::lab) fn start(program: &str, arguments: &[&str]) -> Result<Self, Stop> {
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().map(Self).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => Stop::Missing(format!("the program {program}")),
            _ => Stop::Failed(format!("run {program}: {error}")),
        })
    }

    /// One of Python, which some labs need to map files and to fill memory; its script comes on its standard input.
    pub(in crate::lab) fn python(group: Option<&Group>, script: &str) -> Result<Self, Stop> {
        let python = "/usr/bin/python3";
        if !Path::new(python).exists() {
            return Err(Stop::Missing("the program /usr/bin/python3".to_owned()));
        }
        let mut command = Command::new("bash");
        let enter = group.map_or_else(String::new, |group| {
            format!("echo $$ > {}/cgroup.procs && ", group.folder().display())
        });
        command.args(["-c", &format!("{enter}exec {python} -")]);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let started = command.spawn().map_err(|error| format!("run {python}: {error}"))?;
        let mut own = Self(started);
        let told = own.0.stdin.take().map(|mut stdin| stdin.write_all(script.as_bytes()));
        told.transpose().map_err(|error| format!("tell {python}: {error}"))?;
        Ok(own)
    }

    /// Its number.
    pub(in crate::lab) fn pid(&self) -> u32 {
        self.0.id()
    }

    /// Whether it still runs.
    pub(in crate::lab) fn runs(&mut self) -> bool {
        matches!(self.0.try_wait(), Ok(None))
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _ended = self.0.wait();
    }
}
