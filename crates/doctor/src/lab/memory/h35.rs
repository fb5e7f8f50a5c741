//! Several programs that never rest, bound to one processor.

use std::fs;

use super::h03::missing;
use crate::lab::cgroups::Program;
use crate::lab::{PATIENCE, PAUSE, Stage, Stop, failing};

/// The check looks at no shorter window.
const WINDOW_MS: u64 = 1_100;

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let count = stage.draw(5, 4);
    let spin = ["-c", "0", "bash", "-c", "while :; do :; done"];
    let programs: Result<Vec<_>, Stop> =
        (0..count).map(|_| Program::start("taskset", &spin)).collect();
    let programs = programs?;
    let pids: Vec<u32> = programs.iter().map(Program::pid).collect();
    let own = |records: &[crate::record::Record]| {
        let of = |pid: &u32| Some((*pid, failing(records, &format!(" pid {pid}"))?.clone()));
        pids.iter().find_map(of)
    };
    let (mut inner, mut outer) = (Vec::new(), Vec::new());
    let all = || pids.iter().map(|pid| waited_ms(*pid)).collect::<Result<Vec<_>, Stop>>();
    outer.extend(all()?);
    let found = stage.between(|| {
        inner.extend(all()?);
        wait(stage)?;
        let after = all()?;
        inner.iter_mut().zip(after).for_each(|(ms, after)| *ms = after.saturating_sub(*ms));
        Ok(())
    })?;
    let after = all()?;
    outer.iter_mut().zip(after).for_each(|(ms, after)| *ms = after.saturating_sub(*ms));
    let (pid, record) = own(&found)
        .ok_or_else(|| format!("{count} share a processor; the check says {found:?}"))?;
    let at = pids.iter().position(|it| *it == pid).unwrap_or(0);
    let told = record.observed.split(" waited ").nth(1);
    let told: Option<u64> = told.and_then(|rest| rest.split(' ').next()?.parse().ok());
    let bounds = inner.get(at).copied().zip(outer.get(at).copied());
    let is_so = told
        .zip(bounds)
        .is_some_and(|(told, (least, most))| (least.saturating_sub(1)..=most + 1).contains(&told));
    if !is_so {
        return Err(format!("it waited {bounds:?} ms; the check says {}", record.observed).into());
    }
    drop(programs);
    stage.until("they have ended", |records| own(records).is_none())?;
    let mended = stage.between(|| {
        wait_a_window(stage);
        Ok(())
    })?;
    match own(&mended) {
        None => Ok(record.observed),
        Some((_, record)) => Err(format!("they have ended; the check says {record:?}").into()),
    }
}

/// Milliseconds that the only thread of a process waited.
fn waited_ms(pid: u32) -> Result<u64, Stop> {
    let path = format!("/proc/{pid}/schedstat");
    let text = fs::read_to_string(&path).map_err(missing(&path))?;
    let waited = text.split_whitespace().nth(1).and_then(|it| it.parse::<u64>().ok());
    waited.map(|ns| ns / 1_000_000).ok_or_else(|| format!("{path} is {text}").into())
}

/// For a window, and until the machine tells that tasks wait.
fn wait(stage: &Stage<'_>) -> Result<(), Stop> {
    wait_a_window(stage);
    for _ in 0..PATIENCE.as_millis() / PAUSE.as_millis() {
        let path = "/proc/pressure/cpu";
        let text = fs::read_to_string(path).map_err(missing(path))?;
        let some = text.split(' ').find_map(|it| it.strip_prefix("avg10=")?.parse::<f64>().ok());
        if some.is_some_and(|percent| percent > 11.0) {
            return Ok(());
        }
        std::thread::sleep(PAUSE);
    }
    Err("tasks do not wait for a processor".into())
}

fn wait_a_window(stage: &Stage<'_>) {
    let began_ms = (stage.now)().up_ms;
    while (stage.now)().up_ms < began_ms + WINDOW_MS {
        std::thread::sleep(PAUSE);
    }
}
