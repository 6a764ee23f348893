"""Settings with file, line, field and fix."""

import re
from datetime import time
from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict, Field

from core import providers
from core.errors import SettingsError
from core.settings_file import check, load
from core.settings_sample import sample
from core.subscription import ComfortMode


class _Options(BaseModel):
    model_config = ConfigDict(extra="forbid")
    cluster: str = Field("", description="The cluster's name.")


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("WGO_CONFIG", raising=False)


def written(text: str) -> Path:
    path = Path("wgo.yaml")
    path.write_text(text, encoding="utf-8")
    return path


def test_with_no_file_at_all_the_defaults_hold() -> None:
    assert load().poll.every_seconds == 60.0


def test_a_named_file_that_is_missing_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WGO_CONFIG", "nowhere.yaml")
    with pytest.raises(SettingsError, match=r"nowhere.yaml: there is no such file, and WGO_CONFIG names it"):
        load()


def test_off_and_times_of_day_mean_what_they_say() -> None:
    written("channels:\n  - {channel: C1, comfort_mode: off, quiet_from: 22:00, quiet_until: 07:00}\n")
    channel = load().channels[0]
    assert (channel.comfort_mode, channel.quiet_from, channel.quiet_until) == (ComfortMode.OFF, time(22), time(7))


def test_an_unknown_setting_is_named_with_its_line_and_the_nearest_name() -> None:
    written("slack:\n  channel: C1\n  bot_tokn: x\n")
    with pytest.raises(SettingsError, match=r"^wgo.yaml, line 3: slack.bot_tokn: there is no such setting$") as refused:
        load()
    assert refused.value.next_step.startswith("Did you mean bot_token?")


def test_everything_that_is_wrong_is_listed() -> None:
    written('poll:\n  every_seconds: -3\nsources:\n  - name: "a b"\n    provider: kubernetes\n  - provider: aws\n')
    found = check()
    assert [(one.line, one.field) for one in found.problems] == [(4, "sources.0.name"), (6, "sources.1.name"), (2, "poll.every_seconds")]
    assert found.settings is None


def test_a_secret_is_in_no_message() -> None:
    written("slack:\n  bot_token: [xoxb-geheim]\n")
    problem = check().problems[0]
    assert "geheim" not in f"{problem}"


def test_a_name_that_is_given_twice_is_refused() -> None:
    written("slack:\n  channel: C1\n  channel: C2\n")
    assert check().problems[0].says == "given twice, in line 2 and here"


def test_two_sources_of_one_name_are_refused() -> None:
    written("sources:\n  - {name: a, provider: aws}\n  - {name: a, provider: gcp}\n")
    with pytest.raises(SettingsError, match=r"line 3: sources.1.name: two sources are called a"):
        load()


def test_broken_yaml_names_its_line() -> None:
    written("slack:\n  channel: [C1\n")
    with pytest.raises(SettingsError, match=r"wgo.yaml, line 3: this is no YAML"):
        load()


def test_the_environment_overrides_the_file_and_is_named_where_it_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    written("poll: {parallel: 3}\n")
    monkeypatch.setenv("WGO_POLL__PARALLEL", "5")
    assert load().poll.parallel == 5
    monkeypatch.setenv("WGO_POLL__PARALLEL", "many")
    assert (check().problems[0].file, check().problems[0].line) == ("WGO_POLL__PARALLEL", 0)
    monkeypatch.setenv("WGO_POLL__PARALLEL", "5")
    monkeypatch.setenv("WGO_POL__PARALLEL", "5")
    assert check().problems[0].fix == "Did you mean WGO_POLL__…?"


def test_options_are_checked_against_their_provider() -> None:
    written("sources:\n  - name: a\n    provider: some\n    options:\n      clustr: x\n")
    problem = check(options_of=lambda _: _Options).problems[0]
    assert (problem.line, problem.field, problem.fix[:21]) == (5, "sources.0.options.clustr", "Did you mean cluster?")


def test_a_provider_that_does_not_exist_is_named_with_those_that_do() -> None:
    written("sources:\n  - name: a\n    provider: kubernets\n")
    problem = check(options_of=lambda name: providers.load(name).Settings).problems[0]
    assert (problem.line, problem.says) == (3, "there is no provider 'kubernets'")
    assert "kubernetes" in problem.fix


def test_the_sample_is_read_as_it_is_and_with_every_setting_taken_in() -> None:
    text = sample({"some": _Options})
    written(text)
    assert check().problems == ()
    settings = re.compile(r"^( *)#(?! )", re.MULTILINE)
    written(settings.sub(r"\1", text))
    found = check(options_of=lambda _: _Options)
    assert found.problems == ()
    assert found.settings is not None
    assert (found.settings.sources[0].name, found.settings.channels[0].channel) == ("prod-some", "C0123456789")


def test_a_time_zone_that_does_not_exist_is_named_with_its_line_and_what_it_is_for() -> None:
    written("channels:\n  - channel: C1\n    quiet_from: 22:00\n    quiet_until: 07:00\n    time_zone: Mars/Base\n")
    with pytest.raises(SettingsError, match=r"^wgo.yaml, line 5: channels.0.time_zone: there is no time zone 'Mars/Base'$") as refused:
        load()
    assert "Europe/Madrid" in refused.value.next_step


_BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n" for before, name in zip("abcdefghij", "bcdefghijk", strict=True)
)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("slack:\n  channel: C\0\n", "this is no YAML: unacceptable character #x0000: special characters are not allowed"),
        (_BOMB, "its aliases written out are more values than settings can be"),
        ("a: &a [*a]\n", "its aliases written out are more values than settings can be"),
        ("[" * 100_000, "this is no YAML of settings: it is nested too deep"),
    ],
    ids=["a NUL", "aliases of aliases", "a list that holds itself", "depth"],
)
def test_a_file_that_would_break_or_hold_up_the_reader_is_named_as_unusable(text: str, says: str) -> None:
    written(text)
    with pytest.raises(SettingsError) as refused:
        load()
    assert str(refused.value) == f"wgo.yaml: {says}"
    assert refused.value.next_step


def test_an_alias_means_what_its_anchor_says() -> None:
    written("channels:\n  - {channel: C1, environments: &both [prod, stage]}\n  - {channel: C2, environments: *both}\n")
    assert [one.environments for one in load().channels] == [("prod", "stage"), ("prod", "stage")]
