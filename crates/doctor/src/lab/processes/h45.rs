//! A copy of a program that runs while another file takes its place.

use std::process::{Child, Command};

use crate::lab::{self, Folder, Stage, Stop, failed, failing};

pub(super) fn run(stage: &Stage<'_>) -> Result<String, Stop> {
    let folder = Folder::new("h45")?;
    let path = folder.path().join("program");
    let text = path.to_string_lossy().into_owned();
    let place = || -> Result<(), Stop> {
        let new = folder.path().join("new");
        lab::run("cp", &["/bin/sleep", &new.to_string_lossy()])?;
        std::fs::rename(&new, &path).map_err(failed("put it in its place"))
    };
    place()?;
    let count = stage.draw(1, 4);
    let mut running = Running(Vec::new());
    for _ in 0..count {
        running.start(&text)?;
    }
    let target = format!(" {text}");
    stage.until("it runs what is there", |records| failing(records, &target).is_none())?;
    place()?;
    let found = stage.until("it was replaced", |records| {
        let wanted = format!("in {count} processes");
        failing(records, &target)
            .is_some_and(|it| it.evidence.iter().any(|it| it.value.ends_with(&wanted)))
    })?;
    let record = failing(&found, &target).ok_or("it is gone again")?;
    // The link of the program itself says the same.
    for child in &running.0 {
        let link = std::fs::read_link(format!("/proc/{}/exe", child.id()));
        let link = link.map_err(failed("read what runs"))?;
        if !link.to_string_lossy().ends_with(" (deleted)") {
            return Err(
                format!("the check says {}, and {} runs", record.observed, link.display()).into()
            );
        }
    }
    let seen = record.observed.clone();
    drop(running);
    let mut again = Running(Vec::new());
    again.start(&text)?;
    stage.until("what is there runs", |records| failing(records, &target).is_none())?;
    Ok(seen)
}

/// Programs, which end with it.
struct Running(Vec<Child>);

impl Running {
    fn start(&mut self, path: &str) -> Result<(), Stop> {
        self.0.push(Command::new(path).arg("60").spawn().map_err(failed("run it"))?);
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        for child in &mut self.0 {
            let _gone = child.kill();
            let _ended = child.wait();
        }
    }
}
