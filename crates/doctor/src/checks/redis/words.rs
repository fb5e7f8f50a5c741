//! Numbers as people read them, and what is said of a server in more than one check.

use crate::check::Blind;
use crate::record::Evidence;
use crate::snapshot::Redis;
pub(super) use crate::words::{float, percent};

const MIB: f64 = 1_048_576.0;

/// Bytes, such as `12.3 MiB`.
pub(super) fn mib(bytes: u64) -> String {
    format!("{:.1} MiB", float(bytes) / MIB)
}

/// A field or a setting as evidence.
pub(super) fn shown<T: ToString + ?Sized>(probe: &str, value: &T) -> Evidence {
    Evidence { probe: probe.to_owned(), value: value.to_string() }
}

/// What the process may hold: of its control group where that is known, and never more than the machine has; and which it is.
pub(super) fn memory_max(server: &Redis) -> Result<(u64, &'static str), Blind> {
    let machine = server.number("total_system_memory")?;
    let group = server.process.seen().ok().and_then(|it| it.memory_max);
    Ok(match group {
        Some(group) if group < machine => (group, "its control group"),
        _ => (machine, "the machine"),
    })
}
