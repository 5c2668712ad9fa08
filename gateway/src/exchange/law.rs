//! What no agreement and no setting can permit.
//!
//! A certificate of criminal record no. 2 is for procedural bodies and for the person alone, and nobody
//! may demand it (Law 107/2025/QH15; Law 28/2009, articles 41 and 43). This gateway serves neither, so
//! it carries none to anybody: not asked for, not claimed, not when a registry sends one.

use proto::criminalrecord::v1::CertificateKind;

use crate::record::method::Method;
use crate::record::wire::{self, Value};
use crate::status::{Reason, Refusal};

const CERTIFICATE: &str = "lienthong.criminalrecord.v1.Certificate";
const KIND: u32 = 2;

/// Refuses a record that is a certificate no. 2, or does not say that it is no. 1.
pub(super) fn check_record(method: &Method, record: &[u8]) -> Result<(), Refusal> {
    check_claims(method, record)?;
    if &*method.record.name == CERTIFICATE && kind(record) != Some(CertificateKind::Number1 as u64) {
        return Err(refused());
    }
    Ok(())
}

/// Refuses claims about a certificate no. 2, before the registry is asked.
pub(super) fn check_claims(method: &Method, message: &[u8]) -> Result<(), Refusal> {
    if &*method.record.name != CERTIFICATE {
        return Ok(());
    }
    let number_2 = CertificateKind::Number2 as u64;
    let any = wire::fields(message)
        .flatten()
        .any(|field| field.number == KIND && field.value == Value::Varint(number_2));
    if any { Err(refused()) } else { Ok(()) }
}

fn kind(record: &[u8]) -> Option<u64> {
    wire::fields(record)
        .flatten()
        .filter(|field| field.number == KIND)
        .last()?
        .value
        .varint()
        .ok()
}

fn refused() -> Refusal {
    Refusal::new(
        Reason::RefusedByLaw,
        "a certificate of criminal record no. 2 is served to nobody here (Law 107/2025/QH15)",
    )
    .naming("certificate kind")
}

#[cfg(test)]
mod tests {
    use prost::Message as _;
    use proto::criminalrecord::v1::Certificate;

    use super::*;

    #[test]
    fn only_a_certificate_that_says_it_is_number_1_passes() {
        let methods = crate::record::method::methods(&proto::descriptors()).expect("compile");
        let method = &methods["/lienthong.criminalrecord.v1.CriminalRecordService/GetCertificate"];
        let outcome = |kind: CertificateKind| {
            let record = Certificate {
                kind: kind.into(),
                certificate_no: "1/2026".into(),
                ..Default::default()
            };
            check_record(method, &record.encode_to_vec()).map_err(|refusal| refusal.reason)
        };
        assert_eq!(outcome(CertificateKind::Number1), Ok(()));
        assert_eq!(outcome(CertificateKind::Number2), Err(Reason::RefusedByLaw));
        assert_eq!(outcome(CertificateKind::Unspecified), Err(Reason::RefusedByLaw));
    }
}
