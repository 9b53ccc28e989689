"""tools/benchmark.py as a user runs it: every command in its short form."""

import json
import re

import pytest


def rows(text):
    """The rows of all tables in Markdown, {first cell: the others}."""
    lines = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("|")]
    return {cells[0].strip(): [cell.strip() for cell in cells[1:]] for cells in lines}


@pytest.fixture
def printed(run_script):
    """printed(word, ...) -> what a benchmark prints."""

    def run(*words):
        done = run_script("benchmark", *words)
        assert done.returncode == 0 and "Traceback" not in done.stderr, done.stderr
        return done.stdout

    return run


def test_without_a_command_it_is_swap(printed):
    table = printed("--repeats", 1)
    assert table.startswith("IDN parameters     0.500 M  (at most 0.501)\nIDN MACs  ")
    assert re.search(r"^step +ms +of the IDN$", table, re.M) and re.search(r"^IDN +[\d.]+ +1\.00$", table, re.M)
    assert re.search(r"^all but the IDN +[\d.]+ +[\d.]+$", table, re.M)
    numbers = json.loads(printed("swap", "--repeats", 1, "--json"))
    assert numbers["parameters"] <= 0.501e6 and numbers["macs"]["total"] <= 0.33e9
    assert numbers["ratio_to_idn"]["IDN"] == 1


def test_video(printed):
    found = rows(printed("video", "--frames", 10, "--turns", 1))
    assert found["512x512"][0] == found["1280x720"][0] == "10" and float(found["paint"][0]) > 0


def test_live(printed):
    table = printed("live", "--minutes", 0.05)
    assert len(rows(table)) >= 2 and re.search(r"\d+ frames, [1-9]\d* swapped; from the first row to the last", table)


def test_tracking(printed):
    table = printed("tracking", "--seconds", 2)
    for clip in ("still", "still, not compressed", "slow sway", "sway", "fast sway", "dash and stop"):
        assert len(re.findall(rf"^\| {clip} +\|", table, re.M)) == 3, table
    assert "still: tracked, smoothed has" in table and "times less jitter" in table


def test_training(printed):
    head, *lines = printed("training", "--size", 64, "--identities", 1, "--steps", 1).splitlines()
    assert head.startswith("training at 64 px, one thread; each line adds to the one above") and "crops/s" in head
    assert re.search(r"^Paddle's own operators +[\d.]+ +1\.0$", lines[0]) and len(lines) == 5
    assert all(float(re.search(r" ([\d.]+) +[\d.]+$", line)[1]) > 0 for line in lines)
    assert lines[-1].startswith("freed memory kept")


def test_export(printed):
    found = rows(printed("export", "--repeats", 1))
    assert found["arm fp32"][:2] == ["145", "56"] and found["npu fp32"][2:4] == ["17", "1"]
    assert {"Paddle-Lite x86", "OpenVINO", "dygraph, compiled kernels"} <= set(found)


@pytest.mark.slow
def test_int8(run_script, printed, samples):
    found = rows(printed("int8", "--crops", 5, "--faces", samples / "faces", "--ways", "avg", "avg, one crop"))
    assert found["avg"][2:4] == ["1.0", "32"] and found["avg, one crop"][3] == "32" and "abs_max" not in found
    assert {"arm", "npu", "calibrated on 5 crops, measured on 5"} <= set(found)  # of its own faces it measures on 4
    done = run_script("benchmark", "int8", "--ways", "best")
    assert done.returncode == 2 and "'best'; choose among avg; avg, one crop;" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.slow
def test_bundle(printed):
    table = printed("bundle", "--count", 2)
    found = rows(table)
    assert found["arm fp32"][1:] == ["18", "same file"] and found["npu fp32"][2] == "same weights"
    int8 = re.search(r"^\| int16 +\| +int8 +\| +([\d.]+) +\| +([\de.-]+) +\| +([\d.]+) ", table, re.M)
    assert float(int8[1]) < 25 and float(int8[2]) < 2e-3 and float(int8[3]) > 65, table


@pytest.mark.slow
def test_peers(printed):
    found = rows(printed("peers", "--repeats", 1))
    ours, simswap, faceshifter = found["IDN, 224 px"], found["simswap, 224 px"], found["faceshifter, 256 px"]
    assert ours[:3] == ["0.5", "0.32", "1"] and simswap[:2] == ["55.1", "48.18"]
    assert faceshifter[:2] == ["184.3", "31.07"] and float(simswap[5]) > 20


def test_upsampling(printed):
    found = rows(printed("upsampling", "--repeats", 1))
    assert found["plain export"][:2] == ["", ""] and found["plain export"][3] == "1.00"
    assert found["half-pixel, as depthwise transposed convolution (mobile; gpu)"][2:] == ["", ""]


@pytest.mark.parametrize("command", ["swap", "video", "tracking", "training", "export", "int8", "upsampling"])
def test_help_shows_the_command_s_own_options_and_examples(printed, command):
    told = printed(command, "--help")
    assert f"python tools/benchmark.py {command}" in told.split("examples:")[1] and "--json" in told
    assert ("--threads" in told) == (command == "export") and ("--frames" in told) == (command == "video")


def test_an_option_of_another_command_is_refused(run_script):
    for words in (["swap", "--frames", 10], ["--video"], ["clips"]):
        done = run_script("benchmark", *words)
        assert done.returncode == 2 and done.stderr.startswith("usage:") and not done.stdout
    assert "invalid choice: 'clips'" in done.stderr and "tracking" in done.stderr
