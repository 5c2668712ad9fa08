//! Driver licences.

use std::path::Path;

use anyhow::Result;

use crate::demo::identifiers;
use crate::demo::load::{Load, Row, Table};
use crate::demo::people::{Person, World};
use crate::demo::random::Draw;

const SCHEMA: &str = include_str!("../schema/driver_licence.sql");
const STREAM: u64 = 30;

static LICENCES: Table = Table {
    insert: "INSERT INTO gplx VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    columns: 14,
};

/// The valid licence of the owner of the flagship, class B of the classes since 2025.
pub const OWNER_LICENCE: &str = "790250000101";
/// The licence of his wife: class B2 of the classes before, taken for a time.
pub const SUSPENDED_LICENCE: &str = "790190000102";

struct Licence {
    number: String,
    class: &'static str,
    issued: i32,
    state: &'static str,
    points: i64,
}

pub(super) fn write(world: &World, citizens: u64, target: &Path) -> Result<()> {
    let load = Load::begin(target, SCHEMA)?;
    for index in 0..citizens {
        let person = world.person(index);
        if let Some(licence) = of(world, index, &person) {
            load.insert(&LICENCES, row(&licence, &person))?;
        }
    }
    load.finish()
}

/// The licence of a person; most adults have one.
fn of(world: &World, index: u64, person: &Person) -> Option<Licence> {
    let cast = |number: &str, class, issued, state, points| Licence {
        number: number.to_owned(),
        class,
        issued,
        state,
        points,
    };
    match index {
        0 => return Some(cast(OWNER_LICENCE, "B", 2025, VALID, 12)),
        1 => {
            return Some(cast(
                SUSPENDED_LICENCE,
                "B2",
                2019,
                "Đang bị tước quyền sử dụng",
                0,
            ));
        }
        _ => {}
    }
    let mut draw = Draw::of(world.seed, STREAM, index);
    let of_age = person.identity.birth_year + 19;
    if of_age > 2026 || !draw.chance(700) {
        return None;
    }
    let issued = draw.between(of_age.max(2010), 2026);
    let class = match issued < 2025 {
        true => draw.weighted(&[("A1", 50), ("B1", 10), ("B2", 30), ("C", 10)]),
        false => draw.weighted(&[("A1", 40), ("A", 10), ("B", 35), ("C1", 15)]),
    };
    let state = draw.weighted(&[
        (VALID, 960),
        ("Đang bị tước quyền sử dụng", 20),
        ("Đã thu hồi", 10),
        ("Đang xác minh", 10),
    ]);
    Some(Licence {
        // Beside the two of the cast: their year is followed by three zeros.
        number: format!(
            "{:02}{:02}1{:07}",
            index % 96 + 1,
            issued % 100,
            identifiers::serial(index)
        ),
        class,
        issued,
        state,
        points: draw.weighted(&[(12, 80), (10, 10), (6, 9), (0, 1)]),
    })
}

const VALID: &str = "Đang hiệu lực";

fn row(licence: &Licence, person: &Person) -> Row {
    let year = licence.issued;
    // Motorcycles have no end.
    let lasting = licence.class.starts_with('A');
    Row::default()
        .text(&licence.number)
        .text(format!("GX{}", &licence.number[4..]))
        .text(&person.identity.personal_id)
        .text(&person.identity.full_name)
        .text(&person.identity.birth_date)
        .text(licence.class)
        .text(format!("12/02/{year}"))
        .text(format!("26/02/{year}"))
        .maybe((!lasting).then(|| format!("26/02/{}", year + 10)))
        .text("Cục Cảnh sát giao thông, Bộ Công an")
        .text(licence.state)
        .number(licence.points)
        .text(&person.as_of)
        .text("1")
}
