//! The second facts of a key against the record.
//!
//! Who names a person by facts that do not fit learns nothing: the call goes the way of a number that
//! nobody has. The answer is the same to the byte; as many facts are compared; the registry is asked as
//! often, at the same moments, whatever is kept of the person for those who know them.

use crate::cache::{Kept, KeptRecord};
use crate::record::method::Method;
use crate::record::query::Query;
use crate::status::Refusal;

use super::answer::garbled;

/// What stands after the key of an answer in the key of the mark that somebody asked in vain: no
/// identifier holds it.
const IN_VAIN: &[u8] = b"\0in vain";

/// Whether the facts fit what is kept. That nobody is kept fits nothing, after as much work.
pub(super) fn fit(method: &Method, query: &Query<'_>, kept: &Kept) -> Result<bool, Refusal> {
    match kept {
        Kept::Record(record) => record.fits(&method.path, query.key, || fit_record(method, query, record)),
        Kept::NotFound { .. } => {
            compare(method, query, &method.key.nobody)?;
            Ok(false)
        }
    }
}

/// The key of the mark that somebody asked in vain for this key's subject.
pub(super) fn in_vain(key: &[u8]) -> Vec<u8> {
    [key, IN_VAIN].concat()
}

fn fit_record(method: &Method, query: &Query<'_>, record: &KeptRecord) -> Result<bool, Refusal> {
    compare(method, query, record.whole())
}

/// Compares every fact, also after one that does not fit.
fn compare(method: &Method, query: &Query<'_>, record: &[u8]) -> Result<bool, Refusal> {
    let mut all = true;
    for (at, claimed) in &query.facts {
        let fact = method.key.facts.get(*at).ok_or_else(garbled)?;
        all &= fact.fits(*claimed, record).map_err(|_| garbled())?;
    }
    Ok(all)
}
