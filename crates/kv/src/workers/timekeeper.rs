//! Pulls store time towards the wall clock, and tells when they are far apart.

use std::sync::Arc;
use std::time::Duration;

use base::{Event, Monotonic};

use crate::clock::{Reading, SKEW_TOLD_MS};
use crate::shard::Shard;
use crate::signal::Signal;
use crate::worker::{Next, Worker};

/// How often the clocks are compared: as often as a correction may count, so that store time can move by a hundredth.
const INTERVAL: Duration = Duration::from_millis(100);

/// See the module's description.
#[derive(Debug)]
pub(crate) struct Timekeeper {
    shard: Arc<Shard>,
    told: bool,
}

impl Timekeeper {
    pub(crate) const fn new(shard: Arc<Shard>) -> Self {
        Self { shard, told: false }
    }
}

impl Worker for Timekeeper {
    fn name(&self) -> &'static str {
        "timekeeper"
    }

    fn step(&mut self, now: Monotonic) -> Next {
        let shard = &*self.shard;
        let skew_ms = shard.clock.correct(Reading::of(&*shard.machine));
        let far = skew_ms.abs() > SKEW_TOLD_MS;
        if far && !self.told {
            shard.observer.event(&Event::ClockStep { skew_ms });
        }
        self.told = far;
        Next::At(now + INTERVAL)
    }

    fn signal(&self) -> Option<Arc<Signal>> {
        None
    }

    fn is_vital(&self) -> bool {
        false
    }
}
