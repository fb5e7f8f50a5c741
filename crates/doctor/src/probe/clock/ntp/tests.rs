use super::*;

/// In June 2026.
const NOW: i64 = 1_780_000_000_250_000;

fn answered(mut change: impl FnMut(&mut [u8; 48])) -> Result<(i64, u64, u8), String> {
    let mut question = [0; 48];
    question[40..48].copy_from_slice(&encode(NOW).to_be_bytes());
    let mut answer = [0; 48];
    (answer[0], answer[1]) = (0b00_100_100, 2);
    answer[24..32].copy_from_slice(&question[40..48]);
    // 80 ms ahead; 10 ms each way, and 1 ms there.
    answer[32..40].copy_from_slice(&encode(NOW + 90_000).to_be_bytes());
    answer[40..48].copy_from_slice(&encode(NOW + 91_000).to_be_bytes());
    change(&mut answer);
    judge(&question, &answer, NOW, NOW + 21_000)
}

#[test]
fn the_way_there_and_back_is_no_offset() {
    let (ahead, delay, stratum) = answered(|_| {}).unwrap();
    assert!((79_990..=80_010).contains(&ahead), "{ahead}");
    assert!((19_990..=20_010).contains(&delay), "{delay}");
    assert_eq!(stratum, 2);
}

#[test]
fn an_answer_to_another_question_and_one_of_a_server_that_does_not_know_are_none() {
    assert!(answered(|answer| answer[31] ^= 1).is_err());
    assert!(answered(|answer| answer[0] = 0b11_100_100).is_err());
    assert!(answered(|answer| answer[1] = 0).is_err());
    assert!(answered(|answer| answer[1] = 16).is_err());
}

#[test]
fn times_are_kept_over_the_turn_of_the_era_in_2036() {
    for us in [NOW, 0, 2_085_978_495_999_999, 2_085_978_496_000_000] {
        let back = decode(&encode(us).to_be_bytes(), us + 3_000_000);
        assert!((us - back).abs() <= 1, "{us} {back}");
    }
}
