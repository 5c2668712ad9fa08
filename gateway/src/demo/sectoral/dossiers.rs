//! Dossiers and their states.

use std::path::Path;

use anyhow::Result;

use crate::demo::load::{Load, Row, Table};
use crate::demo::people::{Person, World};
use crate::demo::random::Draw;

const SCHEMA: &str = include_str!("../schema/dossier.sql");
const STREAM: u64 = 31;

static DOSSIERS: Table = Table {
    insert: "INSERT INTO ho_so VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    columns: 16,
};
static STEPS: Table = Table {
    insert: "INSERT INTO qua_trinh VALUES (?, ?, ?, ?, ?)",
    columns: 5,
};

/// A dossier of the owner of the flagship: asked for more papers once, and done.
pub const IN_ORDER: &str = "H29.12-261002-0001";
/// One that was being processed again after its result had been given: that can't be.
pub const IMPOSSIBLE: &str = "H29.12-261002-0002";
/// One in a state that no list has.
pub const UNKNOWN_STATE: &str = "H29.12-261002-0003";

/// What one-stop systems write for the states 1 to 10.
const PHRASES: [(&str, &str); 10] = [
    ("1", "Mới đăng ký"),
    ("2", "Được tiếp nhận"),
    ("3", "Không được tiếp nhận"),
    ("4", "Đang xử lý"),
    ("5", "Yêu cầu bổ sung giấy tờ"),
    ("6", "Yêu cầu thực hiện nghĩa vụ tài chính"),
    ("7", "Công dân yêu cầu rút hồ sơ"),
    ("8", "Dừng xử lý"),
    ("9", "Đã xử lý xong"),
    ("10", "Đã trả kết quả"),
];

/// Ways that dossiers go.
const WAYS: [(&[&str], u64); 7] = [
    (&["1", "2", "4", "9", "10"], 55),
    (&["1", "2", "4"], 15),
    (&["1", "2", "5", "4", "9", "10"], 12),
    (&["1", "2", "6", "4", "9", "6", "4", "9", "10"], 3),
    (&["1", "3"], 6),
    (&["1", "7"], 4),
    (&["1", "2", "4", "8"], 5),
];

pub(super) fn write(world: &World, citizens: u64, target: &Path) -> Result<()> {
    let load = Load::begin(target, SCHEMA)?;
    let owner = world.person(0);
    for (code, way) in [
        (IN_ORDER, &["1", "2", "4", "5", "4", "9"][..]),
        (IMPOSSIBLE, &["1", "2", "4", "9", "10", "4"]),
        (UNKNOWN_STATE, &["1", "2", "41"]),
    ] {
        insert(&load, code, way, &owner)?;
    }
    for index in 1..citizens / 4 {
        let person = world.person(index);
        let mut draw = Draw::of(world.seed, STREAM, index);
        let code = format!("H29.12-2610{:02}-{:05}", draw.between(5, 9), 10_000 + index);
        insert(&load, &code, draw.weighted(&WAYS), &person)?;
    }
    load.finish()
}

fn insert(load: &Load, code: &str, way: &[&str], person: &Person) -> Result<()> {
    let day = code.get(11..13).unwrap_or("01").parse::<u32>().unwrap_or(1);
    // A step every other day, at half past eight.
    let moment = |step: usize| format!("202610{:02}083000", day as usize + 2 * step);
    let at = |states: &[&str]| way.iter().position(|state| states.contains(state)).map(moment);
    let last = way.last().copied().unwrap_or("1");
    let row = Row::default()
        .text(code)
        .text("9.000510")
        .text("Đổi giấy phép lái xe")
        .text("2")
        .text(&person.identity.full_name)
        .text("1")
        .text(&person.identity.personal_id)
        .text("H29.12")
        .text(moment(0))
        .maybe(at(&["2"]))
        .text("20261030170000")
        .maybe(at(&["3", "7", "8", "9"]))
        .maybe(at(&["10"]))
        .text(last)
        .text("20261031060000")
        .text("1");
    load.insert(&DOSSIERS, row)?;
    for (place, state) in (1_i64..).zip(way) {
        let known = PHRASES.iter().find(|(number, _)| number == state);
        let step = usize::try_from(place - 1).unwrap_or(0);
        let row = Row::default()
            .text(code)
            .number(place)
            .text(*state)
            .text(moment(step))
            .text(known.map_or("Chuyển liên thông", |(_, phrase)| phrase));
        load.insert(&STEPS, row)?;
    }
    Ok(())
}
