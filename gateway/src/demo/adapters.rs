//! The demo's registries behind simulated ones, as their owners would serve them: each registry in one of
//! the languages asked for, in turn.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context as _, Result};

use super::folder::{Folder, GATEWAY};
use super::{config_tree, registry_file};
use crate::simulate::{Background, Kind, Plan, Simulation, Tls};

/// Simulated registries that serve until the value goes.
pub(crate) struct Served {
    /// Each registry, its language and where it is.
    pub(crate) registries: Vec<(&'static str, Kind, SocketAddr)>,
    serving: Vec<Background>,
}

/// Which registry speaks which language: in the order of their names each takes the next, from the beginning
/// again after the last.
fn dealt_out(kinds: &[Kind]) -> Vec<(&'static str, Kind)> {
    let names = config_tree::registry_names();
    names.zip(kinds.iter().copied().cycle()).collect()
}

/// Serves every registry of the demo from its data, and writes the registries' files to ask them by.
///
/// # Errors
/// When one can't be served or a file can't be written.
pub(crate) fn serve(folder: &Folder, kinds: &[Kind]) -> Result<Served> {
    let mut served = Served {
        registries: Vec::new(),
        serving: Vec::new(),
    };
    for (name, kind) in dealt_out(kinds) {
        let simulation = Simulation::open(&plan(folder, name, kind)?)
            .with_context(|| format!("{name} can't be simulated"))?;
        write(folder, name, &simulation)?;
        served.registries.push((name, kind, simulation.address()));
        served.serving.push(simulation.in_background()?);
    }
    Ok(served)
}

impl Served {
    /// Ends them.
    ///
    /// # Errors
    /// When one ended before.
    pub(crate) fn stop(self) -> Result<()> {
        self.serving.into_iter().try_for_each(Background::stop)
    }
}

fn plan(folder: &Folder, name: &str, kind: Kind) -> Result<Plan> {
    Ok(Plan {
        kind,
        registry: registry_file(name)?.to_owned(),
        data: folder.root().join("data"),
        port: 0,
        tls: Some(Tls {
            keys: folder.root().join("keys"),
            client: Some(GATEWAY.to_owned()),
            named: Some(PathBuf::from("../keys")),
        }),
        faults: Vec::new(),
        telling: false,
        schema: format!("registries/{name}.proto"),
    })
}

/// Anew at each start: the addresses are others.
fn write(folder: &Folder, name: &str, simulation: &Simulation) -> Result<()> {
    let registries = folder.config().join("registries");
    fs::write(registries.join(format!("{name}.toml")), simulation.adapter_file())?;
    let schema = registries.join(format!("{name}.proto"));
    match simulation.schema() {
        Some(text) => fs::write(schema, text)?,
        None if schema.exists() => fs::remove_file(schema)?,
        None => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::clock::Moment;
    use crate::settings;

    const ALL: [Kind; 3] = [Kind::Rest, Kind::Soap, Kind::Grpc];

    fn folder() -> (tempfile::TempDir, Folder) {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(dir.path()).unwrap().with_adapters();
        folder.write_data(100, &|_| {}).unwrap();
        folder.write_keys(Moment::now()).unwrap();
        folder.write_config("127.0.0.1:0").unwrap();
        (dir, folder)
    }

    #[test]
    fn each_registry_takes_the_next_language() {
        assert_eq!(
            dealt_out(&ALL),
            [
                ("business", Kind::Rest),
                ("criminal-record", Kind::Soap),
                ("dossier", Kind::Grpc),
                ("driver-licence", Kind::Rest),
                ("population", Kind::Soap),
            ]
        );
        assert!(
            dealt_out(&[Kind::Grpc])
                .iter()
                .all(|(_, kind)| *kind == Kind::Grpc)
        );
    }

    #[test]
    fn the_files_that_are_written_are_a_tree_that_the_gateway_loads_and_the_shipped_ones() {
        let (_dir, folder) = folder();
        for kinds in [&ALL[..1], &ALL[1..2], &ALL[2..], &ALL] {
            let served = serve(&folder, kinds).unwrap();
            let loaded = settings::load(&folder.config()).map_err(|problems| problems.to_string());
            assert_eq!(loaded.unwrap().registries.len(), 5);
            served.stop().unwrap();
        }
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config-adapters/registries");
        let mut files: Vec<_> = fs::read_dir(&shipped)
            .unwrap()
            .map(|file| file.unwrap().file_name())
            .collect();
        files.sort();
        assert_eq!(files.len(), 6, "five registries and a schema: {files:?}");
        for file in files {
            let written = fs::read_to_string(folder.config().join("registries").join(&file)).unwrap();
            let shipped = fs::read_to_string(shipped.join(&file)).unwrap();
            assert_eq!(without_port(&shipped), without_port(&written), "{file:?}");
        }
    }

    /// Ports are those that were free.
    fn without_port(text: &str) -> String {
        let mut lines = text.lines().map(|line| match line.strip_prefix("url = ") {
            Some(url) => format!(
                "url = {}",
                url.trim_end_matches(|c: char| !c.is_alphabetic() && c != '/')
            ),
            None => line.to_owned(),
        });
        lines.by_ref().collect::<Vec<_>>().join("\n")
    }
}
