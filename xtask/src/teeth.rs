//! Whether what checks us finds bugs that are planted for it: the checkers of the simulation, and the tests of the doctor.

use anyhow::Result;

use crate::planted;
use crate::run::{cargo, must};

/// Plants every bug of `sim/teeth.toml`, and every bug of `crates/doctor/planted.tsv`; an error if one is not found.
pub(crate) fn run() -> Result<()> {
    must(&mut cargo(["run", "--quiet", "--package", "groundsill-sim", "--", "--teeth"]))?;
    planted::run()
}
