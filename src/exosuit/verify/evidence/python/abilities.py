"""What a line of Python can do to the world, by what it calls: the tables, and how a call is read against them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from exosuit.verify.evidence.python.names import dotted, imports, line_of, rebound, text_of
from exosuit.verify.plan.python.scopes import own_parts
from exosuit.verify.plan.python.source import Source

NETWORK, PROGRAM, CODE, OBJECTS, SQL = "the network", "other programs", "code from data", "objects from data", "SQL"
FILES, TEMPORARY, SURROUNDINGS, RIGHTS, CRYPTO = (
    "files",
    "temporary files",
    "the environment",
    "permissions",
    "cryptography",
)

_BY_MODULE: dict[str, tuple[str, ...]] = {
    NETWORK: (
        "socket", "urllib.request", "urllib3", "http.client", "http.server", "requests", "httpx", "aiohttp", "ftplib",
        "smtplib", "telnetlib", "poplib", "imaplib", "nntplib", "xmlrpc", "socketserver", "websockets", "websocket",
        "paramiko", "grpc", "boto3", "botocore", "asyncssh", "pycurl", "zmq", "redis", "pymongo", "kafka", "dns",
        "asyncio.open_connection", "asyncio.start_server", "asyncio.create_server", "httplib2", "treq",
        "tornado.httpclient",
    ),
    PROGRAM: (
        "subprocess", "os.system", "os.popen", "os.execl", "os.execle", "os.execlp", "os.execv", "os.execve",
        "os.execvp", "os.execvpe", "os.spawnl", "os.spawnv", "os.spawnve", "os.spawnvp", "os.posix_spawn", "os.fork",
        "os.startfile", "pty.spawn", "pexpect", "sh", "plumbum", "invoke.run", "fabric", "commands.getoutput",
        "asyncio.create_subprocess_exec", "asyncio.create_subprocess_shell", "anyio.run_process", "anyio.open_process",
        "trio.run_process", "webbrowser",
    ),
    CODE: (
        "eval", "exec", "compile", "__import__", "importlib.import_module", "importlib.util.spec_from_file_location",
        "runpy", "code.InteractiveInterpreter", "types.CodeType", "ctypes", "cffi", "builtins.eval", "builtins.exec",
        "builtins.compile", "builtins.__import__", "imp.load_source", "numexpr.evaluate",
    ),
    OBJECTS: (
        "pickle.load", "pickle.loads", "pickle.Unpickler", "cPickle.load", "cPickle.loads", "_pickle.loads",
        "dill.load",
        "dill.loads", "cloudpickle.load", "cloudpickle.loads", "joblib.load", "marshal.load", "marshal.loads",
        "shelve.open", "yaml.load", "yaml.load_all", "yaml.unsafe_load", "yaml.unsafe_load_all", "yaml.full_load",
        "jsonpickle.decode", "torch.load", "pandas.read_pickle", "ruamel.yaml.YAML",
    ),
    FILES: (
        "os.remove", "os.unlink", "os.rename", "os.replace", "os.rmdir", "os.removedirs", "os.truncate", "os.symlink",
        "os.link", "shutil.rmtree", "shutil.move", "shutil.copy", "shutil.copy2", "shutil.copyfile", "shutil.copytree",
        "zipfile.ZipFile.extractall", "shutil.unpack_archive", "send2trash",
    ),
    TEMPORARY: ("tempfile",),
    SURROUNDINGS: ("os.environ", "os.getenv", "os.putenv", "os.unsetenv", "os.environb", "environ"),
    RIGHTS: (
        "os.chmod", "os.chown", "os.lchown", "os.setuid", "os.setgid", "os.seteuid", "os.setegid", "os.umask",
        "os.chroot", "getpass", "keyring", "pwd", "spwd", "crypt",
    ),
    CRYPTO: (
        "hashlib", "hmac", "secrets", "cryptography", "Crypto", "Cryptodome", "nacl", "jwt", "jose", "bcrypt",
        "passlib",
        "argon2", "ssl", "OpenSSL", "itsdangerous", "rsa", "ecdsa",
    ),
}  # fmt: skip
"""Modules, and functions of modules, by what they reach."""

_BY_METHOD = {"write_text": FILES, "write_bytes": FILES, "unlink": FILES, "rmdir": FILES, "extractall": FILES,
              "chmod": RIGHTS, "execute": SQL, "executemany": SQL, "executescript": SQL, "raw": SQL}  # fmt: skip
_BUILT_IN = {"eval", "exec", "compile", "__import__", "open"}
_NAMES = {name: ability for ability, names in _BY_MODULE.items() for name in names}
_NO_EFFECT = ("Error", "Exception", "Warning", "Timeout", "PIPE", "STDOUT", "DEVNULL")


@dataclass(frozen=True)
class Ability:
    """Something that a line can do: `what` is one of the words above, `by` the resolved name that it is done by.

    `danger` says why it is never right as it stands; empty where it is only worth a look.
    """

    what: str
    by: str
    danger: str
    text: str
    line: int

    @property
    def key(self) -> tuple[str, str, str]:
        return self.what, self.by, self.danger


def abilities(source: Source, index: int, path: bytes) -> Iterator[Ability]:
    """What a statement's own part can do. An import alone can do nothing."""
    node: Any = source.statements[index].node
    imported = imports(source, path)
    called: set[int] = set()
    for part in own_parts(node):
        if isinstance(part, ast.Call):
            called.update(id(one) for one in _chain(part.func))
            name = _meaning(source, part.func, imported)
            what = _what(name, part)
            danger = _danger(name, part)
            if what or danger:
                yield Ability(what or NETWORK, name, danger, text_of(part, 60), line_of(source, index, part))
        elif isinstance(part, ast.Attribute | ast.Name) and id(part) not in called:
            name = dotted(part, imported)
            if _is_function(name) and name.partition(".")[0] in _roots(imported):
                yield Ability(_NAMES[name], name, "", text_of(part, 60), line_of(source, index, part))
        elif isinstance(part, ast.Assign) and (danger := _unguarded(part)):
            yield Ability(CRYPTO, "ssl", danger, text_of(part, 60), line_of(source, index, part))


def _chain(node: Any) -> Iterator[Any]:
    """An expression such as `a.b.c` and what it hangs on."""
    yield node
    while isinstance(node, ast.Attribute):
        node = node.value
        yield node


def _roots(imported: dict[str, str]) -> set[str]:
    return {one.partition(".")[0] for one in imported.values()}


def _is_function(name: str) -> bool:
    """Whether a name of the tables is one function rather than a whole module: handed on, it can be called."""
    return name in _NAMES and "." in name


def _meaning(source: Source, function: Any, imported: dict[str, str]) -> str:
    name = dotted(function, imported)
    if name in _BUILT_IN and name in rebound(source):
        return ""
    first = name.partition(".")[0]
    if isinstance(function, ast.Attribute) and first and first not in imported.values() and "." in name:
        known = any(one == first or one.startswith(first + ".") for one in imported.values())
        return name if known else "." + name.rpartition(".")[2]
    return name


def _what(name: str, call: ast.Call) -> str:
    """The word for what a call can do; empty for nothing."""
    if name.rpartition(".")[2].endswith(_NO_EFFECT) or not name:
        return ""
    if name in ("open", "io.open", "codecs.open", "os.fdopen", "builtins.open", ".open"):
        return FILES if _writes(call, 0 if name == ".open" else 1) else ""
    if name.startswith("."):
        what = _BY_METHOD.get(name[1:], "")
        return what if what != SQL or _is_built(_first(call)) else ""
    if name in ("compile", "re.compile") and name != "compile":
        return ""
    steps = name.split(".")
    for end in range(len(steps), 0, -1):
        if what := _NAMES.get(".".join(steps[:end]), ""):
            return "" if what == OBJECTS and _is_safe_loader(call) else what
    return ""


def _writes(call: ast.Call, place: int) -> bool:
    mode = call.args[place] if len(call.args) > place else None
    for one in call.keywords:
        mode = one.value if one.arg == "mode" else mode
    return (
        isinstance(mode, ast.Constant)
        and isinstance(mode.value, str)
        and bool(set("wax+") & set(mode.value))
        and len(mode.value) < 5
    )


def _first(call: ast.Call) -> Any:
    return (
        call.args[0] if call.args else next((one.value for one in call.keywords if one.arg in ("sql", "query")), None)
    )


def _is_safe_loader(call: ast.Call) -> bool:
    given = [*call.args[1:], *(one.value for one in call.keywords if one.arg == "Loader")]
    return any(
        dotted(one, {}).rpartition(".")[2] in ("SafeLoader", "CSafeLoader", "BaseLoader", "CBaseLoader")
        for one in given
    )


_SQL_VERBS = ("select ", "insert ", "update ", "delete ", "drop ", "create ", "alter ", "replace ", "with ", "pragma ")


def _is_built(node: Any) -> bool:
    """Whether a statement of SQL is put together from parts that are not written out."""
    if isinstance(node, ast.JoinedStr):
        return any(isinstance(one, ast.FormattedValue) for one in node.values) and _is_sql(node.values[0])
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mod):
        left = node.left
        while isinstance(left, ast.BinOp):
            left = left.left
        return _is_sql(left) and not (
            isinstance(node.op, ast.Add)
            and isinstance(node.right, ast.Constant)
            and isinstance(node.left, ast.Constant)
        )
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
        return _is_sql(node.func.value)
    return False


def _is_sql(node: Any) -> bool:
    if isinstance(node, ast.JoinedStr):
        return bool(node.values) and _is_sql(node.values[0])
    return (
        isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and node.value.lstrip().lower().startswith(_SQL_VERBS)
    )


def _danger(name: str, call: ast.Call) -> str:
    """Why a call is never right as it stands; empty where it may be."""
    last = name.rpartition(".")[2]
    options = {one.arg: one.value for one in call.keywords if one.arg}
    if _is(options.get("verify"), False) and (
        name.startswith((".", "requests", "httpx")) or last in ("get", "post", "request")
    ):
        return "certificates are not verified"
    if name in ("ssl._create_unverified_context", "ssl._create_default_https_context"):
        return "certificates are not verified"
    if _is(options.get("shell"), True) and name.startswith("subprocess.") and not _is_written_out(_first(call)):
        return "a shell runs a command that is put together"
    if name in ("os.system", "os.popen") and call.args and not _is_written_out(call.args[0]):
        return "a shell runs a command that is put together"
    if name in ("eval", "exec", "builtins.eval", "builtins.exec") and call.args and not _is_written_out(call.args[0]):
        return "what is evaluated is not written out"
    if name in ("yaml.load", "yaml.load_all", "yaml.unsafe_load", "yaml.unsafe_load_all") and not _is_safe_loader(call):
        return "the loader makes any object that the data asks for"
    if name in ("tempfile.mktemp", "os.tempnam", "os.tmpnam"):
        return "somebody else can take the name first"
    if last == "chmod" and call.args and _is_open_to_all(call.args[-1]):
        return "everybody may write"
    if name.startswith(".execute") and _is_built(_first(call)):
        return "the statement is put together from parts"
    if last == "decode" and name.startswith("jwt") and _is_unverified(options):
        return "the signature is not verified"
    return ""


def _is(node: Any, value: object) -> bool:
    return isinstance(node, ast.Constant) and node.value is value


def _is_written_out(node: Any) -> bool:
    """Whether a value holds nothing but what stands there."""
    if isinstance(node, ast.List | ast.Tuple):
        return all(map(_is_written_out, node.elts))
    if isinstance(node, ast.BinOp):
        return _is_written_out(node.left) and _is_written_out(node.right)
    return isinstance(node, ast.Constant)


def _is_open_to_all(node: Any) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, int) and bool(node.value & 0o002)


def _is_unverified(options: dict[str, Any]) -> bool:
    if _is(options.get("verify"), False):
        return True
    asked = options.get("options")
    if not isinstance(asked, ast.Dict):
        return False
    return any(_is(value, False) and isinstance(key, ast.Constant) and key.value == "verify_signature"
               for key, value in zip(asked.keys, asked.values, strict=True))  # fmt: skip


def _unguarded(node: ast.Assign) -> str:
    """Whether an assignment turns the verification of certificates off."""
    for target in node.targets:
        if isinstance(target, ast.Attribute):
            name = dotted(node.value, {})
            if target.attr in ("verify", "check_hostname") and _is(node.value, False):
                return "certificates are not verified"
            if target.attr == "verify_mode" and name.endswith("CERT_NONE"):
                return "certificates are not verified"
            if target.attr == "_create_default_https_context":
                return "certificates are not verified"
    return ""
