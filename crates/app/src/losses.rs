//! What a repair leaves out, by the names that clients know: a few of them for whoever reads along, all of them
//! in a file.
//!
//! Only what can still be read is told of: commits that stand in sound frames, behind others that do not.

use std::fs::OpenOptions;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use anyhow::{Context, Result, bail};
use log::Salvage;

use crate::copy::say_line;
use crate::dump::{Teller, Told};

/// Names that are told at once.
const SHOWN: usize = 20;

/// The first rows that lost commits change.
#[derive(Default)]
struct Losses {
    /// What they are called, each once, in the order in which they come.
    shown: Vec<String>,
    /// Changes of rows that are not among them.
    others: u64,
}

impl Losses {
    fn note(&mut self, told: &Told<'_>) {
        let name = &told.row.text;
        if self.shown.contains(name) {
            return;
        }
        if self.shown.len() < SHOWN {
            self.shown.push(name.clone());
        } else {
            self.others += 1;
        }
    }
}

/// Refuses a file of losses that stands in the damaged directory, of which no byte is changed.
pub(crate) fn check(file: &Path, source: &Path) -> Result<()> {
    let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty());
    let parent = parent.unwrap_or(Path::new("."));
    let real =
        |path: &Path| path.canonicalize().with_context(|| format!("find {}", path.display()));
    if real(parent)?.starts_with(real(source)?) {
        bail!("{} is within {}: name a file elsewhere", file.display(), source.display());
    }
    Ok(())
}

/// Tells what the lost commits that can be read have changed; all of it into `file`, as `log dump` does.
pub(crate) fn tell(
    salvage: &Salvage,
    hash_key: &[u8; 16],
    file: Option<&Path>,
    say: &mut dyn Write,
) -> Result<()> {
    let mut out = file.map(create).transpose()?;
    let (mut losses, mut teller, mut outcome) = (Losses::default(), Teller::new(hash_key), Ok(()));
    // What is not lost gives names to what is.
    let seen = salvage.each_sound(&mut |frame, is_lost| {
        let told = teller.frame(frame, &mut |told| {
            if !is_lost || told.row.is_internal {
                return Ok(());
            }
            losses.note(told);
            out.as_mut().map_or(Ok(()), |out| Ok(writeln!(out, "{told}")?))
        });
        if outcome.is_ok() {
            outcome = told;
        }
    });
    seen.context("read the log")?;
    outcome.context("tell what is lost")?;
    if let (Some(mut out), Some(file)) = (out, file) {
        let synced = out.flush().and_then(|()| out.get_ref().sync_all());
        synced.with_context(|| format!("write {}", file.display()))?;
    }
    let Losses { shown, others } = losses;
    if !shown.is_empty() {
        say_line(say, "        those that can be read change:")?;
    }
    for name in shown {
        say_line(say, &format!("          {name}"))?;
    }
    match (others, file) {
        (_, Some(file)) => {
            say_line(say, &format!("        all that can be read of it is in {}", file.display()))
        }
        (0, None) => Ok(()),
        (_, None) => {
            let more =
                format!("          and {others} changes of others: --losses FILE writes all");
            say_line(say, &more)
        }
    }
}

fn create(file: &Path) -> Result<BufWriter<std::fs::File>> {
    let mut options = OpenOptions::new();
    match options.write(true).create_new(true).open(file) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            bail!(
                "{} is there already: name another file for --losses, or move it away",
                file.display()
            )
        }
        made => made.map(BufWriter::new).with_context(|| format!("make {}", file.display())),
    }
}
