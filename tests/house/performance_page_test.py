#!/usr/bin/env python3
"""The page of performance says which aims are missed, and which figures are of an older commit; aims are of five runs.

    performance_page_test.py
"""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "benchmarks"))
from speed import document, operations  # noqa: E402


def measured_on_gpu(commit):
    row = {"ms": 1, "peers": {}, "copy_percent": 37, "aim_copy_percent": None, "bytes_per_second": 1e12, "threads": 1}
    return "gpu.json", {"commit": commit, "gpu": {"device": "a GPU", "aim_copy_percent": 80, "sanitizer": {},
                                                  "operations": {"linear to int16": row}}}


def test_growth_beyond_its_aim_is_a_shortfall():
    for off, is_named in ((18.05, True), (10, False)):
        slices = {"linear to int16": {"ms": [1, 2], "most_off_linear_percent": off}}
        said = document.slower_section({"growth": {"slices": slices}}, None, "now")
        assert ("- linear to int16: time against slices is off proportion by 18 %" in said) == is_named, said
        assert ("Nowhere" in said) != is_named, said


def test_what_was_not_run_on_a_gpu_is_said():
    for commit, is_older in (("before", True), ("now", False)):
        slower = document.slower_section({}, measured_on_gpu(commit), "now")
        assert "linear to int16: 37 %" in slower and ("as commit before was" in slower) == is_older, slower
        here = {"operations": {case: {"ms": 1} for case in ("linear to int16", "linear to float32")}}
        section = document.gpu_section(measured_on_gpu(commit), "now", here)
        assert ("**Not run on a GPU:**" in section) == is_older, section
        assert "Not measured in that run: linear to float32.\n" in section, section
    assert "Not run on a GPU." in document.gpu_section(None, "now", {})


def test_an_aim_is_of_five_runs_at_least():
    aimed = [peer for case in operations.CASES for peer in case.peers if peer.aim]
    assert len(aimed) >= 8, len(aimed)
    for peer in aimed:
        assert peer.runs is None or peer.runs >= 5, peer.name


test_growth_beyond_its_aim_is_a_shortfall()
test_an_aim_is_of_five_runs_at_least()
test_what_was_not_run_on_a_gpu_is_said()
