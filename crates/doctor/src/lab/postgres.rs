//! PostgreSQL.

use super::Lab;

mod b02;
mod b03;
mod b11;
mod b17;
mod b18;
mod checkpoint;
mod client;
mod p01;
mod p02;
mod p03;
mod p04;
mod p05;
mod p06;
mod p07;
mod p08;
mod p09;
mod p10;
mod p11;
mod p12;
mod p13;
mod p14;
mod p15;
mod p16;
mod p17;
mod p18;
mod p19;
mod p21;
mod p22;
mod p23;
mod p24;
mod p25;
mod p26;
mod p27;
mod p28;
mod p29;
mod p30;
mod p31;
mod p32;
mod p33;
mod psql;
pub(super) mod server;

/// In the order of their ids.
pub(super) const ALL: &[Lab] = &[
    Lab { id: "B02", run: b02::run },
    Lab { id: "B03", run: b03::run },
    Lab { id: "B11", run: b11::run },
    Lab { id: "B17", run: b17::run },
    Lab { id: "B18", run: b18::run },
    Lab { id: "P01", run: p01::run },
    Lab { id: "P02", run: p02::run },
    Lab { id: "P03", run: p03::run },
    Lab { id: "P04", run: p04::run },
    Lab { id: "P05", run: p05::run },
    Lab { id: "P06", run: p06::run },
    Lab { id: "P07", run: p07::run },
    Lab { id: "P08", run: p08::run },
    Lab { id: "P09", run: p09::run },
    Lab { id: "P10", run: p10::run },
    Lab { id: "P11", run: p11::run },
    Lab { id: "P12", run: p12::run },
    Lab { id: "P13", run: p13::run },
    Lab { id: "P14", run: p14::run },
    Lab { id: "P15", run: p15::run },
    Lab { id: "P16", run: p16::run },
    Lab { id: "P17", run: p17::run },
    Lab { id: "P18", run: p18::run },
    Lab { id: "P19", run: p19::run },
    Lab { id: "P21", run: p21::run },
    Lab { id: "P22", run: p22::run },
    Lab { id: "P23", run: p23::run },
    Lab { id: "P24", run: p24::run },
    Lab { id: "P25", run: p25::run },
    Lab { id: "P26", run: p26::run },
    Lab { id: "P27", run: p27::run },
    Lab { id: "P28", run: p28::run },
    Lab { id: "P29", run: p29::run },
    Lab { id: "P30", run: p30::run },
    Lab { id: "P31", run: p31::run },
    Lab { id: "P32", run: p32::run },
    Lab { id: "P33", run: p33::run },
];
