//! Whatever is done to the files of a log, the verifier sees it; where it can, it says what was done and where.

mod named;
mod random;
