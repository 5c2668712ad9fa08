//! The questions, and what a right answer looks like.

use anyhow::{bail, ensure};
use bytes::{BufMut as _, Bytes, BytesMut};
use http::{HeaderValue, Request, Uri};
use http_body_util::Full;
use prost::Message as _;
use proto::lookup::v1::{LookupContext, Source, Step};
use proto::population::v1::{CitizenKey, GetCitizenRequest, GetCitizenResponse};

use crate::population::Citizen;
use crate::scene::{COMPETENT_AGENCY, PROCEDURE, RECEIVING_AGENCY, Scene};

const METHOD: &str = "/lienthong.population.v1.PopulationService/GetCitizen";

/// What each call is made of.
pub(crate) struct Calls {
    tokens: Vec<HeaderValue>,
    uri: Uri,
}

impl Calls {
    pub(crate) fn prepare(scene: &Scene, tokens: usize) -> anyhow::Result<Self> {
        let tokens = (0..tokens)
            .map(|officer| {
                let mut token = HeaderValue::try_from(format!("Bearer {}", scene.token(officer)?))?;
                token.set_sensitive(false);
                Ok(token)
            })
            .collect::<anyhow::Result<_>>()?;
        Ok(Self {
            tokens,
            uri: Uri::try_from(format!("https://localhost{METHOD}"))?,
        })
    }

    /// One token more, which nobody issued.
    pub(crate) fn with_a_wrong_token(mut self) -> Self {
        self.tokens.push(HeaderValue::from_static("Bearer nobodys"));
        self
    }

    /// The call for one citizen with one token.
    pub(crate) fn request(&self, citizen: usize, token: usize) -> Request<Full<Bytes>> {
        let mut request = Request::new(Full::new(question(Citizen(citizen))));
        *request.method_mut() = http::Method::POST;
        *request.version_mut() = http::Version::HTTP_2;
        *request.uri_mut() = self.uri.clone();
        let headers = request.headers_mut();
        headers.insert("content-type", HeaderValue::from_static("application/grpc"));
        headers.insert("te", HeaderValue::from_static("trailers"));
        headers.insert("authorization", self.tokens[token].clone());
        request
    }
}

/// Looks into the body of an answer: the right person, an entry in the log, from where it should be.
pub(crate) fn check(body: &Bytes, citizen: usize, source: Source) -> anyhow::Result<()> {
    let Some((prefix, message)) = body.split_at_checked(5) else {
        bail!("an answer without a message")
    };
    ensure!(
        prefix[0] == 0
            && usize::try_from(u32::from_be_bytes([prefix[1], prefix[2], prefix[3], prefix[4]]))?
                == message.len(),
        "an answer with a wrong length"
    );
    let answer = GetCitizenResponse::decode(message)?;
    let right = answer
        .citizen
        .is_some_and(|found| found.personal_id == Citizen(citizen).personal_id());
    ensure!(right, "an answer about another person");
    let provenance = answer.provenance.unwrap_or_default();
    ensure!(
        provenance.source() == source,
        "an answer from {} instead of {}",
        provenance.source().as_str_name(),
        source.as_str_name()
    );
    // The very first call of a run has index 0; it is never looked into.
    ensure!(
        provenance.audit_index != 0,
        "an answer without an entry in the log"
    );
    Ok(())
}

fn question(citizen: Citizen) -> Bytes {
    let request = GetCitizenRequest {
        context: Some(LookupContext {
            procedure_code: PROCEDURE.into(),
            dossier_code: "H29.12-261105-0001".into(),
            component: String::new(),
            step: Step::Deciding.into(),
            receiving_agency: RECEIVING_AGENCY.into(),
            competent_agency: COMPETENT_AGENCY.into(),
        }),
        key: Some(CitizenKey {
            personal_id: citizen.personal_id(),
            full_name: citizen.full_name(),
            birth_date: None,
        }),
        ..GetCitizenRequest::default()
    };
    let mut framed = BytesMut::new();
    framed.put_u8(0);
    framed.put_u32(u32::try_from(request.encoded_len()).unwrap_or(u32::MAX));
    framed.put_slice(&request.encode_to_vec());
    framed.freeze()
}
