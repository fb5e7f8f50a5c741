use super::*;

#[test]
fn names_that_are_chosen_by_strangers_are_what_they_are_in_a_statement() {
    assert_eq!(ticked("shop.orders"), "shop.orders");
    assert_eq!(ticked("my-app.order-items"), "`my-app`.`order-items`");
    assert_eq!(ticked("a`b.c"), "`a``b`.c");
    assert_eq!(literal("u'$(id)"), "'u''$(id)'");
    assert_eq!(literal("a\\"), "'a\\\\'");
}
