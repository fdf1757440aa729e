"""Mistakes in TLS settings, each told in words before anything is sent."""

from __future__ import annotations

import dataclasses
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.model.tls import ClientCertificates, TlsProfile, TlsSettings
from engine.runtime.tls import TlsProblem, secure
from tests.runtime.tls_files import PASSPHRASE, Files, make_files


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return make_files(tmp_path / "tls")


def _der(files: Files) -> Path:
    path = files.folder / "server.der"
    path.write_bytes(ssl.PEM_cert_to_DER_cert(files.ca.read_text()))
    return path


def _text(files: Files) -> Path:
    path = files.folder / "note.txt"
    path.write_text("no certificate")
    return path


def _broken(files: Files) -> Path:
    path = files.folder / "broken.pem"
    path.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    return path


def _mixed(files: Files, **options: object) -> TlsSettings:
    return TlsSettings(certificate=files.apart("one")[0], key=files.apart("two")[1])


def _locked(files: Files, passphrase: str) -> TlsSettings:
    certificate, key = files.apart("locked", passphrase=PASSPHRASE)
    return TlsSettings(certificate=certificate, key=key, passphrase=passphrase)


def _without_key(files: Files) -> TlsSettings:
    return TlsSettings(certificate=files.apart("bare")[0])


WRONG: dict[str, tuple[Callable[[Files], TlsSettings], str]] = {
    "no CA file": (lambda f: TlsSettings(ca_file=Path("/no/ca.pem")), "The CA file"),
    "CA file is DER": (lambda f: TlsSettings(ca_file=_der(f)), "PEM is needed"),
    "CA file is text": (lambda f: TlsSettings(ca_file=_text(f)), "holds no certificate in PEM form"),
    "CA file is damaged": (lambda f: TlsSettings(ca_file=_broken(f)), "cannot be read"),
    "no certificate file": (lambda f: TlsSettings(certificate=Path("/no/cert.pem")), "cannot be read: No such file"),
    "certificate is damaged": (lambda f: TlsSettings(certificate=_broken(f), key=f.apart("k")[1]), "cannot be read"),
    "no key": (_without_key, "holds no private key in PEM form"),
    "key alone": (lambda f: TlsSettings(key=f.apart("k")[1]), "without its certificate"),
    "key of another": (_mixed, "does not belong to the certificate"),
    "passphrase needed": (lambda f: _locked(f, ""), "its passphrase is needed"),
    "passphrase wrong": (lambda f: _locked(f, "battery staple"), "the passphrase is wrong"),
    "version forbidden": (lambda f: TlsSettings(minimum_version="1.0"), "TLS 1.0 is forbidden by the profile"),
    "version unknown": (lambda f: TlsSettings(maximum_version="2"), "is not a TLS version"),
    "no version left": (
        lambda f: TlsSettings(minimum_version="1.3", maximum_version="1.2"),
        "No TLS version is between 1.3 and 1.2",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_mistake_is_told_in_a_sentence(case: str, files: Files) -> None:
    make, words = WRONG[case]
    with pytest.raises(TlsProblem) as told:
        secure(make(files), server=False)
    sentence = str(told.value)
    assert words in sentence and sentence.endswith((".", ")."))
    assert PASSPHRASE not in sentence and "battery" not in sentence


def test_an_acceptor_needs_a_certificate() -> None:
    with pytest.raises(TlsProblem, match="a certificate and its private key are needed"):
        secure(TlsSettings(), server=True)


def test_an_encrypted_key_with_its_passphrase_is_taken(files: Files) -> None:
    assert secure(_locked(files, PASSPHRASE), server=True).own_certificate is not None


def test_remarks_in_other_letters_do_not_spoil_a_ca_file(files: Files) -> None:
    path = files.folder / "remarks.pem"
    path.write_text(f"# Krankenhaus Zürich\n{files.ca.read_text()}\n# Ende\n", encoding="utf-8")
    assert secure(TlsSettings(ca_file=path), server=False).context.cert_store_stats()["x509_ca"] == 1


def test_the_passphrase_is_never_shown(files: Files) -> None:
    made = TlsSettings(passphrase=PASSPHRASE)
    assert PASSPHRASE not in repr(made) and PASSPHRASE not in str(made)
    assert PASSPHRASE not in repr(dataclasses.replace(made, verify=False))


@pytest.mark.parametrize("server", [False, True])
@pytest.mark.parametrize("profile", list(TlsProfile))
def test_profiles_allow_what_they_say(profile: TlsProfile, server: bool, files: Files) -> None:
    made = secure(files.acceptor(profile=profile), server=server)
    suites = {c["name"] for c in made.context.get_ciphers()}
    old = {s for s in suites if s.endswith("-SHA") or "CBC" in s or s.startswith(("AES", "DHE", "RC4", "DES"))}
    assert {"ECDHE-RSA-AES256-GCM-SHA384", "TLS_AES_256_GCM_SHA384"} <= suites
    assert not any("NULL" in s for s in suites)
    if profile is TlsProfile.ANY:
        assert old
    else:
        assert not old
        assert made.context.minimum_version is ssl.TLSVersion.TLSv1_2
    if profile is TlsProfile.MODIFIED:
        assert {s for s in suites if not s.startswith("TLS_")} == {
            "ECDHE-ECDSA-AES256-GCM-SHA384",
            "ECDHE-RSA-AES256-GCM-SHA384",
            "ECDHE-ECDSA-AES256-CCM",
            "ECDHE-ECDSA-AES256-CCM8",
            "ECDHE-ECDSA-CHACHA20-POLY1305",
            "ECDHE-RSA-CHACHA20-POLY1305",
            "ECDHE-RSA-AES128-GCM-SHA256",
            "ECDHE-ECDSA-AES128-GCM-SHA256",
            "ECDHE-ECDSA-AES128-CCM",
            "ECDHE-ECDSA-AES128-CCM8",
        }


@pytest.mark.parametrize(
    ("asked", "mode"),
    [
        (ClientCertificates.NONE, ssl.CERT_NONE),
        (ClientCertificates.REQUEST, ssl.CERT_OPTIONAL),
        (ClientCertificates.REQUIRE, ssl.CERT_REQUIRED),
    ],
)
def test_client_certificates_as_asked(asked: ClientCertificates, mode: ssl.VerifyMode, files: Files) -> None:
    assert secure(files.acceptor(client_certificates=asked), server=True).context.verify_mode is mode
