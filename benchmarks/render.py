#!/usr/bin/env python3
"""Writes docs/performance.md and docs/images/performance-*.svg from a file of results.

  benchmarks/render.py benchmarks/results/epyc-2core-0123456789.json [benchmarks/results/h100-0123456789.json]
  benchmarks/render.py --check     fails where they are not what the files named in docs/performance.md give

The first file is what `run.py --speed` wrote; the second, where there is one, what benchmarks/gpu/run.sh wrote.
"""
import argparse
import json
import pathlib
import re
import sys

from speed import document

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "performance.md"


def rendered(results, gpu=None):
    """Every file that belongs to files of results, by path."""
    result = json.loads(results.read_text())
    files = {PAGE: document.page(results.name, result, (gpu.name, json.loads(gpu.read_text())) if gpu else None)}
    return files | {ROOT / "docs" / "images" / f"performance-{name}.svg": text
                    for name, text in document.images(result).items()}


def named_in_page():
    found = re.findall(r"\(\.\./(benchmarks/results/[\w.-]+\.json)\)", PAGE.read_text())
    if not found:
        sys.exit("docs/performance.md names no file of results")
    return [ROOT / name for name in found]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=pathlib.Path, nargs="*", help="of the CPU, then of a GPU")
    parser.add_argument("--check", action="store_true", help="write nothing, compare")
    options = parser.parse_args()
    if options.check == bool(options.results) or len(options.results) > 2:
        parser.error("give one or two files of results, or --check")
    files = rendered(*(named_in_page() if options.check else options.results))
    if options.check:
        differing = [str(path.relative_to(ROOT)) for path, text in files.items()
                     if not path.exists() or path.read_text() != text]
        if differing:
            sys.exit(f"not what benchmarks/render.py gives: {', '.join(differing)}")
        return
    for path, text in files.items():
        path.write_text(text)
        print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
