//! The mapping of a file by itself: what an answer becomes, without asking anybody.

use std::sync::Arc;

use prost_reflect::DescriptorPool;

use crate::check::{Problem, Records, records};
use crate::codes::CodeTables;
use crate::error::Error;
use crate::mapping::Form;
use crate::registry::Found;
use crate::settings::RegistrySettings;
use crate::trace::Trace;
use crate::tree::{AnswerLimits, Node};

/// Maps answers that are trees, JSON or XML, as the records of a registry's file say.
pub struct Mapper {
    records: Arc<Records>,
    limits: AnswerLimits,
}

impl Mapper {
    /// Compiles the records of a file.
    ///
    /// # Errors
    /// Every problem of the mapping, each with its place in the file.
    pub fn new(
        settings: &RegistrySettings,
        pool: &DescriptorPool,
        codes: &CodeTables,
    ) -> Result<Self, Vec<Problem>> {
        let (records, problems) = records(settings, pool, codes, Form::Tree);
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(Self {
            records: Arc::new(records),
            limits: settings.protection.answer_limits(),
        })
    }

    /// The record of this full name that an answer holds.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the answer holds none, [`Error::Several`] when it holds more than one,
    /// [`Error::Incomplete`] and [`Error::Garbled`] when it can't be read, [`Error::Unavailable`] when
    /// the file maps no such record.
    pub fn map(&self, record: &str, answer: Node) -> Result<Found, Error> {
        self.map_traced(record, answer, &Trace::default())
    }

    /// As [`Mapper::map`], telling `trace` what an operator should know.
    ///
    /// # Errors
    /// As [`Mapper::map`].
    pub fn map_traced(&self, record: &str, answer: Node, trace: &Trace) -> Result<Found, Error> {
        match self.records.get(record) {
            Some(record) => {
                let mut answer = answer;
                record.plan.unpack(&mut answer, self.limits)?;
                record.plan.map(&answer, trace)
            }
            None => Err(Error::unavailable("the registry's file maps no such record")),
        }
    }
}
