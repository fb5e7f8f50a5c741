use super::*;

/// As 2.45 writes it, of one backup and with another behind.
const TEXT: &str = r#"[{"archive":[{"database":{"id":1,"repo-key":1},"id":"15-1","max":null,"min":null}],"backup":[
{"archive":{"start":null,"stop":null},"backrest":{"format":5,"version":"2.45"},"database":{"id":1,"repo-key":1},"error":false,"info":{"delta":40187224,"repository":{"delta":4638403,"size":4638403},"size":40187224},"label":"20261130-201921F","prior":null,"reference":null,"timestamp":{"start":1796069961,"stop":1796069967},"type":"full"},
{"archive":{"start":null,"stop":null},"backrest":{"format":5,"version":"2.45"},"database":{"id":1,"repo-key":1},"error":true,"info":{"delta":1,"repository":{"delta":1,"size":1},"size":1},"label":"20261130-201921F_20261130-202921I","prior":"20261130-201921F","reference":null,"timestamp":{"start":1796070561,"stop":1796070567},"type":"incr"}
],"cipher":"none","db":[{"id":1,"repo-key":1,"system-id":7714059147542445112,"version":"15"}],"name":"lab","repo":[{"cipher":"none","key":1,"status":{"code":0,"message":"ok"}}],"status":{"code":0,"lock":{"backup":{"held":false}},"message":"ok"}}]"#;

const NONE: &str = r#"[{"archive":[],"backup":[],"cipher":"none","db":[],"name":"lab","repo":[{"cipher":"none","key":1,"status":{"code":1,"message":"missing stanza path"}}],"status":{"code":1,"lock":{"backup":{"held":false}},"message":"missing stanza path"}}]"#;

#[test]
fn the_last_backup_that_is_whole_is_taken() {
    let kind = Some("full".to_owned());
    let whole = Backup { ended_s: Some(1_796_069_967), kind };
    assert_eq!(last(TEXT, "/f"), Probed::Seen(whole));
    let later = TEXT.replace("\"error\":true", "\"error\":false");
    let kind = Some("incr".to_owned());
    assert_eq!(last(&later, "/f"), Probed::Seen(Backup { ended_s: Some(1_796_070_567), kind }));
    assert_eq!(last(NONE, "/f"), Probed::Seen(Backup::default()));
}

#[test]
fn one_that_stands_on_what_is_not_whole_is_not_whole() {
    let kind = |text: &str| last(text, "/f").map(|it| it.kind);
    let whole = TEXT.replace("\"error\":true", "\"error\":false");
    let full = |text: &str| Some(text.to_owned());
    assert_eq!(kind(&whole), Probed::Seen(full("incr")));
    let broken = whole.replacen("\"error\":false", "\"error\":true", 1);
    assert_eq!(kind(&broken), Probed::Seen(None), "what it was made after is broken");
    let gone = whole.replace("\"prior\":\"20261130-201921F\"", "\"prior\":\"20261129-201921F\"");
    assert_eq!(kind(&gone), Probed::Seen(full("full")), "what it was made after is not there");
    let unsaid = whole.replace("\"prior\":\"20261130-201921F\"", "\"prior\":null");
    assert_eq!(kind(&unsaid), Probed::Seen(full("full")));
    let of = |reference: &str| {
        let (head, tail) = whole.rsplit_once("\"reference\":null").unwrap();
        kind(&format!("{head}\"reference\":[{reference}]{tail}"))
    };
    assert_eq!(of("\"20261130-201921F\""), Probed::Seen(full("incr")));
    assert_eq!(
        of("\"20261130-201921F\",\"20261130-202021F_20261130-202521I\""),
        Probed::Seen(full("full"))
    );
    let itself = whole.replace(
        "\"prior\":\"20261130-201921F\"",
        "\"prior\":\"20261130-201921F_20261130-202921I\"",
    );
    assert_eq!(kind(&itself), Probed::Seen(full("full")));
}

#[test]
fn a_stanza_that_is_not_well_is_not_read() {
    let of = |code: u64| {
        let (head, tail) = TEXT.rsplit_once("\"status\":{\"code\":0").unwrap();
        last(&format!("{head}\"status\":{{\"code\":{code}{tail}"), "/f")
    };
    assert_eq!(of(0).map(|it| it.ended_s), Probed::Seen(Some(1_796_069_967)));
    assert_eq!(of(2), Probed::Seen(Backup::default()));
    for code in [3, 4, 99] {
        let wanted = format!("(status.code {code})");
        assert!(matches!(of(code), Probed::Failed(why) if why.contains(&wanted)));
    }
}

#[test]
fn of_several_stanzas_none_is_guessed() {
    let two = format!("{},{}", NONE.trim_end_matches(']'), NONE.trim_start_matches('['));
    assert!(matches!(last(&two, "/f"), Probed::Failed(why) if why.contains("2 stanzas")));
    assert!(matches!(last("stanza: lab", "/f"), Probed::Failed(_)));
}

#[test]
fn only_a_file_is_looked_at_and_one_that_is_not_there_is_absent() {
    let of = |value: &str| look(&[("backup.5432".to_owned(), value.to_owned())].into());
    assert!(of("30h,26h").is_empty());
    assert!(of("/nonexistent/groundsill.json").is_empty(), "without an age");
    assert_eq!(
        of("/nonexistent/groundsill.json,26h").get("5432"),
        Some(&Probed::Absent("/nonexistent/groundsill.json".to_owned()))
    );
}
