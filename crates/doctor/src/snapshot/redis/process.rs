//! The process of a server, where it runs on this machine.

use serde::{Deserialize, Serialize};

/// A process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RedisProcess {
    /// Its number.
    pub pid: u32,
    /// `Max open files` of `/proc/PID/limits`, the soft one; none if it may have any number.
    pub descriptors_max: Option<u64>,
    /// Bytes that its control group, or one above that, may hold; none if none of them has a limit.
    pub memory_max: Option<u64>,
    /// `VmSwap` of `/proc/PID/status`, in bytes.
    pub swapped_bytes: u64,
}
