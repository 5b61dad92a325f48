#!/usr/bin/env python3
"""Writes docs/performance.md and docs/images/performance-*.svg from one file of results.

  benchmarks/render.py benchmarks/results/epyc-2core-0123456789.json
  benchmarks/render.py --check     fails where they are not what the file named in docs/performance.md gives
"""
import argparse
import json
import pathlib
import re
import sys

from speed import document

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "performance.md"


def rendered(results):
    """Every file that belongs to a file of results, by path."""
    result = json.loads(results.read_text())
    files = {PAGE: document.page(results.name, result)}
    return files | {ROOT / "docs" / "images" / f"performance-{name}.svg": text
                    for name, text in document.images(result).items()}


def named_in_page():
    found = re.search(r"\(\.\./(benchmarks/results/[\w.-]+\.json)\)", PAGE.read_text())
    if not found:
        sys.exit("docs/performance.md names no file of results")
    return ROOT / found.group(1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=pathlib.Path, nargs="?", help="what run.py --speed wrote")
    parser.add_argument("--check", action="store_true", help="write nothing, compare")
    options = parser.parse_args()
    if options.check == bool(options.results):
        parser.error("give a file of results, or --check")
    files = rendered(named_in_page() if options.check else options.results)
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
