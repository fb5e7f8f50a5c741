use std::collections::HashSet;

use super::*;

fn of(name: &[u8]) -> usize {
    place_of(redis::find(name).unwrap())
}

#[test]
fn each_command_and_subcommand_has_a_place_of_its_own() {
    let mut places = HashSet::new();
    for command in COMMANDS.iter().chain(EXTENSIONS) {
        assert_ne!(place_of(command), 0, "{}", command.name);
        assert!(places.insert(place_of(command)), "{}", command.name);
        if let Run::Container { subcommands, .. } = command.run {
            for subcommand in subcommands {
                assert!(places.insert(place_of(subcommand)), "{}", subcommand.name);
            }
        }
    }
    let usages = Usages::default();
    assert!(places.iter().all(|place| *place < usages.commands.len()));
}

#[test]
fn a_time_is_counted_below_the_power_of_two_that_it_does_not_exceed() {
    for (nanos, bound_us) in [
        (0, 1),
        (1024, 1),
        (1025, 2),
        (2048, 2),
        (2049, 4),
        (33_000, 65),
        (1_000_000_000, 1_073_741),
        (u64::MAX, 137_438_953),
    ] {
        let usages = Usages::default();
        usages.note(of(b"get"), 1, Duration::from_nanos(nanos));
        let told = usages.told();
        assert_eq!(told[0].histogram_us().collect::<Vec<_>>(), [(bound_us, 1)], "{nanos}");
    }
}

#[test]
fn a_histogram_sums_up_and_its_thousandths_are_bounds() {
    let usages = Usages::default();
    usages.note(of(b"get"), 90, Duration::from_micros(1));
    usages.note(of(b"get"), 9, Duration::from_micros(30));
    usages.note(of(b"get"), 1, Duration::from_millis(3));
    let told = usages.told();
    let [get] = &told[..] else { panic!("{told:?}") };
    assert_eq!((get.name, get.calls, get.nanos), ("get", 100, 90_000 + 270_000 + 3_000_000));
    assert_eq!(get.histogram_us().collect::<Vec<_>>(), [(1, 90), (32, 99), (4194, 100)]);
    assert_eq!(get.permille_nanos(500), 1024);
    assert_eq!(get.permille_nanos(900), 1024);
    assert_eq!(get.permille_nanos(990), 32_768);
    assert_eq!(get.permille_nanos(999), 4_194_304);
}

#[test]
fn codes_are_counted_by_name_and_what_is_not_known_as_other() {
    assert!(CODES.is_sorted());
    let usages = Usages::default();
    for reply in [
        &b"-ERR syntax error\r\n"[..],
        b"-LOCKLOST it is another's\r\n",
        b"-LIMIT\r\n",
        b"-ERR other\r\n",
        b"-NOTACODE at all\r\n",
        b"-EXECABORT\r\n",
        b"-",
    ] {
        usages.error(code_at(reply));
    }
    let expected = [("ERR", 2), ("EXECABORT", 1), ("LIMIT", 1), ("LOCKLOST", 1), ("other", 2)];
    assert_eq!(usages.errors(), expected);
    usages.reset();
    assert_eq!(usages.errors(), []);
}
