//! The time of day that may follow a date.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::Offset;

use super::{DateError, VIET_NAM};
use crate::text::digits::is_digits;

/// A time of day on the clock of some offset.
pub(super) struct Clock {
    pub(super) time: Time,
    pub(super) offset: Offset,
}

impl Clock {
    /// A time on the clock of Viet Nam.
    pub(super) fn local(time: Time) -> Self {
        Self {
            time,
            offset: VIET_NAM,
        }
    }

    /// Date and time in Viet Nam when this clock shows its time on `day`.
    pub(super) fn in_viet_nam(&self, day: Date) -> Result<DateTime, DateError> {
        let moment = day.to_datetime(self.time);
        if self.offset == VIET_NAM {
            return Ok(moment);
        }
        let instant = self
            .offset
            .to_timestamp(moment)
            .map_err(|_| DateError::ImpossibleTime)?;
        Ok(VIET_NAM.to_datetime(instant))
    }
}

/// Reads `HH:MM`, `HH:MM:SS` or `HH:MM:SS.fraction`, followed by nothing, `Z` or `±hh[:]mm`.
pub(super) fn read(text: &str) -> Result<Clock, DateError> {
    let end = text.find(['Z', 'z', '+', '-']).unwrap_or(text.len());
    let (clock, offset) = text.split_at(end);
    let (clock, fraction) = match clock.split_once('.') {
        Some((clock, fraction)) => (clock, nanoseconds(fraction)?),
        None => (clock, 0),
    };
    let parts: Vec<&str> = clock.split(':').collect();
    let time = match *parts.as_slice() {
        [hour, minute] if fraction == 0 => of_parts(hour, minute, "00")?,
        [hour, minute, second] => of_parts(hour, minute, second)?,
        _ => return Err(DateError::UnknownForm),
    };
    let time = Time::new(time.hour(), time.minute(), time.second(), fraction)
        .map_err(|_| DateError::ImpossibleTime)?;
    Ok(Clock {
        time,
        offset: read_offset(offset)?,
    })
}

/// A time of three parts of two digits each.
pub(super) fn of_parts(hour: &str, minute: &str, second: &str) -> Result<Time, DateError> {
    Time::new(two_digits(hour)?, two_digits(minute)?, two_digits(second)?, 0)
        .map_err(|_| DateError::ImpossibleTime)
}

fn read_offset(text: &str) -> Result<Offset, DateError> {
    if text.is_empty() {
        return Ok(VIET_NAM);
    }
    if text.eq_ignore_ascii_case("Z") {
        return Ok(Offset::UTC);
    }
    let (sign, digits) = match (text.strip_prefix('+'), text.strip_prefix('-')) {
        (Some(digits), _) => (1, digits),
        (_, Some(digits)) => (-1, digits),
        _ => return Err(DateError::UnknownForm),
    };
    let (hours, minutes) = digits
        .split_once(':')
        .or_else(|| digits.split_at_checked(2))
        .ok_or(DateError::UnknownForm)?;
    let (hours, minutes) = (two_digits(hours)?, two_digits(minutes)?);
    // The widest offset in use is +14:00.
    if hours > 14 || minutes > 59 {
        return Err(DateError::ImpossibleTime);
    }
    Offset::from_seconds(sign * (i32::from(hours) * 3600 + i32::from(minutes) * 60))
        .map_err(|_| DateError::ImpossibleTime)
}

/// The fraction of a second; digits after the ninth are dropped.
fn nanoseconds(fraction: &str) -> Result<i32, DateError> {
    if !is_digits(fraction) {
        return Err(DateError::UnknownForm);
    }
    let nine = fraction
        .bytes()
        .map(|b| i32::from(b - b'0'))
        .chain(std::iter::repeat(0))
        .take(9);
    Ok(nine.fold(0, |sum, digit| sum * 10 + digit))
}

fn two_digits(text: &str) -> Result<i8, DateError> {
    match *text.as_bytes() {
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => {
            i8::try_from((tens - b'0') * 10 + (ones - b'0')).map_err(|_| DateError::UnknownForm)
        }
        _ => Err(DateError::UnknownForm),
    }
}
