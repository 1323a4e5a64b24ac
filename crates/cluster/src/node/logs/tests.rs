use futures::StreamExt;

use super::*;

fn at(milli: i64) -> Timestamp {
    Timestamp::from_millisecond(1_795_419_178_000 + milli).unwrap()
}

fn log() -> (tempfile::TempDir, Log) {
    let directory = tempfile::tempdir().unwrap();
    let log = Log::create(&directory.path().join("c/0.log")).unwrap();
    (directory, log)
}

async fn all(log: &Log, options: LogOptions) -> String {
    let chunks: Vec<Bytes> = log.read(&options).unwrap().collect().await;
    String::from_utf8(chunks.concat()).unwrap()
}

#[tokio::test]
async fn lines_come_back_as_they_were_written() {
    let (_directory, log) = log();
    log.write(Output::Stdout, b"one\ntw", at(0)).unwrap();
    log.write(Output::Stderr, b"oh\n", at(1)).unwrap();
    log.write(Output::Stdout, b"o\n\nrest", at(2)).unwrap();
    assert_eq!(all(&log, LogOptions::default()).await, "one\noh\ntwo\n\n");
    log.close(at(3)).unwrap();
    assert_eq!(all(&log, LogOptions::default()).await, "one\noh\ntwo\n\nrest");
    let options = LogOptions { timestamps: true, tail_lines: Some(2), ..LogOptions::default() };
    insta::assert_snapshot!(all(&log, options).await, @r#"
2026-11-23T07:32:58.002000000Z 
2026-11-23T07:32:58.003000000Z rest
"#);
}

#[tokio::test]
async fn a_part_can_be_asked_for() {
    let (_directory, log) = log();
    for i in 0..2000 {
        log.write(Output::Stdout, format!("line {i}\n").as_bytes(), at(i)).unwrap();
    }
    let tail = |lines| LogOptions { tail_lines: Some(lines), ..LogOptions::default() };
    assert_eq!(all(&log, tail(0)).await, "");
    assert_eq!(all(&log, tail(2)).await, "line 1998\nline 1999\n");
    assert_eq!(all(&log, tail(5000)).await.lines().count(), 2000);
    assert_eq!(all(&log, tail(1500)).await.lines().next(), Some("line 500"));
    let limit = LogOptions { limit_bytes: Some(10), ..LogOptions::default() };
    assert_eq!(all(&log, limit).await, "line 0\nlin");
    let since = LogOptions { since: Some(at(1999)), ..LogOptions::default() };
    assert_eq!(all(&log, since).await, "line 1999\n");
    assert_eq!(log.tail(80, 20), "line 1998\nline 1999\n");
}

#[tokio::test]
async fn following_ends_when_the_container_does() {
    let (_directory, log) = log();
    log.write(Output::Stdout, b"one\n", at(0)).unwrap();
    let options = LogOptions { follow: true, ..LogOptions::default() };
    let mut lines = log.read(&options).unwrap();
    assert_eq!(lines.next().await.unwrap(), "one\n");
    log.write(Output::Stdout, b"two\n", at(1)).unwrap();
    assert_eq!(lines.next().await.unwrap(), "two\n");
    let rest = tokio::spawn(async move { lines.next().await });
    tokio::task::yield_now().await;
    log.write(Output::Stdout, b"end", at(2)).unwrap();
    log.close(at(2)).unwrap();
    assert_eq!(rest.await.unwrap().unwrap(), "end");
}

#[tokio::test]
async fn a_log_that_grows_too_big_is_begun_anew_and_its_follower_misses_nothing() {
    let (directory, log) = log();
    let options = LogOptions { follow: true, ..LogOptions::default() };
    let lines = log.read(&options).unwrap();
    let line = format!("{}\n", "x".repeat(9999));
    for i in 0..1500 {
        log.write(Output::Stdout, line.as_bytes(), at(i)).unwrap();
    }
    log.close(at(1500)).unwrap();
    let size = std::fs::metadata(directory.path().join("c/0.log")).unwrap().len();
    assert!(size < MAX_SIZE / 2, "{size}");
    let seen: usize = lines.map(|chunk| chunk.len()).fold(0, |sum, n| async move { sum + n }).await;
    assert_eq!(seen, 1500 * 10_000);
}

#[tokio::test]
async fn a_long_line_is_one_line_again_when_read() {
    let (directory, log) = log();
    let line = "y".repeat(40_000);
    log.write(Output::Stdout, format!("{line}\nz\n").as_bytes(), at(0)).unwrap();
    let file = std::fs::read_to_string(directory.path().join("c/0.log")).unwrap();
    assert_eq!(file.lines().count(), 4);
    assert_eq!(all(&log, LogOptions::default()).await, format!("{line}\nz\n"));
    let options = LogOptions { timestamps: true, ..LogOptions::default() };
    assert_eq!(all(&log, options).await.matches("2026-").count(), 2);
}
