"""TLS against the profiles of PS3.15 B.12 and B.13."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.conformance.rules import RULES
from engine.conformance.tls import check_chosen
from engine.model.notices import Direction
from engine.model.tls import TlsVerdict
from tests.conformance.cases_tls import CASES, CERTIFICATE, DAY, GOOD, NOW, judged, showing, twelve, verdict


@pytest.mark.parametrize("requestor", [True, False])
def test_nothing_is_found_in_a_good_handshake(requestor: bool) -> None:
    assert judged(GOOD, requestor=requestor) == []


def test_nothing_is_found_where_nothing_was_seen() -> None:
    """A connection that broke before the first answer."""
    assert judged(TlsVerdict()) == []
    assert judged(TlsVerdict(), requestor=False) == []


@pytest.mark.parametrize("rule", CASES)
def test_a_handshake_that_breaks_the_rule(rule: str) -> None:
    found = [v.finding for v in CASES[rule][0]() if v.finding.rule == rule]
    assert len(found) == 1
    assert found[0].severity == RULES[rule].severity
    assert found[0].clause.startswith("PS3.15 B.1")
    assert found[0].sentence.endswith(".")


@pytest.mark.parametrize("rule", CASES)
def test_a_handshake_that_keeps_the_rule(rule: str) -> None:
    assert rule not in [v.finding.rule for v in CASES[rule][1]()]


@pytest.mark.parametrize(
    ("suite", "rules"),
    [
        ("ECDHE-RSA-AES128-GCM-SHA256", set()),
        ("ECDHE-ECDSA-CHACHA20-POLY1305", set()),
        ("ECDHE-ECDSA-AES256-CCM8", set()),
        ("DHE-RSA-AES256-GCM-SHA384", {"tls.modified-suite"}),
        ("ECDHE-RSA-AES128-SHA", {"tls.suite", "tls.modified-suite"}),
        ("AES256-SHA", {"tls.suite", "tls.modified-suite"}),
        ("AES256-GCM-SHA384", {"tls.suite", "tls.modified-suite"}),
        ("DES-CBC3-SHA", {"tls.suite", "tls.modified-suite"}),
        ("DES-CBC-SHA", {"tls.suite-forbidden", "tls.modified-suite"}),
        ("NULL-SHA256", {"tls.suite-forbidden", "tls.modified-suite"}),
        ("RC4-SHA", {"tls.suite-forbidden", "tls.modified-suite"}),
        ("ADH-AES256-GCM-SHA384", {"tls.suite-forbidden", "tls.modified-suite"}),
        ("AECDH-AES128-SHA", {"tls.suite-forbidden", "tls.modified-suite"}),
    ],
)
def test_cipher_suites(suite: str, rules: set[str]) -> None:
    assert {f.rule for f in check_chosen(twelve(suite))} == rules


@pytest.mark.parametrize("version", ["SSLv3", "TLSv1", "TLSv1.1"])
def test_old_versions(version: str) -> None:
    assert "tls.version" in [f.rule for f in check_chosen(verdict(version=version))]


@pytest.mark.parametrize(
    ("key", "weak"),
    [
        ("RSA 2047 bit", True),
        ("RSA 2048 bit", False),
        ("EC P-224", True),
        ("EC P-256", False),
        ("EC P-521", False),
        ("EC 1.3.132.0.10", False),
        ("DSA", True),
        ("Ed25519", False),
        ("", False),
    ],
)
def test_keys(key: str, weak: bool) -> None:
    assert ("tls.key-size" in [v.finding.rule for v in judged(showing(key=key))]) is weak


@pytest.mark.parametrize(
    ("signature", "weak"),
    [
        ("MD5 with RSA", True),
        ("SHA-224 with ECDSA", True),
        ("SHA-1 with RSA-PSS", True),
        ("Ed25519", False),
        ("", False),
    ],
)
def test_signatures(signature: str, weak: bool) -> None:
    assert ("tls.signature-hash" in [v.finding.rule for v in judged(showing(signature=signature))]) is weak


def test_a_certificate_of_tomorrow() -> None:
    found = [v.finding.sentence for v in judged(showing(not_before=NOW + DAY))]
    assert found == ["The certificate is not valid before 2027-01-16."]


def test_the_acceptor_answers_for_what_was_agreed_and_each_side_for_its_certificate() -> None:
    bad = replace(
        GOOD,
        version="TLSv1.1",
        peer_certificate=replace(CERTIFICATE, key="RSA 1024 bit"),
        own_certificate=replace(CERTIFICATE, signature="SHA-1 with RSA"),
    )
    for requestor, chosen in ((True, Direction.RECEIVED), (False, Direction.SENT)):
        sides = {v.finding.rule: v.direction for v in judged(bad, requestor=requestor)}
        assert sides == {
            "tls.version": chosen,
            "tls.key-size": Direction.RECEIVED,
            "tls.signature-hash": Direction.SENT,
        }


def test_a_refused_certificate_is_judged_although_nothing_was_agreed() -> None:
    refused = replace(GOOD, version="", cipher="", verified=False, reason="it expired on 2027-01-01 00:00 UTC",
                      peer_certificate=replace(CERTIFICATE, not_after=NOW - DAY))  # fmt: skip
    assert {v.finding.rule for v in judged(refused)} == {"tls.certificate-validity", "tls.verified"}
