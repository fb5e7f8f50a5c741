//! A server of Redis that a lab starts to be looked at.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use crate::lab::cgroups::Program;
use crate::lab::{Folder, PATIENCE, PAUSE, Stop, free_port};

/// It answers within this time.
const ANSWER: Duration = Duration::from_secs(10);

/// A server, which ends with it.
#[derive(Debug)]
pub(super) struct Redis {
    program: Program,
    port: u16,
    _folder: Folder,
}

impl Redis {
    /// One that keeps nothing, with these arguments beside.
    pub(super) fn start(name: &str, arguments: &[&str]) -> Result<Self, Stop> {
        let folder = Folder::new(name)?;
        let (port, dir) = (free_port()?, folder.path().display().to_string());
        let port_text = port.to_string();
        let mut all =
            vec!["--port", &port_text, "--bind", "127.0.0.1", "--save", "", "--dir", &dir];
        all.extend(arguments);
        let program = Program::start("redis-server", &all)?;
        let mut own = Self { program, port, _folder: folder };
        for _ in 0..PATIENCE.as_millis() / PAUSE.as_millis() {
            if own.ask("PING").is_ok_and(|answer| answer.starts_with("+PONG")) {
                return Ok(own);
            }
            if !own.program.runs() {
                return Err("redis-server ended".into());
            }
            std::thread::sleep(PAUSE);
        }
        Err("redis-server does not answer".into())
    }

    /// Its number.
    pub(super) fn pid(&self) -> u32 {
        self.program.pid()
    }

    /// Has it hold so many MiB, about.
    pub(super) fn fill(&self, mib: u64) -> Result<(), Stop> {
        let script = format!(
            "for i=1,{mib} do redis.call('set','lab:'..i,string.rep('x',1048576)) end return 1"
        );
        let answer = self.ask(&format!("EVAL \"{script}\" 0"))?;
        if answer.starts_with(":1") { Ok(()) } else { Err(format!("fill Redis: {answer}").into()) }
    }

    fn ask(&self, command: &str) -> Result<String, Stop> {
        let mut told = [0; 256];
        let mut ask = || {
            let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port))?;
            stream.set_read_timeout(Some(ANSWER))?;
            stream.write_all(format!("{command}\r\n").as_bytes())?;
            stream.read(&mut told)
        };
        let length = ask().map_err(|error| format!("ask Redis: {error}"))?;
        Ok(String::from_utf8_lossy(told.get(..length).unwrap_or_default()).into_owned())
    }
}

/// A size of `/proc/PID/status`, in MiB.
pub(super) fn status_mib(pid: u32, name: &str) -> Result<u64, Stop> {
    let path = format!("/proc/{pid}/status");
    let text = std::fs::read_to_string(&path).map_err(|error| format!("read {path}: {error}"))?;
    let kib: Option<u64> = text.lines().find_map(|line| {
        line.strip_prefix(name)?.strip_prefix(':')?.split_whitespace().next()?.parse().ok()
    });
    kib.map(|kib| kib / 1024).ok_or_else(|| Stop::Failed(format!("{path} has no {name}")))
}
