"""What of the machine every run may read: programs and libraries, and of /etc what holds no secret."""

from __future__ import annotations

import os

PROGRAMS = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/opt", "/nix/store", "/gnu/store")
_OF_ETC = (
    "alternatives", "ca-certificates", "ca-certificates.conf", "crypto-policies", "debian_version", "fonts", "gai.conf",
    "host.conf", "hosts", "inputrc", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime", "magic", "mime.types",
    "nsswitch.conf", "os-release", "pki/ca-trust", "pki/tls/certs", "profile", "protocols", "services", "shells",
    "ssl/certs", "ssl/openssl.cnf", "timezone", "xml",
)  # fmt: skip
_FOR_NETWORK = ("resolv.conf",)
_BY_BEGINNING = ("java-", "python3", "perl", "ruby")
HOME = "/tmp/home"  # noqa: S108  in the /tmp of the run, not the machine's
DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty")
FACTS = tuple(
    f"/proc/{name}"
    for name in ("cpuinfo", "meminfo", "stat", "version", "filesystems", "loadavg", "uptime", "sys/kernel", "sys/vm")
)


def of_etc(network: bool) -> list[str]:
    """Paths below /etc that a run may read; those that are there."""
    begun = [name for name in listed("/etc") if name.startswith(_BY_BEGINNING)]
    names = [*_OF_ETC, *begun, *(_FOR_NETWORK if network else ())]
    return [path for name in names if os.path.exists(path := f"/etc/{name}")]


def listed(folder: str) -> list[str]:
    """The names in a folder, sorted; none if it cannot be read."""
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []
