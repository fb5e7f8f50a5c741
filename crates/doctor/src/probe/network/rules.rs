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
    if !is_loaded(&text("/proc/modules")) {
        return Probed::Seen(0);
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

/// A kernel that takes no modules has no list of them, and loads none. What is built in is not in the list of another: there it is not
/// asked for, and its rules are not seen.
fn is_loaded(modules: &Probed<String>) -> bool {
    let has = |text: &String| text.lines().any(|line| line.split(' ').next() == Some(MODULE));
    match modules {
        Probed::Seen(text) => has(text),
        Probed::Absent(_) => true,
        Probed::Denied(_) | Probed::Failed(_) => false,
    }
}

fn count() -> io::Result<u64> {
    let mut count = 0;
    Channel::open(Some(NETFILTER))?.dump(GETRULE, &ALL, &mut |_| count += 1)?;
    Ok(count)
}

#[cfg(test)]
mod tests;
