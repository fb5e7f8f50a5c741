use base::rng::SplitMix64;

use super::Draw;

#[test]
fn a_draw_takes_as_many_as_wanted_and_each_row_as_often() {
    const WANTED: u64 = 5;
    const DRAWS: u64 = 20_000;
    let mut taken = [0_u64; 20];
    for seed in 0..DRAWS {
        let rng = SplitMix64::new(seed);
        let mut draw = Draw { wanted: WANTED, left: 20, with_values: false, rng };
        let before: u64 = taken.iter().sum();
        for count in &mut taken {
            *count += u64::from(draw.takes_next());
        }
        assert_eq!(taken.iter().sum::<u64>() - before, WANTED);
    }
    // Four standard deviations of a count whose mean is a quarter of the draws.
    for (row, count) in taken.into_iter().enumerate() {
        assert!(count.abs_diff(DRAWS / 4) < 4 * 62, "row {row} was taken {count} times");
    }
}
