"""What `run.py --gpu` measures on a machine with a GPU: each operation beside torch on the same device, and what the
compiler and compute-sanitizer say of the kernels. Python needs numpy and torch, nothing else."""
import contextlib
import dataclasses
import pathlib
import shutil
import subprocess
import sys
import tempfile

from speed import operations, path, program
from speed.measure import said_by, write_volume

HERE = pathlib.Path(__file__).resolve().parent
AIM_BESIDE_TORCH, AIM_COPY_PERCENT = 10, 80
TOOLS = ("memcheck", "racecheck")


def cases():
    """All operations; of their peers those that run on a GPU."""
    for case in operations.CASES:
        peers = [dataclasses.replace(peer, aim=AIM_BESIDE_TORCH) for peer in case.peers if peer.request.startswith("torch_")]
        yield dataclasses.replace(case, peers=peers)


def measure_operations(bin_dir, device, threads, runs, quick, put):
    """@param device "cuda", or "cpu" to prove without a GPU that everything is there"""
    size = operations.QUICK_SIZE if quick else operations.SIZE
    place = "cuda" if device == "cuda" else f"cpu:{threads}"
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        folder = pathlib.Path(name)
        volume = folder / "volume.raw"
        write_volume(volume, size)
        commands = {"naru": [bin_dir / "operations_benchmark", place, volume, *size],
                    "python": [sys.executable, HERE / "peers.py", threads, device, volume, *size]}
        servers = {key: stack.enter_context(program.Program(command, threads)) for key, command in commands.items()}
        put("versions", dict(zip(("numpy", "torch"), servers["python"].ask("version numpy torch")[1:])))
        measurement = operations.Measurement(servers, size, folder, threads, runs)
        rows = {}
        for case in cases():
            rows[case.name] = measurement.measure(case)
            put("operations", rows)


def sanitized(bin_dir):
    """What each tool of compute-sanitizer says of the kernels' tests."""
    if not shutil.which("compute-sanitizer"):
        return {"not_run": "compute-sanitizer is missing"}
    found = {}
    for tool in TOOLS:
        done = subprocess.run(["compute-sanitizer", "--tool", tool, "--error-exitcode", "1", bin_dir / "kernels_tests"],
                              capture_output=True, text=True, check=False)
        summaries = [line for line in done.stdout.splitlines() if "SUMMARY" in line]
        found[tool] = summaries[-1].strip("= ") if summaries else f"exit status {done.returncode}"
    return found


def measure_path(bin_dir, series, runs):
    """A real series to a normalised 1 mm volume, with and without the GPU."""
    with tempfile.TemporaryDirectory() as folder:
        workshop = path.Workshop(bin_dir, pathlib.Path(folder))
        recipe = path.normalised(workshop)
        medians = path.in_turn({device: lambda device=device: workshop.prepare(
            recipe, series, options=("--device", device)).seconds for device in ("cuda", "cpu")}, runs)
        stages = {device: workshop.stages(recipe, series, options=("--device", device)) for device in ("cuda", "cpu")}
    return {f"{device}_ms": 1000 * seconds for device, seconds in medians.items()} | {
        "stages_seconds": stages, "runs": runs, "files": sum(1 for file in series.rglob("*") if file.is_file())}


def measure_gpu(bin_dir, device, threads, runs, quick, save):
    result = {"device": said_by("nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader")
              if device == "cuda" else None,
              "quick": quick, "aim_copy_percent": AIM_COPY_PERCENT}

    def put(key, value):
        result[key] = value
        save(result)
        print(f"gpu: {key}: {list(value)[-1]}", file=sys.stderr, flush=True)

    measure_operations(bin_dir, device, threads, runs, quick, put)
    put("sanitizer", sanitized(bin_dir) if device == "cuda" else {"not_run": "there is no GPU"})
