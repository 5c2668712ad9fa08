//! The sample calls: each is made over TLS like any agency's, and each has an outcome that is expected.

mod calls;
mod log;
mod page;

use std::io::Write;

use anyhow::{Context as _, Result};
use prost_reflect::DynamicMessage;

use super::cast::{certificates, citizens, enterprises};
use super::folder::Folder;
use super::profiles::{self, ONE_STOP, OTHER_ONE_STOP, POLICE};
use crate::cli::client::{Client, Refused, Token};
use calls::{Call, Dossier};
use page::Page;

/// Makes the sample calls, shows them, and counts those whose outcome was not the expected one.
pub(crate) async fn show(folder: &Folder, out: &mut dyn Write) -> Result<usize> {
    let one_stop_profile = profiles::load(folder, ONE_STOP)?;
    let one_stop = Client::connect(&one_stop_profile).await?;
    let police = Client::connect(&profiles::load(folder, POLICE)?).await?;
    let first_entry = log::entries_so_far(folder);
    let mut page = Page::new(out);
    let dossier = Dossier::new(ONE_STOP, POLICE, 1)?;

    page.begin(
        "1",
        "A citizen need not bring a copy of the identity card",
        "Công dân không phải nộp bản sao thẻ căn cước: cơ sở dữ liệu xác nhận điều công dân khai",
    )?;
    let owner = confirm_owner(&dossier)?;
    let answer = one_stop.call(&owner.method, &owner.request).await;
    page.verdicts(&owner, &answer, "registry")?;

    page.begin(
        "2",
        "The same again: from the gateway's memory, with its age",
        "Hỏi lại lần nữa: lấy từ bộ nhớ đệm, có ghi tuổi của dữ liệu",
    )?;
    let answer = one_stop.call(&owner.method, &owner.request).await;
    page.verdicts(&owner, &answer, "cache")?;

    page.begin(
        "3",
        "What no agreement lists is not given; what the law forbids is given to nobody",
        "Không có trong thỏa thuận thì không cung cấp; luật cấm thì không ai được cung cấp",
    )?;
    show_refusals(&mut page, &one_stop, &police).await?;

    page.begin(
        "4",
        "A stolen token is of no use: it is bound to the certificate of its agency",
        "Mã truy cập bị lấy cắp không dùng được: nó gắn với chứng thư của cơ quan",
    )?;
    let thief = Client::connect(&profiles::load(folder, OTHER_ONE_STOP)?).await?;
    let thief = thief.with_token(Token::new(&one_stop_profile.token()?)?);
    let answer = thief.call(&owner.method, &owner.request).await;
    let asked = format!("the token of {ONE_STOP} over the certificate of {OTHER_ONE_STOP}");
    page.refusals(&[(asked, "TOKEN_BINDING", answer)])?;

    page.begin(
        "5",
        "One dossier, three registries: 2.001478, certificate of security and order conditions",
        "Một hồ sơ, ba cơ sở dữ liệu: Giấy chứng nhận đủ điều kiện về an ninh, trật tự",
    )?;
    show_dossier(&mut page, &one_stop, &dossier).await?;

    page.begin(
        "6",
        "All of it stands in the access log: who, for what, which fields; never a value",
        "Tất cả có trong nhật ký: ai, để làm gì, trường nào; không có giá trị nào",
    )?;
    log::show_entries(folder, first_entry, &mut page)?;

    page.begin(
        "7",
        "The log is whole: checked from its files and its public key alone",
        "Nhật ký còn nguyên vẹn: kiểm tra chỉ từ tệp và khóa công khai",
    )?;
    log::show_verified(folder, &mut page)?;
    Ok(page.unexpected())
}

fn confirm_owner(dossier: &Dossier) -> Result<Call> {
    let owner = &citizens::OWNER;
    Call::new("ConfirmCitizen", dossier, "identity", owner.personal_id)?
        .with("key.full_name", "Nguyễn Minh Quân")?
        .with("key.birth_date", owner.birth_date)?
        .claiming("full_name", "Nguyễn Minh Quân")?
        .claiming("birth_date", owner.birth_date)?
        .claiming("permanent_residence.province.code", "79")
}

async fn show_refusals(page: &mut Page<'_>, one_stop: &Client, police: &Client) -> Result<()> {
    let residence = Dossier::for_procedure("1.004222", ONE_STOP, ONE_STOP, 2)?;
    let religion = Call::new("GetCitizen", &residence, "identity", citizens::OWNER.personal_id)?
        .with("key.full_name", citizens::OWNER.full_name)?
        .with("key.birth_date", citizens::OWNER.birth_date)?
        .asking(&["full_name", "religion"])?;
    let second = &certificates::SECOND;
    let deciding = Dossier::new(ONE_STOP, POLICE, 3)?.at_deciding();
    let second = Call::new("GetCertificate", &deciding, "criminal-record", second.number)?
        .with("key.full_name", second.citizen.full_name)?;
    let religion_answer = one_stop.call(&religion.method, &religion.request).await;
    let second_answer = police.call(&second.method, &second.request).await;
    page.refusals(&[
        (
            "full_name, religion of a citizen, for 1.004222".to_owned(),
            "FIELD_NOT_AGREED",
            religion_answer,
        ),
        (
            "a criminal record certificate no. 2".to_owned(),
            "REFUSED_BY_LAW",
            second_answer,
        ),
    ])
}

/// The components of the dossier that registries replace, asked for at once.
async fn show_dossier(page: &mut Page<'_>, one_stop: &Client, dossier: &Dossier) -> Result<()> {
    let owner = &citizens::OWNER;
    let code = enterprises::SECURITY_COMPANY.code;
    let calls = [
        Call::new("ConfirmEnterprise", dossier, "enterprise-certificate", code)?
            .claiming("legal_state", "LEGAL_STATE_ACTIVE")?
            .claiming("business_lines[0].code", enterprises::SECURITY_COMPANY.main_line)?,
        confirm_owner(dossier)?,
        Call::new("CheckConvictions", dossier, "criminal-record", owner.personal_id)?
            .with("key.full_name", owner.full_name)?
            .claiming("conviction_state", "CONVICTION_STATE_NONE")?
            .claiming("position_ban", "BAN_STATE_NONE")?,
        Call::new("CheckRoles", dossier, "criminal-record", code)?
            .claiming("representatives[0].personal_id", owner.personal_id)?,
    ];
    let answers = futures_util::future::join_all(
        calls
            .iter()
            .map(|call| one_stop.call(&call.method, &call.request)),
    )
    .await;
    let pairs: Vec<(&Call, Result<DynamicMessage, Refused>)> = calls.iter().zip(answers).collect();
    page.components(&pairs).context("the dossier can't be shown")
}
