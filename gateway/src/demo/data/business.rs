//! The business registry's rows.

use std::path::Path;

use anyhow::Result;

use super::Steps;
use crate::demo::enterprises::{Company, Holder, Share};
use crate::demo::load::{Load, Row, Table};
use crate::demo::people::{Reference, World};

const SCHEMA: &str = include_str!("../schema/business.sql");

static ENTERPRISES: Table = Table {
    insert: "INSERT INTO doanh_nghiep VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, \
             ?, ?, ?, ?, ?)",
    columns: 26,
};
static STATES: Table = Table {
    insert: "INSERT INTO tinh_trang_phap_ly VALUES (?, ?, ?, ?, ?, ?)",
    columns: 6,
};
static OWNERS: Table = Table {
    insert: "INSERT INTO chu_so_huu VALUES (?, ?, ?, ?, ?, ?, ?)",
    columns: 7,
};
static MEMBERS: Table = Table {
    insert: "INSERT INTO thanh_vien VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    columns: 10,
};
static BENEFICIAL_OWNERS: Table = Table {
    insert: "INSERT INTO huong_loi VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    columns: 10,
};
static REPRESENTATIVES: Table = Table {
    insert: "INSERT INTO nguoi_dai_dien VALUES (?, ?, ?, ?, ?, ?, ?)",
    columns: 7,
};
static MANAGERS: Table = Table {
    insert: "INSERT INTO nguoi_quan_ly VALUES (?, ?, ?, ?, ?, ?, ?)",
    columns: 7,
};
static LINES: Table = Table {
    insert: "INSERT INTO nganh_nghe VALUES (?, ?, ?, ?, ?, ?)",
    columns: 6,
};
static BRANCHES: Table = Table {
    insert: "INSERT INTO don_vi_phu_thuoc VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    columns: 14,
};

pub(super) fn write(world: &World, target: &Path, progress: &(dyn Fn(u64) + Sync)) -> Result<()> {
    let load = Load::begin(target, SCHEMA)?;
    let mut steps = Steps::new(progress);
    for number in 0..world.enterprises() {
        let company = world.enterprise(number);
        load.insert(&ENTERPRISES, enterprise_row(&company))?;
        write_children(&load, &company)?;
        steps.one();
    }
    load.finish()
}

fn enterprise_row(company: &Company) -> Row {
    Row::default()
        .text(&company.code)
        .text(&company.internal_no)
        .maybe(company.old_certificate_no.as_ref())
        .text(&company.name)
        .maybe(company.name_foreign.as_ref())
        .maybe(company.name_short.as_ref())
        .text(company.kind.code())
        .text(company.kind.words())
        .text(&company.first_registered)
        .maybe(company.last_changed.as_ref())
        .number(company.change_no)
        .text(company.state.phrase())
        .maybe_number(company.capital)
        .maybe(company.capital.map(|_| "VND"))
        .address(Some(&company.head_office))
        .text(&company.as_of)
        .text(&company.version)
}

fn write_children(load: &Load, company: &Company) -> Result<()> {
    let child = |place: i64| Row::default().text(&company.code).number(place);
    for (place, state) in (1..).zip(&company.states) {
        let row = child(place).text(state.phrase).text(&state.from);
        load.insert(&STATES, row.maybe(state.to.as_ref()).maybe(state.reason))?;
    }
    let persons: [(&'static Table, &[Reference]); 3] = [
        (&OWNERS, &company.owners),
        (&REPRESENTATIVES, &company.representatives),
        (&MANAGERS, &company.managers),
    ];
    for (table, references) in persons {
        for (place, person) in (1..).zip(references) {
            load.insert(table, child(place).person(Some(person)))?;
        }
    }
    for (place, share) in (1..).zip(&company.members) {
        load.insert(&MEMBERS, share_row(child(place), share))?;
    }
    for (place, share) in (1..).zip(company.beneficial_owners()) {
        load.insert(&BENEFICIAL_OWNERS, share_row(child(place), share))?;
    }
    for (place, line) in (1..).zip(&company.lines) {
        let row = child(place).text(line.code).text(line.edition).text(line.label);
        load.insert(&LINES, row.number(i64::from(line.main)))?;
    }
    for (place, branch) in (1..).zip(&company.branches) {
        let row = child(place).text(&branch.code).text(&branch.name);
        load.insert(&BRANCHES, row.address(Some(&branch.address)))?;
    }
    Ok(())
}

fn share_row(row: Row, share: &Share) -> Row {
    let row = match &share.holder {
        Holder::Person(person) => row
            .person(Some(person))
            .maybe(None::<String>)
            .maybe(None::<String>),
        Holder::Organisation { code, name } => row.person(None).text(code).text(name),
    };
    row.number(share.basis_points)
}
