use std::io::Read;

use super::*;
use crate::staging::tests::Ground;

/// Asks on a thread that may wait.
async fn asked(root: &Path) -> Result<Staged> {
    let root = root.to_owned();
    spawn_blocking(move || ask(&root)).await.unwrap()
}

async fn gone(path: &Path) {
    while path.exists() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_staging_is_there_until_who_asked_for_it_is_gone_and_for_one_at_a_time() {
    // The second is longer than an address may be.
    for name in ["data".to_owned(), "d".repeat(150)] {
        let mut ground = Ground::within(&name);
        ground.commit(3, 1);
        let door = Door::open(&ground.dir.path, ground.staging.clone());
        assert!(door.serving.is_some());
        let staged = asked(&ground.dir.path).await.unwrap();
        assert!(staged.path().join("identity").exists());
        let error = asked(&ground.dir.path).await.unwrap_err().to_string();
        assert!(error.contains("another backup is under way"), "{error}");
        assert!(staged.path().join("identity").exists());
        drop(staged);
        tokio::time::timeout(Duration::from_secs(30), gone(&ground.path())).await.unwrap();
        drop(door);
        assert!(!ground.dir.path.join(NAME).exists());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_socket_is_private_and_one_that_was_left_is_replaced() {
    let ground = Ground::new();
    let path = ground.dir.path.join(NAME);
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let error = format!("{:#}", asked(&ground.dir.path).await.unwrap_err());
    assert!(error.contains("refused"), "{error}");
    let _door = Door::open(&ground.dir.path, ground.staging.clone());
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    asked(&ground.dir.path).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_staged_is_answered_with_the_reason_and_nothing_is_left() {
    let ground = Ground::new();
    let _door = Door::open(&ground.dir.path, ground.staging.clone());
    fs::rename(ground.dir.path.join("identity"), ground.root.path().join("identity")).unwrap();
    let root = ground.dir.path.clone();
    let line = spawn_blocking(move || {
        let mut stream = within(&root, BlockingStream::connect).unwrap();
        let mut line = String::new();
        stream.read_to_string(&mut line).unwrap();
        line
    });
    let line = line.await.unwrap();
    assert!(
        line.starts_with("no: ") && line.contains("identity") && line.ends_with('\n'),
        "{line}"
    );
    tokio::time::timeout(Duration::from_secs(30), gone(&ground.path())).await.unwrap();
}
