"""The command line over a small registry: words in, fields out; what is printed, and how it ends."""

from __future__ import annotations

import io
import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from exosuit.core.errors import UsageError
from exosuit.faces.call import Call
from exosuit.faces.cli import main, parse
from tests.wire.notes import SUIT


def parsed(line: str) -> Call:
    call = parse(line.split(), SUIT)
    assert call is not None
    return call


def run(*words: str, given: bytes = b"", **settings: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "tests.wire.notes", *words]
    return subprocess.run(command, input=given, capture_output=True, timeout=30, env=os.environ | settings)


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        ("note write a", {"subject": "a"}),
        ("note write a b c", {"subject": "a", "words": ["b", "c"]}),
        ("note write a b --times 2 c --dry-run", {"subject": "a", "words": ["b", "c"], "times": "2", "dry_run": True}),
        ("note write a --with f.txt", {"subject": "a", "with": "f.txt"}),
        ("note write a --with=f.txt", {"subject": "a", "with": "f.txt"}),
        ("note write a --pair x y", {"subject": "a", "pair": ["x", "y"]}),
        ("note write a --tags x y z", {"subject": "a", "tags": ["x", "y", "z"]}),
        ("note write a --tags x --tags y", {"subject": "a", "tags": ["x", "y"]}),
        ("note write a --tone loud", {"subject": "a", "tone": "loud"}),
        ("note write -- -a --b", {"subject": "-a", "words": ["--b"]}),
        ("note list", {}),
        ("note list a --wide", {"subject": "a", "wide": True}),
    ],
)
def test_words_become_fields(line: str, fields: dict[str, object]) -> None:
    assert parsed(line) == Call(".".join(line.split()[:2]), fields)


@pytest.mark.parametrize(
    "line",
    ["-C d --json note list a", "--json -C d note list a", "note list a -C d --json", "-C d note list --json a"],
)
def test_the_workspace_and_json_may_stand_before_or_after_the_command(line: str) -> None:
    assert parsed(line) == Call("note.list", {"subject": "a"}, "d", json=True)


@pytest.mark.parametrize(
    ("line", "said", "hinted"),
    [
        ("note write", 'Command "note write" parameter SUBJECT requires an argument', "see exosuit note write --help"),
        ("note wirte a", 'Unknown command "wirte"', 'did you mean "write"? see exosuit note --help'),
        ("nope", 'Unknown command "nope"', "see exosuit --help"),
        ("note list --wode", "Unknown option: --wode", "did you mean --wide? see exosuit note list --help"),
        (
            "note write a --pair x",
            'Command "note write" parameter --pair requires 2 positional arguments. Only got 1',
            "",
        ),
        ("note write a --secret x", "Unknown option: --secret", "see exosuit note write --help"),
        ("-C", "-C needs a folder", "exosuit -C DIR COMMAND"),
    ],
)
def test_words_that_mean_nothing_are_wrong_usage_with_a_hint(line: str, said: str, hinted: str) -> None:
    with pytest.raises(UsageError) as raised:
        parse(line.split(), SUIT)
    assert raised.value.message == said
    assert hinted in raised.value.hint


def test_limits_are_checked_by_the_model_and_exit_with_2(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["-C", str(tmp_path), "note", "write", "a", "--times", "9", "--tone", "shrill"], SUIT) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "error: tone: Input should be 'plain' or 'loud'; times: Input should be less than or equal to 5",
        "hint: see exosuit note write --help",
    ]


def test_a_command_that_fails_exits_with_1_and_two_lines_whatever_its_words(tmp_path: Path) -> None:
    done = run("-C", str(tmp_path), "note", "fail")
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr == b"error: it cannot be done\\nhere\nhint: do it elsewhere\n"


def test_with_json_an_error_is_one_line_of_json_on_standard_error(tmp_path: Path) -> None:
    done = run("-C", str(tmp_path), "note", "fail", "busy", "--json")
    assert (done.returncode, done.stdout) == (1, b"")
    assert json.loads(done.stderr) == {
        "code": "busy",
        "message": "somebody else is at it",
        "hint": "try again",
        "retryable": True,
    }
    assert json.loads(run("note", "nope", "--json").stderr)["code"] == "bad-usage"


def test_a_defect_is_an_error_without_a_trace_and_cannot_steer_the_terminal(tmp_path: Path) -> None:
    done = run("-C", str(tmp_path), "note", "fail", "defect")
    assert done.returncode == 1
    assert done.stderr.startswith(
        b"error: RuntimeError: a defect with a \\x1b[31msecret\\x1b[0m\nhint: set EXOSUIT_TRACE=1"
    )
    assert b"Traceback" in run("-C", str(tmp_path), "note", "fail", "defect", EXOSUIT_TRACE="1").stderr


def test_the_result_is_words_for_people_and_json_for_programs(tmp_path: Path) -> None:
    words = run("-C", str(tmp_path), "note", "write", "a", "hello", "--tags", "x")
    assert words.stdout == b"subject  a\ntext  hello\ntags  x\nseq  1\n"
    listed = run("-C", str(tmp_path), "note", "list", "a", "--json")
    assert listed.stdout == b'{"notes": [{"seq": 1, "text": "hello"}]}\n'


def test_json_is_ascii_so_that_it_cannot_steer_a_terminal(tmp_path: Path) -> None:
    done = run("-C", str(tmp_path), "note", "write", "a", "\x9b31m\u202e", "--json")
    assert done.stdout.isascii()
    assert json.loads(done.stdout)["text"] == "\x9b31m\u202e"


def test_a_dash_is_standard_input_where_a_file_is_wanted_and_a_dash_elsewhere(tmp_path: Path) -> None:
    done = run("-C", str(tmp_path), "note", "write", "-", "-", "--with", "-", "--json", given=b"from a pipe")
    assert json.loads(done.stdout) == {"subject": "-", "text": "from a pipe", "pair": None, "tags": [], "seq": 1}


def test_a_file_is_found_from_the_callers_folder_not_from_the_workspace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace, here = tmp_path / "workspace", tmp_path / "here"
    for folder in (workspace, here):
        folder.mkdir()
        (folder / "f.txt").write_text(folder.name)
    monkeypatch.chdir(here)
    # The package itself is found by its absolute place, the tests by this.
    done = run("-C", str(workspace), "note", "write", "a", "--with", "f.txt", "--json", PYTHONPATH=_path())
    assert json.loads(done.stdout)["text"] == "here"


def _path() -> str:
    return os.pathsep.join([str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")])


@pytest.mark.parametrize("words", [[], ["--help"], ["-h"], ["note"], ["note", "--help"], ["note", "write", "--help"]])
def test_help_is_printed_and_is_no_error(words: list[str]) -> None:
    done = run(*words)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b"Usage: exosuit")


def test_help_shows_fields_defaults_and_choices_and_no_hidden_field() -> None:
    text = run("note", "write", "--help").stdout.decode()
    for part in (
        "SUBJECT",
        "--with FILE",
        "--tone plain|loud",
        "--times N",
        "[default: 1]",
        "--dry-run",
        "-C DIR",
        "--json",
    ):
        assert part in text
    assert "--secret" not in text
    assert "--no-dry-run" not in text


def test_the_version_is_that_of_the_package() -> None:
    from exosuit import __version__

    assert run("--version").stdout.decode().strip() == __version__


def test_top_level_help_imports_nothing_heavy() -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "exosuit", "--help"], capture_output=True, text=True, check=True
    )
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "cyclopts" in imported
    assert not imported & {
        "pydantic",
        "pygit2",
        "mcp",
        "starlette",
        "uvicorn",
        "markdown_it",
        "exosuit.commands.models",
    }


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_knows_every_command(shell: str) -> None:
    done = subprocess.run([sys.executable, "-m", "exosuit", "completion", shell], capture_output=True, timeout=30)
    assert done.returncode == 0
    for word in (b"change", b"accept", b"dry-run", b"serve", b"no-open"):
        assert word in done.stdout


def test_completion_for_a_shell_that_it_does_not_know_is_wrong_usage() -> None:
    for done in (run("completion", "tcsh"), run("completion", SHELL="/bin/tcsh")):
        assert done.returncode == 2
        assert b"tcsh" in done.stderr


def test_a_reader_that_goes_away_is_no_error_message() -> None:
    command = f"{sys.executable} -m exosuit completion bash | head -c 10; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, timeout=30)
    assert (len(done.stdout), done.stderr) == (10, b"")
    assert done.returncode in (0, 141)


@pytest.mark.parametrize("words", [["--help"], ["change"], ["change", "import", "--help"], ["completion", "bash"]])
def test_a_reader_that_is_gone_ends_every_command_alike(words: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run([sys.executable, "-m", "exosuit", *words], stdout=writing, stderr=subprocess.PIPE, timeout=30)
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, b"")


def test_a_full_disk_behind_standard_output_is_an_error_with_a_hint(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.wire.notes", "-C", str(tmp_path), "note", "list", "--json"]
    with open("/dev/full", "wb") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, timeout=30)
    assert done.returncode == 1
    assert json.loads(done.stderr)["code"] == "input-output"


def test_ctrl_c_ends_a_command_with_130_and_one_word(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.wire.notes", "-C", str(tmp_path), "note", "fail", "ok", "--seconds", "20"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    time.sleep(1.5)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (130, b"", b"\nstopped\n")


def on_terminal(*words: str, **settings: str) -> str:
    """What a person sees on a terminal, standard error included."""
    out = io.BytesIO()
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.update(settings)
        os.execv(sys.executable, [sys.executable, "-m", "tests.wire.notes", *words])
    try:
        while data := os.read(terminal, 65536):
            out.write(data)
    except OSError:  # Linux ends a terminal's output so
        pass
    os.waitpid(pid, 0)
    os.close(terminal)
    return out.getvalue().decode()


def test_colour_is_for_terminals_only_and_not_for_those_who_do_not_want_it(tmp_path: Path) -> None:
    assert "\x1b[31merror:\x1b[0m" in on_terminal("-C", str(tmp_path), "note", "fail", NO_COLOR="", TERM="xterm")
    for settings in ({"NO_COLOR": "1", "TERM": "xterm"}, {"NO_COLOR": "", "TERM": "dumb"}):
        assert "\x1b[" not in on_terminal("-C", str(tmp_path), "note", "fail", **settings)
    assert b"\x1b[" not in run("-C", str(tmp_path), "note", "fail", NO_COLOR="").stderr


def test_what_takes_longer_than_a_second_shows_a_bar_that_is_gone_at_the_end(tmp_path: Path) -> None:
    seen = on_terminal("-C", str(tmp_path), "note", "fail", "ok", "--seconds", "2", "--json")
    assert " left" in seen
    assert "waiting  [####" in seen
    last = seen.rindex("\r\x1b[2K")
    assert json.loads(seen[last + len("\r\x1b[2K") :]) == {"done": True, "filler": ""}
    assert "\r\x1b[2K" not in on_terminal("-C", str(tmp_path), "note", "fail", "ok", "--seconds", "0.1")


def test_there_is_no_bar_where_nobody_looks(tmp_path: Path) -> None:
    assert run("-C", str(tmp_path), "note", "fail", "ok", "--seconds", "1.3").stderr == b""
