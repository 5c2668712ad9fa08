//! Read masks, each compiled once: callers send the same few all day.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use super::claims::MAX_CLAIMS;
use super::schema::Schema;
use super::view::{UnknownPath, View};
use super::wire::{self, Garbled};

/// Masks kept for one method. Beyond that a new mask is compiled for its call alone: a caller who
/// sends ever new masks makes its own calls slower and nothing else.
const MAX_KEPT: usize = 256;

/// The compiled masks of one method.
#[derive(Debug, Default)]
pub struct Masks {
    kept: RwLock<HashMap<Box<[u8]>, Arc<View>>>,
}

/// A mask that can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MaskError {
    /// Not an encoded `google.protobuf.FieldMask`, or too many paths.
    #[error("not a field mask of at most {MAX_CLAIMS} paths")]
    Garbled,
    /// A path that names no field.
    #[error(transparent)]
    Unknown(#[from] UnknownPath),
}

impl From<Garbled> for MaskError {
    fn from(_: Garbled) -> Self {
        Self::Garbled
    }
}

impl Masks {
    /// The view of an encoded mask; `None` for a mask without paths.
    pub fn view(&self, schema: &Schema, mask: &[u8]) -> Result<Option<Arc<View>>, MaskError> {
        if let Some(view) = self.kept.read().unwrap_or_else(PoisonError::into_inner).get(mask) {
            return Ok(Some(view.clone()));
        }
        let mut paths = Vec::new();
        for field in wire::fields(mask) {
            let field = field?;
            if field.number == 1 {
                paths.push(field.value.text()?);
            }
        }
        if paths.is_empty() {
            return Ok(None);
        }
        if paths.len() > MAX_CLAIMS {
            return Err(MaskError::Garbled);
        }
        let view = Arc::new(View::compile(schema, paths)?);
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < MAX_KEPT {
            kept.insert(mask.into(), view.clone());
        }
        Ok(Some(view))
    }
}
