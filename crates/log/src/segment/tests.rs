use super::*;

#[test]
fn a_segments_name_is_its_number_in_one_form_only() {
    assert_eq!(name(7), "00000000000000000007.seg");
    assert_eq!(number(&name(u64::MAX)), Some(u64::MAX));
    for other in ["7.seg", "00000000000000000007", "+0000000000000000007.seg", "high-water"] {
        assert_eq!(number(other), None);
    }
}
