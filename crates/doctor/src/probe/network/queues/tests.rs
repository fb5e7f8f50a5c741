use super::*;

#[test]
fn h48_a_mask_without_a_processor_is_off() {
    assert!(!is_on("0") && !is_on("00000000,00000000") && !is_on(""));
    assert!(is_on("3") && is_on("00000000,0000ff00"));
}
