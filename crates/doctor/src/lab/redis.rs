//! Redis and Valkey.

use super::Lab;

mod b06;
mod b12;
mod b21;
mod group;
mod r01;
mod r02;
mod r03;
mod r04;
mod r05;
mod r06;
mod r07;
mod r08;
mod r09;
mod r10;
mod r11;
mod r12;
mod r13;
mod r15;
mod r16;
mod r17;
mod r18;
mod r19;
mod r20;
mod r21;
mod server;

/// In the order of their ids.
pub(super) const ALL: &[Lab] = &[
    Lab { id: "B06", run: b06::run },
    Lab { id: "B12", run: b12::run },
    Lab { id: "B21", run: b21::run },
    Lab { id: "R01", run: r01::run },
    Lab { id: "R02", run: r02::run },
    Lab { id: "R03", run: r03::run },
    Lab { id: "R04", run: r04::run },
    Lab { id: "R05", run: r05::run },
    Lab { id: "R06", run: r06::run },
    Lab { id: "R07", run: r07::run },
    Lab { id: "R08", run: r08::run },
    Lab { id: "R09", run: r09::run },
    Lab { id: "R10", run: r10::run },
    Lab { id: "R11", run: r11::run },
    Lab { id: "R12", run: r12::run },
    Lab { id: "R13", run: r13::run },
    Lab { id: "R15", run: r15::run },
    Lab { id: "R16", run: r16::run },
    Lab { id: "R17", run: r17::run },
    Lab { id: "R18", run: r18::run },
    Lab { id: "R19", run: r19::run },
    Lab { id: "R20", run: r20::run },
    Lab { id: "R21", run: r21::run },
];
