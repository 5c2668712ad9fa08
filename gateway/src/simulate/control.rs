//! A file by which the faults of a simulated registry change while it runs: one fault a line.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::fault::NoFault;
use super::{Stage, faults};

/// How often the file is looked at.
const PERIOD: Duration = Duration::from_millis(50);

/// What changes the faults.
pub(crate) struct Control(pub(super) Arc<Stage>);

impl Control {
    /// The faults in force, in words.
    pub(crate) fn present(&self) -> String {
        self.0.faults.to_string()
    }

    /// Puts the faults of a text in force, if they are others.
    pub(crate) fn take(&self, text: &str) -> Result<bool, NoFault> {
        let read = faults::read(text)?;
        let changed = self
            .0
            .faults
            .change(read, self.0.kind, self.0.secured.is_some())?;
        if changed {
            self.0.turn.send_replace(());
        }
        Ok(changed)
    }

    /// Follows the file without end; one that isn't there names no fault. What can't be read changes nothing.
    pub(crate) async fn follow(&self, file: &Path) {
        let mut before = None;
        let mut looks = tokio::time::interval(PERIOD);
        loop {
            looks.tick().await;
            let text = std::fs::read_to_string(file).unwrap_or_default();
            if before.as_ref() == Some(&text) {
                continue;
            }
            let first = before.is_none() && text.trim().is_empty();
            if !first {
                match self.take(&text) {
                    Ok(_) => anstream::eprintln!("faults: {}", self.present()),
                    Err(error) => anstream::eprintln!("{}: {error}", file.display()),
                }
            }
            before = Some(text);
        }
    }
}
