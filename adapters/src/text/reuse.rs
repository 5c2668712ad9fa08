//! The rate of reuse of digitised data, and the points for it, as QĐ 766/QĐ-TTg (indicator 4.3) counts
//! and rounds them. Whole numbers alone: no rounding happens but the last one, half up.

/// A part of a whole, such as dossiers with reuse among dossiers received.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// How many of them.
    pub part: u64,
    /// How many in all.
    pub whole: u64,
}

impl Share {
    /// Counts.
    #[must_use]
    pub fn of(counted: impl Iterator<Item = bool>) -> Self {
        counted.fold(Self::default(), |share, is_part| Self {
            part: share.part + u64::from(is_part),
            whole: share.whole + 1,
        })
    }

    /// In hundredths of a percent. `None` of nothing: that isn't 0 %.
    #[must_use]
    pub fn basis_points(self) -> Option<u64> {
        rounded(u128::from(self.part) * 10_000, self.whole.into())
    }

    /// In percent with two decimals, such as `66.67`. `None` of nothing.
    #[must_use]
    pub fn percent(self) -> Option<String> {
        let points = self.basis_points()?;
        Some(format!("{}.{:02}", points / 100, points % 100))
    }
}

/// The points for a rate, all in hundredths: the maximum from `full_at` on, below it in proportion.
#[must_use]
pub fn points(rate: u64, full_at: u64, maximum: u64) -> u64 {
    let earned = rounded(u128::from(rate) * u128::from(maximum), full_at.into());
    earned.map_or(maximum, |earned| earned.min(maximum))
}

/// The quotient, half up.
fn rounded(dividend: u128, divisor: u128) -> Option<u64> {
    let twice = dividend.checked_mul(2)?.checked_add(divisor)?;
    twice.checked_div(divisor.checked_mul(2)?)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_report_is_counted_as_printed() {
        let share = Share {
            part: 61_207,
            whole: 120_340,
        };
        assert_eq!(share.percent().as_deref(), Some("50.86"));
        assert_eq!(points(5_086, 8_000, 400), 254);
    }

    #[test]
    fn nothing_has_no_rate_and_a_half_goes_up() {
        assert_eq!(Share::default().percent(), None);
        assert_eq!(
            Share {
                part: 1,
                whole: 80_000
            }
            .basis_points(),
            Some(0)
        );
        assert_eq!(
            Share {
                part: 1,
                whole: 20_000
            }
            .basis_points(),
            Some(1)
        );
        assert_eq!(points(8_001, 8_000, 400), 400);
    }
}
