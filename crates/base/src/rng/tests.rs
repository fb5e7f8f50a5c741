use super::*;

#[test]
fn the_numbers_are_those_of_the_published_generator() {
    let mut rng = SplitMix64::new(1_234_567);
    let drawn = [rng.draw(), rng.draw(), rng.draw()];
    assert_eq!(
        drawn,
        [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]
    );
}

#[test]
fn every_number_below_a_bound_comes_and_none_at_or_above_it() {
    let mut rng = SplitMix64::new(7);
    let mut seen = [0u32; 6];
    for _ in 0..6_000 {
        seen[usize::try_from(rng.below(6)).unwrap()] += 1;
    }
    assert!(seen.iter().all(|&count| (800..1_200).contains(&count)), "{seen:?}");
    assert_eq!(rng.below(0), 0);
}
