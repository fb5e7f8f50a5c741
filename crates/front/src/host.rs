//! What the fronts are told of the process and the machine, for those who ask: the fronts themselves
//! read neither.

use std::time::Duration;

/// Facts that stand from the start, and a way to ask for those that change.
#[derive(Clone, Debug)]
pub struct Host {
    /// The program's version.
    pub version: &'static str,
    /// The process's number.
    pub process: u32,
    /// The port on which Redis clients are answered.
    pub port: u16,
    /// The address on which they are.
    pub bind: String,
    /// Where the data is.
    pub dir: String,
    /// Memory for objects, blocks, requests and buffers, in bytes.
    pub memory_bytes: u64,
    /// What the process uses at present.
    pub usage: fn() -> Usage,
}

/// What a process uses; `None` where the machine does not tell.
#[derive(Clone, Copy, Debug, Default)]
pub struct Usage {
    /// Bytes of memory that are in RAM.
    pub resident_bytes: Option<u64>,
    /// Processor time spent in the program.
    pub cpu_user: Option<Duration>,
    /// Processor time spent in the kernel for it.
    pub cpu_system: Option<Duration>,
}

impl Default for Host {
    fn default() -> Self {
        Self {
            version: "",
            process: 0,
            port: 0,
            bind: String::new(),
            dir: String::new(),
            memory_bytes: 0,
            usage: Usage::default,
        }
    }
}
