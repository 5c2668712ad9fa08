//! A small random number generator whose every stream is a pure function of seed and index.

/// One stream of draws (splitmix64, Steele, Lea and Flood 2014).
#[derive(Clone, Debug)]
pub(crate) struct Draw(u64);

impl Draw {
    /// The stream of one subject: the same arguments give the same draws on every machine.
    pub(crate) fn of(seed: u64, stream: u64, index: u64) -> Self {
        let mut mixed = Self(seed ^ stream.rotate_left(32));
        let base = mixed.next();
        Self(base ^ index.wrapping_mul(0xD1B5_4A32_D192_ED03))
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 up to, not including, `bound`; 0 when the bound is 0.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        let wide = u128::from(self.next()) * u128::from(bound);
        u64::try_from(wide >> 64).unwrap_or(0)
    }

    /// A number from `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: i32, high: i32) -> i32 {
        let width = u64::try_from(i64::from(high) - i64::from(low) + 1).unwrap_or(0);
        low + i32::try_from(self.below(width)).unwrap_or(0)
    }

    /// True in `permille` of a thousand draws.
    pub(crate) fn chance(&mut self, permille: u64) -> bool {
        self.below(1000) < permille
    }

    /// One of the values, each as likely as the others.
    pub(crate) fn pick<T: Copy, const N: usize>(&mut self, values: &[T; N]) -> T {
        const { assert!(N > 0) };
        values[usize::try_from(self.below(N as u64)).unwrap_or(0)]
    }

    /// One of the values, as likely as its weight says.
    pub(crate) fn weighted<T: Copy, const N: usize>(&mut self, values: &[(T, u64); N]) -> T {
        const { assert!(N > 0) };
        let mut left = self.below(values.iter().map(|(_, weight)| weight).sum());
        for (value, weight) in values {
            if left < *weight {
                return *value;
            }
            left -= weight;
        }
        values[0].0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_the_same_each_time_and_differs_by_seed_stream_and_index() {
        let first = |mut draw: Draw| [draw.next(), draw.next()];
        let here = first(Draw::of(1, 2, 3));
        assert_eq!(here, first(Draw::of(1, 2, 3)));
        for other in [Draw::of(2, 2, 3), Draw::of(1, 3, 3), Draw::of(1, 2, 4)] {
            assert_ne!(here, first(other));
        }
    }

    #[test]
    fn weights_are_kept_within_a_percent() {
        let mut draw = Draw::of(7, 0, 0);
        let heavy = (0..10_000)
            .filter(|_| draw.weighted(&[(true, 9), (false, 1)]))
            .count();
        assert!((8_900..9_100).contains(&heavy), "{heavy}");
    }
}
