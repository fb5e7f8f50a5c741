//! Frames of the log with a page of zeros in them, as a power cut leaves them: one that nobody was
//! told of is dropped with all that follows it, one that somebody was told of is refused.

use base::{Kind, Sequence};
use log::frame::Header;
use log::medium::SimulatedMedium;

use super::World;
use super::crash::sound;
use crate::book::End;
use crate::ground::Ground;
use crate::violation::{Checker, Violation};

/// The pages of the medium.
const PAGE_BYTES: u64 = 4096;

/// Frames that are torn at a time.
const FRAMES_MAX: usize = 3;

/// A frame with commits, and where it is.
#[derive(Clone, Debug)]
struct Place {
    segment: String,
    offset: u64,
    header: Header,
}

impl Place {
    /// The parts of it that lie in one page each.
    fn pages(&self) -> Vec<(u64, u64)> {
        let end = self.offset + self.header.span();
        let pages = self.offset / PAGE_BYTES..end.div_ceil(PAGE_BYTES);
        let part = |page: u64| {
            let from = (page * PAGE_BYTES).max(self.offset);
            (from, ((page + 1) * PAGE_BYTES).min(end) - from)
        };
        pages.map(part).collect()
    }
}

/// The frames with commits of an open whose first commit was to be `next`, in order. Among those of
/// earlier opens are tails that were dropped and still stand there.
fn frames(medium: &SimulatedMedium, next: Sequence) -> Vec<Place> {
    let names = log::Medium::list(medium).unwrap_or_default();
    let mut found = Vec::new();
    for segment in names.into_iter().filter(|name| name.ends_with("seg")) {
        let bytes = medium.bytes(&segment).unwrap_or_default();
        let frames = sound(&bytes).filter(|(_, it)| it.has_commits() && it.first >= next);
        found.extend(frames.map(|(offset, header)| Place {
            segment: segment.clone(),
            offset,
            header,
        }));
    }
    found.sort_by_key(|place| place.header.first);
    found
}

impl World {
    /// What is left, with one part of a frame zeroed.
    fn torn(&self, place: &Place, (from, len): (u64, u64)) -> Ground {
        let copy = self.ground.after(self.ground.medium.kill());
        copy.medium.zero(&place.segment, from, len);
        copy
    }

    /// Tears each page of frames that nobody was told to be durable, each on a copy, and goes on with
    /// one of them.
    pub(super) fn tear(&mut self) -> Result<(), Violation> {
        let Some(running) = &self.running else { return Ok(()) };
        let (durable, (before, next)) = (running.marks.durable, running.marks.opened);
        let all = frames(&self.ground.medium, next);
        let mut torn = all.iter().filter(|place| place.header.first > durable);
        let torn: Vec<Place> = torn.by_ref().take(FRAMES_MAX).cloned().collect();
        for place in &torn {
            let first = place.header.first;
            let behind = all.iter().any(|other| other.header.first > first);
            let expected = if first == next { before } else { Sequence(first.0 - 1) };
            let pages = place.pages();
            for (at, page) in pages.iter().enumerate() {
                let what = || format!("with bytes {page:?} of {place:?} zeroed");
                let opened = match self.open_copy(&self.torn(place, *page)) {
                    Ok(opened) => opened,
                    Err(shut) => {
                        return self.book.check(Checker::Opens, false, || {
                            format!("{} it does not open: {shut:?}", what())
                        });
                    }
                };
                let kept = opened.recovered.last;
                self.book.check(Checker::Recovered, kept == expected, || {
                    format!("{} the log ends at {kept}, not at {expected}", what())
                })?;
                self.tally.count("torn frames dropped");
                self.tally.add("torn frames with good ones behind", u64::from(behind));
                let inside = at + 1 < pages.len();
                self.tally.add("torn frames whose end is intact", u64::from(inside));
            }
        }
        let drawn = usize::try_from(self.rng.below(torn.len().max(1) as u64)).unwrap_or(0);
        let Some(place) = torn.get(drawn) else { return Ok(()) };
        let pages = place.pages();
        let drawn = usize::try_from(self.rng.below(pages.len() as u64)).unwrap_or(0);
        let Some(page) = pages.get(drawn) else { return Ok(()) };
        let left = self.torn(place, *page).medium;
        self.crash(End::PowerCut, left)
    }

    /// Tears each page of frames that everybody knows to be durable and that a replay needs, each on
    /// a copy: none opens.
    pub(super) fn tear_acknowledged(&mut self) -> Result<(), Violation> {
        self.rest()?;
        let Some(running) = &self.running else { return Ok(()) };
        let (durable, (_, next)) = (running.marks.durable, running.marks.opened);
        if self.is_failing() {
            return Ok(());
        }
        let mut all = frames(&self.ground.medium, next);
        let applied = self.ground.after(self.ground.medium.kill()).applied();
        all.retain(|place| place.header.last <= durable && place.header.last > applied);
        for place in all.iter().rev().take(FRAMES_MAX) {
            for page in place.pages() {
                let shut = self.open_copy(&self.torn(place, page)).err();
                let loud = shut.as_ref().is_some_and(|shut| {
                    shut.kind == Kind::Corrupt && shut.what.contains(&place.segment)
                });
                self.book.check(Checker::Opens, loud, || {
                    format!("with bytes {page:?} of {place:?}, which is durable, zeroed: {shut:?}")
                })?;
                self.tally.count("torn frames refused");
            }
        }
        Ok(())
    }
}
