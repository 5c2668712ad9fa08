//! What two dates have in common, as far as both are known.

use super::PartialDate;

/// What may be said of two dates. Only [`Same`](Self::Same) is full agreement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DateComparison {
    /// Both are full dates and the same day.
    Same,
    /// The years agree, and one side at least knows no more than its year.
    AgreesYearOnly,
    /// Year and month agree, and one side at least does not know its day.
    AgreesYearMonth,
    /// Two full dates of one year with day and month changed round. Not agreement: shown to the
    /// officer.
    DifferentMaybeSwapped,
    /// A part known on both sides differs.
    Different,
}

impl DateComparison {
    /// The stable word used in answers, records and settings.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::AgreesYearOnly => "agrees_year_only",
            Self::AgreesYearMonth => "agrees_year_month",
            Self::DifferentMaybeSwapped => "different_maybe_swapped",
            Self::Different => "different",
        }
    }
}

/// Compares two dates. Symmetric. Two equal partial dates agree as far as they are known and are
/// not called the same: a shared year of birth does not make one birthday.
///
/// Source: domain rule 4.4 (5).
#[must_use]
pub fn compare(left: PartialDate, right: PartialDate) -> DateComparison {
    if left.year() != right.year() {
        return DateComparison::Different;
    }
    let (Some(left_month), Some(right_month)) = (left.month(), right.month()) else {
        return DateComparison::AgreesYearOnly;
    };
    let (Some(left_day), Some(right_day)) = (left.day(), right.day()) else {
        return match left_month == right_month {
            true => DateComparison::AgreesYearMonth,
            false => DateComparison::Different,
        };
    };
    if (left_month, left_day) == (right_month, right_day) {
        DateComparison::Same
    } else if (left_month, left_day) == (right_day, right_month) {
        DateComparison::DifferentMaybeSwapped
    } else {
        DateComparison::Different
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::date::parse;

    fn compared(left: &str, right: &str) -> &'static str {
        let read = |text| parse(text).ok().flatten().expect("a date").date;
        compare(read(left), read(right)).code()
    }

    #[test]
    fn partial_dates_agree_as_far_as_they_are_known() {
        assert_eq!(compared("1990", "05/07/1990"), "agrees_year_only");
        assert_eq!(compared("1990", "1990"), "agrees_year_only");
        assert_eq!(compared("1990", "07/1990"), "agrees_year_only");
        assert_eq!(compared("07/1990", "05/07/1990"), "agrees_year_month");
        assert_eq!(compared("07/1990", "05/08/1990"), "different");
        assert_eq!(compared("1991", "05/07/1990"), "different");
    }

    #[test]
    fn day_and_month_changed_round_are_seen_but_do_not_agree() {
        assert_eq!(compared("05/07/1990", "07/05/1990"), "different_maybe_swapped");
        assert_eq!(compared("05/07/1990", "07/05/1991"), "different");
        assert_eq!(compared("05/05/1990", "05/05/1990"), "same");
        assert_eq!(compared("05/07/1990", "06/07/1990"), "different");
    }
}
