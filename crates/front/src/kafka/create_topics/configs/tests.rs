use super::*;

fn refused(name: &str, value: Option<&str>) -> String {
    let fault = check(&[("segment.ms", Some("1")), (name, value)]).unwrap_err();
    assert_eq!(fault.code, ErrorCode::INVALID_CONFIG);
    assert!(fault.message.contains(name), "{}", fault.message);
    fault.message
}

#[test]
fn a_setting_that_would_be_a_lie_is_refused_and_says_why() {
    assert!(refused("retention.ms", Some("1000")).contains("until their topic is deleted"));
    assert!(refused("cleanup.policy", Some("compact")).contains("delete"));
    assert!(refused("min.insync.replicas", Some("2")).contains("one broker"));
    refused("no.such.setting", Some("1"));
    refused("retention.ms", None);
}

#[test]
fn what_is_so_anyway_and_what_does_nothing_is_taken() {
    for (name, value, _) in FIXED {
        assert_eq!(check(&[(name, Some(value))]), Ok(()));
    }
    for name in INERT {
        assert_eq!(check(&[(name, Some("1"))]), Ok(()));
    }
}
