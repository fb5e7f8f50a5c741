//! What `sim/teeth.toml` lists can be planted. That each bug is found, `cargo x test teeth` sees to.

use groundsill_sim::{scenario, teeth};

#[test]
fn every_tooth_is_planted_in_a_scenario_that_there_is() {
    let teeth = teeth::all().unwrap();
    let numbers: Vec<u32> = scenario::ALL.iter().map(|scenario| scenario.number).collect();
    for tooth in &teeth {
        assert!(numbers.contains(&tooth.scenario), "{tooth:?}");
        assert!(!tooth.checkers.is_empty(), "{tooth:?}");
        let same = teeth
            .iter()
            .filter(|other| (other.bug, other.scenario) == (tooth.bug, tooth.scenario))
            .count();
        assert_eq!(same, 1, "{tooth:?} is listed twice");
    }
    assert!(teeth.len() >= 20, "only {} are listed", teeth.len());
}

#[test]
fn every_scenario_has_a_tooth() {
    let teeth = teeth::all().unwrap();
    for scenario in scenario::ALL {
        assert!(teeth.iter().any(|tooth| tooth.scenario == scenario.number), "{scenario}");
    }
}

#[test]
fn a_sound_store_is_not_bitten() {
    let sound = scenario::run(&scenario::ALL[1].setup, 3, &[], false).unwrap();
    assert!(sound.violation.is_none(), "{:?}", sound.violation);
}
