//! Read masks, each compiled once: callers send the same few all day.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use super::claims::MAX_CLAIMS;
use super::schema::Schema;
use super::view::{UnknownPath, View};
use super::wire::{self, Garbled};

/// Masks of one generation. The newer one that is full becomes the older one, which is let go: a mask that is asked for once
/// while so many new ones come stays, however many come.
const GENERATION: usize = 128;

/// The longest mask that is kept, in bytes. What is kept is kept before it is known who asks: against masks
/// that fill the memory. A longer one is compiled for its call alone, and makes that call slower and nothing else.
const LONGEST_KEPT: usize = 1 << 10;

/// The number of `paths` in `google.protobuf.FieldMask`, and of nothing else.
const PATHS: u32 = 1;

/// The compiled masks of one method.
#[derive(Debug, Default)]
pub struct Masks {
    kept: RwLock<Kept>,
}

type Generation = HashMap<Box<[u8]>, Arc<View>>;

#[derive(Debug, Default)]
struct Kept {
    newer: Generation,
    older: Generation,
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
        if mask.len() > LONGEST_KEPT {
            return compile(schema, mask);
        }
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(view) = kept.newer.get(mask) {
            return Ok(Some(view.clone()));
        }
        let older = kept.older.get(mask).cloned();
        drop(kept);
        let view = match older {
            Some(view) => Some(view),
            None => compile(schema, mask)?,
        };
        if let Some(view) = &view {
            let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
            kept.put(mask, view.clone());
        }
        Ok(view)
    }
}

impl Kept {
    fn put(&mut self, mask: &[u8], view: Arc<View>) {
        if self.newer.len() >= GENERATION {
            self.older = std::mem::take(&mut self.newer);
        }
        self.newer.insert(mask.into(), view);
    }
}

/// A field that masks do not have is refused, not passed over: bytes that nobody reads would be kept with the rest.
fn compile(schema: &Schema, mask: &[u8]) -> Result<Option<Arc<View>>, MaskError> {
    let mut paths = Vec::new();
    for field in wire::fields(mask) {
        let field = field?;
        if field.number != PATHS || paths.len() >= MAX_CLAIMS {
            return Err(MaskError::Garbled);
        }
        paths.push(field.value.text()?);
    }
    if paths.is_empty() {
        return Ok(None);
    }
    Ok(Some(Arc::new(View::compile(schema, paths)?)))
}

#[cfg(test)]
mod tests {
    use prost::Message as _;
    use prost_types::FieldMask;

    use super::*;

    fn schema() -> Arc<Schema> {
        let name = "lienthong.population.v1.Citizen";
        let message = proto::descriptors().get_message_by_name(name).expect("a record");
        Schema::compile(&message).expect("it compiles").into()
    }

    fn mask(paths: &[&str]) -> Vec<u8> {
        let paths = paths.iter().map(|path| (*path).to_owned()).collect();
        FieldMask { paths }.encode_to_vec()
    }

    /// As many different masks as are wanted.
    fn other(number: usize) -> Vec<u8> {
        let paths: Vec<_> = (0..10)
            .map(|bit| ["full_name", "sex"][number >> bit & 1])
            .collect();
        mask(&paths)
    }

    fn bytes_kept(masks: &Masks) -> usize {
        let kept = masks.kept.read().expect("nobody panicked");
        let keys = kept.newer.keys().chain(kept.older.keys());
        keys.map(|key| key.len()).sum()
    }

    #[test]
    fn a_mask_is_compiled_once_and_stays_while_it_is_asked_for_and_others_go() {
        let (schema, masks) = (schema(), Masks::default());
        let view = |mask: &[u8]| masks.view(&schema, mask).expect("known").expect("paths");
        let (often, once) = (mask(&["personal_id"]), mask(&["birth_date"]));
        let (first, lonely) = (view(&often), view(&once));
        for number in 0..GENERATION * 8 {
            view(&other(number));
            if number % (GENERATION / 2) == 0 {
                assert!(Arc::ptr_eq(&first, &view(&often)), "after {number}");
            }
        }
        assert!(!Arc::ptr_eq(&lonely, &view(&once)), "nobody asked for it");
        let kept = masks.kept.read().expect("nobody panicked");
        assert!(kept.newer.len() + kept.older.len() <= GENERATION * 2);
    }

    #[test]
    fn bytes_that_nobody_reads_and_long_masks_are_not_kept() {
        let (schema, masks) = (schema(), Masks::default());
        let refused = |mask: &[u8]| masks.view(&schema, mask).expect_err("refused");
        let mut unknown = mask(&["full_name"]);
        wire::put_bytes(&mut unknown, 7, &[b'x'; 64]);
        assert_eq!(refused(&unknown), MaskError::Garbled);
        assert_eq!(refused(&mask(&["sex"; MAX_CLAIMS + 1])), MaskError::Garbled);
        let long = mask(&["full_name"; MAX_CLAIMS]);
        assert!(long.len() > LONGEST_KEPT);
        let view = masks.view(&schema, &long).expect("known").expect("paths");
        assert_eq!(view.listed().len(), 1);
        assert_eq!(bytes_kept(&masks), 0);
    }
}
