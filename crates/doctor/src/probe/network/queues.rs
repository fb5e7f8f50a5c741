//! Queues of what comes in over cards, and whether other processors take over from that which the card interrupts.
//!
//! Source: Linux `Documentation/networking/scaling.rst`, "RPS: Receive Packet Steering": `rps_cpus` is a mask of processors in hexadecimal digits and
//! commas; zero, the default, turns it off.

use std::fs;
use std::path::Path;

use crate::probe::{line, unseen};
use crate::snapshot::{Probed, Queues};

const FOLDER: &str = "/sys/class/net";

/// So many cards are looked at, at most, and queues of each.
const CARDS_MAX: usize = 64;
const QUEUES_MAX: usize = 512;

/// Of interfaces that have a device.
pub(super) fn look() -> Probed<Vec<Queues>> {
    match fs::read_dir(FOLDER) {
        Ok(entries) => {
            let cards = entries.flatten().filter(|it| it.path().join("device").exists());
            let mut found: Vec<Queues> =
                cards.take(CARDS_MAX).map(|it| of(&it.file_name().to_string_lossy())).collect();
            found.sort_by(|one, other| one.interface.cmp(&other.interface));
            Probed::Seen(found)
        }
        Err(error) => unseen(&error, FOLDER),
    }
}

fn of(interface: &str) -> Queues {
    let queues = Path::new(FOLDER).join(interface).join("queues");
    let all = fs::read_dir(queues).into_iter().flatten().flatten();
    let masks = all
        .filter(|it| it.file_name().to_string_lossy().starts_with("rx-"))
        .take(QUEUES_MAX)
        .map(|it| line(&it.path().join("rps_cpus").to_string_lossy()));
    let masks: Vec<String> = masks.collect();
    Queues {
        interface: interface.to_owned(),
        count: masks.len() as u64,
        steered: masks.iter().filter(|mask| is_on(mask)).count() as u64,
    }
}

/// Such as `00000000,0000ff00`.
fn is_on(mask: &str) -> bool {
    mask.chars().any(|digit| digit.to_digit(16).is_some_and(|it| it > 0))
}

#[cfg(test)]
mod tests;
