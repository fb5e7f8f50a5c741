use super::*;

#[test]
fn every_request_is_found_by_its_key() {
    for api in Api::ALL {
        assert_eq!(Api::from_key(api.key()), Some(api));
    }
    assert_eq!(Api::from_key(-1), None);
    assert_eq!(Api::from_key(4), None);
}

#[test]
fn keys_ascend_and_ranges_are_not_empty() {
    assert!(Api::ALL.is_sorted_by(|a, b| a.key() < b.key()));
    for api in Api::ALL {
        let versions = api.versions();
        assert!(versions.announced_min <= versions.min && versions.min <= versions.max, "{api:?}");
        let is_flexible_at_last = versions.flexible <= versions.max;
        assert_eq!(is_flexible_at_last, api != Api::SaslHandshake, "{api:?}");
        assert!(versions.flexible > versions.min, "{api:?}");
    }
}

#[test]
fn produce_alone_is_announced_lower_than_it_is_decoded() {
    for api in Api::ALL {
        let versions = api.versions();
        let expected = if api == Api::Produce { 0 } else { versions.min };
        assert_eq!(versions.announced_min, expected, "{api:?}");
    }
}
