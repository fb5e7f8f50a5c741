//! Resolvers for the tests of these checks.

use std::net::IpAddr;

use crate::check::Check;
use crate::ground;
use crate::record::Record;
use crate::snapshot::{Answer, Host, HostsLine, NameServer, Names, Probed, Resolver, Window};

/// The address of a name server.
pub(super) fn ip(last: u8) -> IpAddr {
    IpAddr::from([192, 0, 2, last])
}

/// One that answered so late.
pub(super) fn server(last: u8, after_us: u64) -> NameServer {
    let code = "No Error".to_owned();
    let answer = Answer { after_us, code, addresses: vec![ip(100)], negative_ttl_s: None };
    let asked = "db-3.example.".to_owned();
    NameServer { address: ip(last), asked, answer: Probed::Seen(answer) }
}

/// One that did not.
pub(super) fn deaf(last: u8) -> NameServer {
    let answer = Probed::Absent("answer within 1500 ms".to_owned());
    NameServer { answer, ..server(last, 0) }
}

/// What these answered.
pub(super) fn names(answers: Vec<NameServer>, ndots: u64, search: &[&str]) -> Names {
    let servers = answers.iter().map(|it| it.address).collect();
    let search = search.iter().map(|it| (*it).to_owned()).collect();
    let resolver = Resolver { servers, search, ndots, timeout_s: 5, attempts: 2 };
    Names { resolver: Probed::Seen(resolver), answers: Probed::Seen(answers), ..Names::default() }
}

/// With these lines in `/etc/hosts`: address, names, whether it is of this machine.
pub(super) fn hosts(lines: &[(&str, &str, bool)]) -> Names {
    let line = |(address, names, own): &(&str, &str, bool)| HostsLine {
        address: address.parse().unwrap(),
        names: names.split(' ').map(str::to_owned).collect(),
        own: *own,
    };
    Names { hosts: Probed::Seen(lines.iter().map(line).collect()), ..Names::default() }
}

/// What a check makes of two looks.
pub(super) fn judged(check: &Check, before: Names, after: Names) -> Vec<Record> {
    let moment =
        |at_ms, names| ground::moment(at_ms, Host { names: Probed::Seen(names), ..ground::host() });
    let (before, after) = (moment(1, before), moment(1_001, after));
    check.judge(&Window { before: &before, after: &after })
}
