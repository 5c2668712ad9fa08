//! Agreements, compiled at load into grants that are asked on each call.

use std::collections::HashSet;
use std::sync::Arc;

use jiff::civil::Date;
use proto::lookup::v1::{Operation, Step};

use crate::record::view::View;

/// One grant of one agreement: which operations and fields of one record type, for which
/// procedures, steps and roles, until when, on what legal basis.
#[derive(Debug)]
pub struct Grant {
    /// Name of the agreement.
    pub agreement: Arc<str>,
    /// Its version.
    pub version: Arc<str>,
    /// Legal basis, as the agreement states it.
    pub legal_basis: Arc<str>,
    /// Full name of the record type.
    pub record: Arc<str>,
    /// Operations.
    pub operations: Vec<Operation>,
    /// The allow-list of fields.
    pub view: Arc<View>,
    /// Procedure codes.
    pub procedures: HashSet<String>,
    /// Steps.
    pub steps: Vec<Step>,
    /// Officer roles.
    pub roles: HashSet<String>,
    /// First day.
    pub valid_from: Date,
    /// Last day, if there is one.
    pub valid_to: Option<Date>,
    /// Whether a second fact that the registry confirms is needed beside the identifier.
    pub second_fact: bool,
    /// Oldest answer that the agreement accepts, in microseconds.
    pub max_age_micros: Option<i64>,
}
