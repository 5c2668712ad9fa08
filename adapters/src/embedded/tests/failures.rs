use std::fs;

use super::*;

const CITIZEN: &str = "lienthong.population.v1.Citizen";
const FILE: &str = r#"
title_vi = "Thử"
title_en = "Test"
kind = "embedded"
connection = { file = "../data/test.db" }

[records."lienthong.population.v1.Citizen"]
from = "cong_dan"
keys = [{ from = "so_dinh_danh", field = "personal_id", digits = 12 }]
fields = { personal_id = { from = "so_dinh_danh" }, full_name = { from = "ho_ten" } }
lists.other_names = { from = "ten_khac", key = "so_dinh_danh", order = "thu_tu", value = { from = "ho_ten" } }
"#;
const TABLES: &str = "
CREATE TABLE cong_dan (so_dinh_danh TEXT, ho_ten TEXT);
CREATE TABLE ten_khac (so_dinh_danh TEXT, thu_tu INTEGER, ho_ten TEXT);
INSERT INTO cong_dan VALUES ('079090000001', 'A');
";

/// What the file gets wrong about its database: the piece of the file, and what is said of it.
fn problems(file: &str) -> Vec<(String, String)> {
    match Tree::new(file, TABLES).try_connect() {
        Err(ConnectError::Settings(problems)) => problems
            .into_iter()
            .map(|problem| {
                let place = problem.span.and_then(|span| file.get(span)).unwrap_or("nowhere");
                (place.to_owned(), problem.message)
            })
            .collect(),
        Err(ConnectError::Unreachable { what }) => panic!("{what}"),
        Ok(_) => Vec::new(),
    }
}

#[test]
fn a_table_or_column_that_the_database_does_not_have_is_pointed_at() {
    assert_eq!(problems(FILE), []);
    let wrong = FILE
        .replace(
            "full_name = { from = \"ho_ten\" }",
            "full_name = { from = \"ho_tn\" }",
        )
        .replace("from = \"ten_khac\"", "from = \"ten_khc\"");
    let pair = |place: &str, message: &str| (place.to_owned(), message.to_owned());
    assert_eq!(
        problems(&wrong),
        [
            pair(
                "\"ho_tn\"",
                "found \"ho_tn\", wanted a column of cong_dan; the nearest is \"ho_ten\""
            ),
            pair(
                "\"ten_khc\"",
                "found \"ten_khc\", wanted a table or view of the database; the nearest is \"ten_khac\""
            ),
        ]
    );
    for (right, wrong) in [
        ("order = \"thu_tu\"", "order = \"thu_t\""),
        ("key = \"so_dinh_danh\"", "key = \"so_dd\""),
    ] {
        assert_eq!(problems(&FILE.replace(right, wrong)).len(), 1, "{wrong}");
    }
}

#[test]
fn a_number_of_readers_that_makes_no_sense_is_refused() {
    for readers in ["0", "65"] {
        let file = FILE.replace("test.db\"", &format!("test.db\", readers = {readers}"));
        let [(place, _)] = problems(&file)
            .try_into()
            .unwrap_or_else(|found| panic!("{found:?}"));
        assert_eq!(place, readers);
    }
}

#[test]
fn a_database_that_is_not_there_or_is_none_is_unreachable() {
    let tree = Tree::new(FILE, TABLES);
    fs::write(tree.database(), b"no database, but a text that is longer than a hundred bytes, so that nobody takes it for an empty file or for the beginning of one").expect("written");
    assert!(matches!(
        tree.try_connect(),
        Err(ConnectError::Unreachable { .. })
    ));
    fs::remove_file(tree.database()).expect("removed");
    assert!(matches!(
        tree.try_connect(),
        Err(ConnectError::Unreachable { .. })
    ));
    assert!(!tree.database().exists(), "no file is made where there is none");
}

#[tokio::test]
async fn a_new_file_in_place_of_the_old_one_is_seen_by_the_next_question() {
    let tree = Tree::new(FILE, TABLES);
    let registry = tree.connect();
    let name = async || ask::<proto::population::v1::Citizen>(&registry, CITIZEN, "079090000001").await;
    assert_eq!(name().await.map(|citizen| citizen.full_name), Ok("A".into()));

    let other = Tree::new(FILE, &TABLES.replace("'A'", "'B'"));
    let beside = tree.database().with_extension("new");
    fs::copy(other.database(), &beside).expect("copied");
    fs::rename(&beside, tree.database()).expect("renamed");
    for _ in 0..4 {
        assert_eq!(name().await.map(|citizen| citizen.full_name), Ok("B".into()));
    }

    tree.write("UPDATE cong_dan SET ho_ten = 'C'");
    assert_eq!(
        name().await.map(|citizen| citizen.full_name),
        Ok("C".into()),
        "a change in place is seen too"
    );
    tree.write("ALTER TABLE cong_dan RENAME COLUMN ho_ten TO ten");
    assert!(
        matches!(name().await, Err(Error::Unavailable { .. })),
        "a table that changed is not 'not found'"
    );
}

#[tokio::test]
async fn a_writer_in_write_ahead_mode_disturbs_nobody() {
    let tree = Tree::new(FILE, &format!("PRAGMA journal_mode = wal; {TABLES}"));
    let owner = tree.owner();
    let registry = tree.connect();
    owner
        .execute_batch("BEGIN IMMEDIATE; UPDATE cong_dan SET ho_ten = 'B'")
        .expect("the owner writes");
    let citizen: proto::population::v1::Citizen = ask(&registry, CITIZEN, "079090000001")
        .await
        .expect("it is there");
    assert_eq!(citizen.full_name, "A");
}

#[tokio::test]
async fn the_readers_end_with_the_registry() {
    let tree = Tree::new(FILE, TABLES);
    let registry = connect(
        "ending",
        &tree.settings,
        &tree.base(),
        &proto::descriptors(),
        &Default::default(),
    )
    .expect("connected");
    let threads = || {
        let tasks = fs::read_dir("/proc/self/task").expect("threads of this process");
        let names = tasks.filter_map(|task| fs::read_to_string(task.ok()?.path().join("comm")).ok());
        names.filter(|name| name.starts_with("ending-")).count()
    };
    let count_becomes = async |wanted| {
        let end = Instant::now() + Duration::from_secs(5);
        while threads() != wanted && Instant::now() < end {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert_eq!(threads(), wanted);
    };
    count_becomes(2).await;
    registry.check().await.expect("healthy");
    drop(registry);
    count_becomes(0).await;
}

#[tokio::test]
async fn whatever_is_asked_nothing_is_changed_and_no_file_or_address_is_touched() {
    let tree = Tree::new(&FILE.replace(", digits = 12", ""), TABLES);
    let registry = tree.connect();
    let before = fs::read(tree.database()).expect("a database");
    let canary = crate::hostile::Canary::new();
    let aimed = canary.identifiers();
    let hostile = [
        "' OR '1'='1",
        "'; DROP TABLE cong_dan; --",
        "' UNION SELECT so_dinh_danh, ho_ten FROM cong_dan --",
        "?1",
        ":key",
        "$1",
        "%",
        "079090000001'",
        "\" OR \"\"=\"",
        "'; PRAGMA writable_schema = 1; --",
        "' || load_extension('x') || '",
    ];
    for key in hostile.into_iter().chain(aimed.iter().map(String::as_str)) {
        let given = registry.look_up(question(CITIZEN, key)).await;
        assert_eq!(given, Err(Error::NotFound), "{key}");
    }
    canary.expect_untouched();
    assert_eq!(fs::read(tree.database()).expect("a database"), before);
    let known = ask::<proto::population::v1::Citizen>(&registry, CITIZEN, "079090000001").await;
    assert_eq!(known.map(|citizen| citizen.full_name), Ok("A".into()));
}
