//! The identifiers of X-Road: members, subsystems and services.

use serde::Deserialize;
use toml::Spanned;

#[cfg(any(feature = "rest", feature = "soap"))]
use crate::check::Problem;

/// Who asks whom over X-Road.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct XRoad {
    /// `INSTANCE/CLASS/MEMBER` or `INSTANCE/CLASS/MEMBER/SUBSYSTEM` of the gateway's owner.
    pub client: Spanned<String>,
    /// `INSTANCE/CLASS/MEMBER/SUBSYSTEM/SERVICE`, in SOAP with a version after it if it has one.
    pub service: Spanned<String>,
    /// Who is responsible for the question, of the owner's own names.
    pub user: Option<Spanned<String>>,
}

impl XRoad {
    /// What is wrong with the identifiers. `most`: the parts that a service may have.
    #[cfg(any(feature = "rest", feature = "soap"))]
    pub(crate) fn check(&self, most: usize, problems: &mut Vec<Problem>) {
        for (text, least, most) in [(&self.client, 3, 4), (&self.service, 4, most)] {
            let parts: Vec<_> = text.get_ref().split('/').collect();
            let plain = |part: &&str| {
                !part.is_empty()
                    && *part != "."
                    && *part != ".."
                    && part.chars().all(|character| {
                        !character.is_control() && !character.is_whitespace() && !"%;\\".contains(character)
                    })
            };
            if !(least..=most).contains(&parts.len()) || !parts.iter().all(plain) {
                problems.push(Problem::at(
                    text.span(),
                    format!(
                        "found {:?}, wanted an X-Road identifier of {least} to {most} parts, such as VN/GOV/0001/DANCU",
                        text.get_ref()
                    ),
                ));
            }
        }
        if let Some(user) = &self.user
            && !user.get_ref().bytes().all(|byte| byte.is_ascii_graphic())
        {
            problems.push(Problem::at(user.span(), "wanted printable ASCII without blanks"));
        }
    }

    /// An identifier as it stands in a path or a header: each part by its bytes (RFC 3986 §2.1).
    #[cfg(feature = "rest")]
    pub(crate) fn encoded(identifier: &str) -> String {
        let mut out = String::new();
        for (place, part) in identifier.split('/').enumerate() {
            if place > 0 {
                out.push('/');
            }
            super::percent(part, &mut out);
        }
        out
    }
}
