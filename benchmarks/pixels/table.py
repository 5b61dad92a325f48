#!/usr/bin/env python3
"""Tables in Markdown of what measure.py or run.py wrote: `table.py JSON`."""

import json
import pathlib
import sys


def markdown(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(map(str, row)) + " |" for row in rows])


def with_interval(share, interval):
    return f"{share} ({interval[0]}-{interval[1]})"


def tables_of(pixels):
    """r90: items of which 90 % of the glyph pixels would be blanked; full: slices with every item so; unflagged: slices
    with text and without any box; clean area: share of a clean slice that would be blanked, mean; ms: 512 x 512."""
    detectors = sorted(pixels["detectors"].items(), key=lambda named: named[1]["r90"])
    rows = [[name, with_interval(one["r90"], one["wilson_95"]), one["full_slices"],
             f"{one['unflagged_slices']} of {one['slices']}", one["clean"]["area_percent"],
             with_interval(one["clean"]["slices_changed_percent"], one["clean"]["wilson_95"]), one["ms_512"]]
            for name, one in detectors]
    whole = markdown(["detector", "r90 % (Wilson 95 %)", "full %", "unflagged", "clean area %",
                      "clean slices changed % (Wilson 95 %)", "ms"], rows)
    cells = [{category: with_interval(found["r90"], found["wilson_95"])
              for category, found in one["by_category"].items()} for _, one in detectors]
    rows = [[f"{category}, {found['items']}", *(one[category] for one in cells)]
            for category, found in detectors[0][1]["by_category"].items()]
    each = markdown(["r90 % (Wilson 95 %) of category, items", *(name for name, _ in detectors)], rows)
    left_out = "".join(f"\nLeft out: {name}: {reason}.\n" for name, reason in pixels["left_out"].items())
    return f"{whole}\n\n{each}\n{left_out}"


def main():
    result = json.loads(pathlib.Path(sys.argv[1]).read_text())
    print(tables_of(result.get("pixels", result)))


if __name__ == "__main__":
    main()
