//! The longest time that lookups are answered while no witness has cosigned what was published.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use audit::Appender;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;

use super::Collected;

/// How often it is looked at.
const LOOK: Duration = Duration::from_millis(100);

/// The oldest published checkpoint that was not yet cosigned, and since when.
#[derive(Default)]
struct Waiting(Option<(u64, Instant)>);

impl Waiting {
    /// How long something that was published has waited now.
    fn time(&mut self, published: u64, cosigned: u64, now: Instant) -> Duration {
        match self.0 {
            Some((size, since)) if cosigned < size => return now.saturating_duration_since(since),
            _ if published > cosigned => self.0 = Some((published, now)),
            _ => self.0 = None,
        }
        Duration::ZERO
    }
}

/// Withholds the log, and says so to those who ask for the gateway's health, while the patience is at its end.
pub(super) async fn watch(
    log: Appender,
    patience: Duration,
    collected: Arc<Collected>,
    health: HealthReporter,
) {
    let published = log.published();
    let mut waiting = Waiting::default();
    let mut withheld = false;
    loop {
        let size = published.borrow().checkpoint().size;
        let cosigned = collected.size.load(Ordering::Relaxed);
        let at_end = waiting.time(size, cosigned, Instant::now()) >= patience;
        if at_end != withheld {
            withheld = at_end;
            log.withhold(withheld);
            let status = if withheld {
                tracing::error!(
                    size,
                    cosigned,
                    "no witness has cosigned for too long; lookups are refused"
                );
                ServingStatus::NotServing
            } else {
                tracing::info!(size, "a witness has cosigned; lookups are answered again");
                ServingStatus::Serving
            };
            health.set_service_status("", status).await;
        }
        tokio::time::sleep(LOOK).await;
    }
}

#[cfg(test)]
mod tests {
    use super::{Duration, Instant, Waiting};

    #[test]
    fn the_time_counts_from_the_oldest_checkpoint_that_nobody_cosigned() {
        let begin = Instant::now();
        let at = |seconds| begin + Duration::from_secs(seconds);
        let mut waiting = Waiting::default();
        assert_eq!(waiting.time(5, 0, at(0)), Duration::ZERO);
        assert_eq!(waiting.time(9, 0, at(3)), Duration::from_secs(3));
        assert_eq!(
            waiting.time(12, 5, at(4)),
            Duration::ZERO,
            "what waited is cosigned"
        );
        assert_eq!(waiting.time(12, 5, at(6)), Duration::from_secs(2));
        assert_eq!(waiting.time(12, 12, at(100)), Duration::ZERO);
        assert_eq!(
            waiting.time(12, 12, at(900)),
            Duration::ZERO,
            "an idle gateway waits for nobody"
        );
    }
}
