use super::*;

#[test]
fn a_line_has_medians_and_the_most() {
    let cost = |wall, processor, mib: f64| Cost { wall, processor, peak: mib * MIB };
    let costs = [cost(2.4, 0.3, 30.0), cost(2.1, 0.1, 28.5), cost(9.0, 0.2, 29.0)];
    assert_eq!(
        line("--quick", &costs),
        "--quick        3 |     2.40     9.00 |     0.20     0.30 |     30.0"
    );
}
