//! The shipped configuration, as part of the program.

/// Path in the configuration folder, and contents.
pub(super) type ConfigFile = (&'static str, &'static str);

macro_rules! shipped {
    ($($path:literal),+ $(,)?) => {
        &[$(($path, include_str!(concat!("../../../config/", $path)))),+]
    };
}

/// Every file of the shipped tree.
pub(super) const FILES: &[ConfigFile] = shipped![
    "gateway.toml",
    "agencies/G01.79.toml",
    "agencies/H26.5.toml",
    "agencies/H29.12.toml",
    "agencies/H29.99.toml",
    "agreements/business-one-stop.toml",
    "agreements/criminal-record.toml",
    "agreements/dossier.toml",
    "agreements/driver-licence.toml",
    "agreements/population-one-stop.toml",
    "agreements/population-police.toml",
    "codes/agency.toml",
    "codes/dossier-state.toml",
    "codes/enterprise-state.toml",
    "codes/licence-class.toml",
    "codes/marital-status.toml",
    "codes/province.toml",
    "codes/sex.toml",
    "codes/vsic.toml",
    "procedures/1.001612.toml",
    "procedures/1.004222.toml",
    "procedures/1.013133.toml",
    "procedures/2.001478.toml",
    "procedures/2.001610.toml",
    "procedures/3.000333.toml",
    "procedures/9.000510.toml",
    "registries/business.toml",
    "registries/criminal-record.toml",
    "registries/dossier.toml",
    "registries/driver-licence.toml",
    "registries/population.toml",
    "schemas/lienthong/dossier/v1/dossier.proto",
    "schemas/lienthong/driverlicence/v1/driver_licence.proto",
];

/// The registries of the shipped tree, in the order of their names.
pub(super) fn registry_names() -> impl Iterator<Item = &'static str> {
    let named = |path: &'static str| path.strip_prefix("registries/")?.strip_suffix(".toml");
    FILES.iter().filter_map(move |(path, _)| named(path))
}

/// `gateway.toml` with another address to listen on; everything else stays as it is written.
pub(super) fn with_address(gateway: &str, address: &str) -> String {
    let mut in_listener = false;
    let mut lines = Vec::new();
    for line in gateway.lines() {
        if line.starts_with('[') {
            in_listener = line.trim() == "[listener]";
        }
        if in_listener && line.trim_start().starts_with("address") {
            lines.push(format!("address = \"{address}\""));
        } else {
            lines.push(line.to_owned());
        }
    }
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    fn files_under(folder: &Path, prefix: &str, found: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            if entry.path().is_dir() {
                files_under(&entry.path(), &format!("{name}/"), found);
            } else if name.ends_with(".toml") || name.ends_with(".proto") {
                found.insert(name);
            }
        }
    }

    #[test]
    fn the_program_carries_the_whole_shipped_tree() {
        let mut shipped = BTreeSet::new();
        files_under(
            &Path::new(env!("CARGO_MANIFEST_DIR")).join("../config"),
            "",
            &mut shipped,
        );
        let carried: BTreeSet<_> = FILES.iter().map(|(path, _)| (*path).to_owned()).collect();
        assert_eq!(carried, shipped);
    }

    #[test]
    fn the_address_alone_changes() {
        let before = "[tls]\naddress = \"x\"\n[listener]\n# why\naddress = \"a:1\"\nworkers = 2\n";
        let after = "[tls]\naddress = \"x\"\n[listener]\n# why\naddress = \"b:2\"\nworkers = 2\n";
        assert_eq!(with_address(before, "b:2"), after);
    }
}
