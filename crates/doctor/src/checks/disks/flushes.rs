//! How long the disks flushed that servers wait for, as [`h28`](super::h28) and its relatives judge it.
//!
//! Source: `Documentation/admin-guide/iostats.rst` of Linux (fields 16 and 17, from 5.5 on); the documentation of etcd, "Hardware": the
//! 99th percentile of fdatasync should be below 10 ms. Here it is the mean, so what is told of is certain to be worse than that.

use crate::check::Blind;
use crate::snapshot::{Device, Disks, Kind, Window, growth};

/// Milliseconds that a flush may take on the mean; of a disk that turns, except for etcd, whose leader is elected anew, the other.
const FLUSH_MS: u64 = 10;
const FLUSH_TURNING_MS: u64 = 50;

/// Fewer flushes say nothing.
const FLUSHES_MIN: u64 = 5;

/// The flushes of a disk in the window.
#[derive(Clone, Copy, Debug)]
pub(in crate::checks) struct Flushes {
    /// How many there were.
    pub(in crate::checks) count: u64,
    /// How many milliseconds they took together.
    pub(in crate::checks) took_ms: u64,
}

impl Flushes {
    /// Those of a disk between the looks; `then` is what the first look saw of the disks.
    ///
    /// # Errors
    /// The kernel does not count them, or was started anew.
    pub(in crate::checks) fn of(
        window: &Window<'_>,
        then: &Disks,
        now: &Device,
    ) -> Result<Self, Blind> {
        if window.before.host.boot != window.after.host.boot {
            return Err(Blind::Absent(
                "growth of flushes: the machine was started anew".to_owned(),
            ));
        }
        let then = then.devices.seen()?.iter().find(|it| it.name == now.name);
        let of = |of: fn(&Device) -> Option<u64>, what: &str| {
            growth(&format!("{what} of {}", now.name), then.and_then(of), of(now))
        };
        Ok(Self {
            count: of(|it| it.flushes, "flushes")?,
            took_ms: of(|it| it.flush_ms, "time of flushes")?,
        })
    }

    /// Milliseconds of one on the mean, if that is too long for such a server.
    pub(in crate::checks) fn too_long(self, device: &Device, kind: Kind) -> Option<u64> {
        let may_be_slow = device.rotates == Some(true) && kind != Kind::Etcd;
        let most = if may_be_slow { FLUSH_TURNING_MS } else { FLUSH_MS };
        let is_enough = self.count >= FLUSHES_MIN;
        let mean = self.took_ms.checked_div(self.count)?;
        (is_enough && self.took_ms >= most.saturating_mul(self.count)).then_some(mean)
    }
}

/// The whole disks below the device with this number.
pub(in crate::checks) fn below<'a>(disks: &'a Disks, number: Option<&String>) -> Vec<&'a Device> {
    let all = disks.devices.seen().map(Vec::as_slice).unwrap_or_default();
    let own = all.iter().find(|it| Some(&it.device) == number);
    let names = own.map(|it| it.disks.as_slice()).unwrap_or_default();
    all.iter().filter(|it| names.contains(&it.name)).collect()
}
