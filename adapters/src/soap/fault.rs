//! What a fault means.

use super::settings::Settings;
use crate::check::Problem;
use crate::error::Error;
use crate::http::{Word, presentable};
use crate::tree::{Node, Path};

/// What is wrong with the settings of faults.
pub(super) fn check(settings: &Settings, problems: &mut Vec<Problem>) {
    if let Some(path) = &settings.fault_code
        && let Err(error) = Path::parse(path.get_ref())
    {
        problems.push(Problem::at(path.span(), error.to_string()));
    }
}

/// The error that a fault is.
pub(super) fn error(settings: &Settings, fault: &Node) -> Error {
    let at = |path: &str| {
        let node = Path::parse(path).ok()?.one(fault).ok()?.text()?;
        Some(node.trim().to_owned()).filter(|text| !text.is_empty())
    };
    let own = settings.fault_code.as_ref().and_then(|path| at(path.get_ref()));
    // The subcode of SOAP 1.2 says more than its code.
    let standard = at("faultcode").or_else(|| at("Code.Value")).unwrap_or_default();
    let standard = local(&standard);
    let subcode = at("Code.Subcode.Value");
    let subcode = subcode.as_deref().map(local);
    for code in [own.as_deref(), subcode, Some(standard)].into_iter().flatten() {
        let word = settings.faults.get(code);
        // A fault that is called well is no answer all the same.
        if let Some(error) = word.and_then(|word| word.error(code)) {
            return error;
        }
    }
    let code = own.as_deref().or(subcode).unwrap_or(standard);
    let of_sender = standard == "Client" || standard.starts_with("Client.") || standard == "Sender";
    let word = if of_sender {
        Word::Refused
    } else {
        Word::Unavailable
    };
    word.error(code)
        .unwrap_or_else(|| Error::unavailable(presentable(code)))
}

/// A name without its prefix.
fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}
