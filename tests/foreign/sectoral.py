"""Looks up and confirms in two registries that the gateway has no Rust for, as a client that shares no code with it:
grpcio, and messages built from nothing but what reflection tells.

Arguments: address, folder with ca.pem, client.pem, client.key and token, and then the context: procedure, dossier,
receiving agency, competent agency; then licence number, holder, dossier asked for, applicant.
"""

import pathlib
import sys

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from grpc_reflection.v1alpha import reflection_pb2

REFLECTION = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
LICENCES = "lienthong.driverlicence.v1.DriverLicenceService"
DOSSIERS = "lienthong.dossier.v1.DossierService"


def main():
    address, folder, procedure, dossier, receiving, competent, licence, holder, asked, applicant = sys.argv[1:]
    folder = pathlib.Path(folder)
    read = lambda file: (folder / file).read_bytes()
    credentials = grpc.ssl_channel_credentials(read("ca.pem"), read("client.key"), read("client.pem"))
    header = [("authorization", "Bearer " + read("token").decode())]
    options = [("grpc.ssl_target_name_override", "localhost")]
    with grpc.secure_channel(address, credentials, options) as channel:
        # Messages of v1 and v1alpha are the same; the path is that of v1.
        reflect = channel.stream_stream(
            REFLECTION,
            request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
            response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
        )

        def ask(**question):
            request = reflection_pb2.ServerReflectionRequest(**question)
            return next(iter(reflect(iter([request]), metadata=header, timeout=10)))

        listed = {one.name for one in ask(list_services="").list_services_response.service}
        assert {LICENCES, DOSSIERS} <= listed, listed
        files = {}

        def learn(answer):
            for encoded in answer.file_descriptor_response.file_descriptor_proto:
                file = descriptor_pb2.FileDescriptorProto.FromString(encoded)
                files[file.name] = file
                for name in file.dependency:
                    if name not in files:
                        learn(ask(file_by_filename=name))

        learn(ask(file_containing_symbol=LICENCES))
        learn(ask(file_containing_symbol=DOSSIERS))
        pool = descriptor_pool.DescriptorPool()
        added = set()

        def add(name):
            if name not in added:
                added.add(name)
                for needed in files[name].dependency:
                    add(needed)
                pool.Add(files[name])

        for name in files:
            add(name)
        method = lambda service, name: pool.FindServiceByName(service).FindMethodByName(name)
        message = lambda descriptor: message_factory.GetMessageClass(descriptor)

        def call(service, name, fill):
            described = method(service, name)
            request = message(described.input_type)()
            context = request.context
            context.procedure_code, context.dossier_code, context.step = procedure, dossier, 1
            context.receiving_agency, context.competent_agency = receiving, competent
            fill(request)
            unary = channel.unary_unary(
                f"/{service}/{name}",
                request_serializer=lambda request: request.SerializeToString(),
                response_deserializer=message(described.output_type).FromString,
            )
            return unary(request, metadata=header, timeout=10)

        def licence_key(request):
            request.key.licence_no, request.key.full_name = licence, holder

        def licence_claims(request):
            licence_key(request)
            request.claims.full_name = holder
            setattr(getattr(request.claims, "class"), "code", "C")

        def dossier_key(request):
            request.key.dossier_code, request.key.applicant_name = asked, applicant

        def dossier_claims(request):
            dossier_key(request)
            request.claims.state, request.claims.course = 9, 1

        found = call(LICENCES, "GetDriverLicence", licence_key)
        assert found.driver_licence.licence_no == licence and found.driver_licence.state == 1, found
        verdicts = call(LICENCES, "ConfirmDriverLicence", licence_claims).verdicts
        assert [(one.path, one.verdict) for one in verdicts] == [("full_name", 1), ("class.code", 2)], verdicts
        found = call(DOSSIERS, "GetDossier", dossier_key)
        assert (found.dossier.state, found.dossier.course) == (9, 1), found
        again = call(DOSSIERS, "GetDossier", dossier_key)
        assert (found.provenance.source, again.provenance.source) == (1, 2), again
        verdicts = call(DOSSIERS, "ConfirmDossier", dossier_claims).verdicts
        assert [(one.path, one.verdict) for one in verdicts] == [("state", 1), ("course", 1)], verdicts
        try:
            call(LICENCES, "GetDriverLicence", lambda request: (licence_key(request), request.read_mask.paths.append("points")))
            raise AssertionError("points were given")
        except grpc.RpcError as error:
            assert error.code() == grpc.StatusCode.PERMISSION_DENIED, error
    print("OK")


main()
