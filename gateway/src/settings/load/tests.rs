use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::*;

/// A copy of the shipped tree, to be spoiled.
struct Tree {
    dir: TempDir,
}

fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../config")
}

impl Tree {
    fn shipped() -> Self {
        let dir = TempDir::new().expect("a temporary folder");
        copy(&shipped(), &dir.path().join("config"));
        Self { dir }
    }

    fn config(&self) -> PathBuf {
        self.dir.path().join("config")
    }

    fn change(&self, file: &str, from: &str, to: &str) -> &Self {
        let path = self.config().join(file);
        let text = fs::read_to_string(&path).expect("the shipped tree has the file");
        assert!(text.contains(from), "{file} has no {from:?}");
        fs::write(path, text.replacen(from, to, 1)).expect("it is written");
        self
    }

    fn put(&self, file: &str, bytes: impl AsRef<[u8]>) -> &Self {
        let path = self.config().join(file);
        fs::create_dir_all(path.parent().expect("it is in a folder")).expect("the folder is made");
        fs::write(path, bytes).expect("it is written");
        self
    }

    fn remove(&self, file: &str) -> &Self {
        fs::remove_file(self.config().join(file)).expect("it was there");
        self
    }

    /// `path:line:column message` of each problem.
    fn problems(&self) -> Vec<String> {
        match load_without_files(&self.config()) {
            Ok(settings) => settings.warnings.iter().map(line).collect(),
            Err(problems) => problems.problems.iter().map(line).collect(),
        }
    }

    fn says(&self, wanted: &[&str]) {
        assert_eq!(self.problems(), wanted);
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("the folder is made");
    for entry in fs::read_dir(from).expect("the folder is there") {
        let entry = entry.expect("it can be read");
        let target = to.join(entry.file_name());
        match entry.path().is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(fs::copy(entry.path(), target).expect("it is copied")),
        }
    }
}

fn line(problem: &Problem) -> String {
    let place = problem
        .position
        .map(|at| format!(":{}:{}", at.line, at.column))
        .unwrap_or_default();
    format!("{}{place} {}", problem.path.display(), problem.message)
}

/// The line of a text in a shipped file.
fn line_of(file: &str, text: &str) -> usize {
    let whole = fs::read_to_string(shipped().join(file)).expect("the shipped tree has the file");
    let start = whole.find(text).expect("the file has the text");
    whole[..start].matches('\n').count() + 1
}

/// Line and column of a text in a shipped file.
fn at(file: &str, text: &str) -> String {
    let whole = fs::read_to_string(shipped().join(file)).expect("the shipped tree has the file");
    let start = whole.find(text).expect("the file has the text");
    let before = &whole[..start];
    let column = before
        .chars()
        .rev()
        .take_while(|character| *character != '\n')
        .count()
        + 1;
    format!("{file}:{}:{column}", before.matches('\n').count() + 1)
}

#[test]
fn the_shipped_tree_is_good_and_says_nothing() {
    let settings = load_without_files(&shipped())
        .map_err(|problems| panic!("{problems}"))
        .expect("good");
    assert_eq!(settings.warnings, []);
    assert_eq!(settings.registries.len(), 5);
    assert_eq!(settings.version.len(), 12);
    assert!(settings.version.bytes().all(|byte| byte.is_ascii_hexdigit()));
}

#[test]
fn mistakes_of_several_kinds_in_several_files_are_told_together_in_order() {
    let tree = Tree::shipped();
    tree.change(
        "gateway.toml",
        "[listener]",
        "[listener]\nmax_streams = 0\nmax_mesage = \"1 MiB\"",
    )
    .change(
        "agencies/H29.12.toml",
        "ca = \"development\"",
        "ca = \"developement\"",
    )
    .change(
        "agreements/population-one-stop.toml",
        "\"birth_date\"",
        "\"birthdate\"",
    )
    .change(
        "procedures/2.001478.toml",
        "code = \"2.001478\"",
        "code = 2.001478",
    );
    let problems = tree.problems();
    let agreement = at("agreements/population-one-stop.toml", "\"birth_date\"");
    let code = at("procedures/2.001478.toml", "\"2.001478\"");
    // gateway.toml was not read whole, so that nobody knows its authorities.
    assert_eq!(problems.len(), 4, "{problems:#?}");
    assert_eq!(
        problems[0],
        format!(
            "{agreement} found \"birthdate\", wanted the path of a field of lienthong.population.v1.Citizen; the nearest is \"birth_date\""
        )
    );
    let listener = line_of("gateway.toml", "[listener]");
    assert_eq!(
        problems[1],
        format!(
            "gateway.toml:{}:15 out of bounds, wanted 1 to 1000000",
            listener + 1
        )
    );
    let unknown = format!(
        "gateway.toml:{}:1 unknown key: found \"max_mesage\"",
        listener + 2
    );
    assert!(problems[2].starts_with(&unknown), "{problems:#?}");
    assert!(
        problems[2].ends_with("; the nearest is \"max_message\""),
        "{problems:#?}"
    );
    assert_eq!(
        problems[3],
        format!("{code} found 2.001478, wanted a text in quotation marks")
    );
}

#[test]
fn every_limit_of_the_listener_has_bounds_and_the_largest_message_has_room() {
    let tree = Tree::shipped();
    let limits = "workers = 2000\ndrain_time = \"2h\"\nmax_message = \"16 MiB\"\nmessage_memory = \"64 MiB\"";
    tree.change("gateway.toml", "[listener]", &format!("[listener]\n{limits}"));
    let line = line_of("gateway.toml", "[listener]");
    tree.says(&[
        &format!("gateway.toml:{}:11 out of bounds, wanted 0 to 1024", line + 1),
        &format!("gateway.toml:{}:14 out of bounds, wanted \"10ms\" to \"1h\"", line + 2),
        &format!(
            "gateway.toml:{}:15 found less memory for messages than one of them may take, wanted max_message at the most \
             as large as message_memory and message_memory_per_client",
            line + 3
        ),
    ]);
}

#[test]
fn names_that_lead_nowhere_are_told_with_the_nearest_that_does() {
    let file = "agreements/criminal-record.toml";
    let tree = Tree::shipped();
    tree.change(file, "\"G01.79\"", "\"G01.97\"")
        .change(file, "[\"2.001478\"]", "[\"2.001487\"]");
    let problems = tree.problems();
    assert_eq!(problems.len(), 2, "{problems:#?}");
    assert!(problems[0].starts_with(&format!(
        "{} no such agency in agencies/: found \"G01.97\"",
        at(file, "\"G01.79\"")
    )));
    assert!(
        problems[0].ends_with("the nearest is \"G01.79\""),
        "{problems:#?}"
    );
    assert!(
        problems[1].ends_with("the nearest is \"2.001478\""),
        "{problems:#?}"
    );
}

#[test]
fn a_registry_record_operation_or_role_that_does_not_exist_is_told() {
    let file = "agreements/criminal-record.toml";
    let tree = Tree::shipped();
    tree.change(file, "v1.ConvictionStatus", "v1.ConvictionState")
        .change(file, "[\"get\"]", "[\"confirm\"]")
        .change(
            file,
            "roles = [\"receiving-officer\", \"deciding-officer\"]",
            "roles = [\"auditor\"]",
        );
    let problems = tree.problems();
    assert_eq!(problems.len(), 3, "{problems:#?}");
    assert!(problems[0].contains("no such record of registry \"criminal-record\": found \"lienthong.criminalrecord.v1.ConvictionState\""));
    assert!(problems[1].contains("no agency of this agreement has officers of that role: found \"auditor\""));
    assert!(problems[2].contains("no lookup does that with lienthong.criminalrecord.v1.Certificate: found \"confirm\", wanted one of \"check\", \"get\""), "{problems:#?}");
    let tree = Tree::shipped();
    tree.change(
        file,
        "registry = \"criminal-record\"",
        "registry = \"criminal-records\"",
    );
    let problems = tree.problems();
    assert_eq!(problems.len(), 1, "{problems:#?}");
    assert!(
        problems[0].ends_with("the nearest is \"criminal-record\""),
        "{problems:#?}"
    );
}

#[test]
fn metrics_are_told_at_an_address_that_nobody_outside_can_reach() {
    let (file, format) = ("gateway.toml", "format = \"text\"\n");
    let before = line_of(file, format);
    for (address, good) in [
        ("127.0.0.1:9464", true),
        ("[::1]:0", true),
        ("10.1.2.3:9464", true),
        ("172.16.0.9:9464", true),
        ("[fd00::7]:9464", true),
        ("0.0.0.0:9464", false),
        ("[::]:9464", false),
        ("203.0.113.5:9464", false),
        ("172.32.0.9:9464", false),
        ("[2001:db8::7]:9464", false),
        ("[::ffff:203.0.113.5]:9464", false),
        ("127.0.0.1", false),
        ("localhost:9464", false),
    ] {
        let tree = Tree::shipped();
        let written = format!("{format}metrics = \"{address}\"\n");
        tree.change(file, format, &written);
        let problems = tree.problems();
        assert_eq!(problems.is_empty(), good, "{address}: {problems:?}");
        let place = format!("{file}:{}:", before + 1);
        assert!(
            problems.iter().all(|problem| problem.starts_with(&place)),
            "{problems:?}"
        );
    }
}

#[test]
fn not_found_may_not_be_kept_for_longer_than_a_record() {
    let file = "registries/population.toml";
    let tree = Tree::shipped();
    tree.change(file, "negative = \"1m\"", "negative = \"2h\"");
    let place = at(file, "[cache]");
    tree.says(&[&format!(
        "{place} negative is longer than usable, wanted at most as long"
    )]);
}

#[test]
fn a_field_that_cannot_be_compared_is_no_field_of_a_confirmation() {
    let file = "agreements/criminal-record.toml";
    let tree = Tree::shipped();
    tree.change(
        file,
        "\"position_ban\"]",
        "\"position_ban\", \"as_of\", \"residence.*\"]",
    );
    let problems = tree.problems();
    assert_eq!(problems.len(), 2, "{problems:#?}");
    assert!(
        problems[0].contains("found \"as_of\", which can't be claimed"),
        "{problems:#?}"
    );
    assert!(
        problems[1].contains("found \"residence.*\", wanted \"residence\""),
        "{problems:#?}"
    );
}

#[test]
fn one_certificate_or_client_stands_for_one_agency_and_both_places_are_told() {
    let tree = Tree::shipped();
    tree.change("agencies/H29.12.toml", "agency:H29.12", "agency:H26.5")
        .change("agencies/H29.12.toml", "mot-cua-h29-12", "mot-cua-h26-5");
    let first = at("agencies/H26.5.toml", "\"urn:lienthong:agency:H26.5\"");
    let second = at("agencies/H29.12.toml", "\"urn:lienthong:agency:H29.12\"");
    let problems = tree.problems();
    assert_eq!(problems.len(), 2, "{problems:#?}");
    assert_eq!(
        problems[0],
        format!(
            "{second} found \"urn:lienthong:agency:H26.5\", which already stands for agency H26.5 ({first}), wanted one agency alone"
        )
    );
    assert!(
        problems[1].contains("found \"mot-cua-h26-5\", which already stands for agency H26.5"),
        "{problems:#?}"
    );
}

#[test]
fn files_are_named_after_what_is_in_them() {
    let tree = Tree::shipped();
    tree.change("agencies/H26.5.toml", "id = \"H26.5\"", "id = \"H26.6\"")
        .change(
            "procedures/1.004222.toml",
            "code = \"1.004222\"",
            "code = \"1.004222.000.00.00.H29\"",
        );
    tree.says(&[
        &format!(
            "{} found \"H26.6\", wanted the name of the file, \"H26.5\"",
            at("agencies/H26.5.toml", "\"H26.5\"")
        ),
        &format!(
            "{} found \"1.004222.000.00.00.H29\", wanted the national code alone, \"1.004222\"",
            at("procedures/1.004222.toml", "\"1.004222\"")
        ),
    ]);
}

#[test]
fn a_broken_file_does_not_make_the_names_of_others_lead_nowhere() {
    let tree = Tree::shipped();
    tree.put("agencies/H29.12.toml", "id = ")
        .put("registries/population.toml", "kind = 3");
    let problems = tree.problems();
    assert!(
        problems
            .iter()
            .any(|problem| problem.starts_with("agencies/H29.12.toml:1:")),
        "{problems:#?}"
    );
    assert!(
        problems
            .iter()
            .any(|problem| problem.starts_with("registries/population.toml:1:8")),
        "{problems:#?}"
    );
    assert!(
        !problems.iter().any(|problem| problem.contains("no such")),
        "{problems:#?}"
    );
}

#[test]
fn slips_in_the_names_of_files_and_folders_are_told() {
    let tree = Tree::shipped();
    tree.put("gatway.toml", "")
        .put("agreement/x.toml", "")
        .put("agencies/notes.txt", "")
        .put("keys/README", "");
    tree.says(&[
        "agencies/notes.txt not read, wanted a name that ends in .toml",
        "agreement a folder of settings that nothing reads: found \"agreement\", wanted one of \"agencies\", \"agreements\", \"codes\", \"procedures\", \"registries\"; the nearest is \"agreements\"",
        "gatway.toml a file of settings that nothing reads; the nearest is \"gateway.toml\"",
    ]);
}

#[test]
fn a_tree_without_gateway_toml_or_with_unreadable_files_is_told_and_not_used() {
    let tree = Tree::shipped();
    tree.remove("gateway.toml")
        .put("procedures/1.001612.toml", b"code = \"1\"\nname_vi = \"\xff\"")
        .put("procedures/2.001478.toml", "#".repeat(2 << 20));
    let problems = tree.problems();
    assert_eq!(problems.len(), 3, "{problems:#?}");
    assert!(
        problems[0].starts_with("gateway.toml can't be read: No such file"),
        "{problems:#?}"
    );
    assert_eq!(
        problems[1],
        "procedures/1.001612.toml:2:12 found bytes that are not UTF-8, wanted text in UTF-8"
    );
    assert_eq!(
        problems[2],
        "procedures/2.001478.toml can't be read: larger than 1 MiB"
    );
}

#[test]
fn what_has_ended_or_may_ask_nothing_is_a_warning_and_the_tree_is_used() {
    let tree = Tree::shipped();
    let file = "agreements/population-police.toml";
    tree.change(file, "valid_to = 2030-12-31", "valid_to = 2026-02-28")
        .put(
            "agencies/H01.1.toml",
            fs::read_to_string(shipped().join("agencies/H26.5.toml"))
                .expect("it is there")
                .replace("H26.5", "H01.1")
                .replace("h26-5", "h01-1"),
        );
    let settings = load_without_files(&tree.config())
        .map_err(|problems| panic!("{problems}"))
        .expect("good");
    let warnings: Vec<_> = settings.warnings.iter().map(line).collect();
    let end = at(file, "2030-12-31");
    assert_eq!(
        warnings,
        [
            "agencies/H01.1.toml:3:6 agency H01.1 is in no agreement: it may ask nothing".to_owned(),
            format!("{end} ended on 2026-02-28; nothing is done on this ground any more"),
        ]
    );
}

#[test]
fn a_last_day_before_the_first_is_told() {
    let tree = Tree::shipped();
    let file = "agreements/criminal-record.toml";
    tree.change(file, "valid_to = 2030-12-31", "valid_to = 2026-06-30");
    tree.says(&[&format!(
        "{} found 2026-06-30, which is before valid_from, 2026-07-01",
        at(file, "2030-12-31")
    )]);
}

#[test]
fn a_mapping_is_checked_against_the_schemas() {
    let tree = Tree::shipped();
    let file = "registries/population.toml";
    tree.change(file, "\nfull_name = ", "\nfull_nam = ");
    let problems = tree.problems();
    assert_eq!(problems.len(), 1, "{problems:#?}");
    assert!(
        problems[0].starts_with(&at(file, "full_name = ")),
        "{problems:#?}"
    );
    assert!(problems[0].contains("\"full_name\""), "{problems:#?}");
}

#[test]
fn missing_and_exposed_key_files_are_told_and_no_key_is_repeated() {
    let tree = Tree::shipped();
    tree.put("../keys/server.pem", "")
        .put("../keys/ca.pem", "")
        .put("../keys/server.key", "secret");
    tree.change(
        "gateway.toml",
        "\"../keys/auditor.pub\"",
        "\"PRIVATE+KEY+log+00000000+AAAA\"",
    );
    let key = tree.config().join("../keys/server.key");
    fs::set_permissions(&key, Permissions::from_mode(0o640)).expect("the mode is set");
    let shown = load(&tree.config()).expect_err("files are missing");
    let problems: Vec<_> = shown.problems.iter().map(line).collect();
    let gateway: Vec<_> = problems
        .iter()
        .filter(|problem| problem.starts_with("gateway.toml"))
        .collect();
    assert_eq!(gateway.len(), 5, "{problems:#?}");
    assert_eq!(
        *gateway[0],
        format!(
            "{} found mode 640, wanted 600: only its owner may read a key or a secret",
            at("gateway.toml", "\"../keys/server.key\"")
        )
    );
    assert!(
        gateway[1].contains("one-stop.jwks.json\": no such file"),
        "{problems:#?}"
    );
    assert!(
        gateway[4].ends_with("found a key itself, wanted the path of the file that holds it"),
        "{problems:#?}"
    );
    assert!(!shown.to_string().contains("PRIVATE+KEY"), "{shown}");
}

#[test]
fn a_registrys_secret_that_others_may_read_is_refused() {
    let tree = Tree::shipped();
    tree.put("../secrets/database", "password").change(
        "registries/business.toml",
        "kind = \"embedded\"\n\n[connection]\nfile = \"../data/business.db\"",
        "kind = \"postgres\"\n\n[connection]\nhost = \"/run/postgresql\"\ndatabase = \"d\"\nuser = \"u\"\n\
         password_file = \"../secrets/database\"",
    );
    let secret = tree.config().join("../secrets/database");
    let told = |mode: u32| {
        fs::set_permissions(&secret, Permissions::from_mode(mode)).expect("the mode is set");
        let shown = load(&tree.config()).expect_err("other files are missing");
        let about = shown.problems.iter().map(line);
        about
            .filter(|problem| problem.starts_with("registries/business.toml"))
            .collect::<Vec<_>>()
    };
    let open = told(0o644);
    assert!(
        matches!(open.as_slice(), [only] if only.contains("found mode 644, wanted 600")),
        "{open:#?}"
    );
    assert_eq!(told(0o600), Vec::<String>::new());
}

#[test]
fn a_file_that_a_registrys_schema_imports_is_watched_and_counts_for_the_version() {
    let tree = Tree::shipped();
    let common = |field: &str| {
        format!(
            "syntax = \"proto3\";\npackage vn.x.v1;\nmessage Person {{ string id = 1; string {field} = 2; }}\n"
        )
    };
    tree.put(
        "registries/x.proto",
        "syntax = \"proto3\";\npackage vn.x.v1;\nimport \"common.proto\";\nmessage Ask { string id = 1; }\n\
         message Said { Person person = 1; }\nservice People { rpc Find(Ask) returns (Said); }\n",
    )
    .put("registries/common.proto", common("name"))
    .put(
        "registries/x.toml",
        r#"title_vi = "Thử"
title_en = "Test"
kind = "grpc"
[connection]
descriptors = ["registries/x.proto"]
server = { url = "http://127.0.0.1:1", plaintext = true }
[[connection.requests]]
record = "lienthong.population.v1.Citizen"
key = "personal_id"
method = "vn.x.v1.People/Find"
message = { id = "{key}" }
[records."lienthong.population.v1.Citizen"]
from = "person"
keys = [{ from = "id", field = "personal_id", digits = 12 }]
fields = { personal_id = { from = "id" } }
"#,
    );
    let loaded = || load_without_files(&tree.config()).unwrap_or_else(|problems| panic!("{problems}"));
    let before = loaded();
    assert!(
        before
            .named_files()
            .contains(&tree.config().join("registries/common.proto"))
    );
    tree.put("registries/common.proto", common("full_name"));
    let after = loaded();
    assert_ne!(before.version, after.version);
    assert_ne!(
        before.registry_file("x"),
        after.registry_file("x"),
        "it is opened anew"
    );
}

#[test]
fn the_version_changes_with_any_file_and_with_nothing_else() {
    let tree = Tree::shipped();
    let version = |tree: &Tree| {
        load_without_files(&tree.config())
            .map(|settings| settings.version)
            .expect("good")
    };
    let first = version(&tree);
    assert_eq!(first, version(&tree));
    assert_eq!(first, version(&Tree::shipped()));
    tree.put("../keys/issuers/one-stop.jwks.json", "{}");
    let with_keys = version(&tree);
    assert_ne!(first, with_keys);
    tree.change("procedures/1.004222.toml", "name_en", "# a note\nname_en");
    assert_ne!(with_keys, version(&tree));
}

#[test]
fn a_problem_is_shown_as_a_compiler_would() {
    let tree = Tree::shipped();
    let file = "agencies/H26.5.toml";
    tree.change(file, "valid_from = 2025-07-01", "valid_from = \"2025-07-01\"");
    let problems = load_without_files(&tree.config()).expect_err("a day has no quotation marks");
    let base = tree.config();
    let wanted = format!(
        "{}:6:14: error: found \"2025-07-01\", wanted a day without quotation marks, such as 2026-01-31\n  |\n6 | valid_from = \"2025-07-01\"\n  |              ^^^^^^^^^^^^\n",
        base.join(file).display()
    );
    assert_eq!(problems.to_string(), wanted);
    let json = serde_json::to_value(&problems.problems).expect("it is JSON");
    assert_eq!(json[0]["line"], 6);
    assert_eq!(json[0]["column"], 14);
    assert_eq!(json[0]["severity"], "error");
    assert_eq!(json[0]["path"], file);
}

#[test]
fn a_group_of_agencies_leads_somewhere_and_says_nobody_twice() {
    let file = "agreements/population-police.toml";
    let with = |agencies: &str| {
        let tree = Tree::shipped();
        tree.change(file, "agencies = [\"G01.79\"]", &format!("agencies = {agencies}"));
        let problems = tree.problems();
        problems
            .iter()
            .map(|problem| problem.replace(file, ""))
            .collect::<Vec<_>>()
    };
    assert_eq!(with("[\"G01.*\"]"), Vec::<String>::new());
    let column = "agencies = [".len() + 1;
    let wanted =
        format!(":5:{column} no agency in agencies/ is in this group: found \"G02.*\", wanted one of ");
    let found = with("[\"G02.*\"]");
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with(&wanted), "{found:?}");
    assert!(found[0].ends_with("; the nearest is \"G01.*\""), "{found:?}");
    let found = with("[\"H2*.*\"]");
    assert!(
        found[0].contains("wanted the code of an agency before \".*\", such as \"H29.*\""),
        "{found:?}"
    );
    let found = with("[\"G01.*\", \"G01.79\"]");
    assert_eq!(
        found,
        [format!(
            ":5:{} found \"G01.79\", which \"G01.*\" holds already",
            column + 9
        )]
    );
}

#[test]
fn a_quota_is_within_bounds_and_its_names_are_known() {
    let file = "agreements/criminal-record.toml";
    let tree = Tree::shipped();
    tree.change(file, "calls_per_second = 20", "calls_per_second = 0")
        .change(file, "calls_per_day", "call_per_day")
        .change(file, "per_hour = 60", "per_hour = 10_001");
    let problems = tree.problems();
    let place = |text: &str| at(file, text).replace(file, "");
    assert_eq!(problems.len(), 3, "{problems:#?}");
    assert!(
        problems[0].contains("out of bounds, wanted 1 to 1000000"),
        "{problems:#?}"
    );
    assert!(problems[1].contains(&place("calls_per_day")), "{problems:#?}");
    assert!(
        problems[1].contains("the nearest is \"calls_per_day\""),
        "{problems:#?}"
    );
    assert!(
        problems[2].ends_with("out of bounds, wanted 1 to 10000"),
        "{problems:#?}"
    );
}

#[test]
fn a_grant_that_lets_an_officer_walk_through_the_numbers_is_told() {
    let file = "agreements/business-one-stop.toml";
    let tree = Tree::shipped();
    tree.change(file, "subjects_per_officer_per_hour = 300\n", "");
    let problems = tree.problems();
    assert_eq!(problems.len(), 1, "{problems:#?}");
    assert!(
        problems[0].ends_with("one officer could walk through all numbers"),
        "{problems:#?}"
    );
}

#[test]
fn a_verified_token_is_remembered_for_a_minute_at_most() {
    let written = |time: &str| {
        let tree = Tree::shipped();
        tree.change(
            "gateway.toml",
            "[token]\n",
            &format!("[token]\ncache_time = \"{time}\"\n"),
        );
        tree.problems()
    };
    assert_eq!(written("60s"), [""; 0]);
    let problems = written("61s");
    assert!(
        problems.len() == 1 && problems[0].contains("wanted \"0s\" to \"60s\""),
        "{problems:?}"
    );
}

#[test]
fn revocation_without_a_list_or_with_an_address_that_cannot_be_asked_is_told() {
    let written = |revocation: &str| {
        let tree = Tree::shipped();
        tree.change(
            "gateway.toml",
            "file = \"../keys/ca.pem\"",
            &format!("file = \"../keys/ca.pem\"\nrevocation = {revocation}"),
        );
        tree.problems()
    };
    let file = "file = \"a.crl\"";
    for good in [
        format!("[{{ {file} }}]"),
        format!("[{{ {file}, url = \"http://crl.example/a.crl\", every = \"10m\" }}]"),
        format!("[{{ {file}, url = \"https://crl.example/a.crl\", ca = \"ca.pem\" }}]"),
    ] {
        assert_eq!(written(&good), [""; 0], "{good}");
    }
    for (bad, said) in [
        ("[]".to_owned(), "wanted at least one revocation list"),
        ("[{ url = \"http://crl.example/a.crl\" }]".to_owned(), "file"),
        (
            format!("[{{ {file}, url = \"ldap://crl.example\" }}]"),
            "wanted an address",
        ),
        (
            format!("[{{ {file}, url = \"https://crl.example/a.crl\" }}]"),
            "wanted the authorities",
        ),
        (
            format!("[{{ {file}, url = \"http://crl.example/a.crl\", ca = \"b\" }}]"),
            "wanted an https://",
        ),
        (format!("[{{ {file}, ca = \"b\" }}]"), "wanted its address"),
        (format!("[{{ {file}, every = \"1ms\" }}]"), "out of bounds"),
    ] {
        let problems = written(&bad);
        assert!(
            problems.len() == 1 && problems[0].contains(said),
            "{bad}: {problems:?}"
        );
    }
}

#[test]
fn a_key_set_is_fetched_over_https_from_a_server_whose_authorities_are_named_or_not_at_all() {
    let written = |place: &str| {
        let tree = Tree::shipped();
        let set = "jwks = \"../keys/issuers/police.jwks.json\"";
        tree.change("gateway.toml", set, &format!("{set}\n{place}"));
        tree.problems()
    };
    let good = "url = \"https://keys.example/jwks\"\nca = \"ca.pem\"\nevery = \"5m\"";
    assert_eq!(written(good), [""; 0]);
    for (bad, said) in [
        ("url = \"http://keys.example/jwks\"", "wanted https://"),
        ("url = \"keys.example\"", "wanted an address"),
        ("url = \"https://keys.example/jwks\"", "wanted the authorities"),
        ("ca = \"ca.pem\"", "wanted its address"),
        (
            "url = \"https://keys.example/jwks\"\nca = \"ca.pem\"\nevery = \"1s\"",
            "out of bounds",
        ),
    ] {
        let problems = written(bad);
        assert!(
            problems.len() == 1 && problems[0].contains(said),
            "{bad}: {problems:?}"
        );
    }
}

/// The example of a registry that speaks gRPC, and its schema, as the manual gives them.
fn example_of_grpc() -> [&'static str; 2] {
    let manual = include_str!("../../../../docs/adapters.md");
    let block = |language: &str, wanted: &str| {
        let blocks = manual.split(language).skip(1);
        let mut blocks = blocks.filter_map(|rest| rest.split("```").next());
        blocks.find(|block| block.contains(wanted)).expect("the example")
    };
    [
        block("```toml\n", "OwnerService"),
        block("```proto\n", "OwnerService"),
    ]
}

#[test]
fn a_schema_beside_its_registry_is_a_part_of_the_tree() {
    let [registry, schema] = example_of_grpc();
    let tree = Tree::shipped();
    tree.put("registries/population.toml", registry)
        .put("registries/land-owners.proto", schema);
    tree.says(&[]);
    let made_from = |name| {
        let settings = load_without_files(&tree.config()).expect("good");
        (settings.version.clone(), settings.registry_file(name))
    };
    let (before, other) = (made_from("population"), made_from("business").1);
    tree.change("registries/land-owners.proto", "syntax", "// A note.\nsyntax");
    let after = made_from("population");
    assert_ne!(before.0, after.0, "the version");
    assert_ne!(before.1, after.1, "what the registry is opened from");
    assert_eq!(other, made_from("business").1);
    let watched = load_without_files(&tree.config()).expect("good").named_files();
    assert!(watched.contains(&tree.config().join("registries/land-owners.proto")));
    tree.change("registries/land-owners.proto", "birth_date", "born");
    let problems = tree.problems();
    assert!(
        problems[0].starts_with("registries/population.toml:29:23 found \"birth_date\", wanted a field of"),
        "{problems:?}"
    );
    tree.remove("registries/land-owners.proto");
    let problems = tree.problems();
    assert!(
        problems[0].starts_with("registries/population.toml:6:16 registries/land-owners.proto: No such file"),
        "{problems:?}"
    );
}

#[test]
fn a_registrys_certificate_or_secret_is_watched_and_another_one_opens_it_anew() {
    let tree = Tree::shipped();
    let connection = r#"kind = "rest"
[connection.server]
url = "https://127.0.0.1:1"
ca = "owner-ca.pem"
certificate = "owner.pem"
key = "owner.key"
[connection.sign_in.api_key]
header = "x-key"
secret = "api-key"
[[connection.requests]]
record = "lienthong.population.v1.Citizen"
key = "personal_id"
path = "/{key}"
[records."lienthong.population.v1.Citizen"]
from = "d"
keys = [{ from = "i", field = "personal_id", digits = 12 }]
fields = { personal_id = { from = "i", required = true } }
"#;
    tree.put(
        "registries/population.toml",
        format!("title_vi = \"Thử\"\ntitle_en = \"Test\"\n{connection}"),
    );
    let public = ["owner-ca.pem", "owner.pem"];
    let secret = ["owner.key", "api-key"];
    for file in public.into_iter().chain(secret) {
        tree.put(file, "first");
    }
    let loaded = || load_without_files(&tree.config()).unwrap_or_else(|problems| panic!("{problems}"));
    let made_from = |settings: &Settings| ["population", "business"].map(|name| settings.registry_file(name));
    let mut before = loaded();
    assert_eq!(
        made_from(&before),
        made_from(&loaded()),
        "the same files, the same registry"
    );
    for file in public.into_iter().chain(secret) {
        assert!(
            before.named_files().contains(&tree.config().join(file)),
            "{file} is watched"
        );
        tree.put(file, "second");
        let after = loaded();
        let [own, other] = made_from(&after);
        assert_ne!(own, made_from(&before)[0], "{file}: the registry is opened anew");
        assert_eq!(other, made_from(&before)[1], "{file}: another one is not");
        let is_public = public.contains(&file);
        assert_eq!(before.version != after.version, is_public, "{file}");
        assert_eq!(
            after.files.contains_key(std::path::Path::new(file)),
            is_public,
            "{file}"
        );
        before = after;
    }
}
