//! The valid name that is nearest to a wrong one.

/// `", nearest is \"x\""` for the name that is near enough to be meant, or nothing.
pub(crate) fn suggestion<'a>(found: &str, valid: impl IntoIterator<Item = &'a str>) -> String {
    valid
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(found, name), name))
        .min()
        .filter(|(distance, name)| *distance <= 1 + name.chars().count() / 3)
        .map(|(_, name)| format!("; the nearest is {name:?}"))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_suggested_only_when_it_is_near() {
        let valid = ["full_name", "birth_date"];
        assert_eq!(suggestion("fullname", valid), "; the nearest is \"full_name\"");
        assert_eq!(suggestion("xyz", valid), "");
        assert_eq!(suggestion("xyz", []), "");
    }
}
