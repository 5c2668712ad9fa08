//! A date as far as it is known.

use std::fmt;
use std::ops::RangeInclusive;

use jiff::civil::Date;

use super::DateError;

/// The years that a record can plausibly hold. Outside them stand typing errors and fillers such
/// as year 1 and year 9999.
pub const YEARS: RangeInclusive<i16> = 1800..=2199;

/// A year, perhaps with its month, perhaps with its day. Always a real date of the calendar; a
/// missing part is never filled with a made-up first of January.
///
/// Source: domain conventions, section 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartialDate {
    year: i16,
    month: Option<u8>,
    day: Option<u8>,
}

impl PartialDate {
    /// A date of the parts that are known.
    ///
    /// # Errors
    /// [`DateError::ImplausibleYear`] outside [`YEARS`]; [`DateError::ImpossibleDate`] for a month
    /// or day that does not exist, or a day without a month.
    pub fn new(year: i16, month: Option<u8>, day: Option<u8>) -> Result<Self, DateError> {
        if !YEARS.contains(&year) {
            return Err(DateError::ImplausibleYear);
        }
        let exists = match (month, day) {
            (None, None) => true,
            (None, Some(_)) => false,
            (Some(month), day) => calendar(year, month, day.unwrap_or(1)).is_some(),
        };
        if exists {
            Ok(Self { year, month, day })
        } else {
            Err(DateError::ImpossibleDate)
        }
    }

    /// The year, within [`YEARS`].
    #[must_use]
    pub fn year(self) -> i16 {
        self.year
    }

    /// The month, 1 to 12, if known.
    #[must_use]
    pub fn month(self) -> Option<u8> {
        self.month
    }

    /// The day of the month, 1 to 31, if known.
    #[must_use]
    pub fn day(self) -> Option<u8> {
        self.day
    }

    /// The day of the calendar, when all three parts are known.
    #[must_use]
    pub fn full(self) -> Option<Date> {
        calendar(self.year, self.month?, self.day?)
    }
}

impl TryFrom<Date> for PartialDate {
    type Error = DateError;

    fn try_from(date: Date) -> Result<Self, DateError> {
        Self::new(
            date.year(),
            Some(date.month().unsigned_abs()),
            Some(date.day().unsigned_abs()),
        )
    }
}

/// `1990`, `1990-07` or `1990-07-05`.
impl fmt::Display for PartialDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}", self.year)?;
        for part in [self.month, self.day].into_iter().flatten() {
            write!(f, "-{part:02}")?;
        }
        Ok(())
    }
}

fn calendar(year: i16, month: u8, day: u8) -> Option<Date> {
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_needs_its_month_and_both_must_exist() {
        assert_eq!(
            PartialDate::new(1990, None, Some(5)),
            Err(DateError::ImpossibleDate)
        );
        assert_eq!(
            PartialDate::new(1990, Some(13), None),
            Err(DateError::ImpossibleDate)
        );
        assert_eq!(
            PartialDate::new(1990, Some(0), None),
            Err(DateError::ImpossibleDate)
        );
        assert_eq!(
            PartialDate::new(2023, Some(2), Some(29)),
            Err(DateError::ImpossibleDate)
        );
        assert!(PartialDate::new(2024, Some(2), Some(29)).is_ok());
        assert_eq!(
            PartialDate::new(1990, Some(200), Some(200)),
            Err(DateError::ImpossibleDate)
        );
    }

    #[test]
    fn a_partial_date_is_no_day_of_the_calendar() {
        let july = PartialDate::new(1990, Some(7), None).expect("July 1990 exists");
        assert_eq!(july.full(), None);
        assert_eq!(july.to_string(), "1990-07");
    }
}
