//! adapters

pub mod text;
