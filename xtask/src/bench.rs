//! `cargo x bench`: the built binary against its rivals.

use anyhow::Result;

use crate::run::{cargo, must};
use crate::test::build_binary;

/// Measure the built binary, where there is a rival pair by pair with it on the same disk.
///
/// `cargo x bench redis`, `exec`, `memory`, `recovery`, `cold`, `compaction` and `doctor`; each explains itself with
/// --help, and docs/benchmarks.md says what it measures. Results are for reading, not for passing: nothing
/// is asserted of a time.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The benchmark, and its options
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        required = true,
        value_name = "NAME"
    )]
    benchmark: Vec<String>,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    build_binary()?;
    let arguments = ["run", "--quiet", "--release", "--package", "groundsill-bench", "--"];
    must(cargo(arguments).args(&args.benchmark))
}
