//! Where in a parsed file a range of bytes is.

use std::ops::Range;

use toml::Spanned;
use toml::de::DeValue;

/// One step from a table or an array to what is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Key(String),
    Item(usize),
}

/// The innermost value at the span that the mistake can be about.
pub(super) fn find_value(
    root: &Spanned<DeValue<'_>>,
    span: &Range<usize>,
    message: &str,
) -> Option<Vec<Place>> {
    // The tables of `[[name]]` and their array begin with the same header.
    let is_meant = |value: &DeValue<'_>| !message.starts_with("invalid type: sequence") || value.is_array();
    let mut found = None;
    walk(root, &mut |place, _, value| {
        if value.span() == *span && is_meant(value.get_ref()) {
            found = Some(place.to_vec());
        }
    });
    found
}

/// The table at the span that lacks the key.
pub(super) fn find_table(root: &Spanned<DeValue<'_>>, span: &Range<usize>, key: &str) -> Option<Vec<Place>> {
    let mut found = None;
    walk(root, &mut |place, _, value| match value.get_ref() {
        DeValue::Table(table) if value.span() == *span && !table.contains_key(key) => {
            found = Some(place.to_vec())
        }
        _ => {}
    });
    found
}

/// The value whose key stands at the span.
pub(super) fn find_key(root: &Spanned<DeValue<'_>>, span: &Range<usize>) -> Option<Vec<Place>> {
    let mut found = None;
    walk(root, &mut |place, key, _| {
        if key == Some(span) {
            found = Some(place.to_vec());
        }
    });
    found
}

/// What holds a place, and the last step to it. None for the file itself.
pub(super) fn parent(place: &[Place]) -> Option<(&[Place], &Place)> {
    let (last, parent) = place.split_last()?;
    Some((parent, last))
}

/// Visits every value, outer ones first, with its place and the span of its key.
fn walk<'i>(value: &Spanned<DeValue<'i>>, visit: &mut impl Visit<'i>) {
    inner(value, None, &mut Vec::new(), visit);
}

/// Looks at a value by its place, the span of its key if it has one, and itself.
trait Visit<'i>: FnMut(&[Place], Option<&Range<usize>>, &Spanned<DeValue<'i>>) {}

impl<'i, F: FnMut(&[Place], Option<&Range<usize>>, &Spanned<DeValue<'i>>)> Visit<'i> for F {}

fn inner<'i>(
    value: &Spanned<DeValue<'i>>,
    key: Option<&Range<usize>>,
    place: &mut Vec<Place>,
    visit: &mut impl Visit<'i>,
) {
    visit(place, key, value);
    match value.get_ref() {
        DeValue::Table(table) => {
            for (key, value) in table {
                place.push(Place::Key(key.get_ref().to_string()));
                inner(value, Some(&key.span()), place, visit);
                place.pop();
            }
        }
        DeValue::Array(array) => {
            for (number, value) in array.iter().enumerate() {
                place.push(Place::Item(number));
                inner(value, None, place, visit);
                place.pop();
            }
        }
        _ => {}
    }
}
