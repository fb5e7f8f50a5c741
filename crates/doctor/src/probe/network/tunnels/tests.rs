use super::*;

fn link(index: u32, name: &str, kind: &str, over: Option<u32>, master: Option<u32>) -> Link {
    let (name, kind) = (name.to_owned(), kind.to_owned());
    Link { index, name, kind, is_up: true, over, master, ..Link::default() }
}

#[test]
fn h40_a_tunnel_goes_over_the_cards_below_what_it_names() {
    let links = [
        link(1, "lo", "", None, None),
        link(2, "eth0", "", None, Some(4)),
        link(3, "eth1", "", None, Some(4)),
        link(4, "bond0", "bond", None, None),
        link(5, "bond0.7", "vlan", Some(4), None),
        link(6, "flannel.1", "vxlan", Some(5), None),
        link(7, "eth2", "", None, None),
    ];
    let names = |tunnel: &Link, interfaces: Option<&BTreeMap<String, Interface>>| {
        let found = cards(tunnel, &links, interfaces);
        found.iter().map(|it| it.name.clone()).collect::<Vec<_>>()
    };
    assert_eq!(names(&links[5], None), ["eth0", "eth1"]);
    let open = link(8, "cilium_vxlan", "vxlan", None, None);
    assert!(names(&open, None).is_empty());
    let out = Interface { default_routes: 1, ..Interface::default() };
    let interfaces =
        BTreeMap::from([("eth2".to_owned(), out), ("eth0".to_owned(), Interface::default())]);
    assert_eq!(names(&open, Some(&interfaces)), ["eth2"]);
}

#[test]
fn h40_links_that_name_each_other_are_followed_to_an_end() {
    let links = [link(1, "v0", "veth", Some(2), None), link(2, "v1", "veth", Some(1), None)];
    let tunnel = link(3, "tunnel", "vxlan", Some(1), None);
    let found = cards(&tunnel, &links, None);
    assert_eq!(found.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(), ["v0"]);
    let ring = [link(1, "a", "vlan", Some(2), None), link(2, "b", "vlan", Some(1), None)];
    assert!(cards(&tunnel, &ring, None).is_empty());
}
