"""The command line: what it prints, and the exit status that scripts rely on."""

import fcntl
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from bot import cli


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "150")
    monkeypatch.setenv("WGO_DATABASE__URL", f"sqlite:///{tmp_path}/wgo.db")
    monkeypatch.delenv("WGO_CONFIG", raising=False)


def wgo(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    """The exit status."""
    monkeypatch.setattr(sys, "argv", ["wgo", *words])
    try:
        cli.main()
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


def test_help_names_every_command_and_imports_none(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    asked = "import sys; from bot import cli; sys.argv = ['wgo', '--help']\ntry: cli.main()\nexcept SystemExit: pass\nprint([m for m in "
    asked += "('slack_bolt', 'sqlalchemy', 'anthropic', 'dateparser', 'boto3', 'core.providers', 'bot.app') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True, env=dict(os.environ))
    assert done.stdout.splitlines()[-1] == "[]"
    assert all(f" {name} " in done.stdout for name in cli.COMMANDS)


@pytest.mark.parametrize("name", sorted(set(cli.COMMANDS) - {"demo"}))
def test_every_command_explains_itself(name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert wgo(monkeypatch, name, "--help") == 0
    assert "Usage: wgo" in capsys.readouterr().out


@pytest.mark.parametrize("words", [["doctro"], ["ask"], ["history", "--limit", "0"], ["catchup", "--nope"]])
def test_wrong_usage_is_status_2(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert wgo(monkeypatch, *words) == 2


def test_a_misspelt_command_names_the_nearest(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert wgo(monkeypatch, "doctro") == 2
    assert "There is no command 'doctro'. Did you mean doctor?" in capsys.readouterr().err


def test_settings_that_cannot_be_used_are_one_line_the_next_step_and_status_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("wgo.yaml").write_text("pol: {}\n", encoding="utf-8")
    assert wgo(monkeypatch, "status") == 2
    assert capsys.readouterr().err.splitlines() == [
        "wgo: wgo.yaml, line 1: pol: there is no such setting",
        "  → Did you mean poll? `wgo config check` lists everything; `wgo config example` shows every setting.",
    ]


def test_config_check_lists_what_is_wrong_as_json_too(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert wgo(monkeypatch, "config", "check") == 0
    Path("wgo.yaml").write_text("slack: {chanel: C1}\n", encoding="utf-8")
    capsys.readouterr()
    assert wgo(monkeypatch, "config", "check", "--json") == 2
    found = json.loads(capsys.readouterr().out)
    assert (found["usable"], found["problems"][0]["field"], found["problems"][0]["line"]) == (False, "slack.chanel", 1)


def test_the_example_is_a_file_that_can_be_used(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert wgo(monkeypatch, "config", "example") == 0
    Path("wgo.yaml").write_text(capsys.readouterr().out, encoding="utf-8")
    assert wgo(monkeypatch, "config", "check") == 0


def test_a_store_that_is_not_there_is_status_1_with_the_next_step(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert wgo(monkeypatch, "catchup") == 1
    assert "  → " in capsys.readouterr().err
    assert wgo(monkeypatch, "db", "status") == 1


def test_words_that_name_no_time_are_status_2(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert wgo(monkeypatch, "db", "upgrade") == 0
    assert wgo(monkeypatch, "catchup", "since", "blurday") == 2
    assert "can't read a time in “since blurday”" in capsys.readouterr().err


def test_an_empty_store_is_told_as_unread_never_as_quiet(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    wgo(monkeypatch, "db", "upgrade")
    capsys.readouterr()
    assert wgo(monkeypatch, "catchup") == 0
    said = capsys.readouterr().out
    assert "no source has been read yet" in said
    assert "Quiet" not in said
    assert wgo(monkeypatch, "status") == 0
    assert "Nothing has been read yet" in capsys.readouterr().out
    assert wgo(monkeypatch, "ask", "what", "changed", "today") == 0
    assert "I have not read any source yet" in capsys.readouterr().out
    assert wgo(monkeypatch, "watch", "--once", "--history-window", "24h") == 0
    for words in ("soon", "-5 days", "0h"):
        assert wgo(monkeypatch, "watch", "--once", f"--history-window={words}") == 2
        assert wgo(monkeypatch, "history", f"--since={words}") == 2


@pytest.mark.parametrize("words", [["catchup"], ["ask", "what", "changed"], ["history"], ["status"], ["watch", "--once"]])
def test_a_time_zone_that_does_not_exist_is_wrong_usage(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("Mars/Phobos", "../UTC"):
        assert wgo(monkeypatch, *words, "--time-zone", name) == 2
        assert f"there is no time zone '{name}'" in capsys.readouterr().err


def test_the_status_is_told_as_json_too(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    wgo(monkeypatch, "db", "upgrade")
    capsys.readouterr()
    assert wgo(monkeypatch, "status", "--json") == 0
    assert json.loads(capsys.readouterr().out)["open_for"] == 3 * 24 * 60 * 60


def test_what_one_did_oneself_is_not_answered_with_what_everybody_did(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wgo(monkeypatch, "db", "upgrade")
    capsys.readouterr()
    assert wgo(monkeypatch, "ask", "what", "did", "I", "change", "today") == 0
    assert capsys.readouterr().out.startswith("I don't know under which name you act in what I watch")


def test_marking_as_read_in_the_terminal_moves_the_next_report(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    wgo(monkeypatch, "db", "upgrade")
    wgo(monkeypatch, "catchup", "--reader", "me", "--mark-read")
    capsys.readouterr()
    assert wgo(monkeypatch, "catchup", "--reader", "me", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["period"]["started"], found["quiet"], found["counts"]["total"]) == ("watermark", False, 0)


def test_a_backup_is_put_back(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    wgo(monkeypatch, "db", "upgrade")
    capsys.readouterr()
    assert wgo(monkeypatch, "backup", "--folder", "kept", "--json") == 0
    file = json.loads(capsys.readouterr().out)["file"]
    assert wgo(monkeypatch, "restore", file, "--yes") == 0
    assert wgo(monkeypatch, "restore", "nothing.db", "--yes") == 2


def test_a_password_in_the_database_s_address_is_not_shown(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("WGO_DATABASE__URL", "postgresql://wgo:geheim@127.0.0.1:9/wgo")
    assert wgo(monkeypatch, "db", "status") == 1
    assert "geheim" not in "".join(capsys.readouterr())


def test_a_reader_that_goes_away_is_no_noise(monkeypatch: pytest.MonkeyPatch) -> None:
    piped = f"{sys.executable} -m bot.cli config example | head -1"
    done = subprocess.run(["bash", "-c", piped], capture_output=True, text=True, cwd=Path(cli.__file__).parents[1], check=False)
    assert (done.stderr, done.stdout.count("\n")) == ("", 1)


def test_an_evaluation_of_nothing_is_no_table_of_nothing(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    Path("plain.jsonl").write_text('{"a": 1}\n')
    assert wgo(monkeypatch, "eval", "plain.jsonl") == 2
    said = capsys.readouterr()
    assert (said.out, "no labelled record is in plain.jsonl" in said.err) == ("", True)


def test_a_page_that_cannot_have_its_port_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert wgo(monkeypatch, "demo", "--folder", str(tmp_path / "run"), "--port", str(port)) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert f"the page cannot have port {port}: Address already in use" in said
    assert "choose another --port" in said


def test_a_demo_that_plays_is_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "wgo.db").write_text("a week")
    with (folder / ".wgo-demo").open("ab") as mark:
        fcntl.flock(mark, fcntl.LOCK_EX)
        assert wgo(monkeypatch, "demo", "--folder", str(folder)) == 2
    assert f"a demo plays in {folder}" in "".join(capsys.readouterr().err.splitlines())
    assert (folder / "wgo.db").read_text() == "a week"
