use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use argon2::password_hash::{PasswordHasher, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};

use super::*;

/// A line whose password is cheap to check.
pub(crate) fn cheap_line(name: &str, password: &str) -> String {
    let params = Params::new(8, 1, 1, None).unwrap();
    let salt = SaltString::encode_b64(b"salt for a test!").unwrap();
    let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    format!("{name}:{}\n", argon.hash_password(password.as_bytes(), &salt).unwrap())
}

pub(crate) fn access_of(users: &[(&str, &str)]) -> Access {
    Access::new(users_of(users), [7; 32])
}

pub(crate) fn users_of(users: &[(&str, &str)]) -> Users {
    let lines: String = users.iter().map(|(name, password)| cheap_line(name, password)).collect();
    Users::parse(&lines).unwrap()
}

/// What comes of it without waiting for anything.
async fn at_once<T>(future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(outcome) => Poll::Ready(Some(outcome)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}

#[tokio::test]
async fn a_user_is_known_by_their_password_alone() {
    let access = access_of(&[("billing", "secret"), ("default", "other")]);
    let known = access.authenticate(b"billing", b"secret").await;
    assert_eq!(known.map(|user| user.name().to_owned()).as_deref(), Some("billing"));
    for (name, password) in [
        ("billing", "other"),
        ("billing", ""),
        ("billing", "secret\0"),
        ("billin", "secret"),
        ("nobody", "other"),
        ("", ""),
    ] {
        let found = access.check(name.as_bytes(), password.as_bytes()).await;
        assert!(found.is_none(), "{name} {password}");
    }
    assert!(access.check(b"billing\xff", b"secret").await.is_none());
    assert!(access.check(b"billing", &[b'x'; PASSWORD_BYTES_MAX + 1]).await.is_none());
}

/// With every check taken, what does not need one goes on; all that is wrong needs one, whoever it names.
#[tokio::test]
async fn a_password_that_was_right_costs_nothing_and_a_wrong_one_the_same_for_whoever_it_names() {
    let access = access_of(&[("billing", "secret"), ("late", "secret")]);
    assert!(access.check(b"billing", b"secret").await.is_some());
    assert!(access.check(b"billing", b"wrong").await.is_none());
    let taken = Arc::clone(&access.checks).acquire_many_owned(CHECKS).await.unwrap();
    for _ in 0..1000 {
        let known = at_once(access.authenticate(b"billing", b"secret")).await;
        assert!(known.is_some_and(|user| user.is_some()));
    }
    for (name, password) in
        [("billing", "wrong"), ("late", "secret"), ("late", "wrong"), ("nobody", "secret")]
    {
        let outcome = at_once(access.check(name.as_bytes(), password.as_bytes())).await;
        assert!(outcome.is_none(), "{name} {password} was answered without a check");
    }
    drop(taken);
    assert!(access.check(b"nobody", b"secret").await.is_none());
}

#[test]
fn a_check_that_nobody_waits_for_any_more_keeps_its_place_until_it_is_done() {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.max_blocking_threads(1).build().unwrap().block_on(async {
        let access = access_of(&[("billing", "secret")]);
        let (begin, begun) = std::sync::mpsc::channel::<()>();
        // The thread that checks is kept busy, so that a check waits for it.
        let blocker = tokio::task::spawn_blocking(move || begun.recv());
        for _ in 0..CHECKS {
            assert!(at_once(access.check(b"billing", b"wrong")).await.is_none());
        }
        assert_eq!(access.checks.available_permits(), 0);
        begin.send(()).unwrap();
        blocker.await.unwrap().unwrap();
        // All places come back, each once.
        let all = access.checks.acquire_many(CHECKS).await.unwrap();
        assert_eq!((access.checks.available_permits(), all.num_permits()), (0, CHECKS as usize));
    });
}

#[tokio::test]
async fn who_stays_as_they_were_stays_known_and_the_others_are_gone() {
    let access = access_of(&[("stays", "a"), ("changes", "b"), ("leaves", "c")]);
    let mut users = Vec::new();
    for (name, password) in [("stays", "a"), ("changes", "b"), ("leaves", "c")] {
        users.push(access.check(name.as_bytes(), password.as_bytes()).await.unwrap());
    }
    access.set_users(users_of(&[("changes", "new"), ("comes", "d"), ("stays", "a")]));
    let gone: Vec<_> = users.iter().map(|user| user.is_gone()).collect();
    assert_eq!(gone, [false, true, true]);
    assert!(access.check(b"changes", b"b").await.is_none());
    assert!(access.check(b"leaves", b"c").await.is_none());
    assert!(access.check(b"comes", b"d").await.is_some());
    let stays = at_once(access.check(b"stays", b"a")).await.flatten();
    assert!(stays.is_some(), "what is remembered of them is remembered still");
}

#[tokio::test]
async fn nothing_secret_is_shown() {
    let access = access_of(&[("billing", "secret")]);
    assert!(access.check(b"billing", b"secret").await.is_some());
    let shown = format!("{access:?}");
    assert!(shown.contains("billing"), "{shown}");
    for secret in ["secret", "argon2id", "[7", "7, 7"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[test]
fn a_line_that_is_made_is_read_again_and_checks() {
    let line = hash_line("billing", b"secret", [3; 16]).unwrap();
    assert!(line.starts_with("billing:$argon2id$v=19$m=19456,t=2,p=1$"), "{line}");
    let users = Users::parse(&line).unwrap();
    let user = users.find(b"billing").unwrap();
    assert!(user.check(b"secret") && !user.check(b"Secret"));
    assert_ne!(hash_line("billing", b"secret", [4; 16]).unwrap(), line);
}
