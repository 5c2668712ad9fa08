//! The criminal record registry's rows.

use std::path::Path;

use anyhow::Result;

use super::Steps;
use crate::demo::convictions::{Certificate, Conviction};
use crate::demo::load::{Load, Row, Table};
use crate::demo::people::{Person, World};

const SCHEMA: &str = include_str!("../schema/criminal_record.sql");

static RECORDS: Table = Table {
    insert: "INSERT INTO ly_lich VALUES (?, ?, ?, ?, ?, ?, ?)",
    columns: 7,
};
static CERTIFICATES: Table = Table {
    insert: "INSERT INTO phieu_lltp VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, \
             ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    columns: 38,
};
static CONVICTIONS: Table = Table {
    insert: "INSERT INTO an_tich VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    columns: 9,
};
static BANS: Table = Table {
    insert: "INSERT INTO cam_dam_nhiem VALUES (?, ?, ?, ?, ?, ?, ?)",
    columns: 7,
};

/// Writes the file and counts persons and certificates.
pub(super) fn write(world: &World, target: &Path, progress: &(dyn Fn(u64) + Sync)) -> Result<(u64, u64)> {
    let load = Load::begin(target, SCHEMA)?;
    let mut steps = Steps::new(progress);
    let (mut persons, mut certificates) = (0, 0);
    for index in 0..world.citizens {
        steps.one();
        let person = world.person(index);
        let Some(record) = world.criminal_record(index, &person) else {
            continue;
        };
        persons += 1;
        load.insert(&RECORDS, record_row(&person, record.conviction))?;
        for certificate in &record.certificates {
            certificates += 1;
            load.insert(&CERTIFICATES, certificate_row(&person, certificate))?;
            write_contents(&load, certificate)?;
        }
    }
    load.finish()?;
    Ok((persons, certificates))
}

fn record_row(person: &Person, conviction: Conviction) -> Row {
    Row::default()
        .text(&person.identity.personal_id)
        .text(&person.identity.full_name)
        .text(&person.identity.birth_date)
        .text(conviction.phrase())
        .text(conviction.ban_phrase())
        .text(&person.as_of)
        .text("1")
}

fn certificate_row(person: &Person, certificate: &Certificate) -> Row {
    let revocation = certificate.revoked.then_some(("QD-0042/2026", "01/10/2026"));
    // What an electronic certificate is: bytes that nobody here looks into.
    let document = format!("%PDF-1.7\n% synthetic certificate {}\n", certificate.number);
    Row::default()
        .text(&certificate.number)
        .text(certificate.kind.to_string())
        .text(&certificate.issued_on)
        .text("Cục Hồ sơ nghiệp vụ, Bộ Công an")
        .text("Phan Văn Lực")
        .text("Phó Cục trưởng")
        .text(&person.identity.personal_id)
        .text(&person.identity.full_name)
        .text(if person.identity.female { "2" } else { "1" })
        .text(&person.identity.birth_date)
        .text("VN")
        .address(Some(&person.birth_registration))
        .address(Some(&person.permanent_residence))
        .text(certificate.conviction.phrase())
        .text(if certificate.revoked {
            "Đã thu hồi"
        } else {
            "Còn hiệu lực"
        })
        .maybe(revocation.map(|(number, _)| number))
        .maybe(revocation.map(|(_, day)| day))
        .bytes((certificate.kind == 1).then(|| document.into_bytes()))
        .text(&person.as_of)
        .text("1")
}

/// What a certificate lists: no. 1 the unspent convictions, no. 2 the spent ones too.
fn write_contents(load: &Load, certificate: &Certificate) -> Result<()> {
    let spent = certificate.kind == 2 && certificate.conviction == Conviction::None;
    if certificate.conviction == Conviction::Convicted || spent {
        let row = Row::default()
            .text(&certificate.number)
            .number(1)
            .text("Trộm cắp tài sản")
            .text("Cải tạo không giam giữ 18 tháng")
            .maybe(None::<String>)
            .text("27/HS-ST")
            .text(if spent { "14/05/2012" } else { "14/05/2025" })
            .text("Tòa án nhân dân khu vực 1")
            .maybe(spent.then_some("14/05/2016"));
        load.insert(&CONVICTIONS, row)?;
    }
    if certificate.conviction == Conviction::Banned {
        let row = Row::default()
            .text(&certificate.number)
            .number(1)
            .text("QD-0117/2025")
            .text("20/02/2025")
            .text("Thành lập, quản lý doanh nghiệp, hợp tác xã")
            .text("01/03/2025")
            .text("3 năm");
        load.insert(&BANS, row)?;
    }
    Ok(())
}
