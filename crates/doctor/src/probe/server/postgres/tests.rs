use super::*;

#[test]
fn a_time_becomes_an_age_and_the_rest_stays() {
    let statement = with_ages("SELECT pid, {since a.xact_start} AS open_s FROM a");
    assert_eq!(
        statement,
        "SELECT pid, CASE WHEN a.xact_start > clock_timestamp() THEN 0 \
         ELSE floor(extract(epoch FROM clock_timestamp() - a.xact_start))::bigint END AS open_s FROM a"
    );
    assert_eq!(with_ages("SELECT '{}'"), "SELECT '{}'");
}
