//! How many rules of nftables there are in the namespace of the calling thread, those of iptables on nftables with them.
//!
//! Source: Linux `include/uapi/linux/netfilter/nfnetlink.h` and `nf_tables.h`: the kind of a message is a subsystem and a message of it, and
//! before the attributes stand family, version and two bytes of a resource. `net/netfilter/nfnetlink.c` takes such messages of those only
//! who may administer the network, and loads the module of a subsystem that is not there: so it is asked for only where it is.

use std::io;

use rustix::net::netlink::NETFILTER;

use super::netlink::Channel;
use crate::probe::text;
use crate::snapshot::Probed;

/// The subsystem of nftables, and its message that asks for rules.
const GETRULE: u16 = 10 << 8 | 7;

/// Of all families, version 0, no resource.
const ALL: [u8; 4] = [0; 4];

const MODULE: &str = "nf_tables";

pub(super) fn look() -> Probed<u64> {
    let release = rustix::system::uname().release().to_string_lossy().into_owned();
    let built_in = format!("/lib/modules/{release}/modules.builtin");
    match is_there(&text("/proc/modules"), &text(&built_in)) {
        Some(true) => {}
        Some(false) => return Probed::Seen(0),
        None => return Probed::Absent(format!("{built_in}, which tells whether it has nftables")),
    }
    count().map_or_else(
        |error| match error.kind() {
            // The kernel was built without it.
            io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported => Probed::Seen(0),
            io::ErrorKind::PermissionDenied => {
                Probed::Denied("root, to count the rules of nftables".to_owned())
            }
            _ => Probed::Failed(format!("count the rules of nftables: {error}")),
        },
        Probed::Seen,
    )
}

/// By the modules that are loaded, and those that are built in; none if that cannot be told. A kernel that takes no modules has no list of
/// them, and loads none.
fn is_there(loaded: &Probed<String>, built_in: &Probed<String>) -> Option<bool> {
    let of = |path: &str| path.rsplit('/').next() == Some("nf_tables.ko");
    match (loaded, built_in) {
        (Probed::Absent(_), _) => Some(true),
        (Probed::Seen(all), _) if all.lines().any(|it| it.split(' ').next() == Some(MODULE)) => {
            Some(true)
        }
        (Probed::Seen(_), Probed::Seen(all)) => Some(all.lines().any(of)),
        _ => None,
    }
}

fn count() -> io::Result<u64> {
    let mut count = 0;
    Channel::open(Some(NETFILTER))?.dump(GETRULE, &ALL, &mut |_| count += 1)?;
    Ok(count)
}

#[cfg(test)]
mod tests;
