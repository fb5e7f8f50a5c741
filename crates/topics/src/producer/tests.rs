use super::*;

#[test]
fn a_producer_reads_back_and_a_cut_one_is_refused() {
    let producer = Producer { epoch: 3, batches: vec![(10, 19, 1000), (0, 9, 990)] };
    let row = encode(&producer);
    assert_eq!(decode(&row), Ok(producer));
    assert!(decode(&row[..row.len() - 1]).is_err());
}
