use super::super::netlink::{attribute, four, nested};
use super::*;

/// The body of a message about a link, as the kernel builds it.
fn body(index: u32, flags: u32, attributes: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = [[0; 4], four(index), four(flags), [0; 4]].concat();
    bytes.extend(attributes.concat());
    bytes
}

#[test]
fn h40_a_vxlan_tells_its_port_and_what_it_goes_over() {
    let data = [
        attribute(1, &four(5)),
        attribute(VXLAN_LINK, &four(3)),
        attribute(VXLAN_PORT, &4_789_u16.to_be_bytes()),
    ];
    let info = [attribute(INFO_KIND, b"vxlan\0"), nested(INFO_DATA, &data.concat())];
    let all = [
        attribute(NAME, b"flannel.1\0"),
        attribute(MTU, &four(1_450)),
        attribute(ADDRESS, &[2, 0, 0, 0, 0, 1]),
        nested(INFO, &info.concat()),
    ];
    let found = parse(&body(4, 0x1043, &all)).unwrap();
    let wanted = Link {
        index: 4,
        name: "flannel.1".to_owned(),
        kind: "vxlan".to_owned(),
        is_up: true,
        mtu: 1_450,
        address: vec![2, 0, 0, 0, 0, 1],
        over: Some(3),
        master: None,
        port: Some(4_789),
    };
    assert_eq!(found, wanted);
}

#[test]
fn h40_the_other_end_in_another_namespace_is_not_what_a_link_goes_over() {
    let info = nested(INFO, &attribute(INFO_KIND, b"veth\0"));
    let mut all = vec![attribute(NAME, b"eth0\0"), attribute(LINK, &four(7)), info];
    assert_eq!(parse(&body(2, 0, &all)).unwrap().over, Some(7));
    all.push(attribute(NAMESPACE, &four(0)));
    assert_eq!(parse(&body(2, 0, &all)).unwrap().over, None);
    assert_eq!(parse(&[0; 10]), None);
}

#[test]
fn h21_what_lies_over_another_is_told_with_both_sizes() {
    let link = |index: u32, name: &str, kind: &str, mtu| Link {
        index,
        name: name.to_owned(),
        kind: kind.to_owned(),
        is_up: true,
        mtu,
        ..Link::default()
    };
    let links = [
        Link { master: Some(3), ..link(1, "eth0", "", 9_000) },
        Link { master: Some(3), over: Some(9), ..link(2, "veth0", "veth", 1_500) },
        link(3, "br0", "bridge", 9_000),
        Link { over: Some(1), ..link(4, "flannel.1", "vxlan", 1_450) },
        Link { over: Some(1), is_up: false, ..link(5, "eth0.7", "vlan", 9_000) },
        link(9, "veth1", "veth", 1_400),
    ];
    let found = layers(&links);
    let told: Vec<_> = found
        .iter()
        .map(|it| (it.name.as_str(), it.mtu, it.below.as_str(), it.below_mtu))
        .collect();
    let wanted = [
        ("br0", 9_000, "eth0", 9_000),
        ("br0", 9_000, "veth0", 1_500),
        ("flannel.1", 1_450, "eth0", 9_000),
    ];
    assert_eq!(told, wanted);
}
