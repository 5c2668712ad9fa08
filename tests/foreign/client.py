"""Confirms one citizen as a client that shares no code with the gateway: grpcio, and protobuf by hand.

Arguments: address, folder with ca.pem, client.pem, client.key and token, and then the parts of the
request: procedure, dossier, receiving agency, competent agency, personal id, full name.
"""

import pathlib
import sys

import grpc

METHOD = "/lienthong.population.v1.PopulationService/ConfirmCitizen"


def varint(number):
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


def part(number, value):
    """A field of wire type 2."""
    value = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(value)) + value


def main():
    address, folder, procedure, dossier, receiving, competent, person, name = sys.argv[1:]
    folder = pathlib.Path(folder)
    read = lambda file: (folder / file).read_bytes()
    context = (
        part(1, procedure) + part(2, dossier) + varint(4 << 3) + varint(1) + part(5, receiving) + part(6, competent)
    )
    request = part(1, context) + part(2, part(1, person) + part(2, name)) + part(3, part(3, name))
    credentials = grpc.ssl_channel_credentials(read("ca.pem"), read("client.key"), read("client.pem"))
    options = [("grpc.ssl_target_name_override", "localhost")]
    with grpc.secure_channel(address, credentials, options) as channel:
        call = channel.unary_unary(METHOD)
        header = ("authorization", "Bearer " + read("token").decode())
        answer = call(request, metadata=[header], timeout=10)
    # One verdict: path "full_name", AGREE.
    verdict = part(1, part(1, "full_name") + varint(2 << 3) + varint(1))
    assert answer.startswith(verdict), answer.hex()
    print("OK")


main()
