//! A program in a small group that goes round twice as much memory, with a file as swap.

use std::fs;

use crate::lab::cgroups::{Group, MIB, Program};
use crate::lab::{Folder, PATIENCE, PAUSE, Stage, Stop, failing, run as program};

/// Pages after which the second look comes.
const PAGES: u64 = 2_000;

/// Of the last 10 s a task waits for memory, in percent: more than the check needs.
const WAITS: f64 = 6.0;

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let thrash = Thrash::start(stage, "h03", 1)?;
    let outer = swapped_in()?;
    let mut inner = 0;
    let found = stage.between(|| {
        let first = swapped_in()?;
        wait(first)?;
        inner = swapped_in()? - first;
        Ok(())
    })?;
    let outer = swapped_in()? - outer;
    let record = failing(&found, "host")
        .ok_or_else(|| format!("{inner} pages came back; the check says {found:?}"))?;
    let told = record.evidence.first().and_then(|it| it.value.split(' ').next()?.parse().ok());
    if !told.is_some_and(|told: u64| (inner..=outer).contains(&told)) {
        return Err(format!("{inner} to {outer} pages came back; it says {record:?}").into());
    }
    let seen = record.observed.clone();
    drop(thrash);
    let mended = stage.between(|| Ok(()))?;
    match failing(&mended, "host") {
        None => Ok(seen),
        Some(record) => Err(format!("it has ended; the check says {record:?}").into()),
    }
}

/// The program, its group and its swap. They go in this order.
#[derive(Debug)]
pub(super) struct Thrash {
    _programs: Vec<Program>,
    _group: Group,
    _swap: Swap,
}

impl Thrash {
    /// So many of it, each going round as much.
    pub(super) fn start(stage: &Stage<'_>, name: &str, programs: usize) -> Result<Self, Stop> {
        let limit = stage.draw(24, 16);
        let swap = Swap::new(name, limit * 3 * (programs as u64 + 1))?;
        let group = Group::with_memory(name, limit * MIB, true)?;
        let script = format!(
            "pages = bytearray({} * 1048576)\n\
             count, at = len(pages) // 4096, 0\n\
             while True:\n\
             \x20   pages[at * 4096] = at % 251\n\
             \x20   at = (at + 7919) % count\n",
            limit * 2
        );
        let started: Result<Vec<_>, Stop> =
            (0..programs).map(|_| Program::python(Some(&group), &script)).collect();
        Ok(Self { _programs: started?, _group: group, _swap: swap })
    }
}

/// Until many more pages than at first have come back, and tasks wait for them.
pub(super) fn wait(first: u64) -> Result<(), Stop> {
    for _ in 0..PATIENCE.as_millis() / PAUSE.as_millis() {
        if swapped_in()? > first + PAGES && waits("avg10=")? > WAITS {
            return Ok(());
        }
        std::thread::sleep(PAUSE);
    }
    Err("tasks do not wait for swap".into())
}

/// `pswpin` of the machine.
pub(super) fn swapped_in() -> Result<u64, Stop> {
    let text = fs::read_to_string("/proc/vmstat").map_err(|error| format!("vmstat: {error}"))?;
    let pages = text.lines().find_map(|line| line.strip_prefix("pswpin ")?.parse().ok());
    pages.ok_or_else(|| "/proc/vmstat has no pswpin".into())
}

/// Percent of the time that a task waited for memory, by the name of the average.
pub(super) fn waits(name: &str) -> Result<f64, Stop> {
    let path = "/proc/pressure/memory";
    let text = fs::read_to_string(path).map_err(missing(path))?;
    let some = text.lines().find_map(|line| line.strip_prefix("some "));
    let value =
        some.and_then(|line| line.split(' ').find_map(|it| it.strip_prefix(name)?.parse().ok()));
    value.ok_or_else(|| format!("{path} has no {name}").into())
}

/// That it cannot be read means that this kernel does not keep it.
pub(super) fn missing(path: &str) -> impl Fn(std::io::Error) -> Stop {
    move |error| Stop::Missing(format!("{path}: {error}"))
}

/// A file as swap, which goes with it.
#[derive(Debug)]
struct Swap(Folder);

impl Swap {
    fn new(name: &str, mib: u64) -> Result<Self, Stop> {
        let own = Self(Folder::new(&format!("{name}-swap"))?);
        let file = own.file();
        let count = format!("count={mib}");
        program("dd", &["if=/dev/zero", &format!("of={file}"), "bs=1M", &count, "status=none"])?;
        program("chmod", &["600", &file])?;
        program("mkswap", &[&file])?;
        program("swapon", &[&file])?;
        Ok(own)
    }

    fn file(&self) -> String {
        self.0.path().join("swap").display().to_string()
    }
}

impl Drop for Swap {
    fn drop(&mut self) {
        // What is left of it goes with the next `lab --clean`.
        let _left = program("swapoff", &[&self.file()]);
    }
}
