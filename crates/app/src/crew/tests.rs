use std::sync::atomic::AtomicUsize;

use super::*;

/// What a worker does when it is stepped.
type Step = Box<dyn FnMut(Monotonic) -> Next + Send>;

struct Scripted {
    step: Step,
    signal: Option<Arc<Signal>>,
    is_vital: bool,
}

impl Worker for Scripted {
    fn name(&self) -> &'static str {
        "scripted"
    }

    fn step(&mut self, now: Monotonic) -> Next {
        (self.step)(now)
    }

    fn signal(&self) -> Option<Arc<Signal>> {
        self.signal.clone()
    }

    fn is_vital(&self) -> bool {
        self.is_vital
    }
}

fn scripted(
    signal: Option<&Arc<Signal>>,
    step: impl FnMut(Monotonic) -> Next + Send + 'static,
) -> Box<dyn Worker> {
    Box::new(Scripted { step: Box::new(step), signal: signal.cloned(), is_vital: true })
}

fn crew() -> Crew {
    Crew::new(|reason| panic!("{reason}"))
}

/// Waits until `condition` holds.
fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = MachineClock.monotonic() + Duration::from_secs(30);
    while !condition() {
        assert!(MachineClock.monotonic() < deadline, "waited in vain: {what}");
        std::thread::yield_now();
    }
}

/// Stops a crew, and fails if that takes too long.
fn stop(crew: Crew) {
    let stopping = Builder::new().spawn(move || crew.stop()).unwrap();
    until("the end of the crew", || stopping.is_finished());
    stopping.join().unwrap();
}

const FAR: Duration = Duration::from_hours(1);

#[test]
fn no_work_is_lost_in_100_000_raises() {
    const ITEMS: usize = 100_000;
    let signal = Arc::new(Signal::default());
    let (queued, done) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    // Two workers beside each other on two threads, as the log's: each is to see every raise, and none
    // names a time that would help out.
    let worker = |seen: &Arc<AtomicUsize>| {
        let (queued, seen) = (Arc::clone(&queued), Arc::clone(seen));
        scripted(Some(&signal), move |now| {
            let found = queued.load(Ordering::SeqCst);
            // So that the other thread is often woken in the middle of a step.
            std::thread::yield_now();
            seen.store(found, Ordering::SeqCst);
            Next::At(now + FAR)
        })
    };
    let other = Arc::new(AtomicUsize::new(0));
    let mut crew = crew();
    crew.add(vec![worker(&done), worker(&other)], 2).unwrap();
    for item in 1..=ITEMS {
        queued.store(item, Ordering::SeqCst);
        signal.raise();
        // Sometimes one waits for what was asked, sometimes the raises run ahead.
        if item % 3 == 0 || item == ITEMS {
            until("the item", || {
                done.load(Ordering::SeqCst) == item && other.load(Ordering::SeqCst) == item
            });
        }
    }
    stop(crew);
}

#[test]
fn a_worker_is_not_stepped_before_the_time_it_named() {
    let (steps, others) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (counted, other) = (Arc::clone(&steps), Arc::clone(&others));
    let patient = scripted(None, move |now| {
        counted.fetch_add(1, Ordering::SeqCst);
        Next::At(now + FAR)
    });
    // One that is stepped often in the same crew does not pull it along.
    let busy = scripted(None, move |now| {
        other.fetch_add(1, Ordering::SeqCst);
        Next::At(now + Duration::from_millis(1))
    });
    let mut crew = crew();
    crew.add(vec![patient, busy], 1).unwrap();
    until("300 ms of the other", || others.load(Ordering::SeqCst) >= 300);
    stop(crew);
    assert_eq!(steps.load(Ordering::SeqCst), 1);
}

#[test]
fn a_crew_whose_workers_wait_for_long_stops_at_once() {
    let signal = Arc::new(Signal::default());
    let mut crew = crew();
    let idle = |signal| scripted(signal, |now| Next::At(now + FAR));
    crew.add(vec![idle(Some(&signal)), idle(None)], 2).unwrap();
    crew.add(vec![idle(None)], 1).unwrap();
    stop(crew);
}

#[test]
fn while_one_thread_is_long_in_a_step_the_other_keeps_the_times_of_the_rest() {
    let (release, steps) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let (released, counted) = (Arc::clone(&release), Arc::clone(&steps));
    let slow = scripted(None, move |now| {
        until("the end of the slow step", || released.load(Ordering::SeqCst));
        Next::At(now + FAR)
    });
    let quick = scripted(None, move |now| {
        counted.fetch_add(1, Ordering::SeqCst);
        Next::At(now + Duration::from_millis(5))
    });
    let mut crew = crew();
    crew.add(vec![slow, quick], 2).unwrap();
    until("steps beside the slow one", || steps.load(Ordering::SeqCst) >= 5);
    release.store(true, Ordering::SeqCst);
    stop(crew);
}

#[test]
fn a_panic_stops_the_store_only_if_the_store_rests_on_the_worker() {
    for is_vital in [true, false] {
        let (failures, steps) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (failed, counted) = (Arc::clone(&failures), Arc::clone(&steps));
        let signal = Arc::new(Signal::default());
        let step: Step = Box::new(move |now| {
            assert!(counted.fetch_add(1, Ordering::SeqCst) > 0, "the first step fails");
            Next::At(now + FAR)
        });
        let worker = Box::new(Scripted { step, signal: Some(Arc::clone(&signal)), is_vital });
        let mut crew = Crew::new(move |reason| {
            assert!(reason.contains("`scripted`"), "{reason}");
            failed.fetch_add(1, Ordering::SeqCst);
        });
        crew.add(vec![worker], 1).unwrap();
        until("the first step", || steps.load(Ordering::SeqCst) == 1);
        signal.raise();
        until("a step after the panic", || steps.load(Ordering::SeqCst) == 2);
        stop(crew);
        assert_eq!(failures.load(Ordering::SeqCst), usize::from(is_vital));
    }
}
