"""How cost grows: with slices, with studies, with threads."""
import contextlib
import pathlib
import statistics
import tempfile

from speed import grids, operations, path, program

SLICES = (256, 512, 1024, 2048)  # of 512 x 512: 67 to 537 million voxels
QUICK_SLICES = (32, 64, 128, 256)
STUDIES, QUICK_STUDIES = (1, 2, 4, 8, 16, 32), (1, 2, 4)
LEAST_RUNS = 11  # of what takes a second or less
MOST_OFF_LINEAR_PERCENT = 10  # the aim
REQUESTS = {"linear to int16": "resample linear nearest int16", "cubic B-spline to int16": "resample bspline mirror int16",
            "percentiles 0.5 and 99.5": "percentiles"}


def take_turns(commands, sizes, runs):
    """One process for each command, in turn. @return for each request the medians in ms, or why there are none"""
    found = {}
    with contextlib.ExitStack() as stack:
        servers = [stack.enter_context(program.Program(*command)) for command in commands]
        for name, request in REQUESTS.items():
            axes = [f" {grids.words(grids.centred(size))}" if request.startswith("resample") else "" for size in sizes]
            runners = [operations.Runner(server, request + one, runs) for server, one in zip(servers, axes)]
            try:
                for runner in runners:
                    runner.server.ask(runner.request)
            except program.Unsupported as reason:
                found[name] = {"not_run": str(reason)}
                continue
            operations.take_turns(runners)
            found[name] = {"ms": [statistics.median(runner.ms) for runner in runners], "runs": runs}
    return found


def measure_slices(bin_dir, volume, slices, threads, runs):
    """`volume` holds the least number of slices; the others hold it several times."""
    commands = [([bin_dir / "operations_benchmark", f"cpu:{threads}", volume, 512, 512, slices[0], count // slices[0]], threads)
                for count in slices]
    rows = take_turns(commands, [(512, 512, count) for count in slices], max(runs, LEAST_RUNS))
    for row in rows.values():
        if "ms" in row:
            rates = [ms / count for ms, count in zip(row["ms"], slices)]
            middle = statistics.median(rates)
            row |= {"slices": list(slices), "voxels": [512 * 512 * count for count in slices],
                    "most_off_linear_percent": 100 * max(abs(rate / middle - 1) for rate in rates)}
    return rows


def measure_threads(bin_dir, volume, size, threads, runs):
    counts = sorted({1, threads} | {2**power for power in range(1, 10) if 2**power < threads})
    commands = [([bin_dir / "operations_benchmark", f"cpu:{count}", volume, *size], count) for count in counts]
    rows = take_turns(commands, [size] * len(counts), max(runs, LEAST_RUNS))
    for row in rows.values():
        if "ms" in row:
            row |= {"threads": counts, "times_faster": [row["ms"][0] / ms for ms in row["ms"]]}
    return rows


def measure_studies(bin_dir, counts, threads, runs):
    """Small CTs through `naru prepare`: time, and memory at its greatest."""
    with tempfile.TemporaryDirectory() as folder:
        workshop = path.Workshop(bin_dir, pathlib.Path(folder))
        recipe = workshop.recipe("small", '[resample]\nspacing_mm = [1.0, 1.0, 1.0]\n[output]\ndtype = "int16"\n')
        series = [workshop.ct(f"study-{seed}", (256, 256, 64), "--noise", 12, "--seed", seed) for seed in range(max(counts))]
        done = {count: [] for count in counts}
        for _ in range(runs + 1):
            for count in counts:
                done[count].append(workshop.prepare(recipe, *series[:count], options=("--threads", threads)))
    ms = [1000 * statistics.median(one.seconds for one in done[count][1:]) for count in counts]
    peaks = [statistics.median(one.peak_bytes for one in done[count][1:]) for count in counts]
    return {"studies": list(counts), "ms": ms, "peak_bytes": peaks, "runs": runs, "threads": threads,
            "study": "CT of 256 × 256 × 64 to 1 mm, int16, gzip", "peak_last_by_first": peaks[-1] / peaks[0],
            "peak_bytes_a_study": (peaks[-1] - peaks[0]) / (counts[-1] - counts[0])}
