//! Rule 1, at its hardest: what was answered is in the log, however often the program is killed.

use std::time::Duration;

use harness::Scene;
use harness::kills::kill_often;

/// `cargo run -p tests --bin kills` does it more often.
const KILLS: u64 = 200;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_answered_call_is_lost_in_two_hundred_kills() {
    let scene = Scene::new();
    let kills = kill_often(&scene, KILLS, |_| {}).await;
    assert!(kills.answers > KILLS, "{} answers are no load", kills.answers);
    assert_eq!(
        kills.without_entry, 0,
        "of {} answers some are not in the log",
        kills.answers
    );
    // One start in twenty may have waited for the machine.
    let usual = kills.startup(0.95);
    assert!(usual < Duration::from_secs(1), "a start took {usual:?}");
}
