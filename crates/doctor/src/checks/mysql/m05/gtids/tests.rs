use super::*;

fn of(text: &str) -> Gtids {
    Gtids::parse(text).unwrap()
}

#[test]
fn what_one_has_and_the_other_has_not_is_left() {
    let left = |one, other| of(one).without(&of(other)).to_string();
    assert_eq!(left("a:1-10", "a:1-10"), "");
    assert_eq!(left("a:1-10", "a:3-4:8"), "a:1-2:5-7:9-10");
    assert_eq!(left("a:5-9", "a:1-6:9-20"), "a:7-8");
    assert_eq!(left("a:1-3,\nb:1-2", "a:1-5"), "b:1-2");
    assert_eq!(left("a:1-3:tag:1-2", "a:1-3"), "a:tag:1-2");
    assert_eq!(left("", "a:1"), "");
}

#[test]
fn runs_that_touch_are_one_and_all_are_counted() {
    assert_eq!(of("a:4-6:1-3:8").to_string(), "a:1-6:8");
    assert_eq!(of("a:1-6:8,b:1").count(), 8);
    let mut both = of("a:1-3");
    both.add(of("a:4,b:2"));
    assert_eq!(both.to_string(), "a:1-4,b:2");
}

#[test]
fn what_is_no_set_is_not_an_empty_one() {
    for text in ["a:1-x", "a:5-1", "a:1--2"] {
        assert!(Gtids::parse(text).is_err(), "{text}");
    }
}

#[test]
fn gaps_are_what_is_missing_below_the_last_of_each_server() {
    let gaps = |text: &str| Gtids::parse(text).unwrap().gaps().to_string();
    assert_eq!(gaps("a:1-5:7:10-12,b:3-4"), "a:6:8-9,b:1-2");
    assert_eq!(gaps("a:1-12,b:1"), "");
    let both = |one: &str, other: &str| {
        Gtids::parse(one).unwrap().also_in(&Gtids::parse(other).unwrap()).to_string()
    };
    assert_eq!(both("a:1-9,b:1", "a:5-20,c:1"), "a:5-9");
}
