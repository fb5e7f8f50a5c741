use super::*;

#[test]
fn a_size_is_said_in_the_largest_unit_of_which_there_is_one() {
    assert_eq!(size(1_023), "1023 bytes");
    assert_eq!(size(1_024), "1.0 KiB");
    assert_eq!(size(3 << 29), "1.5 GiB");
    assert_eq!(size(20 << 40), "20.0 TiB");
}
