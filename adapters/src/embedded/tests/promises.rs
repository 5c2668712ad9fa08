use std::fs;

use rusqlite::TransactionBehavior;

use super::*;
use crate::conformance::{Fixture, Outage, broken_promises};

const FILE: &str = r#"
title_vi = "Thử"
title_en = "Test"
kind = "embedded"

[connection]
file = "../data/test.db"
busy_timeout = "50ms"

[protection]
timeout = "5s"
max_record = "4 KiB"

[records."lienthong.population.v1.Citizen"]
from = "cong_dan_xem"
keys = [{ from = "hoi_theo", field = "personal_id", digits = 12 }]

[records."lienthong.population.v1.Citizen".fields]
personal_id = { from = "so_dinh_danh" }
full_name = { from = "ho_ten" }
household_no = { from = "cham" }
birth_date = { from = "ngay_sinh" }

[records."lienthong.population.v1.Citizen".lists.other_names]
from = "ten_khac"
key = "so_dinh_danh"
equals = "so_dinh_danh"
order = "thu_tu"
value = { from = "ho_ten" }
"#;

/// The row with `cho = 1` takes minutes: it counts a billion numbers.
const TABLES: &str = "
CREATE TABLE cong_dan (hoi_theo TEXT, so_dinh_danh TEXT, ho_ten TEXT, cho INTEGER);
CREATE INDEX cong_dan_hoi_theo ON cong_dan (hoi_theo);
CREATE TABLE ten_khac (so_dinh_danh TEXT, thu_tu INTEGER, ho_ten TEXT);
CREATE INDEX ten_khac_so_dinh_danh ON ten_khac (so_dinh_danh, thu_tu);
CREATE VIEW cong_dan_xem AS SELECT hoi_theo, so_dinh_danh, ho_ten, CASE cho WHEN 1 THEN (
  WITH RECURSIVE dem (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM dem LIMIT 1000000000) SELECT count(*) FROM dem
) END AS cham, CASE hoi_theo WHEN '079090000007' THEN '31/02/1990' END AS ngay_sinh FROM cong_dan;
INSERT INTO cong_dan VALUES
  ('079090000001', '079090000001', 'A', 0), ('079090000002', '079090000002', 'B', 0),
  ('079090000003', '079090000003', 'C', 0), ('079090000003', '079090000003', 'D', 0),
  ('079090000004', '079090000001', 'E', 0),
  ('079090000005', '079090000005', printf('%.*c', 5000, 'X'), 0),
  ('079090000006', '079090000006', 'F', 1),
  ('079090000007', '079090000007', 'G', 0);
INSERT INTO ten_khac VALUES ('079090000002', 2, 'Hai'), ('079090000002', 1, 'Một');
";

fn record(id: &str, name: &str, other_names: &[&str]) -> (String, bytes::Bytes) {
    let citizen = proto::population::v1::Citizen {
        personal_id: id.into(),
        full_name: name.into(),
        other_names: other_names.iter().map(|&name| name.into()).collect(),
        ..Default::default()
    };
    (id.to_owned(), citizen.encode_to_vec().into())
}

#[tokio::test(flavor = "current_thread")]
async fn the_embedded_kind_keeps_every_promise() {
    let tree = Arc::new(Tree::new(FILE, TABLES));
    let fixture = Fixture {
        record: "lienthong.population.v1.Citizen".into(),
        known: vec![
            record("079090000001", "A", &[]),
            record("079090000002", "B", &["Một", "Hai"]),
        ],
        unknown: "079090000009".into(),
        several: Some("079090000003".into()),
        wrong_subject: Some("079090000004".into()),
        too_large: Some("079090000005".into()),
        slow: Some("079090000006".into()),
        incomplete: Some(("079090000007".into(), "birth_date".into())),
        routes: vec!["direct".into()],
        outages: outages(&tree),
        ..Fixture::default()
    };
    let registry = tree.connect();
    assert_eq!(broken_promises(&registry, &fixture).await, [""; 0]);
    let rows: i64 = tree
        .owner()
        .query_row("SELECT count(*) FROM cong_dan", [], |row| row.get(0))
        .expect("a count");
    assert_eq!(rows, 8, "nothing was changed");
}

fn outages(tree: &Arc<Tree>) -> Vec<Outage> {
    let path = tree.database();
    let aside = path.with_extension("aside");
    let lock = Arc::new(std::sync::Mutex::new(None));
    let moved = |name, replacement: Option<&'static [u8]>| {
        let (path, aside, path_again, aside_again) =
            (path.clone(), aside.clone(), path.clone(), aside.clone());
        Outage {
            name,
            begin: Box::new(move || {
                fs::rename(&path, &aside).expect("the file can be moved");
                if let Some(bytes) = replacement {
                    fs::write(&path, bytes).expect("a file can be written");
                }
            }),
            end: Box::new(move || fs::rename(&aside_again, &path_again).expect("the file can be moved back")),
        }
    };
    let (whole, path_cut, path_mended) = (fs::read(&path).expect("the file"), path.clone(), path.clone());
    let (taken, released, tree) = (Arc::clone(&lock), lock, Arc::clone(tree));
    vec![
        moved("the file is gone", None),
        moved(
            "the file is no database",
            Some(b"this was never a database, only some text of a good length"),
        ),
        moved("the file is empty", Some(b"")),
        Outage {
            name: "the file is overwritten",
            begin: Box::new(move || {
                let garbage = vec![0xAA; whole_length(&path_cut)];
                fs::write(&path_cut, garbage).expect("the file can be overwritten");
            }),
            end: Box::new(move || fs::write(&path_mended, &whole).expect("the file can be mended")),
        },
        Outage {
            name: "the file is locked",
            begin: Box::new(move || {
                let owner = tree.owner();
                let mut owner = Box::new(owner);
                owner.set_transaction_behavior(TransactionBehavior::Exclusive);
                owner
                    .execute_batch("BEGIN EXCLUSIVE")
                    .expect("the owner can lock");
                *taken.lock().expect("not poisoned") = Some(owner);
            }),
            end: Box::new(move || drop(released.lock().expect("not poisoned").take())),
        },
    ]
}

fn whole_length(path: &Path) -> usize {
    fs::metadata(path).map_or(0, |metadata| usize::try_from(metadata.len()).unwrap_or(0))
}
