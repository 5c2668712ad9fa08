use rusqlite::Connection;

use super::*;
use crate::demo::data::SEED;

fn written(citizens: u64) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(&World { seed: SEED, citizens }, folder.path()).unwrap();
    folder
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_every_number_is_its_own() {
    let (first, second) = (written(2_000), written(2_000));
    for file in FILES {
        let read = |folder: &tempfile::TempDir| std::fs::read(folder.path().join(file)).unwrap();
        assert!(read(&first) == read(&second), "{file} differs");
    }
    let licences = Connection::open(first.path().join(FILES[0])).unwrap();
    let count = |query: &str| licences.query_row(query, [], |row| row.get::<_, i64>(0)).unwrap();
    assert!(count("SELECT count(*) FROM gplx") > 500);
    // The unique index is made after the load: it would have failed.
    assert_eq!(count("SELECT count(*) FROM gplx WHERE length(so_gplx) <> 12"), 0);
}

#[test]
fn of_the_generated_dossiers_every_move_is_one_that_may_be() {
    let folder = written(2_000);
    let dossiers = Connection::open(folder.path().join(FILES[1])).unwrap();
    let mut moves = dossiers
        .prepare(
            "SELECT DISTINCT one.trang_thai, next.trang_thai FROM qua_trinh one JOIN qua_trinh next
             ON next.ma_ho_so = one.ma_ho_so AND next.thu_tu = one.thu_tu + 1
             WHERE one.ma_ho_so NOT IN (?1, ?2)",
        )
        .unwrap();
    let found = moves.query_map([IMPOSSIBLE, UNKNOWN_STATE], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
    });
    let allowed = "1→2,3,7 2→4,5,6,7,8,9 4→5,6,7,8,9 5→4,7,8 6→4,7,8 9→10,6";
    for found in found.unwrap() {
        let (from, to) = found.unwrap();
        let next = allowed
            .split(' ')
            .find_map(|rule| rule.strip_prefix(&format!("{from}→")));
        assert!(
            next.is_some_and(|next| next.split(',').any(|state| state == to)),
            "{from} to {to}"
        );
    }
}
