//! Every scenario, over a few seeds. `cargo x sim` runs more of them, and replays one.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
#![expect(clippy::print_stdout, reason = "what happened is shown by the stage of crashes")]

use groundsill_sim::scenario;

/// Seeds of each scenario: enough for everything to happen that must.
const SEEDS: u64 = 12;

#[track_caller]
fn holds(number: u32) {
    let scenario = scenario::ALL.iter().find(|scenario| scenario.number == number).unwrap();
    let report = scenario.report(1..=SEEDS).unwrap();
    let broken = report.broken.map(|(seed, found)| format!("{found}\n{}", scenario.replay(seed)));
    assert!(broken.is_none(), "{}", broken.unwrap_or_default());
    let counts = report.counts;
    assert!(report.missing.is_empty(), "never happened: {:?}\n{counts}", report.missing);
    println!("scenario {number}, {SEEDS} seeds\n{counts}");
    assert!(counts.of("operations") >= 1000, "too few operations\n{counts}");
    assert!(counts.of("acknowledged") >= 100, "too few that were acknowledged\n{counts}");
}

#[test]
fn scenario_01_killed_at_every_step_of_a_commit() {
    holds(1);
}

#[test]
fn scenario_02_the_power_is_cut_under_load() {
    holds(2);
}

#[test]
fn scenario_03_a_page_is_torn_out_of_a_frame() {
    holds(3);
}

#[test]
fn scenario_04_bits_flip_and_pages_are_zeroed_in_the_log() {
    holds(4);
}

#[test]
fn scenario_06_a_sync_fails_once() {
    holds(6);
}

#[test]
fn scenario_07_the_disk_is_full() {
    holds(7);
}

#[test]
fn scenario_08_killed_in_recovery() {
    holds(8);
}

#[test]
fn scenario_09_nothing_comes_back_from_the_dead() {
    holds(9);
}

#[test]
fn scenario_11_write_skew_phantoms_and_lost_updates() {
    holds(11);
}

#[test]
fn scenario_13_walks_and_ranges() {
    holds(13);
}

#[test]
fn scenario_15_the_wall_clock_jumps() {
    holds(15);
}

#[test]
fn scenario_23_everything_over_tables_in_real_files() {
    holds(23);
}

#[test]
fn every_scenario_has_its_test() {
    let numbers: Vec<u32> = scenario::ALL.iter().map(|scenario| scenario.number).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 6, 7, 8, 9, 11, 13, 15, 23]);
}

#[test]
fn a_seed_run_twice_is_the_same_history() {
    for scenario in scenario::ALL {
        let digest = |seed| scenario::run(&scenario.setup, seed, &[], false).unwrap().digest;
        let first = digest(7);
        assert_eq!(first, digest(7), "{scenario}: one seed, two histories");
        assert_ne!(first.hash, digest(8).hash, "{scenario}: two seeds, one history");
        assert!(first.events >= 10_000, "{scenario}: only {} events", first.events);
    }
}
