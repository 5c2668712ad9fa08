//! Kind `embedded`: a SQLite database file on this machine, opened for reading alone.

mod settings;

pub use settings::Settings;
