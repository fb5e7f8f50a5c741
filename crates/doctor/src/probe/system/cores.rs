//! What the kernel does with the memory of a process that crashes: core(5).

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::probe::text;
use crate::snapshot::{Cores, Probed};

pub(super) fn look() -> Probed<Cores> {
    text("/proc/sys/kernel/core_pattern").and_then(|pattern| {
        let Some(handler) = handler(&pattern) else { return Probed::Seen(Cores::default()) };
        let works = match fs::metadata(&handler) {
            Ok(about) => about.is_file() && about.permissions().mode() & 0o111 != 0,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => false,
            Err(error) => return crate::probe::unseen(&error, &handler),
        };
        Probed::Seen(Cores { handler: Some(handler), works })
    })
}

/// The path up to the first space; what follows are its arguments.
fn handler(pattern: &str) -> Option<String> {
    pattern.trim().strip_prefix('|')?.split_whitespace().next().map(str::to_owned)
}

#[cfg(test)]
mod tests;
