//! `lienthong audit prove`: a proof file that anybody can check without the log, and the check of one.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use audit::{Entry, Receipt, VerifyingKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Args;

use super::labels::{self, Lang};
use super::place::{Place, Source};
use super::{NO, Usage, progress};

/// Proves that an entry is in the log, in a file of the form c2sp.org/tlog-proof that holds the entry too (its extra line);
/// or checks such a file with nothing but the log's public key.
#[derive(Debug, Args)]
pub(super) struct Prove {
    #[command(flatten)]
    place: Place,
    /// Index of the entry.
    #[arg(
        value_name = "INDEX",
        required_unless_present = "check",
        conflicts_with = "check"
    )]
    entry: Option<u64>,
    /// File of the log's public key.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Where to write the proof [default: standard output].
    #[arg(long, value_name = "FILE", conflicts_with = "check")]
    out: Option<PathBuf>,
    /// The proof file to check.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["log", "index", "profile"])]
    check: Option<PathBuf>,
    /// The entry's bytes, for a proof file that does not hold them.
    #[arg(long, value_name = "FILE", requires = "check")]
    entry_bytes: Option<PathBuf>,
    /// Language of what a check tells.
    #[arg(long, value_enum, default_value_t = Lang::Vi)]
    lang: Lang,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl Prove {
    pub(super) fn run(self, out: &mut dyn Write) -> Result<ExitCode> {
        let text = std::fs::read_to_string(&self.key).with_context(|| self.key.display().to_string())?;
        let key: VerifyingKey = text.trim().parse().context("the public key can't be read")?;
        match (self.entry, &self.check) {
            (Some(index), None) => self.prove(index, &key, out),
            (None, Some(file)) => self.check(file, &key, out),
            _ => Err(Usage("give the INDEX of an entry, or --check FILE".to_owned()).into()),
        }
    }

    fn prove(&self, index: u64, key: &VerifyingKey, out: &mut dyn Write) -> Result<ExitCode> {
        let (bytes, receipt) = match self.place.open()? {
            Source::Files(files) => {
                let bar = progress::bar(None, "entries read");
                let proved = audit::prove(files.folder(), key, index, |count| bar.set_position(count));
                bar.finish_and_clear();
                match proved {
                    Ok(proved) => proved,
                    Err(error) => {
                        anstream::eprintln!("error: {error}");
                        return Ok(ExitCode::from(NO));
                    }
                }
            }
            Source::Gateway(gateway) => {
                let answer = gateway.proved(index)?;
                let receipt = Receipt::parse(&answer.proof)?;
                // Whoever answers is not believed.
                receipt.verify(&answer.entry_bytes, key)?;
                anyhow::ensure!(
                    receipt.index == index,
                    "the gateway proves entry {} and not {index}",
                    receipt.index
                );
                (answer.entry_bytes.to_vec(), receipt)
            }
        };
        let file = with_entry(&receipt, &bytes);
        match &self.out {
            Some(path) => {
                std::fs::write(path, file).with_context(|| path.display().to_string())?;
                if !self.json {
                    writeln!(out, "{}", path.display())?;
                }
            }
            None => write!(out, "{file}")?,
        }
        Ok(ExitCode::SUCCESS)
    }

    fn check(&self, file: &PathBuf, key: &VerifyingKey, out: &mut dyn Write) -> Result<ExitCode> {
        let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
        let bytes = match &self.entry_bytes {
            Some(path) => std::fs::read(path).with_context(|| path.display().to_string())?,
            None => entry_in(&text).ok_or_else(|| {
                Usage(
                    "the proof file does not hold the entry: give its bytes with --entry-bytes FILE"
                        .to_owned(),
                )
            })?,
        };
        let checked =
            Receipt::parse(&text).and_then(|receipt| Ok((receipt.index, receipt.verify(&bytes, key)?)));
        let checked = checked
            .map_err(|error| error.to_string())
            .and_then(|(index, signed)| {
                let entry = Entry::decode_canonical(&bytes).map_err(|error| error.to_string())?;
                Ok((index, signed, entry))
            });
        match checked {
            Ok((index, signed, entry)) => {
                let checkpoint = signed.checkpoint();
                if self.json {
                    let told = serde_json::json!({
                        "proved": true, "origin": checkpoint.origin, "size": checkpoint.size,
                        "root": hex::encode(checkpoint.root), "entry": super::told::json(index, &entry),
                    });
                    writeln!(out, "{told}")?;
                } else {
                    writeln!(
                        out,
                        "{} {} {} {} {}\n{}",
                        self.lang.of("Đúng: mục", "Proved: entry"),
                        index,
                        self.lang.of("có trong nhật ký", "is in the log"),
                        checkpoint.origin,
                        self.lang.of(
                            &format!("với {} mục.", checkpoint.size),
                            &format!("of {} entries.", checkpoint.size)
                        ),
                        labels::sentence(&entry, self.lang)
                    )?;
                }
                Ok(ExitCode::SUCCESS)
            }
            Err(error) => {
                if self.json {
                    writeln!(out, "{}", serde_json::json!({ "proved": false, "error": error }))?;
                } else {
                    writeln!(out, "{}: {error}", self.lang.of("Không đúng", "Not proved"))?;
                }
                Ok(ExitCode::from(NO))
            }
        }
    }
}

/// The proof's text form with the entry in its extra line.
fn with_entry(receipt: &Receipt, bytes: &[u8]) -> String {
    let text = receipt.to_string();
    let extra = format!("\nextra {}\nindex ", STANDARD.encode(bytes));
    text.replacen("\nindex ", &extra, 1)
}

/// The entry in the extra line. Nothing vouches for it until the proof is checked with it.
fn entry_in(text: &str) -> Option<Vec<u8>> {
    let line = text.lines().nth(1)?.strip_prefix("extra ")?;
    STANDARD.decode(line).ok()
}
