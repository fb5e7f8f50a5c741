//! Names and resolvers.

use crate::check::{Blind, Check};
use crate::snapshot::{Answer, NameServer, Window};

mod n01;
mod n02;
mod n03;
mod n11;

/// In the order of their ids.
pub(super) const ALL: &[&Check] = &[&n01::CHECK, &n02::CHECK, &n03::CHECK, &n11::CHECK];

/// From so many seconds on two looks are two looks, and not one that was taken twice.
const LONG_SECONDS: f64 = 60.0;

/// The quicker of both looks: the first may have filled a cache. None if neither had an answer.
fn quickest_us(window: &Window<'_>, server: &NameServer) -> Option<u64> {
    let before = window.before.host.names.seen().ok().and_then(|it| it.answers.seen().ok());
    // An answer of long ago says nothing of now.
    let before = before.filter(|_| window.seconds() < LONG_SECONDS);
    let before = before.and_then(|all| all.iter().find(|it| it.address == server.address));
    let both = before.into_iter().chain([server]);
    both.filter_map(|it| it.answer.seen().ok()).map(|it: &Answer| it.after_us).min()
}

/// Milliseconds, to a tenth where they are few.
fn ms(us: u64) -> String {
    if us < 10_000 {
        format!("{}.{} ms", us / 1_000, us % 1_000 / 100)
    } else {
        format!("{} ms", us / 1_000)
    }
}

/// The name servers that the machine asks; that it asks none makes a check of them out of place.
fn servers<'a>(window: &Window<'a>) -> Result<&'a [NameServer], Blind> {
    let servers = window.after.host.names.seen()?.answers.seen()?;
    if servers.is_empty() {
        return Err(Blind::OutOfPlace("/etc/resolv.conf names no name server".to_owned()));
    }
    Ok(servers)
}

#[cfg(test)]
mod ground;
