//! What labs of the network share: links between namespaces, settings, and what other programs say.

use std::fs;

use crate::lab::netns::Netns;
use crate::lab::{Stop, run};

/// A link between two namespaces, with this name and this address on each side. It goes with them.
pub(super) fn link(
    name: &str,
    (one, one_address): (&Netns, &str),
    (other, other_address): (&Netns, &str),
) -> Result<(), Stop> {
    run(
        "ip",
        &[
            "-n",
            one.name(),
            "link",
            "add",
            name,
            "type",
            "veth",
            "peer",
            "name",
            name,
            "netns",
            other.name(),
        ],
    )?;
    for (side, address) in [(one, one_address), (other, other_address)] {
        run("ip", &["-n", side.name(), "address", "add", address, "dev", name])?;
        run("ip", &["-n", side.name(), "link", "set", name, "up"])?;
    }
    Ok(())
}

/// Two namespaces with a third between them that routes.
#[derive(Debug)]
pub(super) struct Apart {
    pub(super) here: Netns,
    pub(super) there: Netns,
    _router: Netns,
}

/// The address of the one that is there.
pub(super) const FAR: &str = "10.78.1.2";

impl Apart {
    pub(super) fn new(name: &str) -> Result<Self, Stop> {
        let of = |side: &str| Netns::new(&format!("{name}{side}"));
        let (here, router, there) = (of("a")?, of("r")?, of("b")?);
        link("v0", (&here, "10.78.0.1/24"), (&router, "10.78.0.254/24"))?;
        link("v1", (&router, "10.78.1.254/24"), (&there, &format!("{FAR}/24")))?;
        router.inside(|| set("net.ipv4.ip_forward", "1"))?;
        for (side, over) in [(&here, "10.78.0.254"), (&there, "10.78.1.254")] {
            run("ip", &["-n", side.name(), "route", "add", "default", "via", over])?;
        }
        Ok(Self { here, there, _router: router })
    }
}

/// Changes a setting of the namespace of this thread; what it was.
pub(super) fn set(name: &str, value: &str) -> Result<String, Stop> {
    let path = format!("/proc/sys/{}", name.replace('.', "/"));
    let old = fs::read_to_string(&path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Stop::Missing(format!("the setting {name}")),
        _ => Stop::Failed(format!("read {path}: {error}")),
    })?;
    fs::write(&path, value).map_err(|error| format!("write {value} to {path}: {error}"))?;
    Ok(old)
}

/// A setting of the whole machine that is set back when this goes.
#[derive(Debug)]
pub(super) struct Setting(&'static str, String);

impl Setting {
    pub(super) fn set(name: &'static str, value: &str) -> Result<Self, Stop> {
        Ok(Self(name, set(name, value)?))
    }
}

impl Drop for Setting {
    fn drop(&mut self) {
        // It was written before, so it can be.
        let _old = set(self.0, self.1.trim());
    }
}

/// A counter of the namespace of this thread, as `nstat` of iproute2 shows it.
pub(super) fn nstat(name: &str) -> Result<u64, Stop> {
    let text = run("nstat", &["-asz", name])?;
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let value = line.and_then(|rest| rest.split_whitespace().next()?.parse().ok());
    value.ok_or_else(|| Stop::Failed(format!("nstat says of {name}: {text}")))
}

/// The first number in a text.
pub(super) fn number(text: &str) -> Result<u64, Stop> {
    let digits = text.split(|it: char| !it.is_ascii_digit()).find(|it| !it.is_empty());
    let number = digits.and_then(|digits| digits.parse().ok());
    number.ok_or_else(|| Stop::Failed(format!("there is no number in {text}")))
}
