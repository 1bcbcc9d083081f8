"""Limits of this machine that would spoil a run, and the line that lifts each."""

from __future__ import annotations

import os
import resource
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

Read = Callable[[str], str | None]
"""The text of a file; None when there is none."""


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit: what it is now, whether that is enough, why it matters and how to lift it."""

    name: str
    value: str
    ok: bool
    why: str
    lift: str | None = None


def read_file(path: str) -> str | None:
    """The stripped text of a file of the kernel, None when it cannot be read."""
    try:
        return Path(path).read_text().strip()
    except OSError:
        return None


def limits(read: Read = read_file) -> list[Limit]:
    """All limits that can be read here, those that matter most first."""
    checks = (_open_files, _cores, _clock, _ports, _backlog, _conntrack, _memory, _governor)
    return [limit for check in checks if (limit := check(read)) is not None]


def _open_files(read: Read) -> Limit:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    enough = hard == resource.RLIM_INFINITY or hard >= 65_536
    return Limit(
        "open files of a process",
        "unlimited" if hard == resource.RLIM_INFINITY else f"{hard:,}",
        enough,
        "each connection is one; past it Kilobar starts more workers than cores",
        "ulimit -Hn 1048576   (or LimitNOFILE= of the service)",
    )


def _cores(read: Read) -> Limit:
    usable = len(os.sched_getaffinity(0))
    return Limit(
        "usable cores",
        str(usable),
        usable >= 2,
        "generator and target on one core disturb each other",
        "give the container or virtual machine a second core",
    )


def _clock(read: Read) -> Limit | None:
    source = read("/sys/devices/system/clocksource/clocksource0/current_clocksource")
    if source is None:
        return None
    return Limit(
        "clock source",
        source,
        source in {"tsc", "kvm-clock", "arch_sys_counter", "hyperv_clocksource_tsc_page"},
        "with any other, reading the clock is a system call, some times a request",
        "echo tsc > /sys/devices/system/clocksource/clocksource0/current_clocksource",
    )


def _ports(read: Read) -> Limit | None:
    text = read("/proc/sys/net/ipv4/ip_local_port_range")
    if text is None:
        return None
    low, high = (int(port) for port in text.split())
    count = high - low + 1
    return Limit(
        "local ports to one target address",
        f"{count:,} ({low} to {high})",
        count >= 50_000,
        "one connection each; closed ones stay taken for a minute",
        "sysctl -w net.ipv4.ip_local_port_range='1024 65535'",
    )


def _backlog(read: Read) -> Limit | None:
    text = read("/proc/sys/net/core/somaxconn")
    if text is None:
        return None
    return Limit(
        "connections waiting to be accepted",
        text,
        int(text) >= 4096,
        "concerns a target on this machine: many users that start together wait a second for a repeated SYN",
        "sysctl -w net.core.somaxconn=4096",
    )


def _conntrack(read: Read) -> Limit | None:
    text = read("/proc/sys/net/netfilter/nf_conntrack_max")
    if text is None:
        return None
    return Limit(
        "connections that the firewall tracks",
        f"{int(text):,}",
        int(text) >= 262_144,
        "past it new connections are silently dropped",
        "sysctl -w net.netfilter.nf_conntrack_max=1048576",
    )


def _memory(read: Read) -> Limit | None:
    text = read("/proc/meminfo")
    if text is None:
        return None
    fields = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
    available_mib = int(fields.get("MemAvailable", "0 kB").split()[0]) // 1024
    return Limit(
        "available memory",
        f"{available_mib:,} MiB",
        available_mib >= 512,
        "a user costs some kilobytes here and some in the kernel",
        "end what is not needed",
    )


def _governor(read: Read) -> Limit | None:
    governor = read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
    if governor is None:
        return None
    return Limit(
        "frequency governor",
        governor,
        governor != "powersave",
        "a core that sleeps between two requests answers later than one that is busy",
        "cpupower frequency-set -g performance",
    )
