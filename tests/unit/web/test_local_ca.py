"""The authority of one's own: trusted for the home network, and for nothing else."""

import datetime as dt
import ipaddress
import socket
import ssl
import stat
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from upperback.core.errors import InputError
from upperback.web.local_ca import Seal, own_address, seal_for

NOW = dt.datetime.now(dt.UTC)
HERE = ipaddress.ip_address("192.168.1.20")


@pytest.fixture
def seal(tmp_path: Path) -> Seal:
    return seal_for(HERE, tmp_path / "lan", now=NOW)


def shakes_hands(certificate: Path, key: Path, ca: bytes, name: str) -> bool:
    """Whether a client that trusts `ca` accepts a server of that name: both sides of TLS, in memory."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate, key)
    client = ssl.create_default_context(cadata=ca)
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        client.wrap_bio(down, up, server_hostname=name),
        server.wrap_bio(up, down, server_side=True),
    ]
    for _ in range(6):
        for end in ends:
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLCertVerificationError:
                return False
    return True


def test_a_client_that_trusts_it_accepts_this_address_and_no_other(seal: Seal, tmp_path: Path) -> None:
    assert shakes_hands(seal.certificate, seal.key, seal.ca, "192.168.1.20")
    assert not shakes_hands(seal.certificate, seal.key, seal.ca, "192.168.1.21")
    other = seal_for(HERE, tmp_path / "another", now=NOW)
    assert not shakes_hands(seal.certificate, seal.key, other.ca, "192.168.1.20")


@pytest.mark.parametrize(
    ("name", "accepted"),
    [("192.168.1.77", True), ("printer.local", True), ("bank.example.org", False), ("8.8.8.8", False)],
)
def test_who_steals_its_key_can_stand_for_nothing_on_the_internet(
    seal: Seal, tmp_path: Path, name: str, accepted: bool
) -> None:
    """The private addresses and names show that the forged certificate itself is sound."""
    stolen = serialization.load_pem_private_key((tmp_path / "lan" / "ca.key").read_bytes(), None)
    assert isinstance(stolen, ec.EllipticCurvePrivateKey)
    key = ec.generate_private_key(ec.SECP256R1())
    alternative: x509.GeneralName
    try:
        alternative = x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        alternative = x509.DNSName(name)
    forged = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .issuer_name(x509.load_der_x509_certificate(seal.ca).subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - dt.timedelta(days=1))
        .not_valid_after(NOW + dt.timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([alternative]), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(stolen.public_key()), critical=False)
        .sign(stolen, hashes.SHA256())
    )
    paths = tmp_path / "forged.crt", tmp_path / "forged.key"
    paths[0].write_bytes(forged.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    assert shakes_hands(*paths, seal.ca, name) is accepted


def test_it_is_made_once_kept_for_its_owner_and_renewed_before_it_ends(seal: Seal, tmp_path: Path) -> None:
    assert seal.is_new
    again = seal_for(ipaddress.ip_address("10.0.0.7"), tmp_path / "lan", now=NOW + dt.timedelta(hours=12))
    assert not again.is_new
    assert again.fingerprint == seal.fingerprint
    assert shakes_hands(again.certificate, again.key, seal.ca, "10.0.0.7")
    later = seal_for(HERE, tmp_path / "lan", now=NOW + dt.timedelta(days=5 * 365 - 60))
    assert later.is_new
    assert later.fingerprint != seal.fingerprint
    for path in (tmp_path / "lan").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path.name
    assert stat.S_IMODE((tmp_path / "lan").stat().st_mode) == 0o700


def test_the_server_is_never_good_for_longer_than_phones_allow(seal: Seal) -> None:
    certificate = x509.load_pem_x509_certificate(seal.certificate.read_bytes())
    assert certificate.not_valid_after_utc - certificate.not_valid_before_utc <= dt.timedelta(days=398)
    assert len(seal.fingerprint.split()) == 32


@pytest.mark.parametrize("address", ["8.8.8.8", "2001:4860:4860::8888", "172.32.0.1", "100.64.0.1"])
def test_addresses_of_the_internet_are_refused(address: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="home network"):
        seal_for(ipaddress.ip_address(address), tmp_path / "lan", now=NOW)
    assert not (tmp_path / "lan").exists()


def test_damaged_files_are_said(seal: Seal, tmp_path: Path) -> None:
    (tmp_path / "lan" / "ca.key").write_bytes(b"nothing")
    with pytest.raises(InputError, match="damaged"):
        seal_for(HERE, tmp_path / "lan", now=NOW)


@pytest.mark.parametrize(
    ("has", "found"), [("192.168.1.20", True), ("172.20.0.3", True), ("127.0.0.1", False), ("81.2.3.4", False)]
)
def test_the_address_of_this_machine_is_private_or_asked_for(
    has: str, found: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket.socket, "connect", lambda *_: None)
    monkeypatch.setattr(socket.socket, "getsockname", lambda _: (has, 5000))
    if found:
        assert str(own_address()) == has
        return
    with pytest.raises(InputError, match="--lan ADDRESS"):
        own_address()


def test_a_machine_without_a_network_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*_: object) -> None:
        raise OSError("Network is unreachable")

    monkeypatch.setattr(socket.socket, "connect", unreachable)
    with pytest.raises(InputError, match="--lan ADDRESS"):
        own_address()
