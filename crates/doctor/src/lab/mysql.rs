//! MySQL and MariaDB.

use super::Lab;

mod b09;
mod client;
mod m01;
mod m02;
mod m03;
mod m04;
mod m05;
mod m06;
mod m07;
mod m08;
mod m09;
mod m10;
mod m11;
mod m12;
mod m13;
mod m14;
mod m15;
mod m16;
mod m17;
mod m18;
mod pair;
mod server;

/// In the order of their ids.
pub(super) const ALL: &[Lab] = &[
    Lab { id: "B09", run: b09::run },
    Lab { id: "M01", run: m01::run },
    Lab { id: "M02", run: m02::run },
    Lab { id: "M03", run: m03::run },
    Lab { id: "M04", run: m04::run },
    Lab { id: "M05", run: m05::run },
    Lab { id: "M06", run: m06::run },
    Lab { id: "M07", run: m07::run },
    Lab { id: "M08", run: m08::run },
    Lab { id: "M09", run: m09::run },
    Lab { id: "M10", run: m10::run },
    Lab { id: "M11", run: m11::run },
    Lab { id: "M12", run: m12::run },
    Lab { id: "M13", run: m13::run },
    Lab { id: "M14", run: m14::run },
    Lab { id: "M15", run: m15::run },
    Lab { id: "M16", run: m16::run },
    Lab { id: "M17", run: m17::run },
    Lab { id: "M18", run: m18::run },
];
