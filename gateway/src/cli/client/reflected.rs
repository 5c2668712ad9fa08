//! The schemas of a gateway, its operator's own included, as it tells of them.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, bail, ensure};
use prost::Message as _;
use prost_reflect::DescriptorPool;
use prost_types::FileDescriptorProto;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Status, Streaming};
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;
use tonic_reflection::pb::v1::{ServerReflectionRequest, ServerReflectionResponse};

use super::connection::Client;
use super::refused::Refused;

/// Files that are taken at most.
const MOST_FILES: usize = 500;

impl Client {
    /// The built-in schemas, and those that the gateway has beside them.
    ///
    /// # Errors
    /// [`Refused`] when the gateway doesn't tell; another error when what it tells is no schema.
    pub(crate) async fn schemas(&self) -> Result<DescriptorPool> {
        let mut asking = Asking::begin(self).await?;
        let built_in = proto::descriptors();
        let mut waiting = Vec::new();
        for service in asking.services().await? {
            if built_in.get_service_by_name(&service).is_none() {
                waiting.push(MessageRequest::FileContainingSymbol(service));
            }
        }
        let mut files = BTreeMap::new();
        let mut asked = BTreeSet::new();
        while let Some(next) = waiting.pop() {
            for (encoded, file) in asking.files(next).await? {
                for import in &file.dependency {
                    if built_in.get_file_by_name(import).is_none() && asked.insert(import.clone()) {
                        waiting.push(MessageRequest::FileByFilename(import.clone()));
                    }
                }
                files.insert(file.name().to_owned(), (encoded, file.dependency));
                ensure!(files.len() <= MOST_FILES, "the gateway tells of too many schemas");
            }
        }
        linked(built_in, files)
    }
}

/// Adds files to a pool, each after those that it imports.
fn linked(
    mut pool: DescriptorPool,
    mut files: BTreeMap<String, (Vec<u8>, Vec<String>)>,
) -> Result<DescriptorPool> {
    while !files.is_empty() {
        let ready = files.iter().find(|(_, (_, imports))| {
            imports
                .iter()
                .all(|import| pool.get_file_by_name(import).is_some())
        });
        let Some(name) = ready.map(|(name, _)| name.clone()) else {
            bail!("the gateway's schemas import what it does not tell of");
        };
        if let Some((encoded, _)) = files.remove(&name)
            && pool.get_file_by_name(&name).is_none()
        {
            pool.decode_file_descriptor_proto(&*encoded)
                .context("a schema of the gateway can't be read")?;
        }
    }
    Ok(pool)
}

/// A call of the reflection service: one answer a question.
struct Asking {
    questions: mpsc::Sender<ServerReflectionRequest>,
    answers: Streaming<ServerReflectionResponse>,
}

impl Asking {
    async fn begin(client: &Client) -> Result<Self, Refused> {
        let (questions, asked) = mpsc::channel(1);
        let mut service = client.reflection();
        let answers = service.server_reflection_info(ReceiverStream::new(asked));
        Ok(Self {
            questions,
            answers: answers.await?.into_inner(),
        })
    }

    async fn ask(&mut self, question: MessageRequest) -> Result<MessageResponse> {
        let question = ServerReflectionRequest {
            host: String::new(),
            message_request: Some(question),
        };
        let ended = || Refused::from(Status::unavailable("the gateway ended its answers"));
        self.questions.send(question).await.map_err(|_| ended())?;
        let answer = self.answers.message().await.map_err(Refused::from)?;
        let answer = answer.and_then(|answer| answer.message_response);
        answer.ok_or_else(|| ended().into())
    }

    async fn services(&mut self) -> Result<Vec<String>> {
        match self.ask(MessageRequest::ListServices(String::new())).await? {
            MessageResponse::ListServicesResponse(list) => {
                Ok(list.service.into_iter().map(|service| service.name).collect())
            }
            _ => bail!("the gateway does not tell of its services"),
        }
    }

    async fn files(&mut self, of: MessageRequest) -> Result<Vec<(Vec<u8>, FileDescriptorProto)>> {
        match self.ask(of).await? {
            MessageResponse::FileDescriptorResponse(found) => {
                let decoded = |encoded: Vec<u8>| {
                    let file = FileDescriptorProto::decode(&*encoded)?;
                    Ok((encoded, file))
                };
                found.file_descriptor_proto.into_iter().map(decoded).collect()
            }
            _ => bail!("the gateway does not tell of a schema that it has"),
        }
    }
}
