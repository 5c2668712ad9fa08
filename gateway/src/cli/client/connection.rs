//! One connection to a gateway.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use bytes::Bytes;
use hyper_util::rt::TokioIo;
use prost_reflect::{DynamicMessage, MethodDescriptor};
use proto::audit::v1::audit_service_client::AuditServiceClient;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tonic::client::Grpc;
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;

use super::codec::BytesCodec;
use super::profile::Profile;
use super::refused::Refused;

const TIMEOUT: Duration = Duration::from_secs(15);

/// A connected client.
pub(crate) struct Client {
    channel: Channel,
    token: Token,
}

/// A token as a request carries it.
#[derive(Clone)]
pub(crate) struct Token(tonic::metadata::AsciiMetadataValue);

impl Token {
    pub(crate) fn new(token: &str) -> Result<Self> {
        let value = format!("Bearer {token}").parse();
        let mut value: tonic::metadata::AsciiMetadataValue =
            value.context("the token holds characters that no header takes")?;
        value.set_sensitive(true);
        Ok(Self(value))
    }
}

/// A client of the audit service.
pub(crate) type AuditClient = AuditServiceClient<InterceptedService<Channel, Token>>;

/// The longest page of entries that is taken, in bytes.
const LONGEST_PAGE: usize = 16 << 20;

impl Interceptor for Token {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert("authorization", self.0.clone());
        Ok(request)
    }
}

impl Client {
    /// Connects as the profile says, over TLS 1.3 alone.
    ///
    /// # Errors
    /// [`Refused`] when the gateway can't be reached or refuses the handshake; another error when the
    /// profile's files are not as they should be.
    pub(crate) async fn connect(profile: &Profile) -> Result<Self> {
        let token = Token::new(&profile.token()?)?;
        let channel = channel(profile).await?;
        Ok(Self { channel, token })
    }

    /// The same connection with another token.
    pub(crate) fn with_token(&self, token: Token) -> Self {
        Self {
            channel: self.channel.clone(),
            token,
        }
    }

    /// The audit service, with the token in every call.
    pub(crate) fn audit(&self) -> AuditClient {
        AuditServiceClient::with_interceptor(self.channel.clone(), self.token.clone())
            .max_decoding_message_size(LONGEST_PAGE)
    }

    /// The reflection service, with the token in every call.
    pub(super) fn reflection(&self) -> ServerReflectionClient<InterceptedService<Channel, Token>> {
        ServerReflectionClient::with_interceptor(self.channel.clone(), self.token.clone())
    }

    /// One call of a unary method.
    pub(crate) async fn call(
        &self,
        method: &MethodDescriptor,
        request: &DynamicMessage,
    ) -> Result<DynamicMessage, Refused> {
        use prost::Message as _;
        let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
        let path = path
            .try_into()
            .map_err(|_| Status::internal("the method has no path"))?;
        let mut call = Request::new(Bytes::from(request.encode_to_vec()));
        call.metadata_mut().insert("authorization", self.token.0.clone());
        call.set_timeout(TIMEOUT);
        let mut grpc = Grpc::new(self.channel.clone());
        grpc.ready()
            .await
            .map_err(|error| Status::unavailable(error.to_string()))?;
        let answer = grpc.unary(call, path, BytesCodec).await?.into_inner();
        let message = DynamicMessage::decode(method.output(), answer)
            .map_err(|_| Status::internal("the answer is not the message that the method promises"))?;
        Ok(message)
    }
}

async fn channel(profile: &Profile) -> Result<Channel> {
    let tls = TlsConnector::from(Arc::new(tls(profile)?));
    let host = profile
        .address
        .rsplit_once(':')
        .map_or(profile.address.as_str(), |(host, _)| host);
    let name = profile.server_name.clone().unwrap_or_else(|| host.to_owned());
    let name =
        ServerName::try_from(name).context("the profile's server name is neither a name nor an address")?;
    let address = profile.address.clone();
    let connector = tower::service_fn(move |_| {
        let (tls, name, address) = (tls.clone(), name.clone(), address.clone());
        async move {
            let stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            Ok::<_, std::io::Error>(TokioIo::new(tls.connect(name, stream).await?))
        }
    });
    // The connector does TLS itself; the scheme only says so to the other side.
    let endpoint = Endpoint::from_shared(format!("http://{}", profile.address))
        .context("the profile's address is not host and port")?
        .connect_timeout(TIMEOUT);
    let unavailable = |error: tonic::transport::Error| {
        let mut cause: &dyn std::error::Error = &error;
        while let Some(source) = cause.source() {
            cause = source;
        }
        Refused::from(Status::unavailable(format!(
            "no connection to the gateway: {cause}"
        )))
    };
    Ok(endpoint
        .connect_with_connector(connector)
        .await
        .map_err(unavailable)?)
}

fn tls(profile: &Profile) -> Result<ClientConfig> {
    let unreadable = |what: &str, path: &std::path::Path| format!("{what} {} cannot be read", path.display());
    let mut roots = RootCertStore::empty();
    let path = profile.path(&profile.ca);
    let ca = CertificateDer::from_pem_file(&path).with_context(|| unreadable("authority", &path))?;
    roots.add(ca)?;
    let path = profile.path(&profile.certificate);
    let chain = CertificateDer::pem_file_iter(&path)
        .and_then(Iterator::collect)
        .with_context(|| unreadable("certificate", &path))?;
    let path = profile.path(&profile.key);
    let key = PrivateKeyDer::from_pem_file(&path).with_context(|| unreadable("key", &path))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_root_certificates(roots)
        .with_client_auth_cert(chain, key)?;
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(config)
}
