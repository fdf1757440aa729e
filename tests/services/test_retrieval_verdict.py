"""The verdict over a C-GET does not blame the peer for what was refused here."""

from __future__ import annotations

from dataclasses import replace

from engine.model.association import Negotiated, NegotiatedContext
from engine.services.retrieval_verdict import Facts, judge
from engine.trace.plain_text import contexts_summary

CT, IMPLICIT = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.1.2"


def negotiated(count: int = 1, accepted: int = 1) -> Negotiated:
    contexts = tuple(
        NegotiatedContext(
            id=2 * n + 1,
            proposed=(IMPLICIT,),
            abstract_syntax=CT,
            transfer_syntax=IMPLICIT if n < accepted else "",
            result=0 if n < accepted else 3,
            requestor_scp=True,
        )
        for n in range(count)
    )
    return Negotiated(contexts=contexts)


def test_what_could_not_be_kept_here_is_not_a_matter_of_contexts() -> None:
    told = ("1.2.3: no permission to write",)
    facts = Facts(service="C-GET", status=0xB000, completed=1, failed=2, stored=1, refused=2, not_kept=told)
    ours = judge(replace(facts, negotiated=negotiated())).sentence
    assert "no permission to write" in ours and "2 were refused here" in ours
    assert "It can send" not in ours
    theirs = judge(replace(facts, negotiated=negotiated(), refused=1)).sentence
    assert "It can send" in theirs, "one more failed than we refused"


def test_many_contexts_are_summed_up_by_result() -> None:
    lines = contexts_summary(negotiated(128, 120))
    assert lines[0] == "120 of 128 presentation contexts accepted (-v lists them)."
    assert lines[1].strip().startswith("8 ") and "CT Image Storage" in lines[1]
