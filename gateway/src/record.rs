//! Records as they travel: encoded messages, read and cut by plans compiled from descriptors.
//!
//! | file | idea |
//! |---|---|
//! | `wire` | the fields of an encoded message, one after the other |
//! | `schema` | what is known of a record's fields, compiled from its descriptor |
//! | `view` | an allow-list of fields, and the cut that it makes |
//! | `claims` | claims compared with a record, one verdict each |
//! | `compare` | one claimed value against one recorded value |
//! | `mask` | read masks, each compiled once |
//! | `method` | a lookup RPC: where its request keeps what |
//! | `query` | a lookup request, read from its bytes |

pub mod claims;
pub mod compare;
pub mod mask;
pub mod method;
pub mod query;
pub mod schema;
pub mod view;
pub mod wire;
