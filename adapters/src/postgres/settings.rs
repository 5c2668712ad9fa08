//! Section `[connection]` of kind `postgres`.

use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;

use crate::check::Problem;
use crate::settings::Interval;

const MOST_CONNECTIONS: usize = 256;

/// Where the database is, and who reads it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Name or address of the server; a path is the folder of its socket on this machine.
    pub host: Spanned<String>,
    /// Its port.
    #[serde(default = "usual_port")]
    pub port: u16,
    /// Name of the database.
    pub database: String,
    /// The user that reads; the right to read the mapped tables is all that it needs.
    pub user: String,
    /// File with the user's password.
    pub password_file: Option<Spanned<String>>,
    /// File with the authorities that the server's certificate may come from, PEM. Needed unless the
    /// server is on this machine's socket.
    pub ca: Option<Spanned<String>>,
    /// File with the gateway's own certificate, PEM, where the server asks for one.
    pub certificate: Option<Spanned<String>>,
    /// File with its key, PEM.
    pub key: Option<Spanned<String>>,
    /// Most connections at once.
    #[serde(default = "eight")]
    pub connections: Spanned<usize>,
    /// Longest time for one connection to be made.
    #[serde(default = "two_seconds")]
    pub connect_timeout: Interval,
    /// Channel on which the database tells, by `NOTIFY`, the identifiers of subjects that changed.
    pub changes: Option<Spanned<String>>,
}

impl Settings {
    /// Whether the server is reached through a socket of this machine.
    pub(super) fn is_local(&self) -> bool {
        self.host.get_ref().starts_with('/')
    }

    /// Every file that is named.
    pub(crate) fn files(&self) -> impl Iterator<Item = &Spanned<String>> {
        [&self.password_file, &self.ca, &self.certificate, &self.key]
            .into_iter()
            .flatten()
    }

    /// Those of them that hold secrets.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &Spanned<String>> {
        [&self.password_file, &self.key].into_iter().flatten()
    }
}

/// What is wrong with the settings of this kind.
pub(crate) fn check(settings: &Settings, problems: &mut Vec<Problem>) {
    if settings.host.get_ref().is_empty() {
        problems.push(Problem::at(
            settings.host.span(),
            "found no host, wanted a name, an address or the folder of a socket",
        ));
    }
    if !settings.is_local() && settings.ca.is_none() {
        problems.push(Problem::at(
            settings.host.span(),
            "found no ca, wanted the file of the authority that the server's certificate comes from",
        ));
    }
    let own = [&settings.certificate, &settings.key];
    if let [Some(lone), None] | [None, Some(lone)] = own {
        problems.push(Problem::at(
            lone.span(),
            "found one of certificate and key, wanted both or none",
        ));
    }
    let connections = settings.connections.get_ref();
    if !(1..=MOST_CONNECTIONS).contains(connections) {
        problems.push(Problem::at(
            settings.connections.span(),
            format!("found {connections} connections, wanted 1 to {MOST_CONNECTIONS}"),
        ));
    }
    if let Some(channel) = &settings.changes
        && !super::statements::is_plain(channel.get_ref())
    {
        problems.push(Problem::at(
            channel.span(),
            format!(
                "found {:?}, wanted a name of letters without marks, digits and _",
                channel.get_ref()
            ),
        ));
    }
}

fn usual_port() -> u16 {
    5432
}

fn eight() -> Spanned<usize> {
    Spanned::new(0..0, 8)
}

fn two_seconds() -> Interval {
    Interval(Duration::from_secs(2))
}
