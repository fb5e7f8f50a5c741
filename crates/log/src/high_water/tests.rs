use super::*;
use crate::medium::SimulatedMedium;

fn state(durable: u64) -> HighWater {
    HighWater { durable: Sequence(durable), oldest: 3, generations: Generation(44) }
}

#[test]
fn the_newest_of_two_slots_counts() {
    let medium = SimulatedMedium::new(1);
    let mut file = HighWaterFile::open(&medium, 7, &Slots::default()).unwrap();
    for durable in 1..6 {
        file.write(state(durable)).unwrap();
        let slots = Slots::read(&medium, 7).unwrap();
        assert_eq!((slots.newest.unwrap().1, slots.bad), (state(durable), 0));
        let reopened = HighWaterFile::open(&medium, 7, &slots).unwrap();
        assert_eq!(reopened.state(), state(durable));
    }
    assert_eq!(medium.bytes(NAME).unwrap().len(), 1024);
}

#[test]
fn a_write_that_a_power_cut_tears_leaves_the_slot_before_it() {
    let (mut old, mut new) = (0, 0);
    for seed in 0..50 {
        let medium = SimulatedMedium::new(seed);
        let mut file = HighWaterFile::open(&medium, 7, &Slots::default()).unwrap();
        file.write(state(1)).unwrap();
        let offset = (file.counter + 1) % 2 * 512;
        file.file.write_at(offset, &encode(file.counter + 1, 7, &state(2))).unwrap();
        match Slots::read(&medium.crash(seed), 7).unwrap().newest.unwrap().1.durable {
            Sequence(1) => old += 1,
            Sequence(2) => new += 1,
            other => panic!("{other}"),
        }
    }
    assert!(old > 5 && new > 5);
}

#[test]
fn a_slot_of_another_store_or_with_any_flipped_bit_is_bad() {
    let slot: [u8; USED] = encode(9, 7, &state(5))[..USED].try_into().unwrap();
    assert_eq!(decode(&slot, 7), Some((9, state(5))));
    assert_eq!(decode(&slot, 8), None);
    for at in 0..USED {
        let mut rotten = slot;
        rotten[at] ^= 4;
        assert_eq!(decode(&rotten, 7), None, "byte {at}");
    }
}

#[test]
fn the_bytes_of_a_slot_are_those_of_the_format() {
    let slot = encode(9, 7, &state(5));
    assert_eq!(&slot[..4], b"GSHW");
    assert_eq!(slot[4..8], crc32c::crc32c(&slot[8..48]).to_le_bytes());
    assert_eq!(slot[8..48], [9u64, 7, 5, 3, 44].map(u64::to_le_bytes).concat());
    assert!(slot[48..].iter().all(|&byte| byte == 0));
}
