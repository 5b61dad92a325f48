"""What `run.py --speed` measures: every operation and the whole path beside their peers, and how cost grows."""
import array
import contextlib
import math
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time

from deidentify.measure import find_pydicom_python
from speed import compiled, growth, operations, path, program

HERE = pathlib.Path(__file__).resolve().parent
PARTS = ("operations", "paths", "growth", "compiled")


def write_volume(file, size):
    """A smooth body with noise, in Hounsfield units, the same in every run."""
    noise = random.Random(1)
    rows = [noise.randbytes(2 * size[0]) for _ in range(61)]  # a prime: rows of noise come back in another place
    waves = [math.sin(0.02 * x) for x in range(size[0])]
    with file.open("wb") as out:
        for z in range(size[2]):
            for y in range(size[1]):
                height = 1200 * math.cos(0.03 * y) * math.cos(0.011 * z)
                bytes_of_noise = rows[(z * size[1] + y) % 61]
                out.write(array.array("h", [int(height * wave) + bytes_of_noise[x] - 128
                                            for x, wave in enumerate(waves)]).tobytes())


class Speed:
    def __init__(self, bin_dir, cuda_build, threads, runs, quick, save):
        self.bin_dir, self.cuda_build = bin_dir, cuda_build
        self.threads, self.runs, self.quick, self.save = threads, runs, quick, save
        self.start = time.monotonic()
        self.size = operations.QUICK_SIZE if quick else operations.SIZE
        self.result = {"quick": quick, "threads": threads, "size": list(self.size)}

    def put(self, part, name, row):
        """Keeps a row and writes the file, so that nothing is lost where a later part fails."""
        self.result.setdefault(part, {})[name] = row
        self.save(self.result)
        print(f"[{time.monotonic() - self.start:5.0f} s] {part}: {name}", file=sys.stderr, flush=True)

    def attempt(self, part, name, measure):
        """A row that fails says why; the others go on."""
        try:
            self.put(part, name, measure())
        except (RuntimeError, OSError, StopIteration, program.Unsupported) as reason:
            self.put(part, name, {"not_run": str(reason) or type(reason).__name__})

    def operations(self, folder):
        volume = folder / "volume.raw"
        write_volume(volume, self.size)
        ours, itk = self.bin_dir / "operations_benchmark", self.bin_dir / "itk_operations"
        with contextlib.ExitStack() as stack:
            def start(*command):
                return stack.enter_context(program.Program([*command, *self.size], self.threads))
            servers = {"naru": start(ours, f"cpu:{self.threads}", volume),
                       "python": start(find_pydicom_python(), HERE / "peers.py", self.threads, "cpu", volume)}
            if itk.exists():
                servers["itk"] = start(itk, self.threads, volume)
            self.result["versions"] = versions(servers) | {"instruction_set": instruction_set(self.bin_dir)}
            operations.measure_operations(servers, self.size, folder, self.threads, self.runs,
                                          lambda name, row: self.put("operations", name, row))

    def paths(self, _):
        slices = path.QUICK_SLICES if self.quick else path.NORMALISED_SLICES
        self.attempt("paths", "normalised", lambda: path.measure_normalised(
            self.bin_dir, find_pydicom_python(), self.threads, self.runs, slices))
        slices = path.QUICK_SLICES if self.quick else path.DCM2NIIX_SLICES
        self.attempt("paths", "dcm2niix", lambda: {
            "slices": slices, "cases": path.measure_dcm2niix(self.bin_dir, self.runs, slices),
            "dcm2niix": said_by("dcm2niix", "--version"), "pigz": said_by("pigz", "--version")})

    def growth(self, folder):
        slices = growth.QUICK_SLICES if self.quick else growth.SLICES
        volume, size = folder / "slices.raw", (512, 512, slices[0])
        write_volume(volume, size)
        self.attempt("growth", "slices", lambda: growth.measure_slices(self.bin_dir, volume, slices, self.threads, self.runs))
        self.attempt("growth", "threads", lambda: growth.measure_threads(self.bin_dir, volume, size, self.threads, self.runs))
        self.attempt("growth", "studies", lambda: growth.measure_studies(
            self.bin_dir, growth.QUICK_STUDIES if self.quick else growth.STUDIES, self.threads, self.runs))

    def compiled(self, _):
        self.attempt("compiled", "kernels", lambda: compiled.measure_compiled(self.cuda_build))
        nvcc = shutil.which("nvcc") or "/usr/local/cuda/bin/nvcc"
        self.put("compiled", "nvcc", said_by(nvcc, "--version", line=-2))


def said_by(*command, line=0):
    """A line of what a program says of itself, or None where it is missing."""
    if not shutil.which(command[0]):
        return None
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return (done.stdout or done.stderr).strip().splitlines()[line]


def versions(servers):
    names = ("numpy", "scipy", "skimage", "torch")
    found = dict(zip(names, servers["python"].ask("version " + " ".join(names))[1:]))
    return found | ({"itk": servers["itk"].ask("version")[1]} if "itk" in servers else {})


def instruction_set(bin_dir):
    """Which one Naru's kernels use on this processor."""
    done = subprocess.run([bin_dir / "naru", "doctor"], capture_output=True, text=True, check=False)
    found = re.search(r"kernels use (\w+)", done.stdout)
    return found.group(1) if found else "unknown"


def measure_speed(bin_dir, cuda_build, parts, threads, runs, quick, save):
    speed = Speed(bin_dir, cuda_build, threads, runs, quick, save)
    for part in parts:
        with tempfile.TemporaryDirectory() as folder:
            getattr(speed, part)(pathlib.Path(folder))
    return speed.result
