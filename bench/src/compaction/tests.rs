use super::*;

#[test]
fn a_second_is_busy_while_something_is_sealed_and_before_something_is_done() {
    let work = |done, sealed| Work { done, sealed };
    let works = [
        work(5.0, 0.0),
        work(5.0, 0.0),
        work(5.0, 0.0),
        work(6.0, 0.0),
        work(6.0, 0.0),
        work(6.0, 1.0),
        work(6.0, 0.0),
        work(6.0, 0.0),
    ];
    assert_eq!(busy(&works), [false, true, true, true, true, true, false]);
}

#[test]
fn without_work_every_second_is_quiet() {
    assert_eq!(busy(&[Work::default(); 4]), [false; 3]);
    assert_eq!(busy(&[]), [false; 0]);
}

#[test]
fn the_rate_is_a_share_of_the_greatest() {
    assert!((share_of(100_000, 70) - 70_000.0).abs() < 1e-6);
}
