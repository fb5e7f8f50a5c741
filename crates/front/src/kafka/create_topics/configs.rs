//! The settings that a topic may be created with: a closed list.
//!
//! A setting that would change what clients can rely on is taken only with the value that is so anyway. One
//! that merely says how a broker of files goes about it is taken with any value, and does nothing.

use wire::kafka::ErrorCode;

use crate::refusal::Fault;

/// Settings that are taken with one value alone, and why.
const FIXED: [(&str, &str, &str); 9] = [
    ("cleanup.policy", "delete", "topics are not compacted yet"),
    ("compression.type", "producer", "batches are kept as they were sent"),
    ("message.timestamp.type", "CreateTime", "records keep the times of their producers"),
    ("min.insync.replicas", "1", "there is one broker"),
    ("remote.storage.enable", "false", "records are on this machine"),
    ("retention.bytes", "-1", "records stay until their topic is deleted"),
    ("retention.ms", "-1", "records stay until their topic is deleted"),
    ("unclean.leader.election.enable", "false", "there is one broker"),
    ("write.caching", "false", "acknowledged means synced"),
];

/// Settings that are taken with any value, because nothing here answers to them.
const INERT: [&str; 11] = [
    "file.delete.delay.ms",
    "flush.messages",
    "flush.ms",
    "index.interval.bytes",
    "message.downconversion.enable",
    "preallocate",
    "segment.bytes",
    "segment.index.bytes",
    "segment.jitter.ms",
    "segment.ms",
    "message.format.version",
];

/// Refuses the first setting that is not on the list, or not with that value.
pub(super) fn check(configs: &[(&str, Option<&str>)]) -> Result<(), Fault> {
    for (name, value) in configs {
        let fixed = FIXED.iter().find(|fixed| fixed.0 == *name);
        let text = match (fixed, value) {
            (_, None) => format!("`{name}` has no value: give it one, or leave it out"),
            (Some((_, only, why)), Some(value)) if only != value => {
                format!("`{name}` can only be `{only}`, not `{value}`: {why}")
            }
            (None, _) if !INERT.contains(name) => {
                format!("`{name}` is not a setting of topics here: leave it out")
            }
            _ => continue,
        };
        return Err(Fault::new(ErrorCode::INVALID_CONFIG, text));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
