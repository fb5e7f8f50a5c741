//! A network namespace of a lab.
//!
//! A thread enters one, and what it starts is in it, too: the looks of a probe, and programs.

use std::fs::File;

use rustix::fd::AsFd;
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use super::{PREFIX, Stop, run};

/// A namespace, which goes with it.
#[derive(Debug)]
pub(super) struct Netns(String);

impl Netns {
    /// A new one, whose loopback is up.
    pub(super) fn new(name: &str) -> Result<Self, Stop> {
        let name = format!("{PREFIX}{name}");
        run("ip", &["netns", "add", &name])?;
        let own = Self(name);
        run("ip", &["-n", &own.0, "link", "set", "lo", "up"])?;
        Ok(own)
    }

    /// Its name, for `ip -n`.
    pub(super) fn name(&self) -> &str {
        &self.0
    }

    /// Runs something inside.
    pub(super) fn inside<T: Send>(
        &self,
        act: impl FnOnce() -> Result<T, Stop> + Send,
    ) -> Result<T, Stop> {
        let path = format!("/run/netns/{}", self.0);
        let file = File::open(&path).map_err(|error| format!("open {path}: {error}"))?;
        std::thread::scope(|scope| {
            let thread = scope.spawn(move || {
                let entered =
                    move_into_link_name_space(file.as_fd(), Some(LinkNameSpaceType::Network));
                entered.map_err(|error| format!("enter {path}: {error}"))?;
                act()
            });
            thread.join().unwrap_or_else(|_| Err("a thread of the lab ended badly".into()))
        })
    }
}

impl Drop for Netns {
    fn drop(&mut self) {
        // What is left of it goes with the next `lab --clean`.
        let _left = run("ip", &["netns", "del", &self.0]);
    }
}
