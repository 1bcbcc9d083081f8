from kilobar.monitor.limits import Limit, limits

GOOD = {
    "/sys/devices/system/clocksource/clocksource0/current_clocksource": "tsc",
    "/proc/sys/net/ipv4/ip_local_port_range": "1024 65535",
    "/proc/sys/net/core/somaxconn": "4096",
    "/proc/sys/net/netfilter/nf_conntrack_max": "1048576",
    "/proc/meminfo": "MemTotal: 8000000 kB\nMemAvailable: 4000000 kB",
    "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor": "performance",
}


def looked_at(files: dict[str, str]) -> dict[str, Limit]:
    return {limit.name: limit for limit in limits(files.get)}


def test_a_machine_that_is_set_up_has_no_low_limit_among_those_read_from_files() -> None:
    found = looked_at(GOOD)
    assert len(found) == 8
    low = {name for name, limit in found.items() if not limit.ok}
    assert low <= {"open files of a process", "usable cores"}  # these two are of the machine the test runs on


def test_files_that_do_not_exist_are_left_out_and_not_guessed() -> None:
    assert set(looked_at({})) == {"open files of a process", "usable cores"}


def test_each_low_limit_tells_why_and_how_to_lift_it() -> None:
    poor = {
        "/sys/devices/system/clocksource/clocksource0/current_clocksource": "hpet",
        "/proc/sys/net/ipv4/ip_local_port_range": "32768 60999",
        "/proc/sys/net/core/somaxconn": "128",
        "/proc/sys/net/netfilter/nf_conntrack_max": "65536",
        "/proc/meminfo": "MemAvailable: 1000 kB",
        "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor": "powersave",
    }
    found = looked_at(poor)
    for name in found.keys() - {"open files of a process", "usable cores"}:
        assert not found[name].ok, name
        assert found[name].why
        assert found[name].lift
    assert found["local ports to one target address"].value == "28,232 (32768 to 60999)"
