"""A certificate authority of one's own, so that phones in the home network reach this computer sealed.

Made once and kept in the data folder, for the owner only. It is bound to private network addresses: whoever steals its
key can forge no page of the internet. The server's certificate is made anew at each start, for the address of the day.
"""

import datetime as dt
import ipaddress
import os
import secrets
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from upperback.core.errors import InputError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

#: Private networks, and those that need no router.
_PRIVATE: Final = tuple(
    ipaddress.ip_network(net)
    for net in (
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "169.254.0.0/16",
        "127.0.0.0/8",
        "fc00::/7",
        "fe80::/10",
    )
)
_CA_LIFE: Final = dt.timedelta(days=5 * 365)
#: It is made anew, and has to be trusted anew, when it has less than this to live.
_CA_LEFT_MIN: Final = dt.timedelta(days=90)
# Phones refuse a server's certificate that is good for longer.
_SERVER_LIFE: Final = dt.timedelta(days=397)
# A clock that is a little behind must not make it invalid.
_BEFORE: Final = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """What a server needs for TLS, and what others need to trust it.

    Attributes
    ----------
    certificate, key : files of the server
    ca : the authority's certificate as phones take it (DER)
    fingerprint : SHA-256 of `ca`, pairs of hexadecimal digits, as phones show it
    is_new : it was made just now, so nobody trusts it yet
    """

    certificate: Path
    key: Path
    ca: bytes
    fingerprint: str
    is_new: bool


def seal_for(address: Address, folder: Path, *, now: dt.datetime) -> Seal:
    """A certificate for this address, signed by the authority in `folder`, which is made if there is none.

    Raises
    ------
    InputError : the address is not private, or the files in the folder are damaged.
    """
    if not is_private(address):
        raise InputError(f"{address} is no address of a home network", address=str(address))
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    ca, ca_key, is_new = _authority(folder, now)
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        _begun(_name(f"Upperback at {address}"), ca.subject, key, now, _SERVER_LIFE)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(address)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    _write(folder / "server.key", _key_bytes(key))
    _write(folder / "server.crt", certificate.public_bytes(serialization.Encoding.PEM))
    return Seal(
        certificate=folder / "server.crt",
        key=folder / "server.key",
        ca=ca.public_bytes(serialization.Encoding.DER),
        fingerprint=" ".join(f"{byte:02X}" for byte in ca.fingerprint(hashes.SHA256())),
        is_new=is_new,
    )


def is_private(address: Address) -> bool:
    """An address of a home network, which the authority may sign for."""
    return any(address.version == net.version and address in net for net in _PRIVATE)


def own_address() -> Address:
    """The address of this machine in its network. Nothing is sent to find it.

    Raises
    ------
    InputError : there is no network, or it is not a private one.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("10.255.255.255", 1))
            found = ipaddress.ip_address(probe.getsockname()[0])
        except OSError:
            raise InputError(_NO_NETWORK) from None
    if found.is_loopback or not is_private(found):
        raise InputError(_NO_NETWORK)
    return found


_NO_NETWORK: Final = (
    "This computer has no address in a home network that could be found. Connect it to the same network as your phone, "
    "or name its address: --lan ADDRESS."
)


def _authority(folder: Path, now: dt.datetime) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey, bool]:
    certificate_file, key_file = folder / "ca.crt", folder / "ca.key"
    if certificate_file.exists() and key_file.exists():
        try:
            certificate = x509.load_der_x509_certificate(certificate_file.read_bytes())
            key = serialization.load_pem_private_key(key_file.read_bytes(), None)
        except (ValueError, OSError) as error:
            raise InputError(f"The files in {folder} are damaged. Delete that folder and start again.") from error
        if isinstance(key, ec.EllipticCurvePrivateKey) and certificate.not_valid_after_utc - now > _CA_LEFT_MIN:
            return certificate, key, False
    key = ec.generate_private_key(ec.SECP256R1())
    # So that a phone that trusts two of them can tell them apart.
    name = _name(f"Upperback at home {secrets.token_hex(2).upper()}")
    permitted = [x509.IPAddress(net) for net in _PRIVATE]
    certificate = (
        _begun(name, name, key, now, _CA_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs=True), critical=True)
        # Names are forbidden but for the home network's own: else only addresses would be bound.
        .add_extension(x509.NameConstraints([*permitted, x509.DNSName("local")], None), critical=True)
        .sign(key, hashes.SHA256())
    )
    _write(key_file, _key_bytes(key))
    _write(certificate_file, certificate.public_bytes(serialization.Encoding.DER))
    return certificate, key, True


def _begun(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: dt.datetime, life: dt.timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BEFORE)
        .not_valid_after(now - _BEFORE + life)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        key_cert_sign=signs,
        crl_sign=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _key_bytes(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(path: Path, data: bytes) -> None:
    """For the owner only, and whole or not at all."""
    beside = path.with_suffix(f"{path.suffix}.new")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
