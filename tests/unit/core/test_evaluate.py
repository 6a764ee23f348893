"""Labels against verdicts, and each file at a temperature that its own labels had no say in."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from bot import cli
from core.analysis.calibrate import softmax
from core.assessment import Assessment, Classification, Comfort, Correlation, Verdict
from core.evaluate import Fraction, Judged, misjudged, score
from core.evaluate_folds import leave_one_out
from core.evidence import Evidence
from core.unified import UnifiedEvent
from tests.unit.core.changes import T0, change

_WHY = (Evidence(kind="rule", says="it was seen", ref="r"),)


def judged(
    file: str,
    label: str,
    told: Verdict = Verdict.PLANNED,
    *,
    weight: float = 3.0,
    strength: str = "strong",
    harm: str = "",
    number: int = 0,
) -> Judged:
    event = change("api", number=number)
    confidence = softmax({told: weight}, 1.0)[told] if told is not Verdict.UNKNOWN else 0.4
    assessment = Assessment(
        event_id=event.id,
        revision=1,
        assessed_at=T0,
        correlation=Correlation(story_id="s", confidence=1.0),
        classification=Classification(verdict=told, confidence=confidence, evidence=_WHY),
    )
    logits: dict[Verdict, float] = {} if told is Verdict.UNKNOWN else {told: weight}
    return Judged(
        file=file,
        label=label,
        strength=strength,
        harm=harm,
        outcome="ok",
        event=UnifiedEvent(event=event, assessment=assessment),
        logits=logits,
    )


def test_only_strong_and_medium_labels_are_scored_and_unknown_is_not_decided() -> None:
    told = [
        judged("a", "planned"),
        judged("a", "planned", Verdict.UNPLANNED, strength="medium"),
        judged("a", "planned", Verdict.UNKNOWN),
        judged("a", "planned", Verdict.UNPLANNED, strength="weak"),
    ]
    row = score(told)[-1]
    assert row.accuracy == Fraction(numerator=1, denominator=2)
    assert row.accuracy_strong == Fraction(numerator=1, denominator=1)
    assert row.coverage == Fraction(numerator=2, denominator=3)
    assert row.recall[Verdict.PLANNED] == Fraction(numerator=1, denominator=3)
    assert row.weak_planned_called_unplanned == Fraction(numerator=1, denominator=1)


def test_what_is_wrong_with_a_verdict_is_said_in_words() -> None:
    assert misjudged(judged("a", "planned")) == ""
    assert misjudged(judged("a", "planned", Verdict.UNPLANNED)) == "planned, told as unplanned"
    assert misjudged(judged("a", "routine", Verdict.UNKNOWN)) == "routine, told as unknown"
    assert misjudged(judged("a", "planned", Verdict.UNPLANNED, strength="weak")) == "ordinary, told as unplanned"
    assert misjudged(judged("a", "planned", Verdict.UNKNOWN, strength="weak")) == ""
    assert misjudged(judged("a", "unlabelled", Verdict.UNPLANNED, strength="none")) == ""
    assert misjudged(judged("a", "noise_readonly", strength="none")) == "a read, told as a change (planned)"
    assert misjudged(replace(judged("a", "planned"), error="no record")) == "cannot be read: no record"


def test_calm_words_about_harm_are_wrong_whatever_the_label() -> None:
    one = judged("a", "planned", harm="rule_hit:high")
    assert one.event is not None
    calmed = replace(one.event.assessment, comfort=Comfort(reassurance="All is well.", reassures=True, evidence=_WHY))
    told = replace(one, event=replace(one.event, assessment=calmed))
    assert misjudged(told) == "calmed, though rule_hit:high"
    assert misjudged(replace(told, outcome="failed")) == ""
    assert score([told])[-1].false_reassurances == Fraction(numerator=1, denominator=1)


def test_each_fold_is_fitted_without_the_file_it_scores() -> None:
    sure = [judged("sure", "planned", number=n) for n in range(20)]
    doubtful = [judged("doubtful", "planned" if n % 2 else "unplanned", number=n) for n in range(20)]
    folds = {one.file: one for one in leave_one_out([*sure, *doubtful], unknown_below=0.6).folds}
    # Fitted on the file that is always right, the doubtful one is told with a confidence that it does not earn; and the other way round.
    cold, hot = folds["doubtful"].temperature, folds["sure"].temperature
    assert cold is not None
    assert hot is not None
    assert cold < 0.5 < 2.0 < hot
    assert folds["doubtful"].scores.calibration_error == pytest.approx(0.5, abs=0.01)
    assert folds["sure"].scores.coverage == Fraction(numerator=0, denominator=20)


def test_the_pooled_score_holds_every_label_once_at_its_own_folds_temperature() -> None:
    told = [judged(file, "planned", number=n) for file in ("a", "b", "c") for n in range(4)]
    folds = leave_one_out([*told, judged("reads", "noise_readonly", strength="")], unknown_below=0.6)
    assert [one.file for one in folds.folds] == ["a", "b", "c"]
    assert folds.pooled is not None
    assert folds.pooled.coverage == Fraction(numerator=12, denominator=12)
    assert folds.fitted == pytest.approx(folds.folds[0].temperature)


def test_a_single_file_has_nothing_to_be_fitted_on_and_keeps_its_verdicts() -> None:
    folds = leave_one_out([judged("alone", "planned")], unknown_below=0.6)
    assert folds.folds[0].temperature is None
    assert folds.folds[0].scores.accuracy == Fraction(numerator=1, denominator=1)


def test_without_labels_there_are_no_folds() -> None:
    folds = leave_one_out([judged("a", "unlabelled", strength="")], unknown_below=0.6)
    assert (folds.folds, folds.pooled, folds.fitted, folds.fitted_threshold) == ((), None, None, None)


def test_each_fold_tells_unknown_below_what_the_others_ordinary_changes_ask_for() -> None:
    said = [judged("a", "planned", number=n) for n in range(4)] + [judged("b", "unplanned", Verdict.UNPLANNED, number=n) for n in range(4)]
    # Of "a" one in ten ordinary changes alarms: too many unless the threshold lies above them.
    said += [judged("a", "planned", Verdict.UNPLANNED, weight=1.0, strength="weak", number=9)]
    said += [judged("a", "planned", Verdict.UNKNOWN, strength="weak", number=10 + n) for n in range(9)]
    said += [judged("b", "planned", strength="weak", number=20 + n) for n in range(10)]
    folds = {one.file: one for one in leave_one_out(said, unknown_below=0.6).folds}
    assert folds["a"].unknown_below == 0.34
    assert folds["a"].scores.weak_planned_called_unplanned == Fraction(numerator=1, denominator=10)
    assert folds["b"].temperature is not None
    alarmed = softmax({Verdict.UNPLANNED: 1.0}, folds["b"].temperature)[Verdict.UNPLANNED]
    assert alarmed < folds["b"].unknown_below <= alarmed + 0.011


def record(number: int, agent: str, name: str = "AuthorizeSecurityGroupIngress") -> dict[str, object]:
    return {
        "eventVersion": "1.08",
        "userIdentity": {"type": "IAMUser", "principalId": "AIDA1", "arn": "arn:aws:iam::111122223333:user/mia", "userName": "mia"},
        "eventTime": f"2026-03-02T10:{number:02}:00Z",
        "eventSource": "ec2.amazonaws.com",
        "eventName": name,
        "awsRegion": "eu-west-1",
        "sourceIPAddress": "198.51.100.7",
        "userAgent": agent,
        "requestParameters": {"groupId": f"sg-{number}", "ipPermissions": {"items": [{"ipRanges": {"items": [{"cidrIp": "0.0.0.0/0"}]}}]}},
        "eventID": f"00000000-0000-0000-0000-0000000000{number:02}",
        "recipientAccountId": "111122223333",
    }


def test_the_command_prints_the_scores_and_the_folds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("WGO_CONFIG", raising=False)
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    acts = {
        "unplanned": ("aws-cli/2.15", "AuthorizeSecurityGroupIngress"),
        "planned": ("APN/1.0 HashiCorp/1.0 Terraform/1.9.5", "CreateSubnet"),
    }
    for file, minutes in (("one.jsonl", (1, 31)), ("two.jsonl", (2, 32))):
        lines = [
            {"label": label, "strength": "strong", "harm": "", "outcome": "ok", "event": record(minute, *acts[label])}
            for label, minute in zip(acts, minutes, strict=True)
        ]
        (corpus / file).write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["wgo", "eval", "--json", str(corpus)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert not ended.value.code
    told = json.loads(capsys.readouterr().out)
    assert [row["accuracy"]["numerator"] for row in told["files"]] == [2, 2, 4]
    assert [one["file"] for one in told["folds"]["folds"]] == ["corpus/one.jsonl", "corpus/two.jsonl"]
    assert told["folds"]["pooled"]["accuracy"] == {"share": 1.0, "numerator": 4, "denominator": 4}
    assert told["folds"]["fitted"]["temperature"] < 1


def test_the_command_lists_what_was_told_wrongly_with_its_place_and_what_it_rests_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("WGO_CONFIG", raising=False)
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    right = {"label": "unplanned", "strength": "strong", "event": record(1, "aws-cli/2.15")}
    wrong = {"label": "planned", "strength": "strong", "why": "the team meant it", "event": record(31, "aws-cli/2.15")}
    (corpus / "one.jsonl").write_text(f"{json.dumps(right)}\n{json.dumps(wrong)}\n", encoding="utf-8")
    for arguments in (["--wrong"], ["--wrong", "--json"]):
        monkeypatch.setattr(sys, "argv", ["wgo", "eval", str(corpus), *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        assert not ended.value.code
        told = capsys.readouterr().out
        if arguments[-1] == "--wrong":
            listed = told.partition("Told wrongly")[2]
            assert "corpus/one.jsonl:2  planned, told as unplanned" in listed
            assert "the label: the team meant it" in listed
            assert "one.jsonl:1 " not in listed
        else:
            (one,) = json.loads(told)["wrong"]
            assert (one["line"], one["verdict"], one["why"]) == (2, "unplanned", "the team meant it")
            assert any(weight["weight"] < 0 for weight in one["evidence"])
