use super::*;

#[tokio::test]
async fn the_delay_is_as_long_as_the_answer_took() {
    let began = up_us();
    let ask = async {
        let asked = up_us();
        while up_us().abs_diff(asked) < 20_000 {
            tokio::task::yield_now().await;
        }
        Probed::Seen(now_us() + 5_000_000)
    };
    let Probed::Seen(Offset { ahead_us, delay_us }) = offset(ask).await else {
        panic!("it answered")
    };
    let most = up_us().abs_diff(began);
    assert!((20_000..=most).contains(&delay_us), "{delay_us} of {most}");
    assert!(ahead_us.abs_diff(5_000_000) <= delay_us.div_ceil(2) + 1_000, "{ahead_us}");
    let silent = async { Probed::Absent("clock".to_owned()) };
    assert_eq!(offset(silent).await, Probed::Absent("clock".to_owned()));
}
