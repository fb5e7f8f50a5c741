use super::*;

#[test]
fn the_order_is_that_of_the_bytes() {
    let mut names: Vec<Vec<u8>> = vec![vec![]];
    for len in 1..=10 {
        for byte in [0, 1, 0x7f, 0x80, 0xff] {
            names.push(vec![byte; len]);
            names.push([&vec![byte; len - 1][..], &[0]].concat());
            names.push([&vec![byte; len - 1][..], &[7]].concat());
        }
    }
    for a in &names {
        for b in &names {
            assert_eq!(Suffix::new(a).cmp(&Suffix::new(b)), a.cmp(b), "{a:?} {b:?}");
            let (kept, sought) = (Suffix::new(a), Sought::new(b));
            let (kept, sought): (&dyn Name, &dyn Name) = (&kept, &sought);
            assert_eq!(kept.cmp(sought), a.cmp(b), "{a:?} {b:?}");
        }
    }
}
