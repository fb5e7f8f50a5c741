//! Settings as values, checked.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use kv::Durability;

use super::{Resolved, SETTINGS, Setting};

/// The configuration, ready for use.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) data: PathBuf,
    pub(crate) resp: SocketAddr,
    pub(crate) kafka: SocketAddr,
    pub(crate) http: SocketAddr,
    /// `None` stands for no passwords.
    pub(crate) password_file: Option<PathBuf>,
    pub(crate) durability: Durability,
    /// `None` stands for a share of what the machine has: see [`Config::memory_of`].
    memory: Option<u64>,
    /// `None` stands for what the descriptors allow.
    pub(crate) connections: Option<usize>,
    pub(crate) drain_time: Duration,
    pub(crate) log_segment: u64,
    pub(crate) log_history: u64,
    pub(crate) log_history_age: Duration,
    /// `None` stands for what suits the disk: see [`Config::disk_free_min_of`].
    disk_free_min: Option<u64>,
    pub(crate) log_level: tracing::Level,
    pub(crate) log_json: bool,
}

/// Where nothing else is said, so many percent of the memory that there is are counted on: copies under way come
/// on top, and the system keeps files in the rest.
const MEMORY_PERCENT: u64 = 60;

/// And so much is left for them at least, as those copies are as large where there is little.
const MEMORY_LEFT: u64 = 256 << 20;

/// Where nothing else is said, so much of the disk stays free, but no more than such a part of it.
const DISK_FREE_MIN: u64 = 256 << 20;
const DISK_FREE_SHARE: u64 = 20;

impl Config {
    /// Bytes that what is counted may take, where `available` are there: as the operator says, or a share.
    /// Never less than an operator may say, however little there is.
    pub(crate) fn memory_of(&self, available: u64) -> u64 {
        let share = (available / 100 * MEMORY_PERCENT).min(available.saturating_sub(MEMORY_LEFT));
        let least = setting("memory").and_then(|memory| parse_bytes(memory.least?).ok());
        self.memory.unwrap_or_else(|| share.max(least.unwrap_or(0)))
    }

    /// Bytes that stay free of a disk of `size` bytes: as the operator says, or a share of a small one.
    pub(crate) fn disk_free_min_of(&self, size: u64) -> u64 {
        self.disk_free_min.unwrap_or_else(|| DISK_FREE_MIN.min(size / DISK_FREE_SHARE))
    }

    /// Checks every setting; an error names the setting, its origin and what it takes.
    pub(crate) fn new(resolved: &Resolved) -> Result<Self> {
        let password_file = read_file(resolved, "password-file")?;
        let [resp, kafka, http] = read_addresses(resolved, password_file.is_some())?;
        Ok(Self {
            data: data(resolved)?,
            resp,
            kafka,
            http,
            password_file,
            durability: read(resolved, "durability", |text| match text {
                "durable" => Ok(Durability::Durable),
                "relaxed" => Ok(Durability::Relaxed),
                _ => bail!("it is neither `durable` nor `relaxed`"),
            })?,
            memory: read_or_auto(resolved, "memory", parse_bytes)?,
            connections: read_or_auto(resolved, "connections", parse_count)?,
            drain_time: read_number(resolved, "drain-time", parse_time)?,
            log_segment: read_number(resolved, "log-segment", parse_bytes)?,
            log_history: read_number(resolved, "log-history", parse_bytes)?,
            log_history_age: read_number(resolved, "log-history-age", parse_time)?,
            disk_free_min: read_or_auto(resolved, "disk-free-min", parse_bytes)?,
            log_level: read(resolved, "log-level", |text| {
                text.parse().context("it is none of error, warn, info, debug")
            })?,
            log_json: read(resolved, "log-format", |text| match text {
                "text" => Ok(false),
                "json" => Ok(true),
                _ => bail!("it is neither `text` nor `json`"),
            })?,
        })
    }
}

fn read<T>(resolved: &Resolved, key: &str, parse: impl FnOnce(&str) -> Result<T>) -> Result<T> {
    let (text, origin) = resolved.get(key);
    parse(text).with_context(|| format!("`{key}` is `{text}` ({origin})"))
}

/// The data directory.
pub(super) fn data(resolved: &Resolved) -> Result<PathBuf> {
    read(resolved, "data", |text| {
        if text.trim().is_empty() {
            bail!("it names no directory: name one, such as ./data");
        }
        Ok(PathBuf::from(text))
    })
}

/// The addresses of all fronts, no two the same; port 0 is a different one each time.
fn read_addresses(resolved: &Resolved, is_guarded: bool) -> Result<[SocketAddr; 3]> {
    let read =
        |key: &'static str| read_address(resolved, key, is_guarded).map(|address| (key, address));
    let fronts = [read("resp")?, read("kafka")?, read("http")?];
    for (at, (key, address)) in fronts.iter().enumerate() {
        let mut before = fronts.iter().take(at);
        let same = before.find(|(_, other)| other == address && address.port() != 0);
        if let Some((other, _)) = same {
            bail!("`{other}` and `{key}` are both {address}: give each a port of its own");
        }
    }
    Ok(fronts.map(|(_, address)| address))
}

fn read_file(resolved: &Resolved, key: &str) -> Result<Option<PathBuf>> {
    read(resolved, key, |text| match text {
        "none" => Ok(None),
        "" => bail!("it is empty: name a file, or `none`"),
        path => Ok(Some(PathBuf::from(path))),
    })
}

/// An address: one that only this machine reaches, where no passwords are asked for.
fn read_address(resolved: &Resolved, key: &str, is_guarded: bool) -> Result<SocketAddr> {
    let address: SocketAddr = read(resolved, key, parse_address)?;
    if !address.ip().is_loopback() && !is_guarded {
        bail!(
            "`{key}` is {address}, which others can reach, and no passwords are asked for: bind it to a loopback address, such as 127.0.0.1:{}, or name a file of passwords (`password-file`; `groundsill password` makes its lines)",
            address.port()
        );
    }
    Ok(address)
}

/// A number, which is within what the table says.
fn read_number<T: PartialOrd>(
    resolved: &Resolved,
    key: &str,
    parse: fn(&str) -> Result<T>,
) -> Result<T> {
    read(resolved, key, |text| within(key, text, parse))
}

/// The same, or `None` for `auto`.
fn read_or_auto<T: PartialOrd>(
    resolved: &Resolved,
    key: &str,
    parse: fn(&str) -> Result<T>,
) -> Result<Option<T>> {
    read(resolved, key, |text| match text {
        "auto" => Ok(None),
        _ => within(key, text, parse).map(Some),
    })
}

fn within<T: PartialOrd>(key: &str, text: &str, parse: fn(&str) -> Result<T>) -> Result<T> {
    let value = parse(text)?;
    let setting = setting(key);
    if let Some(least) = setting.and_then(|found| found.least)
        && value < parse(least)?
    {
        bail!("the least is {least}");
    }
    if let Some(most) = setting.and_then(|found| found.most)
        && value > parse(most)?
    {
        bail!("the most is {most}");
    }
    Ok(value)
}

fn setting(key: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.key == key)
}

fn parse_address(text: &str) -> Result<SocketAddr> {
    text.parse().context("it is not an address and a port, such as 127.0.0.1:6379")
}

fn parse_count(text: &str) -> Result<usize> {
    text.parse().context("it is not a whole number")
}

/// Splits a number from the unit behind it.
fn parse_with_unit(text: &str) -> Option<(u64, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    Some((number.parse().ok()?, unit.trim()))
}

fn parse_bytes(text: &str) -> Result<u64> {
    let (number, unit) = parse_with_unit(text).context("it is not a size, such as 64MiB")?;
    let shift = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 0,
        "k" | "kb" | "kib" => 10,
        "m" | "mb" | "mib" => 20,
        "g" | "gb" | "gib" => 30,
        "t" | "tb" | "tib" => 40,
        _ => bail!("its unit is none of KiB, MiB, GiB, TiB"),
    };
    number.checked_mul(1 << shift).context("it is too large")
}

fn parse_time(text: &str) -> Result<Duration> {
    let (number, unit) = parse_with_unit(text).context("it is not a time, such as 10s")?;
    let millis = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => bail!("its unit is none of ms, s, m, h, d"),
    };
    number.checked_mul(millis).map(Duration::from_millis).context("it is too long")
}

#[cfg(test)]
mod tests;
