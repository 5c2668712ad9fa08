//! The valid name that is nearest to a wrong one.

/// How many valid names are listed before the rest is only counted.
const LISTED: usize = 12;

/// `found "x", wanted one of "a", "b"; the nearest is "a"`.
pub(crate) fn one_of<'a>(found: &str, valid: impl IntoIterator<Item = &'a str>) -> String {
    let mut valid: Vec<_> = valid.into_iter().collect();
    valid.sort_unstable();
    valid.dedup();
    let near = suggestion(found, valid.iter().copied());
    match valid.as_slice() {
        [] => format!("found {found:?}, but there is none to choose from"),
        [only] => format!("found {found:?}, wanted {only:?}"),
        several => format!("found {found:?}, wanted one of {}{near}", list(several)),
    }
}

/// `; the nearest is "x"` for the name that is near enough to be meant, or nothing.
pub(super) fn suggestion<'a>(found: &str, valid: impl IntoIterator<Item = &'a str>) -> String {
    valid
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(found, name), name))
        .min()
        .filter(|(distance, name)| *distance <= 1 + name.chars().count() / 3)
        .map(|(_, name)| format!("; the nearest is {name:?}"))
        .unwrap_or_default()
}

fn list(names: &[&str]) -> String {
    let shown: Vec<_> = names
        .iter()
        .take(LISTED)
        .map(|name| format!("{name:?}"))
        .collect();
    match names.len().saturating_sub(LISTED) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_suggested_only_when_it_is_near() {
        assert_eq!(
            one_of("fullname", ["full_name", "birth_date"]),
            "found \"fullname\", wanted one of \"birth_date\", \"full_name\"; the nearest is \"full_name\""
        );
        assert_eq!(
            one_of("xyz", ["full_name", "sex"]),
            "found \"xyz\", wanted one of \"full_name\", \"sex\""
        );
        assert_eq!(one_of("xyz", ["sex"]), "found \"xyz\", wanted \"sex\"");
        assert_eq!(
            one_of("xyz", []),
            "found \"xyz\", but there is none to choose from"
        );
    }

    #[test]
    fn a_long_list_is_cut() {
        let names: Vec<_> = (10..40).map(|number| format!("name-{number}")).collect();
        let said = one_of("zzz", names.iter().map(String::as_str));
        assert!(said.ends_with("\"name-21\" and 18 more"), "{said}");
    }
}
