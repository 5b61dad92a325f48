"""docs/performance.md and its pictures, from what `run.py --speed` wrote and from nothing else."""
import re

from speed import growth, picture
from speed.tables import (beside, difference, done, ms, peer_name, slices_table, studies_table, table, threads_table,
                          times)

INTRODUCTION = """# How fast Naru is

<!-- Made by benchmarks/render.py from the file named below. Do not edit: measure again and render. -->

All numbers on this page but those of the part on a GPU come from one run, which is kept whole in [{name}](../benchmarks/results/{name}).

- **Machine**: {cpu}, {threads} threads; load average of the machine when the run began {load_average_at_start}.
- **Naru**: commit {commit}, {compiler}{instruction_set}.
- **Peers**: {peers}.
- **How**: Naru and each peer are asked in turn, one call each, in processes that stay alive. A time is the median of {runs}
  such turns after one that is not counted. All may use {threads} threads; a peer that knows only one is marked with ¹.
  Between two turns of one, the calls of the others and a copy of 256 MiB go through the processor's caches.
- **Volume**: {x} × {y} × {z} voxels, int16, 0.7 × 0.7 × 1.25 mm, brought to 1 mm.
- **Not in the times**: reading the volume from disk, and turning it into the type that a peer wants.
- Times differ between machines. Compare the ratios, and measure on your own machine with `benchmarks/run.py --speed`.
"""

QUICK = """
> **These are no figures.** The run was a short one on small volumes, to prove that each row can be measured.
"""

NOTES = {  # under the table, where the file of results has the row
    "nearest on MONAI's grid": """On the grid of the nearest value no voxel lies half way between two of the source, where libraries round in ways of their own.""",
    "Gaussian and linear to 3 mm": """ITK's recursive Gaussian is an approximation: along an axis its weights differ from the Gaussian's by 0.5 % in all, and
that makes the difference in its row. The one in torch's comes from places in float32.""",
    "tilt of 15 degrees straightened": """At the rim of a slice ITK goes on for half a voxel and torch blends with 0; of a straightened tilt their inner half is compared.""",
    "z-score": """Differences of normalised values are in their own unit. numpy, torch, and ITK's Normalize and Orient take new memory for each
result, which is in their time; Naru and ITK's other filters write to memory that is there already.""",
    "Nyul's map": "Nyul's map and the cast to float16 begin with float32.",
    "closing by a cube of 3 voxels": "To an erosion, Naru's and each peer's, what lies beyond the volume is no background.",
}

NO_GPU = """## On a GPU

Not run on a GPU. `benchmarks/gpu/run.sh` measures on one: see [run on a GPU](how-to/run-on-a-gpu.md).
"""


def version_of_dcm2niix(speed):
    said = speed.get("paths", {}).get("dcm2niix", {})
    found = re.search(r"v[0-9.]+", said.get("dcm2niix") or "")
    if not found:
        return []
    return [f"dcm2niix {found.group()} with {said['pigz'] or 'no pigz'}"]


def introduction(name, result):
    speed = result["speed"]
    titles = {"itk": "ITK", "numpy": "numpy", "scipy": "scipy", "skimage": "scikit-image", "torch": "torch"}
    found = speed.get("versions", {})
    peers = [f"{title} {found[key]}" for key, title in titles.items() if key in found] + version_of_dcm2niix(speed)
    runs = max((row["runs"] for _, row in done(speed.get("operations", {}))), default=5)
    instruction_set = f"; its kernels use {found['instruction_set']}" if "instruction_set" in found else ""
    facts = {fact: "not recorded" if value is None else value for fact, value in speed["facts"].items()}
    text = INTRODUCTION.format(name=name, instruction_set=instruction_set, commit=result["commit"], peers=", ".join(peers), runs=runs,
                               **dict(zip("xyz", speed["size"])), **facts)
    return text + (QUICK if speed["quick"] else "")


def operations_section(speed):
    rows = []
    for case, row in done(speed["operations"]):
        for name, peer in beside(row):
            rows.append([case, ms(row["ms"]), peer_name(name, peer, row["threads"]), ms(peer["ms"]), times(peer),
                         f"{peer['aim']} ×" if peer["aim"] else "", difference(case, peer)])
    text = f"""## Each operation beside its peers

{table(["operation", "Naru", "peer", "its time", "Naru is faster by", "aim", "greatest difference"], rows)}
The greatest difference is between all voxels of the two results, in HU, or between the numbers found. ITK writes a value of
its own where a target voxel lies beyond the outermost centres of the source; those voxels are not compared. Results in int16
may differ by 1, since ITK cuts off what Naru rounds. Both sides compute the same: for Lanczos-3 Naru too leaves the weights
as they are, as ITK does, whose sum is not one. Of labels the share of voxels is given whose label differs: where two labels
have a half each, rounding decides. For nnU-Net's order 3 the search for the least and the greatest value, at which the result
is cut off, is in the time of both.
{notes(speed["operations"])}
![Times faster than each peer](images/performance-peers.svg)
"""
    return text + missing_operations(speed["operations"])


def notes(rows):
    lines = [note for case, note in NOTES.items() if case in rows]
    return "\n" + "\n".join(lines) + "\n" if lines else ""


def missing_operations(rows):
    lines = [f"- {case}: {name}: {reason}" for case, row in rows.items() for name, reason in row["not_run"].items()]
    return "\nNot measured in this run:\n\n" + "\n".join(lines) + "\n" if lines else ""


def bandwidth_section(speed):
    rows = [[case, ms(row["ms"]), f"{row['voxels_per_second'] / 1e6:.0f}", f"{row['bytes_per_second'] / 1e9:.1f}",
             f"{row['copy_bytes_per_second'] / 1e9:.1f}", f"{row['copy_percent']:.0f} %"]
            for case, row in done(speed["operations"])]
    head = ["operation", "time", "million voxels a second", "GB/s", "GB/s of a copy", "of the copy"]
    return f"""## How near to the limit of memory

No operation can be faster than reading its input and writing its output once. The bytes of both, divided by the time, stand
beside what memcpy between two blocks of 256 MiB, a piece a thread, reached in turn with it; it writes past the caches.

{table(head, rows)}
![Bytes a second, under the bandwidth of a copy](images/performance-bandwidth.svg)
"""


def path_row(name, peer, row, peer_key):
    return [name, ms(row["naru_ms"]), peer, ms(row[peer_key]), times(row), f"{row['aim']} ×"]


def paths_section(speed):
    paths, rows, compared = speed["paths"], [], ""
    normalised, converted = paths.get("normalised", {}), paths.get("dcm2niix", {})
    if "naru_ms" in normalised:
        name = f"{normalised['slices']} slices to normalised 1 mm float32, .nii.gz"
        rows.append(path_row(name, "MONAI's steps", normalised, "monai_like_ms"))
        compared = f"""The two results of the first row differ by at most {normalised['max_difference']:.1e} in voxels of 0 to 1, and their outer
voxels lie {normalised['corners_moved_mm']:.1e} mm apart at most.
""" if "max_difference" in normalised else f"The results of the first row were not compared: {normalised['not_compared']}.\n"
    for name, row in converted.get("cases", {}).items():
        noise, compression = name.split(", ")
        ending, flag = (".nii", "n") if compression == "none" else (".nii.gz", "y")
        rows.append(path_row(f"{converted['slices']} slices, {noise}, on their own grid, {ending}", f"dcm2niix -z {flag}", row,
                             "dcm2niix_ms"))
    failed = "".join(f"\nNot measured: {name}: {row['not_run']}\n" for name, row in paths.items() if "not_run" in row)
    return f"""## From DICOM files to a file that a model reads

CT of 512 × 512, uncompressed, from the page cache. Naru's time is that of the whole program `naru prepare` from its start to
its end, with checksums, pseudonyms, findings, manifest and report. Noise stands for what a scanner makes; a series without
noise compresses as no real one does. "MONAI's steps" are those of LoadImage (PydicomReader), Spacing, ScaleIntensityRange and
SaveImage, written out on pydicom, torch and nibabel, in a Python that has imported them already.

{table(["path", "Naru", "peer", "its time", "Naru is faster by", "aim"], rows)}
{compared}{failed}"""


THREADS_PICTURE = """
![Speed against threads](images/performance-threads.svg)
"""


def growth_section(speed):
    growth = speed["growth"]
    tables = (slices_table(growth.get("slices", {})) + threads_table(growth.get("threads", {}))
              + studies_table(growth.get("studies", {})))
    return f"""## How cost grows

{tables}
![Cost against size](images/performance-growth.svg)
{THREADS_PICTURE if threads_series(growth) else ""}"""


def shortfall(what, peer, row):
    """A line where Naru is slower than a peer or short of its aim, else none."""
    if row["times_faster"] < 1:
        return [f"- {what}: {peer} takes {picture.short(row['times_faster'])} of Naru's time."]
    if row.get("aim") and row["times_faster"] < row["aim"]:
        return [f"- {what}: {times(row)} as fast as {peer}; the aim is {row['aim']} ×."]
    return []


def shortfalls_of(rows, aim_copy_percent=None):
    """@param aim_copy_percent of all operations, in place of each one's own"""
    lines = []
    for case, row in done(rows):
        for name, peer in beside(row):
            lines += shortfall(case, name, peer)
        aim = aim_copy_percent or row["aim_copy_percent"] or 0
        if row["copy_percent"] < aim:
            lines.append(f"- {case}: {row['copy_percent']:.0f} % of the bandwidth of a copy; the aim is {aim} %.")
    return lines


def growth_shortfalls(slices):
    aim = growth.MOST_OFF_LINEAR_PERCENT
    return [f"- {name}: time against slices is off proportion by {row['most_off_linear_percent']:.0f} %; the aim is {aim} % at "
            "most." for name, row in done(slices) if row["most_off_linear_percent"] > aim]


def is_older(gpu, commit):
    return gpu[1]["commit"] != commit


def slower_section(speed, gpu, commit):
    """What a reader must not have to look for. @param gpu, commit as of gpu_section"""
    lines = shortfalls_of(speed.get("operations", {}))
    paths = speed.get("paths", {})
    for name, row in paths.get("dcm2niix", {}).get("cases", {}).items():
        lines += shortfall(f"DICOM to NIfTI on its own grid, {name}", "dcm2niix", row)
    if "times_faster" in paths.get("normalised", {}):
        lines += shortfall("DICOM to normalised 1 mm", "MONAI's steps", paths["normalised"])
    lines += growth_shortfalls(speed.get("growth", {}).get("slices", {}))
    if is_measured(gpu):
        on_gpu = shortfalls_of(gpu[1]["gpu"]["operations"], gpu[1]["gpu"]["aim_copy_percent"])
        of = f", as commit {gpu[1]['commit']} was; what changed since was not run on one" if is_older(gpu, commit) else ""
        lines += [f"- On a GPU{of}:", *(f"  {line}" for line in on_gpu)] if on_gpu else []
    return "## Where Naru is slower, or short of its aim\n\n" + ("\n".join(lines) or "Nowhere in this run.") + "\n"


def is_measured(named):
    return bool(named and named[1]["gpu"]["device"])


def whole_path_on_gpu(path):
    of_commit = f", of commit {path['commit']}" if "commit" in path else ""
    stages = path.get("stages_seconds", {}).get("cuda", {})
    took = ", ".join(f"{stage} {ms(1000 * seconds)}" for stage, seconds in stages.items())
    return f"""
`naru prepare` of a series of {path['files']} files to 1 mm, .nii.gz: {ms(path['cuda_ms'])} with the GPU, {ms(path['cpu_ms'])} without; each
time a process of its own, which starts the device first. Medians of {path['runs']} runs{of_commit}.
{f"With the GPU its stages took: {took}." if took else ""}
"""


def gpu_section(named, commit, speed):
    """@param named the name of the file that benchmarks/gpu/run.sh wrote, and what is in it; or None
    @param commit, speed of the rest of the page"""
    if not is_measured(named):
        return NO_GPU
    name, gpu = named[0], named[1]["gpu"]
    rows = []
    for case, row in done(gpu["operations"]):
        rate = [ms(row["ms"]), f"{row['bytes_per_second'] / 1e9:.0f}", f"{row['copy_percent']:.0f} %"]
        peers = [[peer_name(*peer, row["threads"]), ms(peer[1]["ms"]), times(peer[1])] for peer in beside(row)]
        rows += [[case, *rate, *peer] for peer in peers or [[""] * 3]]
    whole = whole_path_on_gpu(gpu["path"]) if gpu.get("path") else ""
    older = f"""
**Not run on a GPU:** what changed in `kernels/` from commit {named[1]["commit"]}, which was measured here, to {commit}, of which the
rest of this page is. It was compiled, and the tests run it on an emulated device.
""" if is_older(named, commit) else ""
    on_gpu = dict(done(gpu["operations"]))
    missing = "; ".join(case for case, _ in done(speed.get("operations", {})) if case not in on_gpu)
    not_measured = f"Not measured in that run: {missing}.\n" if missing else ""
    return f"""## On a GPU
{older}
{gpu['device']}, from [{name}](../benchmarks/results/{name}); input and output in the GPU's memory. The aim is
{gpu['aim_copy_percent']} % of the bandwidth of a copy measured there, and 10 × torch.

{table(["operation", "Naru", "GB/s", "of a copy", "peer on the GPU", "its time", "Naru is faster by"], rows)}
{not_measured}
compute-sanitizer: {"; ".join(f"{tool}: {said}" for tool, said in gpu["sanitizer"].items())}.
{whole}"""


def compiled_section(result):
    kernels = result["speed"].get("compiled", {}).get("kernels")
    if not kernels:
        return ""
    if "not_run" in kernels:
        return f"\nRegisters of the kernels were not measured: {kernels['not_run']}.\n"
    rows = []
    for name, targets in sorted(kernels.items()):
        rows.append([f"`{name}`", *(f"{one['registers']}, {one['spilled_bytes']}" for _, one in sorted(targets.items()))])
    names = sorted(next(iter(kernels.values())))
    return f"""
What the compiler made of each kernel: registers a thread, and bytes spilled to memory (worst of its instances).

{table(["kernel", *names], rows)}"""


SECTIONS = {"operations": (operations_section, bandwidth_section), "paths": (paths_section,), "growth": (growth_section,)}


def page(name, result, gpu=None):
    """The text of docs/performance.md. @param name of the file of results"""
    speed = result["speed"]
    parts = [introduction(name, result)]
    for part, sections in SECTIONS.items():
        if part in speed:
            parts += [section(speed) for section in sections]
    commit = result["commit"]
    return "\n".join([*parts, slower_section(speed, gpu, commit), gpu_section(gpu, commit, speed) + compiled_section(result)])


def threads_series(growth):
    series = [(name, row["threads"], row["times_faster"]) for name, row in done(growth.get("threads", {}))]
    return [row for row in series if len(row[1]) > 1]


def growth_series(growth):
    series = [(f"{name}, slices", row["slices"], row["ms"]) for name, row in done(growth.get("slices", {}))]
    studies = growth.get("studies", {})
    return series + ([("naru prepare, studies", studies["studies"], studies["ms"])] if "ms" in studies else [])


def images(result):
    """The text of each docs/images/performance-NAME.svg."""
    speed = result["speed"]
    measured = done(speed.get("operations", {}))
    ratios = [(f"{case}: {name}", peer["times_faster"]) for case, row in measured for name, peer in beside(row)]
    rates = [(case, row["bytes_per_second"] / 1e9, row["copy_bytes_per_second"] / 1e9) for case, row in measured]
    series, threads = growth_series(speed.get("growth", {})), threads_series(speed.get("growth", {}))
    made = {}
    if measured:
        made["peers"] = picture.ratios("How many times faster than each peer (logarithmic; the dark line is equal speed)", ratios)
        made["bandwidth"] = picture.roof("GB/s read and written; the red line is a copy on the same threads", rates)
    if series:
        made["growth"] = picture.curves("Cost against size (dashed: in proportion)", "times as many", series)
    if threads:
        made["threads"] = picture.curves("Speed against threads (dashed: in proportion)", "times as many threads", threads)
    return made
