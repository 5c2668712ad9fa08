//! The accepted spellings of a date, told apart by their punctuation and the length of the parts.

use super::time::{self, Clock};
use super::{DateError, Parsed, PartialDate};
use crate::text::digits::{has_exponent, is_digits};

/// No accepted form is longer: `yyyy-mm-ddTHH:MM:SS.nnnnnnnnn+hh:mm`.
const LONGEST: usize = 35;

const SEPARATORS: [char; 3] = ['/', '-', '.'];

/// Reads a text that is trimmed and not empty.
pub(super) fn read(text: &str) -> Result<Parsed, DateError> {
    if text.len() > LONGEST || !text.is_ascii() {
        return Err(DateError::UnknownForm);
    }
    if has_exponent(text) || is_day_count(text) {
        return Err(DateError::SpreadsheetSerial);
    }
    if is_digits(text) {
        return read_digits(text);
    }
    match text.split_once(['T', 't', ' ']) {
        Some((day, clock)) => with_clock(read_day(day)?, time::read(clock.trim_start())?),
        None => read_day(text).map(only_date),
    }
}

fn only_date(date: PartialDate) -> Parsed {
    Parsed { date, time: None }
}

fn with_clock(date: PartialDate, clock: Clock) -> Result<Parsed, DateError> {
    let day = date.full().ok_or(DateError::UnknownForm)?;
    clock.in_viet_nam(day).and_then(Parsed::from_moment)
}

fn read_digits(text: &str) -> Result<Parsed, DateError> {
    match text.len() {
        4 => of_parts(text, "0", "0").map(only_date),
        6 => Err(DateError::AmbiguousDigits),
        8 => of_parts(&text[..4], &text[4..6], &text[6..]).map(only_date),
        14 => {
            let date = of_parts(&text[..4], &text[4..6], &text[6..8])?;
            let time = time::of_parts(&text[8..10], &text[10..12], &text[12..])?;
            with_clock(date, Clock::local(time))
        }
        _ => Err(DateError::UnknownForm),
    }
}

/// Reads parts set apart by one and the same separator.
fn read_day(text: &str) -> Result<PartialDate, DateError> {
    if is_digits(text) && text.len() == 8 {
        return of_parts(&text[..4], &text[4..6], &text[6..]);
    }
    let separator = text
        .chars()
        .find(|c| SEPARATORS.contains(c))
        .ok_or(DateError::UnknownForm)?;
    let parts: Vec<&str> = text.split(separator).collect();
    if !parts.iter().all(|part| is_digits(part)) {
        return Err(DateError::UnknownForm);
    }
    match *parts.as_slice() {
        [year, month, day] if year.len() == 4 && short(month) && short(day) => of_parts(year, month, day),
        [day, month, year] if short(day) && short(month) && year.len() == 4 => of_parts(year, month, day),
        [a, b, c] if short(a) && short(b) && short(c) => Err(DateError::TwoDigitYear),
        [month, year] if short(month) && year.len() == 4 => of_parts(year, month, "0"),
        [year, month] if year.len() == 4 && short(month) => of_parts(year, month, "0"),
        [a, b] if short(a) && short(b) => Err(DateError::TwoDigitYear),
        _ => Err(DateError::UnknownForm),
    }
}

/// Zero stands for "not known".
fn of_parts(year: &str, month: &str, day: &str) -> Result<PartialDate, DateError> {
    let year = year.parse().map_err(|_| DateError::UnknownForm)?;
    PartialDate::new(year, known(month)?, known(day)?)
}

fn known(part: &str) -> Result<Option<u8>, DateError> {
    let value: u8 = part.parse().map_err(|_| DateError::UnknownForm)?;
    Ok((value != 0).then_some(value))
}

fn short(part: &str) -> bool {
    part.len() <= 2
}

/// Five digits, with or without decimals. Day counts of four digits end in 1927 and cannot be told
/// from years.
fn is_day_count(text: &str) -> bool {
    let (whole, decimals) = text.split_once(['.', ',']).unwrap_or((text, "0"));
    whole.len() == 5 && is_digits(whole) && is_digits(decimals)
}
