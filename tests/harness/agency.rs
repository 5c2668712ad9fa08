//! An agency and its system, which calls the gateway.

use std::net::SocketAddr;
use std::sync::Arc;

use hyper_util::rt::TokioIo;
use proto::business::v1 as business;
use proto::business::v1::business_service_client::BusinessServiceClient;
use proto::criminalrecord::v1 as criminal;
use proto::criminalrecord::v1::criminal_record_service_client::CriminalRecordServiceClient;
use proto::population::v1 as population;
use proto::population::v1::population_service_client::PopulationServiceClient;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tonic::transport::{Channel, Endpoint, Uri};
use tonic::{Request, Status};
use tower::service_fn;

use crate::connections::{Connections, Counted};
use crate::pki::{Authority, Keyed, agency_uri};
use crate::refused::Refused;
use crate::scene::Scene;
use crate::tokens::{self, Officer};
use crate::tree::client_id;

/// An agency: its identifier and the certificate that it calls with.
#[derive(Clone)]
pub struct Agency {
    /// The identifier.
    pub id: String,
    /// The certificate and key; none calls without.
    pub keyed: Option<Keyed>,
}

impl Agency {
    /// An agency with an honest certificate.
    #[must_use]
    pub fn new(id: &str, authority: &Authority) -> Self {
        Self {
            id: id.to_owned(),
            keyed: Some(authority.client(&agency_uri(id))),
        }
    }

    /// Claims of an honest token of a receiving officer.
    #[must_use]
    pub fn claims(&self) -> Value {
        let keyed = self.keyed.as_ref().expect("a certificate to bind the token to");
        tokens::claims(&Officer {
            client: &client_id(&self.id),
            officer: "officer-7",
            role: "receiving-officer",
            certificate: keyed.fingerprint(),
        })
    }

    /// An honest token of a receiving officer.
    #[must_use]
    pub fn token(&self, scene: &Scene) -> String {
        scene.issuer.sign(&self.claims())
    }

    /// How the agency's system speaks TLS.
    #[must_use]
    pub fn tls(&self, ca: &CertificateDer<'static>) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(ca.clone()).expect("an authority");
        let config = ClientConfig::builder().with_root_certificates(roots);
        let mut config = match &self.keyed {
            None => config.with_no_client_auth(),
            Some(keyed) => config
                .with_client_auth_cert(vec![keyed.certificate.clone()], keyed.key())
                .expect("a certificate with its key"),
        };
        config.alpn_protocols = vec![b"h2".to_vec()];
        config
    }
}

/// One connection to the gateway, and the token that goes with every call.
#[derive(Clone)]
pub struct Client {
    /// The connection.
    pub channel: Channel,
    /// The token; none sends no header.
    pub token: Option<String>,
    /// How many connections were made and are gone.
    pub connections: Arc<Connections>,
}

/// What a call gives.
pub type Answer<T> = Result<T, Refused>;

impl Client {
    pub(crate) async fn connect(
        address: SocketAddr,
        tls: ClientConfig,
        token: Option<String>,
    ) -> Result<Self, tonic::transport::Error> {
        Self::connect_narrow(address, tls, token, None).await
    }

    /// As [`Self::connect`], with a window of so many bytes for each answer.
    pub(crate) async fn connect_narrow(
        address: SocketAddr,
        tls: ClientConfig,
        token: Option<String>,
        window: Option<u32>,
    ) -> Result<Self, tonic::transport::Error> {
        let connections = Arc::new(Connections::default());
        let counted = connections.clone();
        let connector = TlsConnector::from(Arc::new(tls));
        let open = move |_: Uri| {
            let (connector, connections) = (connector.clone(), counted.clone());
            async move {
                let stream = TcpStream::connect(address).await?;
                // As every gRPC library does.
                stream.set_nodelay(true)?;
                let name = ServerName::try_from("localhost").map_err(std::io::Error::other)?;
                let stream = connector.connect(name, stream).await?;
                Ok::<_, std::io::Error>(TokioIo::new(Counted::new(stream, connections)))
            }
        };
        let endpoint = Endpoint::from_static("http://localhost").initial_stream_window_size(window);
        let channel = endpoint.connect_with_connector(service_fn(open)).await?;
        Ok(Self {
            channel,
            token,
            connections,
        })
    }

    /// The same connection with another token.
    #[must_use]
    pub fn with_token(&self, token: String) -> Self {
        Self {
            channel: self.channel.clone(),
            token: Some(token),
            connections: self.connections.clone(),
        }
    }

    /// A request with the token's header.
    pub fn request<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        if let Some(token) = &self.token {
            let header = format!("Bearer {token}").parse().expect("a header's value");
            request.metadata_mut().insert("authorization", header);
        }
        request
    }

    /// `GetCitizen`.
    pub async fn citizen(
        &self,
        ask: population::GetCitizenRequest,
    ) -> Answer<population::GetCitizenResponse> {
        answer(self.population().get_citizen(self.request(ask)).await)
    }

    /// `ConfirmCitizen`.
    pub async fn confirm(
        &self,
        ask: population::ConfirmCitizenRequest,
    ) -> Answer<population::ConfirmCitizenResponse> {
        answer(self.population().confirm_citizen(self.request(ask)).await)
    }

    /// `BatchConfirmCitizens`, to its end.
    pub async fn batch(
        &self,
        ask: population::BatchConfirmCitizensRequest,
    ) -> Answer<Vec<population::BatchConfirmCitizensResponse>> {
        let mut stream = answer(self.population().batch_confirm_citizens(self.request(ask)).await)?;
        let mut items = Vec::new();
        while let Some(item) = stream.message().await? {
            items.push(item);
        }
        Ok(items)
    }

    /// `GetCertificate`.
    pub async fn certificate(
        &self,
        ask: criminal::GetCertificateRequest,
    ) -> Answer<criminal::GetCertificateResponse> {
        answer(self.criminal().get_certificate(self.request(ask)).await)
    }

    /// `VerifyCertificate`.
    pub async fn verify(
        &self,
        ask: criminal::VerifyCertificateRequest,
    ) -> Answer<criminal::VerifyCertificateResponse> {
        answer(self.criminal().verify_certificate(self.request(ask)).await)
    }

    /// `GetEnterprise`.
    pub async fn enterprise(
        &self,
        ask: business::GetEnterpriseRequest,
    ) -> Answer<business::GetEnterpriseResponse> {
        let mut client = BusinessServiceClient::new(self.channel.clone());
        answer(client.get_enterprise(self.request(ask)).await)
    }

    fn population(&self) -> PopulationServiceClient<Channel> {
        PopulationServiceClient::new(self.channel.clone())
    }

    fn criminal(&self) -> CriminalRecordServiceClient<Channel> {
        CriminalRecordServiceClient::new(self.channel.clone())
    }
}

fn answer<T>(outcome: Result<tonic::Response<T>, Status>) -> Answer<T> {
    Ok(outcome?.into_inner())
}
