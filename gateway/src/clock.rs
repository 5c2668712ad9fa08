//! The one place that asks what time it is.

use std::time::{SystemTime, UNIX_EPOCH};

/// Microseconds since the Unix epoch, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(pub i64);

impl Moment {
    /// The system clock's present moment; the epoch itself when the clock stands before it.
    pub fn now() -> Self {
        #[expect(clippy::disallowed_methods, reason = "this is the clock module")]
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }

    /// The moment so many seconds after the Unix epoch.
    pub fn from_unix_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }

    /// Whole seconds since the Unix epoch, rounded down.
    pub fn unix_seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// This moment as the wire writes it.
    pub fn timestamp(self) -> prost_types::Timestamp {
        prost_types::Timestamp {
            seconds: self.unix_seconds(),
            nanos: i32::try_from(self.0.rem_euclid(1_000_000) * 1_000).unwrap_or(0),
        }
    }

    /// The moment at which a calendar day begins in Viet Nam; none for a day that no clock can show.
    pub fn start_of_viet_nam_day(day: jiff::civil::Date) -> Option<Self> {
        let start = jiff::tz::offset(7).to_timestamp(day.at(0, 0, 0, 0)).ok()?;
        Some(Self(start.as_microsecond()))
    }

    /// The calendar day in Viet Nam (UTC+7 the whole year), on which validity dates are read.
    pub fn viet_nam_day(self) -> jiff::civil::Date {
        jiff::Timestamp::from_microsecond(self.0)
            .map(|timestamp| jiff::tz::offset(7).to_datetime(timestamp).date())
            .unwrap_or_default()
    }
}
