//! Frames read back, in order, along the segments of a log.
//!
//! Knows nothing of what is appended meanwhile: it reads up to the end that it was given.
//!
//! Invariant: a frame is given out only if it is sound, its records decode and it follows the one
//! before it; the first that is not ends the reading with an error, unless it was asked to go on behind that.

use base::{Sequence, StoreTime};

use crate::chain::Chain;
use crate::error::Error;
use crate::frame::{Frame, Invalid, SECTOR_BYTES};
use crate::segment::{SegmentFile, Unread};

/// A segment and where in it the frames end.
pub(crate) struct Stretch {
    pub(crate) segment: SegmentFile,
    pub(crate) end: u64,
    /// Whether the frames may end before `end`, at the first place that is none.
    pub(crate) open_ended: bool,
    /// The last commit that may be in it.
    pub(crate) last: Sequence,
}

/// Gives the frames of some stretches of log.
pub(crate) struct Reader {
    stretches: std::vec::IntoIter<Stretch>,
    current: Option<Stretch>,
    chain: Option<Chain>,
    store: u64,
    from: Sequence,
    through: Sequence,
    /// Whether it goes on behind what is damaged, once it has told of that.
    goes_on: bool,
}

impl Reader {
    /// Reads the frames of `stretches` that reach `from`; `through` is the last commit that has to be
    /// among them.
    pub(crate) fn new(
        stretches: Vec<Stretch>,
        store: u64,
        from: Sequence,
        through: Sequence,
    ) -> Self {
        let stretches = stretches.into_iter();
        Self { stretches, current: None, chain: None, store, from, through, goes_on: false }
    }

    /// The same, which goes on with the next sound frame behind each error of damage.
    pub(crate) fn going_on(self) -> Self {
        Self { goes_on: true, ..self }
    }

    /// The next frame that reaches `from`, or `None` at the end.
    fn advance(&mut self) -> Result<Option<Frame>, Error> {
        loop {
            let at_end = match (&self.current, &self.chain) {
                (Some(stretch), Some(chain)) => chain.offset() >= stretch.end,
                _ => true,
            };
            if at_end {
                let Some(stretch) = self.stretches.next() else { return Ok(None) };
                let number = stretch.segment.number;
                self.chain.get_or_insert(Chain::new(self.store, number)).enter(number);
                self.current = Some(stretch);
                continue;
            }
            if let Some(frame) = self.step()? {
                return Ok(Some(frame));
            }
        }
    }

    /// Passes one frame; gives it out if it reaches `from`.
    fn step(&mut self) -> Result<Option<Frame>, Error> {
        let (Some(stretch), Some(chain)) = (&mut self.current, &mut self.chain) else {
            return Ok(None);
        };
        let offset = chain.offset();
        let frame = stretch.segment.frame(offset, stretch.end).and_then(|mut frame| {
            if frame.last() < self.from {
                chain.follow(frame.header())?;
                return Ok(None);
            }
            accept(chain, &frame)?;
            frame.leave_out_below(self.from);
            Ok(Some(frame))
        });
        let invalid = match frame {
            Ok(frame) => return Ok(frame),
            Err(Unread::Medium(error)) => return Err(error),
            Err(Unread::Invalid(invalid)) => invalid,
        };
        let next = chain.after().map_or(self.from, |after| after.next);
        if stretch.open_ended && next > self.through {
            stretch.end = offset;
            return Ok(None);
        }
        let mut last = self.through;
        if self.goes_on {
            let resume = sound_behind(stretch, self.store, offset, next)?;
            last = resume.as_ref().map_or(stretch.last, |frame| before(frame.header().first));
            chain.resume(resume.map_or(stretch.end, |frame| frame.offset()));
        }
        Err(corrupt(&stretch.segment, offset, next, last, invalid))
    }
}

const fn before(sequence: Sequence) -> Sequence {
    Sequence(sequence.0.saturating_sub(1))
}

/// The next sound frame of a stretch behind a bad place, whose commits are not before `next`.
fn sound_behind(
    stretch: &Stretch,
    store: u64,
    offset: u64,
    next: Sequence,
) -> Result<Option<Frame>, Error> {
    let mut at = offset + SECTOR_BYTES as u64;
    while at < stretch.end {
        if let Some(frame) = stretch.segment.sound(store, at)?
            && frame.header().first >= next
        {
            return Ok(Some(frame));
        }
        at += SECTOR_BYTES as u64;
    }
    Ok(None)
}

impl Iterator for Reader {
    type Item = Result<Frame, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.advance();
        let ends = |error: &Error| !(self.goes_on && matches!(error, Error::Corrupt { .. }));
        if next.as_ref().is_err_and(ends) {
            self.current = None;
            self.stretches = Vec::new().into_iter();
        }
        next.transpose()
    }
}

/// Accepts a sound frame as the next of a chain, and checks its records. Returns the latest time in
/// it.
pub(crate) fn accept(chain: &mut Chain, frame: &Frame) -> Result<StoreTime, Invalid> {
    let latest = frame.check_records()?;
    chain.follow(frame.header())?;
    Ok(latest)
}

/// The error for a place where no frame of the log could be read.
pub(crate) fn corrupt(
    segment: &SegmentFile,
    offset: u64,
    first: Sequence,
    last: Sequence,
    invalid: Invalid,
) -> Error {
    let file = segment.name();
    match invalid {
        Invalid::Format(found) => Error::Newer { file, offset, found },
        invalid => Error::Corrupt { file, offset, first, last, reason: invalid.to_string() },
    }
}
