//! `cargo x redis-suite`: Redis's own tests of the commands that are there.

use anyhow::Result;

use crate::run::{must, program};
use crate::test::build_binary;

/// Run the families of Redis 7.0's own test suite that the binary has.
///
/// Takes the suite from Debian's source package into `target/redis-suite`, so it needs Debian, root and
/// tclsh. What fails has to stand in `blackbox/redis_suite/exceptions.txt` with a reason, and what stands there
/// has to fail.
#[derive(clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(_args: &Args) -> Result<()> {
    build_binary()?;
    must(&mut program("python3", ["blackbox/redis_suite/run.py"]))
}
