use std::fs;

use rusqlite::Connection;

use super::*;

fn written(citizens: u64) -> (tempfile::TempDir, Summary) {
    let dir = tempfile::tempdir().expect("a folder");
    let summary = generate(dir.path(), citizens, &|_| {}).expect("generated");
    (dir, summary)
}

fn count(connection: &Connection, query: &str) -> u64 {
    let rows: i64 = connection.query_row(query, [], |row| row.get(0)).expect(query);
    u64::try_from(rows).expect("not negative")
}

fn open(dir: &Path, file: &str) -> Connection {
    Connection::open(dir.join(file)).expect("opens")
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let (first, _) = written(500);
    let (second, _) = written(500);
    let other = tempfile::tempdir().expect("a folder");
    generate_from(SEED + 1, other.path(), 500, &|_| {}).expect("generated");
    for file in FILES {
        let read = |dir: &Path| fs::read(dir.join(file)).expect("written");
        assert!(read(first.path()) == read(second.path()), "{file} differs");
        assert!(
            read(first.path()) != read(other.path()),
            "{file} does not depend on the seed"
        );
    }
}

#[test]
fn the_counts_are_those_of_the_summary() {
    let (dir, summary) = written(2_000);
    assert_eq!((summary.citizens, summary.enterprises), (2_000, 400));
    let people = open(dir.path(), FILES[0]);
    assert_eq!(count(&people, "SELECT count(*) FROM cong_dan"), 2_000);
    let records = open(dir.path(), FILES[1]);
    assert_eq!(
        count(&records, "SELECT count(*) FROM ly_lich"),
        summary.criminal_records
    );
    assert_eq!(
        count(&records, "SELECT count(*) FROM phieu_lltp"),
        summary.certificates
    );
    let business = open(dir.path(), FILES[2]);
    assert_eq!(count(&business, "SELECT count(*) FROM doanh_nghiep"), 400);
    assert!(count(&business, "SELECT count(*) FROM huong_loi WHERE ty_le < 2500") == 0);
}

#[test]
fn every_person_named_in_another_registry_is_a_citizen() {
    let (dir, _) = written(2_000);
    let people = open(dir.path(), FILES[0]);
    for (file, name) in [(FILES[1], "records"), (FILES[2], "business")] {
        let path = dir.path().join(file).display().to_string();
        people
            .execute(&format!("ATTACH ?1 AS {name}"), [path])
            .expect("attached");
    }
    for table in [
        "records.ly_lich",
        "records.phieu_lltp",
        "business.chu_so_huu",
        "business.thanh_vien",
        "business.nguoi_dai_dien",
        "business.nguoi_quan_ly",
    ] {
        assert!(
            count(&people, &format!("SELECT count(*) FROM {table}")) > 0,
            "{table} is empty"
        );
        let strangers = format!(
            "SELECT count(*) FROM {table} WHERE so_dinh_danh NOT IN (SELECT so_dinh_danh FROM cong_dan)"
        );
        assert_eq!(count(&people, &strangers), 0, "{table}");
    }
    let strangers = "SELECT count(*) FROM business.thanh_vien WHERE to_chuc_ma_so NOT IN
        (SELECT ma_so FROM business.doanh_nghiep)";
    assert_eq!(count(&people, strangers), 0);
}

#[test]
fn the_columns_hold_what_their_names_say() {
    let (dir, _) = written(500);
    let people = open(dir.path(), FILES[0]);
    let owner = &cast::citizens::OWNER;
    let found: (String, String, String, String, String, String) = people
        .query_row(
            "SELECT ho_ten, thuong_tru_ma_xa, vo_chong_so_dinh_danh, chu_ho_quan_he, trang_thai_song,
                thoi_diem_du_lieu FROM cong_dan WHERE so_dinh_danh = ?1",
            [owner.personal_id],
            |row| {
                Ok((
                    row.get(0)?,
                    row.get(1)?,
                    row.get(2)?,
                    row.get(3)?,
                    row.get(4)?,
                    row.get(5)?,
                ))
            },
        )
        .expect("there");
    let wife = cast::citizens::OWNER_WIFE.personal_id;
    let expected = [owner.full_name, "26737", wife, "00", "1", "20261105093000"].map(str::to_owned);
    assert_eq!([found.0, found.1, found.2, found.3, found.4, found.5], expected);
    let business = open(dir.path(), FILES[2]);
    for (column, table) in [
        ("ten_tieng_viet", "doanh_nghiep"),
        ("ma_nganh", "nganh_nghe"),
        ("so_dinh_danh", "nguoi_dai_dien"),
    ] {
        let query = format!("SELECT {column} FROM {table} WHERE ma_so = ?1");
        let value: String = business
            .query_row(&query, [cast::enterprises::SECURITY_COMPANY.code], |row| {
                row.get(0)
            })
            .expect(column);
        let expected = [
            cast::enterprises::SECURITY_COMPANY.name,
            "8010",
            owner.personal_id,
        ];
        assert!(expected.contains(&value.as_str()), "{column}: {value}");
    }
}

#[test]
fn a_certificate_no_1_never_lists_a_spent_conviction() {
    let (dir, _) = written(20_000);
    let records = open(dir.path(), FILES[1]);
    let spent_on = |kind: u8| {
        let query = format!(
            "SELECT count(*) FROM an_tich JOIN phieu_lltp USING (so_phieu)
                WHERE loai_phieu = '{kind}' AND ngay_xoa_an IS NOT NULL"
        );
        count(&records, &query)
    };
    assert_eq!(spent_on(1), 0);
    assert!(spent_on(2) > 0);
    assert!(
        count(
            &records,
            "SELECT count(*) FROM phieu_lltp WHERE tinh_trang_phieu = 'Đã thu hồi'"
        ) > 1
    );
}

#[test]
fn a_number_of_citizens_out_of_range_is_refused() {
    let dir = tempfile::tempdir().expect("a folder");
    for citizens in [0, FEWEST - 1, MOST + 1] {
        assert!(generate(dir.path(), citizens, &|_| {}).is_err());
    }
}

#[test]
fn every_row_is_told_to_the_progress_bar() {
    let told = std::sync::atomic::AtomicU64::new(0);
    let dir = tempfile::tempdir().expect("a folder");
    generate(dir.path(), 300, &|rows| {
        told.fetch_add(rows, std::sync::atomic::Ordering::Relaxed);
    })
    .expect("generated");
    assert_eq!(told.into_inner(), rows(300));
}

/// Resident memory of this process at its largest, in MiB.
fn peak_memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("the system tells");
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .expect("VmHWM");
    let kib = line
        .split_whitespace()
        .nth(1)
        .and_then(|kib| kib.parse::<u64>().ok());
    kib.expect("a number") / 1024
}

#[test]
#[ignore = "takes a minute and a gigabyte of disk: cargo test --release -p gateway --lib million -- --ignored"]
fn a_million_citizens_take_less_than_a_minute_and_bounded_memory() {
    let begun = std::time::Instant::now();
    let (dir, summary) = written(MOST);
    let took = begun.elapsed();
    let bytes: u64 = FILES
        .iter()
        .map(|file| fs::metadata(dir.path().join(file)).expect("written").len())
        .sum();
    let memory = peak_memory();
    println!(
        "{summary:?}: {took:?}, {} MiB on disk, {memory} MiB in memory",
        bytes >> 20
    );
    assert!(took.as_secs() < 60, "{took:?}");
    assert!(memory < 400, "{memory} MiB");
}
