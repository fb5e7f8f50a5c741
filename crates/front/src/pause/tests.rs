use std::time::Duration;

use super::*;

fn seconds(count: u64) -> Monotonic {
    Duration::from_secs(count)
}

fn extent(scope: Scope, until: u64) -> Extent {
    Extent { scope, until: seconds(until) }
}

#[test]
fn the_later_end_and_the_wider_scope_stay_until_it_is_over() {
    let pause = Pause::default();
    assert!(!pause.may_be_on());
    pause.begin(extent(Scope::All, 10), seconds(1));
    pause.begin(extent(Scope::Writes, 5), seconds(1));
    assert_eq!(pause.at(seconds(9)), Some(extent(Scope::All, 10)));
    pause.begin(extent(Scope::Writes, 20), seconds(9));
    assert_eq!(pause.at(seconds(9)), Some(extent(Scope::All, 20)));
    assert_eq!(pause.at(seconds(20)), None);
    assert!(!pause.may_be_on());
    pause.begin(extent(Scope::Writes, 22), seconds(21));
    assert_eq!(pause.at(seconds(21)), Some(extent(Scope::Writes, 22)));
}

#[test]
fn what_is_over_widens_nothing_also_where_nobody_has_noticed() {
    let pause = Pause::default();
    pause.begin(extent(Scope::All, 10), seconds(1));
    pause.begin(extent(Scope::Writes, 13), seconds(12));
    assert_eq!(pause.at(seconds(12)), Some(extent(Scope::Writes, 13)));
    pause.end();
    assert_eq!((pause.at(seconds(12)), pause.may_be_on()), (None, false));
}

#[tokio::test]
async fn who_waits_goes_on_at_the_end_and_when_it_is_ended() {
    let pause = Pause::default();
    let brief = Extent { scope: Scope::All, until: Duration::from_millis(50) };
    pause.begin(brief, seconds(0));
    pause.wait(brief, seconds(0)).await;
    let long = extent(Scope::All, 10_000);
    pause.begin(long, seconds(0));
    let ended = async {
        while pause.held() == 0 {
            tokio::task::yield_now().await;
        }
        pause.end();
    };
    tokio::join!(pause.wait(long, seconds(0)), ended);
    assert_eq!(pause.held(), 0);
    // It is another one already.
    pause.wait(long, seconds(0)).await;
}
