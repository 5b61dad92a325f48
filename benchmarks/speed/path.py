"""Whole paths, from DICOM files to a file that a model reads: `naru prepare` in turn with dcm2niix and with what MONAI does."""
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import tempfile
import time
from typing import NamedTuple

from speed import program

DCM2NIIX_SLICES = 200
NORMALISED_SLICES, QUICK_SLICES = 300, 40


class Done(NamedTuple):
    seconds: float
    peak_bytes: int


def timed(command, environment):
    """Runs a program to its end. @raise RuntimeError where it fails"""
    start = time.monotonic()
    process = subprocess.Popen([str(part) for part in command], env=environment, stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE, text=True)
    said = process.stderr.read()
    process.stderr.close()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        reason = re.sub(r"/\S*/", "", said.strip())  # no folder of this machine in a file of results
        raise RuntimeError(f"{pathlib.Path(command[0]).name} failed with {process.returncode}: {reason[-500:]}")
    return Done(seconds, usage.ru_maxrss * 1024)


class Workshop:
    """A folder for series, recipes and results, in which no key of the user is touched."""

    def __init__(self, bin_dir, folder):
        self.bin_dir, self.folder = bin_dir, folder
        self.out = folder / "out"
        self.environment = dict(os.environ, HOME=str(folder), XDG_STATE_HOME=str(folder / "state"))

    def phantom(self, name, *options):
        """The folder of a new synthetic series."""
        timed([self.bin_dir / "naru_phantom", "--out", self.folder / name, *options], self.environment)
        return self.folder / name

    def ct(self, name, size, *options):
        return self.phantom(name, "--modality", "CT", "--size", *size, "--spacing", 0.7, 0.7, 1.25, *options)

    def recipe(self, name, text):
        path = self.folder / f"{name}.toml"
        path.write_text(f'schema = "naru.recipe/1"\nname = "{name}"\n{text}')
        return path

    def command(self, recipe, *series, options=()):
        """What was there before is removed."""
        for leftover in (self.out, self.folder / "out.report"):
            shutil.rmtree(leftover, ignore_errors=True)
        return [self.bin_dir / "naru", "prepare", *series, "--out", self.out, "--recipe", recipe, "--quiet", *options]

    def prepare(self, recipe, *series, options=()):
        return timed(self.command(recipe, *series, options=options), self.environment)

    def stages(self, recipe, *series, options=()):
        """Seconds of each stage of one run, as it says them itself."""
        done = subprocess.run(self.command(recipe, *series, options=("--json", *options)), env=self.environment,
                              capture_output=True, text=True, check=True)
        return {name: stage["seconds"] for name, stage in json.loads(done.stdout)["stages"].items()}

    def dcm2niix(self, flag, series):
        theirs = self.folder / "dcm2niix"
        shutil.rmtree(theirs, ignore_errors=True)
        theirs.mkdir()
        return timed(["dcm2niix", "-z", flag, "-o", theirs, series], self.environment)


def original_grid(workshop, compression):
    return workshop.recipe(f"original-grid-{compression}", f"""[orient]
axes = "RAS"
[resample]
spacing_mm = "native"
[output]
layout = "plain"
compression = "{compression}"
""")


def normalised(workshop):
    """As the peer's path: MONAI's grid and orientation, window, float32."""
    return workshop.recipe("normalised-1mm", """[orient]
axes = "LPS"
[resample]
spacing_mm = [1.0, 1.0, 1.0]
convention = "monai"
interpolator = "linear"
[intensity]
clip = [-1000, 1000]
normalize = "window"
[output]
dtype = "float32"
compression = "gzip"
""")


def in_turn(calls, repetitions):
    """The median seconds of each call; the first turn, which warms the cache, is not counted."""
    seconds = {name: [] for name in calls}
    for _ in range(repetitions + 1):
        for name, call in calls.items():
            seconds[name].append(call())
    return {name: statistics.median(runs[1:]) for name, runs in seconds.items()}


def beside_dcm2niix(workshop, series, compression, repetitions):
    recipe, flag = original_grid(workshop, compression), "n" if compression == "none" else "y"
    medians = in_turn({"naru": lambda: workshop.prepare(recipe, series).seconds,
                       "dcm2niix": lambda: workshop.dcm2niix(flag, series).seconds}, repetitions)
    return {"naru_ms": 1000 * medians["naru"], "dcm2niix_ms": 1000 * medians["dcm2niix"],
            "times_faster": medians["dcm2niix"] / medians["naru"], "runs": repetitions}


def measure_dcm2niix(bin_dir, repetitions, slices=DCM2NIIX_SLICES):
    """A series as a scanner makes them, with noise, and one without, which compresses as no real one does."""
    cases = {}
    with tempfile.TemporaryDirectory() as folder:
        workshop = Workshop(bin_dir, pathlib.Path(folder))
        for noise in (12, 0):
            series = workshop.ct(f"noise-{noise}", (512, 512, slices), "--noise", noise)
            for compression, aim in (("none", 1), ("gzip", 8)):
                row = beside_dcm2niix(workshop, series, compression, repetitions)
                cases[f"noise {noise} HU, {compression}"] = row | {"aim": aim}
    return cases


def compare(peer, ours, theirs):
    try:
        _, shape, difference, moved_mm = peer.ask(f"compare {ours} {theirs}")
        return {"shape": shape, "max_difference": float(difference), "corners_moved_mm": float(moved_mm)}
    except program.Unsupported as reason:
        return {"not_compared": str(reason)}


def measure_normalised(bin_dir, python, threads, repetitions, slices):
    """One CT to a normalised 1 mm volume in .nii.gz, beside MONAI's steps in a Python that stays alive: ours pays for its
    start, the peer does not pay for its imports."""
    with tempfile.TemporaryDirectory() as folder:
        workshop = Workshop(bin_dir, pathlib.Path(folder))
        series = workshop.ct("series", (512, 512, slices), "--noise", 12)
        recipe, theirs, bound = normalised(workshop), workshop.folder / "theirs.nii.gz", ("--threads", threads)
        with program.Program([python, pathlib.Path(__file__).with_name("monai_path.py"), threads], threads) as peer:
            medians = in_turn({"naru": lambda: workshop.prepare(recipe, series, options=bound).seconds,
                               "monai_like": lambda: float(peer.ask(f"path {series} {theirs}")[0])}, repetitions)
            compared = compare(peer, next(workshop.out.rglob("*.nii.gz")), theirs)
    return compared | {"slices": slices, "naru_ms": 1000 * medians["naru"], "monai_like_ms": 1000 * medians["monai_like"],
            "times_faster": medians["monai_like"] / medians["naru"], "aim": 20, "runs": repetitions, "threads": threads}
