//! Quantities with their unit written: `"250ms"`, `"64 MiB"`.

use std::fmt;
use std::time::Duration;

use serde::de::Visitor;
use serde::{Deserialize, Deserializer};

const INTERVALS: [(&str, u64); 5] = [
    ("ms", 1),
    ("s", 1_000),
    ("m", 60_000),
    ("h", 3_600_000),
    ("d", 86_400_000),
];
const SIZES: [(&str, u64); 4] = [("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)];

/// A length of time, written as a whole number and `ms`, `s`, `m`, `h` or `d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Interval(pub Duration);

/// A number of bytes, written as a whole number and `B`, `KiB`, `MiB` or `GiB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size(pub u64);

impl<'de> Deserialize<'de> for Interval {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wanted = "a length of time with its unit, such as \"250ms\", \"30s\", \"5m\", \"2h\" or \"1d\"";
        let millis = deserializer.deserialize_str(Quantity {
            wanted,
            units: &INTERVALS,
        })?;
        Ok(Self(Duration::from_millis(millis)))
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wanted = "a size with its unit, such as \"512 B\", \"64 KiB\", \"8 MiB\" or \"1 GiB\"";
        deserializer
            .deserialize_str(Quantity {
                wanted,
                units: &SIZES,
            })
            .map(Self)
    }
}

struct Quantity {
    wanted: &'static str,
    units: &'static [(&'static str, u64)],
}

impl Visitor<'_> for Quantity {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.wanted)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<u64, E> {
        read(text, self.units).ok_or_else(|| E::custom(format!("found {text:?}, wanted {}", self.wanted)))
    }
}

fn read(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits)?;
    let unit = unit.strip_prefix(' ').unwrap_or(unit);
    let (_, factor) = units.iter().find(|(name, _)| *name == unit)?;
    number.parse::<u64>().ok()?.checked_mul(*factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantity_is_a_whole_number_and_a_unit() {
        assert_eq!(read("250ms", &INTERVALS), Some(250));
        assert_eq!(read("5 m", &INTERVALS), Some(300_000));
        assert_eq!(read("64 MiB", &SIZES), Some(64 << 20));
        assert_eq!(read("0s", &INTERVALS), Some(0));
    }

    #[test]
    fn what_has_no_unit_or_no_number_is_refused() {
        for text in [
            "250",
            "ms",
            "",
            "1.5s",
            "-1s",
            "1  s",
            "1S",
            "99999999999999999999s",
            "18446744073709551615d",
        ] {
            assert_eq!(read(text, &INTERVALS), None, "{text}");
        }
    }

    #[test]
    fn the_refusal_says_what_was_found_and_what_was_wanted() {
        #[derive(Debug, Deserialize)]
        struct Holder {
            #[expect(dead_code, reason = "only its reading is of interest")]
            size: Size,
        }
        let refusal = toml::from_str::<Holder>("size = \"8 MB\"").expect_err("MB is no unit here");
        assert!(
            refusal.to_string().contains("found \"8 MB\", wanted a size"),
            "{refusal}"
        );
        assert_eq!(refusal.span(), Some(7..13));
    }
}
