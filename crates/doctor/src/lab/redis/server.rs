//! A server of Redis for a lab: `redis-server` of the system, or the program that `GROUNDSILL_LAB_REDIS` names (Valkey's, say).

use std::fs::File;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::check::Target;
use crate::lab::{Folder, Stage, Stop, failed, failing, free_port, run};
use crate::probe::{Ask, Endpoint};

/// It runs as nobody, so that it may not do what root may.
const NOBODY: &str = "65534";

/// How often it is asked whether it answers by now, with [`PAUSE`] between.
const TRIES: u32 = 200;
const PAUSE: Duration = Duration::from_millis(25);

/// A server, which ends with it.
#[derive(Debug)]
pub(super) struct Server {
    child: Option<Child>,
    process: Option<rustix::process::Pid>,
    folder: Folder,
    /// Where it listens, on the loopback interface.
    pub(super) port: u16,
}

impl Server {
    /// One with a file of these settings, each a line, that already answers.
    pub(super) fn start(name: &str, settings: &[&str]) -> Result<Self, Stop> {
        Self::start_by(name, settings, &[])
    }

    /// The same, started by another program, to which its own line of command is added.
    pub(super) fn start_by(name: &str, settings: &[&str], by: &[&str]) -> Result<Self, Stop> {
        let folder = Folder::new(&format!("redis-{name}"))?;
        let mut server = Self { child: None, process: None, folder, port: free_port()? };
        let data = server.path("data");
        std::fs::create_dir_all(&data).map_err(failed("make a folder"))?;
        let mut text = format!(
            "port {}\nbind 127.0.0.1\ndir {data}\nlogfile {}\nenable-debug-command local\n",
            server.port,
            server.path("data/log")
        );
        for setting in settings {
            text.push_str(setting);
            text.push('\n');
        }
        std::fs::write(server.path("redis.conf"), text).map_err(failed("write its settings"))?;
        if rustix::process::getuid().is_root() {
            run("chown", &["-R", NOBODY, &server.path("")])?;
        }
        server.start_again(by)?;
        Ok(server)
    }

    /// Starts what was stopped.
    pub(super) fn start_again(&mut self, by: &[&str]) -> Result<(), Stop> {
        let program =
            std::env::var_os("GROUNDSILL_LAB_REDIS").unwrap_or_else(|| "redis-server".into());
        let mut words: Vec<std::ffi::OsString> = by.iter().map(Into::into).collect();
        if rustix::process::getuid().is_root() {
            let (user, group) = (format!("--reuid={NOBODY}"), format!("--regid={NOBODY}"));
            words.extend(["setpriv".into(), user.into(), group.into(), "--clear-groups".into()]);
        }
        words.extend([program, self.path("redis.conf").into()]);
        let mut words = words.into_iter();
        let first = words.next().unwrap_or_default();
        let said = File::create(self.path("said")).map_err(failed("make a file"))?;
        let child = Command::new(first).args(words).stdout(said).stderr(Stdio::null()).spawn();
        self.child = Some(child.map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => {
                Stop::Missing("Redis: the package redis-server".to_owned())
            }
            _ => Stop::Failed(format!("start Redis: {error}")),
        })?);
        for _ in 0..TRIES {
            if self.cli(&["PING"]).is_ok_and(|said| said == "PONG") {
                let pid = self.pid()?.parse().ok().and_then(rustix::process::Pid::from_raw);
                self.process = pid;
                return Ok(());
            }
            std::thread::sleep(PAUSE);
        }
        let log = std::fs::read_to_string(self.path("data/log")).unwrap_or_default();
        Err(format!("the server of the lab does not answer: {log}").into())
    }

    /// Ends it at once, as a crash would.
    pub(super) fn stop(&mut self) {
        // What started it may stand between, and would leave it behind.
        if let Some(pid) = self.process.take() {
            let _gone = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        }
        if let Some(mut child) = self.child.take() {
            let _gone = child.kill();
            let _ended = child.wait();
        }
    }

    /// What `redis-cli` answers.
    pub(super) fn cli(&self, words: &[&str]) -> Result<String, Stop> {
        let port = self.port.to_string();
        let words: Vec<&str> = ["-p", &port].into_iter().chain(words.iter().copied()).collect();
        Ok(run("redis-cli", &words)?.trim_end().to_owned())
    }

    /// A field of `INFO`, as `redis-cli` shows it.
    pub(super) fn field(&self, name: &str) -> Result<String, Stop> {
        let text = self.cli(&["INFO", "all"])?;
        let fields = text.lines().filter_map(|line| line.trim_end().split_once(':'));
        let found = fields.into_iter().find(|(key, _)| *key == name);
        found
            .map(|(_, value)| value.to_owned())
            .ok_or_else(|| Stop::Failed(format!("redis-cli shows no field {name}")))
    }

    /// Sets something, and does not go on if the server refuses.
    pub(super) fn set(&self, name: &str, value: &str) -> Result<(), Stop> {
        match self.cli(&["CONFIG", "SET", name, value])?.as_str() {
            "OK" => Ok(()),
            said => Err(format!("CONFIG SET {name}: {said}").into()),
        }
    }

    /// Waits until something is so.
    pub(super) fn until(
        &self,
        what: &str,
        mut is_so: impl FnMut(&Self) -> Result<bool, Stop>,
    ) -> Result<(), Stop> {
        for _ in 0..TRIES * 2 {
            if is_so(self)? {
                return Ok(());
            }
            std::thread::sleep(PAUSE);
        }
        Err(format!("{what}: it never did").into())
    }

    /// Writes so many keys that begin alike, with values of so many bytes and, if there is one, a time to live in milliseconds.
    pub(super) fn fill(
        &self,
        prefix: &str,
        keys: u64,
        bytes: u64,
        ttl_ms: u64,
    ) -> Result<(), Stop> {
        let script = "local v = string.rep('x', ARGV[3]) for i = 1, ARGV[2] do redis.call('SET', ARGV[1] .. i, v) \
             if ARGV[4] ~= '0' then redis.call('PEXPIRE', ARGV[1] .. i, ARGV[4]) end end return ARGV[2]";
        let numbers = [keys, bytes, ttl_ms].map(|it| it.to_string());
        let [keys, bytes, ttl_ms] = numbers.each_ref().map(String::as_str);
        match self.cli(&["EVAL", script, "0", prefix, keys, bytes, ttl_ms])? {
            said if said == keys => Ok(()),
            said => Err(format!("fill the server of the lab: {said}").into()),
        }
    }

    /// A client that waits in this command until it is ended.
    pub(super) fn waiting(&self, words: &[&str]) -> Result<Waiting, Stop> {
        let mut client = Command::new("redis-cli");
        client.args(["-p", &self.port.to_string()]).args(words);
        // A client that may still be told something by its own keyboard ends when that does.
        client.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        client.spawn().map(Waiting).map_err(failed("run redis-cli"))
    }

    /// What to look at to see it.
    pub(super) fn seen(&self) -> Ask {
        let url = format!("redis://127.0.0.1:{}", self.port);
        let servers = vec![Endpoint { kind: Target::Redis, url, named: true }];
        Ask { servers, ..Ask::default() }
    }

    /// The end of the target of its records.
    pub(super) fn target(&self) -> String {
        format!("redis :{}", self.port)
    }

    /// The number of its process.
    pub(super) fn pid(&self) -> Result<String, Stop> {
        self.field("process_id")
    }

    /// The path of something in its folder.
    pub(super) fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_string_lossy().into_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A client, which ends with it.
#[derive(Debug)]
pub(super) struct Waiting(Child);

impl Drop for Waiting {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _ended = self.0.wait();
    }
}

/// A number to show some digits of.
#[expect(clippy::cast_precision_loss, reason = "it is shown with one digit after the point")]
pub(super) const fn float(number: u64) -> f64 {
    number as f64
}

/// Looks until the check fails for this server, and returns what it says.
pub(super) fn observed(stage: &Stage<'_>, what: &str, server: &Server) -> Result<String, Stop> {
    let target = server.target();
    let found = stage.until(what, |records| failing(records, &target).is_some())?;
    Ok(failing(&found, &target).ok_or("it is gone again")?.observed.clone())
}

/// Looks until the check does not fail for this server any more.
pub(super) fn mended(stage: &Stage<'_>, what: &str, server: &Server) -> Result<(), Stop> {
    let target = server.target();
    stage.until(what, |records| failing(records, &target).is_none()).map(drop)
}

/// Whether what a check says has all of these words in it; else what is amiss.
pub(super) fn says(observed: &str, words: &[String]) -> Result<(), Stop> {
    match words.iter().find(|word| !observed.contains(*word)) {
        None => Ok(()),
        Some(word) => Err(format!("measured \"{word}\"; the check says {observed}").into()),
    }
}
