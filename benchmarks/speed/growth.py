"""How cost grows: with slices, with studies, with threads."""
import contextlib
import pathlib
import statistics
import tempfile

from speed import grids, operations, path, program

SLICES = (256, 512, 1024, 2048)  # of 512 x 512: 67 to 537 million voxels
QUICK_SLICES = (32, 64, 128, 256)
STUDIES = (1, 2, 4, 8, 16, 32)
REQUESTS = {"linear to int16": "resample linear nearest int16", "cubic B-spline to int16": "resample bspline mirror int16",
            "percentiles 0.5 and 99.5": "percentiles"}


def with_axes(request, size):
    return f"{request} {grids.words(grids.centred(size))}" if request.startswith("resample") else request


def medians_in_turn(runners):
    operations.take_turns(runners)
    return [statistics.median(runner.ms) for runner in runners]


def measure_slices(bin_dir, volume, slices, threads, runs):
    """One process a size, in turn. `volume` holds the least number of slices; the others hold it several times."""
    rows = {}
    with contextlib.ExitStack() as stack:
        servers = [stack.enter_context(program.Program(
            [bin_dir / "operations_benchmark", f"cpu:{threads}", volume, 512, 512, slices[0], count // slices[0]], threads))
            for count in slices]
        for name, request in REQUESTS.items():
            words = [with_axes(request, (512, 512, count)) for count in slices]
            try:
                for server, one in zip(servers, words):
                    server.ask(one)
            except program.Unsupported as reason:
                rows[name] = {"not_run": str(reason)}
                continue
            ms = medians_in_turn([operations.Runner(server, one, runs) for server, one in zip(servers, words)])
            rates = [one / count for one, count in zip(ms, slices)]
            rows[name] = {"slices": list(slices), "voxels": [512 * 512 * count for count in slices], "ms": ms, "runs": runs,
                          "most_off_linear_percent": 100 * max(abs(rate / rates[0] - 1) for rate in rates)}
    return rows


def measure_threads(bin_dir, volume, size, threads, runs):
    """One process for each number of threads, in turn."""
    counts = sorted({1, threads} | {2**power for power in range(1, 10) if 2**power < threads})
    rows = {}
    with contextlib.ExitStack() as stack:
        servers = [stack.enter_context(program.Program(
            [bin_dir / "operations_benchmark", f"cpu:{count}", volume, *size], count)) for count in counts]
        for name, request in REQUESTS.items():
            words = with_axes(request, size)
            try:
                for server in servers:
                    server.ask(words)
            except program.Unsupported as reason:
                rows[name] = {"not_run": str(reason)}
                continue
            ms = medians_in_turn([operations.Runner(server, words, runs) for server in servers])
            rows[name] = {"threads": counts, "ms": ms, "runs": runs, "times_faster": [ms[0] / one for one in ms]}
    return rows


def measure_studies(bin_dir, threads, runs):
    """Small CTs through `naru prepare`: time, and memory at its greatest."""
    with tempfile.TemporaryDirectory() as folder:
        workshop = path.Workshop(bin_dir, pathlib.Path(folder))
        recipe = workshop.recipe("small", '[resample]\nspacing_mm = [1.0, 1.0, 1.0]\n[output]\ndtype = "int16"\n')
        series = [workshop.ct(f"study-{seed}", (256, 256, 64), "--noise", 12, "--seed", seed) for seed in range(max(STUDIES))]
        done = {count: [] for count in STUDIES}
        for _ in range(runs + 1):
            for count in STUDIES:
                done[count].append(workshop.prepare(recipe, *series[:count], threads=threads))
    ms = [1000 * statistics.median(one.seconds for one in done[count][1:]) for count in STUDIES]
    peaks = [statistics.median(one.peak_bytes for one in done[count][1:]) for count in STUDIES]
    return {"studies": list(STUDIES), "ms": ms, "peak_bytes": peaks, "runs": runs, "threads": threads,
            "study": "CT, 256 x 256 x 64 to 1 mm, int16, gzip", "peak_last_by_first": peaks[-1] / peaks[0],
            "peak_last_by_fourth": peaks[-1] / peaks[3]}
