"""Arguments about TLS."""

from __future__ import annotations

import argparse
import sys
from getpass import getpass
from pathlib import Path

from engine.model.reading import SECRET, hindrance, read_text_whole
from engine.model.tls import TLS_VERSIONS, ClientCertificates, TlsProfile, TlsSettings, has_encrypted_key
from engine.workspace.errors import ValueProblem
from engine.workspace.settings import passphrase_name
from engine.workspace.workspace import Workspace

from .secret_files import read_secret
from .telling import redacted

_PROFILES = ", ".join(p.value for p in TlsProfile)


def profile(text: str) -> TlsProfile:
    """An argparse type: a profile of PS3.15, or "any"."""
    try:
        return TlsProfile(text.lower())
    except ValueError:
        message = f"“{text}” is not a TLS profile ({_PROFILES}); without one, write --tls last"
        raise argparse.ArgumentTypeError(message) from None


def add_tls(parser: argparse.ArgumentParser, *, acceptor: bool = False) -> None:
    """The arguments of one role. Each of them switches TLS on."""
    group = parser.add_argument_group("TLS", "Each of these switches TLS on. Files are PEM.")
    group.add_argument(
        "--tls",
        metavar="PROFILE",
        nargs="?",
        type=profile,
        const=TlsProfile.BCP195,
        help=f"PS3.15 profile: {_PROFILES} (unsafe, for old peers); default {TlsProfile.BCP195.value}",
    )
    whom = "clients' certificates" if acceptor else "the peer's certificate"
    group.add_argument(
        "--tls-ca", metavar="FILE", type=Path, help=f"CAs that {whom} may come from; default: the system's"
    )
    group.add_argument("--tls-cert", metavar="FILE", type=Path, help="our certificate, with its chain")
    group.add_argument("--tls-key", metavar="FILE", type=Path, help="its private key, if not in the same file")
    group.add_argument(
        "--tls-passphrase-file", metavar="FILE", type=Path, help="the key's passphrase is the first line of this file"
    )
    group.add_argument("--tls-min", choices=TLS_VERSIONS, help="oldest TLS version; default: the profile's")
    group.add_argument("--tls-max", choices=TLS_VERSIONS, help="newest TLS version")
    if acceptor:
        group.add_argument(
            "--tls-client-cert",
            choices=[c.value for c in ClientCertificates],
            help="whether clients must show a certificate; default none",
        )
        return
    group.add_argument("--tls-no-verify", action="store_true", help="take any certificate; what it is is still shown")
    group.add_argument("--tls-no-hostname", action="store_true", help="take a certificate for another host name")
    group.add_argument("--tls-server-name", metavar="NAME", help="name sent (SNI) and checked; default: HOST")


def tls_settings(args: argparse.Namespace, workspace: Workspace, base: TlsSettings | None = None) -> TlsSettings | None:
    """What the arguments ask for, over `base`; None for plain TCP. ValueProblem where they cannot be meant."""
    given = {name: getattr(args, f"tls_{name}", None) for name in _NAMES}
    if args.tls is None and base is None and not any(given.values()):
        return None
    usual = base or TlsSettings()
    certificate = given["cert"] or usual.certificate
    # A certificate given without a key has it in its own file, not in that of the one before.
    key = given["key"] or (None if given["cert"] else usual.key)
    made = TlsSettings(
        profile=args.tls or usual.profile,
        minimum_version=given["min"] or usual.minimum_version,
        maximum_version=given["max"] or usual.maximum_version,
        ca_file=given["ca"] or usual.ca_file,
        certificate=certificate,
        key=key,
        passphrase=_passphrase(given["passphrase_file"], key or certificate, workspace),
        verify=usual.verify and not given["no_verify"],
        check_host_name=usual.check_host_name and not given["no_hostname"],
        server_name=given["server_name"] or usual.server_name,
        client_certificates=ClientCertificates(given["client_cert"] or usual.client_certificates),
    )
    if made.profile is TlsProfile.ANY:
        print(f"The TLS profile “{made.profile.value}” is unsafe: use it for old peers only.", file=sys.stderr)
    if _asks_nobody(args, made):
        hint = "clients are asked for no certificate. Add --tls-client-cert require, or request."
        print(f"--tls-ca has no effect: {hint}", file=sys.stderr)
    return made


def _asks_nobody(args: argparse.Namespace, made: TlsSettings) -> bool:
    """CAs are named for a listener that will see no certificate, neither a client's nor a destination's."""
    listens = hasattr(args, "tls_client_cert") and not getattr(args, "destination_tls", False)
    return listens and args.tls_ca is not None and made.client_certificates is ClientCertificates.NONE


_NAMES = (
    "ca",
    "cert",
    "key",
    "passphrase_file",
    "min",
    "max",
    "no_verify",
    "no_hostname",
    "server_name",
    "client_cert",
)


def _passphrase(file: Path | None, key: Path | None, workspace: Workspace) -> str:
    """From the file, else what was kept for this key, else asked for where somebody can answer."""
    if file is not None:
        try:
            lines = read_secret(file, "--tls-passphrase-file").decode().splitlines()
        except UnicodeDecodeError as error:
            raise ValueProblem(f"{file} cannot be read: {hindrance(error)}") from None
        return lines[0] if lines else ""
    if key is None or not _is_encrypted(key):
        return ""
    kept = workspace.secrets.get(passphrase_name(key))
    return kept or (getpass(redacted(f"Passphrase of {key}: ")) if sys.stdin.isatty() else "")


def _is_encrypted(key: Path) -> bool:
    try:
        text = read_text_whole(key, SECRET, encoding="latin-1")
    except OSError:
        return False  # the engine will say so
    return has_encrypted_key(text)
