//! The parts of an entry as people call them, Vietnamese and English.

use audit::{Entry, EntryKind};
use clap::ValueEnum;

use super::told::time_in_viet_nam;

/// The language of labels and sentences.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Lang {
    Vi,
    En,
}

impl Lang {
    pub(super) fn of<'a>(self, vi: &'a str, en: &'a str) -> &'a str {
        match self {
            Self::Vi => vi,
            Self::En => en,
        }
    }
}

/// What an entry tells, in one sentence.
pub(super) fn sentence(entry: &Entry, lang: Lang) -> String {
    let who = match (entry.officer.as_str(), entry.agency.as_str()) {
        ("", "") => lang.of("Cổng kết nối", "The gateway").to_owned(),
        ("", agency) => format!("{} {agency}", lang.of("Cơ quan", "Agency")),
        (officer, agency) => format!("{} {officer} ({agency})", lang.of("Cán bộ", "Officer")),
    };
    let what = format!("{} {}", entry.operation, entry.registry);
    let what = what.trim();
    match (entry.kind(), entry.outcome.as_str()) {
        (EntryKind::Intent, _) => {
            format!("{who} {} {what}", lang.of("bắt đầu hỏi:", "was about to ask:"))
        }
        (EntryKind::Outcome, "OK") => format!(
            "{who} {} {what}, {} {}",
            lang.of("đã được trả lời:", "was answered:"),
            entry.fields_given.len(),
            lang.of("trường dữ liệu", "fields given")
        ),
        (EntryKind::Outcome, word) => {
            format!("{who} {} {what} ({word})", lang.of("bị từ chối:", "was refused:"))
        }
        _ => format!("{who}: {what} ({})", entry.outcome),
    }
}

/// Label, value, and the name of the part; parts that are empty are left out.
pub(super) fn rows(index: u64, entry: &Entry, lang: Lang) -> Vec<[String; 3]> {
    let time = |micros: i64| {
        if micros == 0 {
            String::new()
        } else {
            time_in_viet_nam(micros)
        }
    };
    let number = |number: u64| {
        if number == 0 {
            String::new()
        } else {
            number.to_string()
        }
    };
    let kind = match entry.kind() {
        EntryKind::Intent => lang.of("ý định hỏi", "intent"),
        EntryKind::Outcome => lang.of("kết quả", "outcome"),
        EntryKind::Operation => lang.of("vận hành", "operation"),
        EntryKind::Unspecified => "",
    };
    let parts = [
        (
            "Số thứ tự trong nhật ký",
            "Place in the log",
            "index",
            index.to_string(),
        ),
        (
            "Thời điểm (giờ Việt Nam)",
            "Time (Viet Nam)",
            "time",
            time(entry.time_unix_micros),
        ),
        ("Loại", "Kind", "kind", kind.to_owned()),
        ("Cơ quan gọi", "Calling agency", "agency", entry.agency.clone()),
        ("Hệ thống", "System", "system", entry.system.clone()),
        ("Cán bộ", "Officer", "officer", entry.officer.clone()),
        ("Vai trò", "Role", "role", entry.role.clone()),
        ("Đơn vị của cán bộ", "Officer's unit", "unit", entry.unit.clone()),
        (
            "Cơ quan tiếp nhận",
            "Receiving agency",
            "receiving_agency",
            entry.receiving_agency.clone(),
        ),
        (
            "Cơ quan giải quyết",
            "Competent agency",
            "competent_agency",
            entry.competent_agency.clone(),
        ),
        ("Thủ tục", "Procedure", "procedure", entry.procedure.clone()),
        ("Bước", "Step", "step", entry.step.clone()),
        (
            "Thành phần hồ sơ",
            "Component",
            "component",
            entry.component.clone(),
        ),
        ("Mã hồ sơ", "Dossier", "dossier", entry.dossier.clone()),
        (
            "Căn cứ pháp lý",
            "Legal basis",
            "legal_basis",
            entry.legal_basis.clone(),
        ),
        (
            "Thỏa thuận chia sẻ",
            "Agreement",
            "agreement",
            entry.agreement.clone(),
        ),
        (
            "Phiên bản thỏa thuận",
            "Agreement version",
            "agreement_version",
            entry.agreement_version.clone(),
        ),
        (
            "Phiên bản cấu hình",
            "Configuration version",
            "config_version",
            entry.config_version.clone(),
        ),
        ("Cơ sở dữ liệu", "Registry", "registry", entry.registry.clone()),
        ("Thao tác", "Operation", "operation", entry.operation.clone()),
        (
            "Trường được hỏi",
            "Fields asked",
            "fields_asked",
            entry.fields_asked.join(", "),
        ),
        (
            "Trường đã trả",
            "Fields given",
            "fields_given",
            entry.fields_given.join(", "),
        ),
        ("Kết quả", "Outcome", "outcome", entry.outcome.clone()),
        ("Nguồn", "Source", "source", entry.source.clone()),
        (
            "Dữ liệu tính đến",
            "Record as of",
            "as_of",
            time(entry.as_of_unix_micros),
        ),
        ("Chi tiết", "Detail", "detail", entry.detail.clone()),
        (
            "Mục trong lô",
            "Item of the stream",
            "item",
            number(u64::from(entry.item)),
        ),
        (
            "Thời gian xử lý (µs)",
            "Time taken (µs)",
            "latency_micros",
            number(entry.latency_micros),
        ),
        (
            "Tuyến kết nối",
            "Route to the registry",
            "route",
            entry.route.clone(),
        ),
        (
            "Mã giao dịch nguồn",
            "Registry's transaction",
            "upstream_transaction",
            entry.upstream_transaction.clone(),
        ),
        ("Mã yêu cầu", "Request", "request_id", entry.request_id.clone()),
        (
            "Chứng thư gọi (SHA-256)",
            "Certificate (SHA-256)",
            "certificate_sha256",
            hex::encode(&entry.certificate_sha256),
        ),
        (
            "Kỳ khóa chủ thể",
            "Subject's key period",
            "subject_period",
            entry.subject_period.clone(),
        ),
        (
            "Bí danh chủ thể",
            "Subject's pseudonym",
            "subject_pseudonym",
            hex::encode(&entry.subject_pseudonym),
        ),
    ];
    parts
        .into_iter()
        .filter(|(.., value)| !value.is_empty())
        .map(|(vi, en, name, value)| [lang.of(vi, en).to_owned(), value, name.to_owned()])
        .collect()
}
