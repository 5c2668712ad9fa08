//! Vietnamese text and identifiers: one canonical form, and comparison without guessing.
//!
//! Every function here is total: any input gives a value or a named reason, never a panic, and
//! the work grows with the length of the input only. Nothing measures a distance between words;
//! two values agree by rule or they do not. No error text repeats the value that was refused.
//!
//! | module | what it reads |
//! |---|---|
//! | [`name`] | names of people: marks, capitals, the place of the tone mark |
//! | [`plain`] | other free text: blanks and capitals |
//! | [`date`] | days, months and years as registries and counters write them |
//! | [`personal_id`] | the 12-digit personal id and the old 9-digit card number |
//! | [`tax_code`] | tax codes of enterprises, of their units and of people |
//! | [`agency_code`] | agency codes, new form and old |
//! | [`procedure_code`] | codes of administrative procedures |
//! | [`dossier_code`] | codes of dossiers |
//! | [`encoding`] | TCVN3, VNI and Latin-1 damage, undone as declared |
//! | [`reuse`] | the rate of reuse and its points, as QĐ 766/QĐ-TTg rounds them |
//! | [`encoding`] | TCVN3, VNI and Latin-1 damage, undone as declared |

pub mod agency_code;
pub mod date;
pub mod dossier_code;
pub mod encoding;
pub mod name;
pub mod personal_id;
pub mod plain;
pub mod procedure_code;
pub mod reuse;
pub mod tax_code;

mod clean;
mod digits;

#[cfg(test)]
mod cases;
#[cfg(test)]
mod properties;
