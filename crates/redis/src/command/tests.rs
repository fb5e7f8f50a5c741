use super::*;

fn positions(keys: KeySpec, args: usize) -> Vec<usize> {
    keys.positions(args).collect()
}

#[test]
fn key_positions_follow_first_last_and_step() {
    assert_eq!(positions(KeySpec::NONE, 4), [0; 0]);
    assert_eq!(positions(KeySpec::ONE, 3), [1]);
    assert_eq!(positions(KeySpec::TWO, 4), [1, 2]);
    assert_eq!(positions(KeySpec::ALL, 4), [1, 2, 3]);
    assert_eq!(positions(KeySpec::PAIRS, 5), [1, 3]);
    assert_eq!(positions(KeySpec::ALL, 1), [0; 0]);
    assert_eq!(positions(KeySpec::TWO, 2), [1]);
}

#[test]
fn an_argument_is_told_which_key_it_is() {
    assert_eq!(KeySpec::ONE.ordinal(1, 3), Some(0));
    assert_eq!(KeySpec::ONE.ordinal(2, 3), None);
    assert_eq!(KeySpec::PAIRS.ordinal(3, 5), Some(1));
    assert_eq!(KeySpec::PAIRS.ordinal(2, 5), None);
    assert_eq!(KeySpec::NONE.ordinal(0, 5), None);
    assert_eq!(KeySpec::TWO.ordinal(3, 4), None);
}

#[test]
fn arity_is_answered_with_its_sign() {
    assert_eq!((Arity::Exactly(2).number(), Arity::AtLeast(3).number()), (2, -3));
    assert!(
        Arity::AtLeast(3).admits(5) && !Arity::AtLeast(3).admits(2) && !Arity::Exactly(2).admits(3)
    );
}

#[test]
fn flags_name_their_members() {
    let flags = Flags::WRITE.and(Flags::FAST);
    assert_eq!(flags.names().collect::<Vec<_>>(), ["write", "fast"]);
    assert!(flags.has(Flags::FAST) && !flags.has(Flags::READONLY));
    let flags = Flags::ADMIN.and(Flags::NO_MULTI).and(Flags::DANGEROUS);
    assert_eq!(flags.names().collect::<Vec<_>>(), ["admin", "no_multi"], "DANGEROUS has no name");
}
