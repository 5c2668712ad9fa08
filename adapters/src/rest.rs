//! Kind `rest`: a server that answers in JSON, or XML, over HTTP/1.1 or HTTP/2.
//!
//! Every question is fixed when the file is read, but for its arguments, and these are encoded for
//! where they stand. A silence about the record is never "not found": the answer has to say so.

mod client;
mod settings;
mod translate;

#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;

pub use settings::{Method, Request, Settings};
use toml::Spanned;

use crate::check::{Problem, Records};
use crate::connect::ConnectError;
use crate::http::{check_answers, check_server, check_sign_in};
use crate::tree::AnswerLimits;
use client::Client;

/// What is wrong with the settings of this kind.
pub(crate) fn check(settings: &Spanned<Settings>, records: &Arc<Records>, problems: &mut Vec<Problem>) {
    let (span, settings) = (settings.span(), settings.get_ref());
    check_server(&settings.server, false, problems);
    check_sign_in(&settings.sign_in, settings.server.ca.is_some(), problems);
    check_answers(&settings.answers, problems);
    if let Some(xroad) = &settings.xroad {
        xroad.check(5, problems);
    }
    translate::questions(settings, records, span, problems);
}

/// Reads the files that the settings name. Connects to nobody yet.
pub(crate) fn connect(
    settings: &Settings,
    base: &Path,
    records: &Arc<Records>,
    limits: AnswerLimits,
) -> Result<Client, ConnectError> {
    Client::new(settings, base, records, limits).map_err(|what| ConnectError::Unreachable { what })
}
