//! Whoever attacks, beside honest callers. The memory and the times of the built program count here, so these run by
//! themselves and not beside the other black-box tests.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![forbid(unsafe_code)]

mod attacks;
mod chaos;
