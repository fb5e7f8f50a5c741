use super::super::netlink::two;
use super::*;

fn bit(name: &str, is_on: Option<bool>) -> Vec<u8> {
    let name = attribute(BIT_NAME, &[name.as_bytes(), b"\0"].concat());
    let value = if is_on == Some(true) { attribute(BIT_VALUE, &[]) } else { Vec::new() };
    nested(BIT, &[attribute(1, &four(9)), name, value].concat())
}

/// The wanted ones are there too, to be told apart.
fn answer(active: &[Vec<u8>]) -> Vec<u8> {
    let wanted = [attribute(SET_NO_MASK, &[]), nested(SET_BITS, &bit("tx-checksum-ipv4", None))];
    let header = nested(HEADER, &attribute(HEADER_INDEX, &four(4)));
    [vec![11, 1, 0, 0], header, nested(3, &wanted.concat()), nested(4, &active.concat())].concat()
}

#[test]
fn h40_features_that_are_on_are_those_listed_without_a_mask_or_valued_with_one() {
    let bits = [bit("tx-checksum-ip-generic", None), bit("tx-scatter-gather", None)].concat();
    let plain = answer(&[attribute(SET_NO_MASK, &[]), nested(SET_BITS, &bits)]);
    let found = parse_active(&plain).unwrap();
    assert_eq!(Vec::from_iter(found), ["tx-checksum-ip-generic", "tx-scatter-gather"]);
    let bits = [bit("tx-checksum-ipv4", Some(false)), bit("highdma", Some(true))].concat();
    let masked = answer(&[nested(SET_BITS, &bits)]);
    assert_eq!(Vec::from_iter(parse_active(&masked).unwrap()), ["highdma"]);
    let none = answer(&[attribute(SET_NO_MASK, &[])]);
    assert_eq!(parse_active(&none), Some(BTreeSet::new()));
    assert_eq!(parse_active(&[11, 1, 0, 0]), None, "what is not told is not off");
}

#[test]
fn h40_the_controller_tells_the_number_of_the_family() {
    let body = [vec![1, 2, 0, 0], attribute(2, b"ethtool\0"), attribute(1, &two(21))].concat();
    assert_eq!(parse_family(&body), Some(21));
    assert_eq!(parse_family(&[1, 2]), None);
}
