//! One page of a list (AIP-158).

use crate::status::{Reason, Refusal};

/// Items of a page when nobody says how many.
const USUAL: usize = 50;

/// The most items of a page. Against a page that is too long for a message.
const MOST: usize = 500;

/// Which part of a list is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Page<'a> {
    from: usize,
    size: usize,
    version: &'a str,
}

impl<'a> Page<'a> {
    /// Reads size and token. A token holds the version of the configuration whose list it goes on with.
    pub(super) fn read(size: i32, token: &str, version: &'a str) -> Result<Self, Refusal> {
        let size = match usize::try_from(size) {
            Ok(0) => USUAL,
            Ok(size) => size.min(MOST),
            Err(_) => {
                return Err(Refusal::new(Reason::Malformed, "page_size is less than 0").naming("page_size"));
            }
        };
        let from = match token {
            "" => Some(0),
            token => token
                .split_once('-')
                .filter(|(of, _)| *of == version)
                .and_then(|(_, from)| from.parse().ok()),
        };
        let from = from.ok_or_else(|| {
            let message = "page_token is not one of the configuration in force; begin with the first page";
            Refusal::new(Reason::Malformed, message).naming("page_token")
        })?;
        Ok(Self { from, size, version })
    }

    /// The items of the page, and the token of the next one; empty when there is none.
    pub(super) fn of<T: Clone>(&self, all: &[T]) -> (Vec<T>, String) {
        let rest = all.get(self.from..).unwrap_or_default();
        let items = rest.get(..self.size).unwrap_or(rest).to_vec();
        let next = match rest.len() > items.len() {
            true => format!("{}-{}", self.version, self.from + items.len()),
            false => String::new(),
        };
        (items, next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_give_every_item_once_and_end() {
        let all: Vec<_> = (0..7).collect();
        for size in 1..9 {
            let (mut seen, mut token) = (Vec::new(), String::new());
            loop {
                let page = Page::read(size, &token, "0123abcd").expect("good");
                let (items, next) = page.of(&all);
                assert!(items.len() <= usize::try_from(size).expect("small"));
                seen.extend(items);
                token = next;
                if token.is_empty() {
                    break;
                }
            }
            assert_eq!(seen, all);
        }
    }

    #[test]
    fn a_token_of_another_configuration_and_a_size_below_zero_are_refused() {
        for (size, token) in [
            (1, "other-1"),
            (1, "0123abcd"),
            (1, "0123abcd-x"),
            (1, "0123abcd--1"),
            (-1, ""),
        ] {
            let refused = Page::read(size, token, "0123abcd").expect_err("refused");
            assert_eq!(refused.reason, Reason::Malformed, "{size} {token}");
        }
        let past = Page::read(1, "0123abcd-99", "0123abcd").expect("good");
        assert_eq!(past.of(&[1, 2]), (Vec::new(), String::new()));
    }
}
