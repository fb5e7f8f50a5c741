use super::*;

fn of(port: u16, name: &str, deep: bool) -> Option<Way> {
    let process = Process { pid: 1, name: name.to_owned() };
    way(port, Some(&process), deep)
}

#[test]
fn a_port_that_is_not_known_to_speak_tls_gets_no_byte_of_it() {
    assert_eq!(of(8080, "java", false), None);
    assert_eq!(of(22, "sshd", false), None);
    assert_eq!(of(443, "nginx", false), Some(Way::Direct));
    assert_eq!(of(8080, "java", true), Some(Way::Direct));
}

#[test]
fn postgresql_is_asked_in_its_own_words() {
    assert_eq!(of(5433, "postgres", false), Some(Way::Postgres));
    assert_eq!(way(5432, None, false), Some(Way::Postgres));
    assert_eq!(of(5433, "postgres", true), Some(Way::Postgres));
}

#[test]
fn what_listens_on_every_address_is_reached_on_the_loopback() {
    let of = |address: &str| reached(address.parse().unwrap()).to_string();
    assert_eq!(of("0.0.0.0:443"), "127.0.0.1:443");
    assert_eq!(of("[::]:443"), "[::1]:443");
    assert_eq!(of("192.0.2.7:443"), "192.0.2.7:443");
}
