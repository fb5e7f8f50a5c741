use hickory_proto::rr::Record;
use hickory_proto::rr::rdata::{A, SOA};

use super::*;

fn name(text: &str) -> Name {
    Name::from_str(text).unwrap()
}

#[test]
fn the_root_is_asked_for_its_name_servers_and_a_name_for_its_address() {
    let kind = |name| message(name).unwrap().queries()[0].query_type();
    assert_eq!(kind("."), RecordType::NS);
    assert_eq!(kind("db-3.example."), RecordType::A);
}

#[test]
fn addresses_are_told_in_order() {
    let mut answer = message("db-3.example.").unwrap();
    for last in [9, 7] {
        let data = RData::A(A::new(192, 0, 2, last));
        answer.add_answer(Record::from_rdata(name("db-3.example."), 60, data));
    }
    let told = told(&answer, 1_500);
    assert_eq!(told.addresses, [IpAddr::from([192, 0, 2, 7]), IpAddr::from([192, 0, 2, 9])]);
    assert_eq!((told.after_us, told.code.as_str(), told.negative_ttl_s), (1_500, "No Error", None));
}

#[test]
fn that_a_name_does_not_exist_is_kept_as_long_as_the_shorter_of_both() {
    for (ttl, minimum) in [(900, 30), (30, 900)] {
        let mut answer = message("gone.example.").unwrap();
        answer.set_response_code(ResponseCode::NXDomain);
        let soa = SOA::new(name("ns.example."), name("root.example."), 1, 1, 1, 1, minimum);
        answer.add_name_server(Record::from_rdata(name("example."), ttl, RData::SOA(soa)));
        assert_eq!(told(&answer, 0).negative_ttl_s, Some(30));
    }
}

#[test]
fn a_machine_that_has_no_way_there_tells_of_its_network_and_a_broken_answer_of_none() {
    for code in [101, 113, 100, 1] {
        assert!(is_no_way(&io::Error::from_raw_os_error(code)), "errno {code}");
    }
    assert!(!is_no_way(&io::Error::new(io::ErrorKind::InvalidData, "another form")));
}
