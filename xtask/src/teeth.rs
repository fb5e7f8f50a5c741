//! `cargo x test teeth`: whether the checkers of the simulation find bugs that are planted for them.

use anyhow::Result;

use crate::run::{cargo, must};

/// Plants every bug of `sim/teeth.toml`; an error if one is not found within its seeds.
pub(crate) fn run() -> Result<()> {
    must(&mut cargo(["run", "--quiet", "--package", "groundsill-sim", "--", "--teeth"]))
}
