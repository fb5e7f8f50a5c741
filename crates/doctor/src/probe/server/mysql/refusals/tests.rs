use super::*;

fn told(code: u16, message: &str) -> Error {
    Error::Server(ServerError { code, message: message.to_owned(), state: "HY000".to_owned() })
}

#[test]
fn too_many_connections_and_a_blocked_host_are_refusals_without_names() {
    let (refused, seen) = refusal(&told(1040, "Too many connections"));
    assert_eq!(refused.unwrap().code, "1040");
    assert!(matches!(seen, Probed::Denied(_)));
    let said = "Host 'app-7.shop.example' is blocked because of many connection errors; unblock with 'mariadb-admin flush-hosts'";
    let refused = refusal(&told(1129, said)).0.unwrap();
    assert_eq!(
        refused.message,
        "Host '' is blocked because of many connection errors; unblock with ''"
    );
    let said = "Access denied for user 'billing'@'10.1.2.3' (using password: YES)";
    let refused = refusal(&told(1045, said)).0.unwrap();
    assert_eq!(refused.message, "Access denied for user ''@'' (using password: YES)");
}

#[test]
fn the_privilege_that_is_missing_is_named_as_the_server_names_it() {
    let of = |message| match unseen::<()>(&told(1227, message)) {
        Probed::Denied(needs) => needs,
        other => panic!("{other:?}"),
    };
    let said =
        "Access denied; you need (at least one of) the PROCESS privilege(s) for this operation";
    assert_eq!(of(said), "the privilege PROCESS: GRANT PROCESS ON *.* to the account");
    let said = "Access denied; you need (at least one of) the SUPER, SLAVE MONITOR privilege(s) for this operation";
    assert_eq!(of(said), "the privilege SLAVE MONITOR: GRANT SLAVE MONITOR ON *.* to the account");
    let said = "Access denied; you need (at least one of) the SUPER, REPLICATION CLIENT privilege(s) for this operation";
    assert!(of(said).starts_with("the privilege REPLICATION CLIENT:"), "{}", of(said));
}

#[test]
fn what_a_version_does_not_have_is_absent_and_what_took_too_long_failed() {
    assert!(matches!(unseen::<()>(&told(1193, "Unknown system variable 'x'")), Probed::Absent(_)));
    for code in LATE {
        assert!(matches!(unseen::<()>(&told(code, "interrupted")), Probed::Failed(_)));
    }
    assert!(matches!(unseen::<()>(&told(1205, "Lock wait timeout")), Probed::Failed(_)));
}
