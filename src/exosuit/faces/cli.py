"""The command line: words in, one call of the registry, words or JSON out.

Exit codes: 0 done, 1 an error or a result that leaves something to do (a failed check, a conflict), 2 a call that was
malformed, 130 stopped by Ctrl-C. An error is two lines on standard error, `error:` and `hint:`; with `--json` it is one
line of JSON there with the keys `code`, `message`, `hint`, `retryable`. Standard output carries results only.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from exosuit import __version__
from exosuit.core.errors import ExosuitError, UsageError
from exosuit.faces.call import STDIN, Call
from exosuit.faces.nouns import DEFAULTS, WORDS
from exosuit.faces.suit import REAL, Suit

if TYPE_CHECKING:
    from cyclopts import App, CycloptsError

COMMANDS, START = "Commands", "Start"
SHELLS: tuple[Literal["bash"], Literal["zsh"], Literal["fish"]] = ("bash", "zsh", "fish")
STOPPED = 130
PIPE_CLOSED = 141
OUTPUT_HINT = "check that there is space and that you may write there"
HELP = """See, take apart, apply and take back every change that an AI proposes.

-C DIR names the workspace; without it: the enclosing git repository, else this folder.
--json prints the result as JSON. Exit codes: 0 done, 1 error, failed check or conflict, 2 wrong usage, 130 stopped."""


def main(argv: Sequence[str] | None = None, suit: Suit = REAL) -> int:
    """Run one command line and return its exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    as_json = "--json" in words
    try:
        call = parse(words, suit)
        code = _perform(call, suit) if call is not None else 0
        sys.stdout.flush()
    except ExosuitError as error:
        report(error, as_json)
        return 2 if isinstance(error, UsageError) else 1
    except KeyboardInterrupt:
        print("\nstopped", file=sys.stderr)
        return STOPPED
    except BrokenPipeError:
        _silence()
        return PIPE_CLOSED
    except SystemExit as ended:
        if isinstance(ended.__context__, BrokenPipeError):  # how rich, which prints help, ends on one
            return PIPE_CLOSED
        raise
    except OSError as error:
        _silence()
        told = ExosuitError("input-output", f"{error.filename or 'standard output'}: {error.strerror}", OUTPUT_HINT)
        report(told, as_json)
        return 1
    except Exception as error:  # noqa: BLE001  a defect is told like any other error, and never as a traceback
        report(_unexpected(error), as_json)
        return 1
    return code


def _silence() -> None:
    """Let what is still buffered for standard output go nowhere, rather than fail once more at the end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def report(error: ExosuitError, as_json: bool) -> None:
    """The error on standard error: two lines, or one of JSON."""
    if as_json:
        print(json.dumps(error.as_dict()), file=sys.stderr)
        return
    from exosuit.faces.text import Paint, shown, wants_colour

    paint = Paint(wants_colour(sys.stderr))
    print(f"{paint('red', 'error:')} {shown(error.message)}", file=sys.stderr)
    if error.hint:
        print(f"{paint('bold', 'hint:')} {shown(error.hint)}", file=sys.stderr)


def parse(words: list[str], suit: Suit) -> Call | None:
    """The call that a command line means; None when all it asked for was help or the version. Raises UsageError."""
    words, folder, as_json = _leading(words)
    words = [STDIN if word == "-" else word for word in words]
    from cyclopts import CycloptsError

    app = root(suit, words[0] if words else None)
    try:
        call = app(words, exit_on_error=False, print_error=False, verbose=False, result_action="return_value")
    except CycloptsError as error:
        raise _usage(error) from None
    if not isinstance(call, Call):
        return None
    return Call(call.name, call.fields, call.folder or folder, call.json or as_json)


def root(suit: Suit, noun: str | None) -> App:
    """The application with one noun's commands in it, the others as names only; with noun `*`, all of them."""
    from cyclopts import App

    app = App(name="exosuit", help=HELP, version=__version__, help_format="plaintext", version_flags=["--version"])
    for name, doc in suit.nouns.items():
        if name not in WORDS:
            app.command(_noun(suit, name, doc) if noun in (name, "*") else App(name=name, help=doc, group=COMMANDS))
    for word, doc in WORDS.items():
        app.command(_word(suit, word) if noun in (word, "*") else App(name=word, help=doc, group=START))
    return app


def _noun(suit: Suit, noun: str, doc: str, group: str = COMMANDS) -> App:
    from cyclopts import App

    from exosuit.core.registry import Face
    from exosuit.faces.signature import from_command

    app = App(name=noun, help=doc, version_flags=[], help_format="plaintext", group=group)
    for command in suit.load():
        if command.noun == noun and Face.CLI in command.faces:
            app.command(from_command(command), name=command.verb.replace("_", "-"), version_flags=[])
            if command.name == DEFAULTS.get(noun):
                app.default(from_command(command))
    return app


def _word(suit: Suit, word: str) -> App:
    """A word's application; where it is a noun too, that noun's commands are in it."""
    from exosuit.faces.words import parser

    app = _noun(suit, word, WORDS[word], START)
    app.default(parser(word, suit))
    return app


def _perform(call: Call, suit: Suit) -> int:
    if call.name == "completion":
        return _completion(call, suit)
    if "." in call.name:
        from exosuit.faces.perform import perform

        return perform(call, suit)
    from exosuit.faces.words import start

    return start(call, suit)


def _completion(call: Call, suit: Suit) -> int:
    """Print the script for `eval "$(exosuit completion bash)"`."""
    wanted = call.fields.get("shell") or os.path.basename(os.environ.get("SHELL", "bash"))
    shell = next((known for known in SHELLS if known == wanted), None)
    if shell is None:
        raise UsageError("no-such-shell", f"no completion for {wanted}", "exosuit completion bash|zsh|fish")
    print(root(suit, "*").generate_completion(shell=shell))
    return 0


def _leading(words: list[str]) -> tuple[list[str], str | None, bool]:
    """Take `-C DIR` and `--json` off the front."""
    rest, folder, as_json = list(words), None, False
    while rest:
        if rest[0] == "--json":
            as_json = bool(rest.pop(0))
        elif rest[0] == "-C" and len(rest) > 1:
            folder = rest[1]
            del rest[:2]
        elif rest[0] == "-C":
            raise UsageError("bad-usage", "-C needs a folder", "exosuit -C DIR COMMAND")
        else:
            break
    return rest, folder, as_json


def _usage(error: CycloptsError) -> UsageError:
    """What cyclopts found wrong, as one line and a hint."""
    said = " ".join(str(error).split()).replace(STDIN, "-").partition(" Available commands:")[0]
    message, _, guess = said.partition(" Did you mean ")
    chain = " ".join(error.command_chain or ())
    known = f"see exosuit {chain} --help".replace("  ", " ")
    return UsageError(
        "bad-usage", message.rstrip("."), f"did you mean {guess.rstrip('?.')}? {known}" if guess else known
    )


def _unexpected(error: Exception) -> ExosuitError:
    """A defect of ours, told as an error; EXOSUIT_TRACE=1 shows where."""
    if os.environ.get("EXOSUIT_TRACE"):
        traceback.print_exception(error)
    return ExosuitError(
        "internal", f"{type(error).__name__}: {error}", "set EXOSUIT_TRACE=1 to see where, and report it"
    )
