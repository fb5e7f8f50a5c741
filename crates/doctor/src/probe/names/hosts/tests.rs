use super::*;

#[test]
fn lines_are_read_and_comments_are_not() {
    let text = "\
127.0.0.1 localhost
# 192.0.2.1 old.example
192.0.2.7\tDB.example db # moved
ff02::1 ip6-allnodes
no address
";
    let found = parse(text, &mut |ip| ip.is_loopback());
    let told: Vec<_> =
        found.iter().map(|it| (it.address.to_string(), it.names.join(" "), it.own)).collect();
    let line = |address: &str, names: &str, own| (address.to_owned(), names.to_owned(), own);
    assert_eq!(
        told,
        [
            line("127.0.0.1", "localhost", true),
            line("192.0.2.7", "db.example db", false),
            line("ff02::1", "ip6-allnodes", false),
        ]
    );
}
