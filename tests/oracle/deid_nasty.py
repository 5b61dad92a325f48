#!/usr/bin/env python3
"""One generated file or small set for each of 36 nasty cases of DICOM de-identification, with what must hold.

    deid_nasty.py NARU [CASE...]

Runs the program once for each group of options and prints "case N: ok" or "case N: FAIL: why". Exit 1 on a failure.
"""
import collections
import pathlib
import sys
import tempfile
import traceback
import warnings

import deid_nasty_dates
import deid_nasty_hidden
import deid_nasty_structure
import deid_nasty_system
import deid_nasty_text
from deid_leaks import Leaks
from deid_nasty_case import CASES, Case, Failed
from deid_run import Run, recipe_of

MODULES = (deid_nasty_dates, deid_nasty_hidden, deid_nasty_structure, deid_nasty_system, deid_nasty_text
           )  # they register their cases
COUNT = 36


def plant(number, function, folder, program):
    """The case and its generator, stopped before its questions."""
    folder.mkdir(parents=True)
    planted = Case(number, folder, program)
    steps = function(planted)
    next(steps)
    return planted, steps


def ask(planted, steps, result):
    """Why the case fails; None where it holds."""
    planted.result = result
    try:
        next(steps, None)
    except Failed as failure:
        return str(failure)
    except Exception as problem:  # an output that cannot be asked has failed
        place = traceback.extract_tb(problem.__traceback__)[-1]
        return f"{type(problem).__name__}: {problem} ({pathlib.Path(place.filename).name}:{place.lineno})"
    return None


def all_that_left(result):
    """Everything that the program wrote outside its report."""
    everything = Leaks()
    for path in result.files():
        everything.add(path.relative_to(result.out).as_posix(), path.read_bytes())
    everything.add("stdout", result.stdout)
    everything.add("stderr", result.stderr)
    return everything


def run_group(program, options, cases, folder):
    """(number, function, why it fails or None) of each case of one group of options."""
    planted = []
    for n, (number, function) in enumerate(cases):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # much here is meant to be wrong
            planted.append((number, function, *plant(number, function, folder / "in" / f"{number:02}_{n}", program)))
    result = Run(program, [folder / "in"], folder / "run", recipe_of(options))
    left = all_that_left(result)
    for number, function, c, steps in planted:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            why = ask(c, steps, result) if result.status in (0, 3) else f"the program ended with {result.status}"
        leaked = left.find(c.secrets) if c.secrets else []
        if not why and leaked:
            why = f"{leaked[0][0]!r} is in {leaked[0][1]}"
        yield number, function, why


def main():
    program, wanted = sys.argv[1], {int(word) for word in sys.argv[2:]} or set(range(1, COUNT + 1))
    assert {number for number, _, _ in CASES} == set(range(1, COUNT + 1)), "a case has no test"
    groups = collections.defaultdict(list)
    for number, options, function in sorted(CASES, key=lambda entry: entry[0]):
        if number in wanted:
            groups[options].append((number, function))
    failures = 0
    with tempfile.TemporaryDirectory() as work:
        for n, (options, cases) in enumerate(groups.items()):
            for number, function, why in run_group(program, options, cases, pathlib.Path(work) / str(n)):
                failures += why is not None
                print(f"case {number}: {'FAIL: ' + why if why else 'ok'} ({function.__name__})", flush=True)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
