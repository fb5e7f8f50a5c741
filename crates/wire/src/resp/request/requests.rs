//! Requests of a pipeline, side by side.

use std::ops::Range;

use super::{Args, Form, Parser, SPANS_KEPT, Span, State};

/// Consecutive requests of one buffer, of the form that client libraries send. They stay valid until the
/// buffer is touched.
#[derive(Debug, Default)]
pub struct Requests {
    spans: Vec<Span>,
    found: Vec<Found>,
}

#[derive(Debug)]
struct Found {
    bytes: Range<usize>,
    spans: Range<usize>,
}

impl Requests {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.found.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Forgets them, and keeps the memory that small ones need.
    pub fn clear(&mut self) {
        self.spans.clear();
        self.spans.shrink_to(SPANS_KEPT);
        self.found.clear();
    }

    /// The request at `index`, in the buffer that it was found in.
    pub fn get<'a>(&'a self, buf: &'a [u8], index: usize) -> Option<Args<'a>> {
        let found = self.found.get(index)?;
        let bytes = buf.get(found.bytes.clone())?;
        Some(Args { bytes, spans: self.spans.get(found.spans.clone())? })
    }

    /// Where the request at `index` begins: for [`Parser::rewind`].
    pub fn start(&self, index: usize) -> Option<usize> {
        self.found.get(index).map(|found| found.bytes.start)
    }
}

impl Parser {
    /// Adds the next request of `buf` to `requests`; false if it is not there in full, is malformed, or is
    /// an inline one: [`Parser::next`] tells which.
    pub fn next_into(&mut self, buf: &[u8], requests: &mut Requests) -> bool {
        match self.advance(buf) {
            Ok(Some(Form::Multibulk)) => {
                let start = requests.spans.len();
                requests.spans.extend_from_slice(&self.spans);
                let (bytes, spans) = (self.begin..self.at, start..requests.spans.len());
                requests.found.push(Found { bytes, spans });
                true
            }
            Ok(Some(Form::Inline)) => {
                // Its arguments lie in the parser, where the next request would take their place.
                self.rewind(self.begin);
                false
            }
            Ok(None) => false,
            Err(error) => {
                self.state = State::Failed(error);
                false
            }
        }
    }
}
