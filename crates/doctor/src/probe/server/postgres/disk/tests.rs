use super::*;

const FILE: &str = "970\n/var/lib/postgresql/15/main\n1796053811\n5432\n/var/run/postgresql\nlocalhost\n  5432001    131074\nready   \n";

#[test]
fn a_folder_is_of_a_server_that_wrote_its_file_when_it_started() {
    assert!(is_of(FILE, 5432, 1_796_053_812));
    assert!(!is_of(FILE, 5432, 1_796_053_822));
    assert!(!is_of(FILE, 5433, 1_796_053_811));
    assert!(!is_of("970\n", 5432, 1_796_053_811));
}
