#!/usr/bin/env python3
"""Measures Naru beside its peers and writes benchmarks/results/<machine>-<commit>.json.

  benchmarks/run.py --machine epyc-2core build/cpu/bin                kernels, and ITK where its program was built
  benchmarks/run.py --machine epyc-2core --speed build/cpu/bin        operations and whole paths beside their peers, and how
                                                                      cost grows: for benchmarks/render.py
  benchmarks/run.py --machine epyc-2core --end-to-end build/cpu/bin   DICOM to NIfTI, beside dcm2niix
  benchmarks/run.py --machine epyc-2core --dicom build/cpu/bin        reading series, beside ITK's GDCM and dcm2niix
  benchmarks/run.py --machine epyc-2core --deidentify build/cpu/bin   de-identifying, beside Orthanc and pydicom
  benchmarks/run.py --machine epyc-2core --server build/cpu/bin       naru serve under load, its downloads beside nginx
  benchmarks/run.py --machine epyc-2core --pixels DICOM build/cpu/bin burned-in text on real slices, beside its peers
  benchmarks/run.py --machine epyc-2core --faces DICOM build/cpu/bin  the search for faces in real heads; it has no peer here
  benchmarks/gpu/run.sh h100                                          on a GPU machine: see there

Each number is the median of at least five runs, or the file says of how many; a peer is always timed in the same run, in
turn with ours, and the ratio is what counts. One part of the file is written by each call and leaves the other as it is.
MACHINE is a neutral name, never a host's. --speed takes about three quarters of an hour; it writes each row as soon as it has it.
Only the standard library is needed, but
- for the peers of --speed: dcm2niix, pigz and python3-nibabel, -numpy, -pydicom, -scipy, -skimage, -torch; one that is
  missing is named in the file;
- for --server: nginx-light, postgresql and openssl;
- for --pixels: dcmtk, python3-numpy, -pil, -pydicom, -scipy, and for its peers python3-tesserocr, tesseract-ocr-kor,
  python3-opencv and `npm ci --ignore-scripts` in benchmarks/pixels/ppocr.
Temporary files go where TMPDIR says: --speed needs 2 GB there, --server 3 GB, --deidentify 22 GB.
"""
import argparse
import functools
import json
import os
import pathlib
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time

from deidentify.measure import find_pydicom_python, measure_deidentify
from pixels.table import tables_of
from server.measure import measure_server
from speed.gpu import measure_gpu, measure_path as measure_gpu_path
from speed.measure import PARTS, measure_speed, said_by
from speed.path import DCM2NIIX_SLICES, Workshop, beside_dcm2niix, measure_dcm2niix

ROOT = pathlib.Path(__file__).resolve().parent.parent
ITK_PEER = "itk_linear_int16"
GDCM_PEER = "itk_gdcm_series"


def git(*arguments):
    return subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=True).stdout.strip()


def commit_name():
    """The short commit, with "-dirty" where the tree differs from it outside the results. "unversioned" in a copy without
    its history, as a GPU machine may have it."""
    if not (ROOT / ".git").exists():
        return "unversioned"
    changed = git("status", "--porcelain", "--untracked-files=no", "--", ".", ":!benchmarks/results")
    return git("rev-parse", "--short=10", "HEAD") + ("-dirty" if changed else "")


def cpu_model():
    text = pathlib.Path("/proc/cpuinfo").read_text()
    found = re.search(r"model name\s*:\s*(.*)", text)
    return found.group(1) if found else platform.machine()


def machine_facts():
    return {
        "cpu": cpu_model(),
        "threads": len(os.sched_getaffinity(0)),
        "load_average_at_start": round(os.getloadavg()[0], 1),  # of others too: near 0 on a quiet machine
        "kernel": platform.release().split("-")[0],
        "gpu": said_by("nvidia-smi", "--query-gpu=name", "--format=csv,noheader"),
        "compiler": said_by("c++", "--version"),
    }


def run_google_benchmark(program, repetitions, seconds):
    """Medians by name of one benchmark program, and what it says of its run."""
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "out.json"
        subprocess.run([str(program), f"--benchmark_repetitions={repetitions}", f"--benchmark_min_time={seconds}",
                        "--benchmark_enable_random_interleaving=true", f"--benchmark_out={out}",
                        "--benchmark_out_format=json"], check=True, stdout=subprocess.DEVNULL)
        document = json.loads(out.read_text())
    runs = {}
    for row in document["benchmarks"]:
        if row["run_type"] == "iteration" and not row.get("error_occurred"):
            runs.setdefault(re.sub(r"/(manual|real)_time.*", "", row["name"]), []).append(row)
    counters = ("bytes_per_second", "voxels_per_second", "copy_percent", "max_difference_hu")
    medians = {}
    for name, rows in sorted(runs.items()):
        medians[name] = {"ms": statistics.median(row["real_time"] for row in rows), "runs": len(rows)}
        for counter in counters:
            if counter in rows[0]:
                medians[name][counter] = statistics.median(row[counter] for row in rows)
    standard = ("date", "host_name", "executable", "num_cpus", "mhz_per_cpu", "cpu_scaling_enabled", "caches",
                "load_avg", "library_build_type")
    return medians, {key: value for key, value in document["context"].items() if key not in standard}


def measure_kernels(bin_dir, repetitions):
    medians, context = run_google_benchmark(bin_dir / "kernels_benchmarks", repetitions, 0.1)
    result = {"context": context, "cases": medians}
    peer_program = bin_dir / "itk_resample_benchmark"
    if peer_program.exists():
        cases, peer_context = run_google_benchmark(peer_program, repetitions, 0.5)
        for name, case in cases.items():
            if name != ITK_PEER:
                case["times_faster_than_itk"] = cases[ITK_PEER]["ms"] / case["ms"]
        result["itk"] = {"context": peer_context, "cases": cases}
    return result


def measure_end_to_end(bin_dir, repetitions):
    return {"slices": DCM2NIIX_SLICES, "dcm2niix": said_by("dcm2niix", "--version"), "pigz": said_by("pigz", "--version"),
            "cases": measure_dcm2niix(bin_dir, repetitions)}


def measure_lossless(bin_dir, work, repetitions):
    """A series in JPEG Lossless, decoded and written as .nii without gzip, ours in turn with dcm2niix."""
    workshop = Workshop(bin_dir, work)
    series = workshop.phantom("lossless", "--size", 512, 512, DCM2NIIX_SLICES, "--noise", 12, "--transfer-syntax",
                              "jpeg-lossless-sv1")
    return beside_dcm2niix(workshop, series, "none", repetitions) | {"slices": DCM2NIIX_SLICES}


def measure_header_pass(bin_dir, work, repetitions):
    """`naru inspect` over 10,000 files of half a mebibyte, most of it pixels that it need not read."""
    for series in range(50):
        subprocess.run([str(bin_dir / "naru_phantom"), "--out", str(work / "many" / str(series)), "--size", "512", "512",
                        "200", "--seed", str(series)], check=True, stdout=subprocess.DEVNULL)
    seconds = []
    for _ in range(repetitions + 1):
        start = time.monotonic()
        subprocess.run([str(bin_dir / "naru"), "inspect", str(work / "many"), "--json", "--quiet"], check=False,
                       stdout=subprocess.DEVNULL)
        seconds.append(time.monotonic() - start)
    median = statistics.median(seconds[1:])
    return {"files": 10000, "ms": 1000 * median, "files_per_second": 10000 / median, "runs": repetitions}


def measure_dicom(bin_dir, repetitions):
    cases, context = run_google_benchmark(bin_dir / "series_reading_benchmark", repetitions, 0.5)
    for name, case in cases.items():
        if name != GDCM_PEER:
            case["times_faster_than_gdcm"] = cases[GDCM_PEER]["ms"] / case["ms"]
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        lossless = measure_lossless(bin_dir, work, repetitions)
        headers = measure_header_pass(bin_dir, work, repetitions)
    return {"context": context, "series_reading": cases, "jpeg_lossless": lossless, "header_pass": headers,
            "dcm2niix": said_by("dcm2niix", "--version")}


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def number(case, key, form, scale=1.0):
    return form.format(case[key] * scale) if key in case else ""


def kernel_rows(cases):
    return [[name, f"{case['ms']:.2f}", number(case, "voxels_per_second", "{:.0f}", 1e-6),
             number(case, "copy_percent", "{:.0f}"), number(case, "times_faster_than_itk", "{:.1f}"),
             number(case, "max_difference_hu", "{:.1e}")] for name, case in cases.items()]


def print_deidentify_tables(measured):
    peers = {"x Orthanc to disk, 1 job": "orthanc_to_disk_1_job", "2 jobs": "orthanc_to_disk_2_jobs",
             "not to disk, 1 job": "orthanc_1_job", "not to disk, 2 jobs": "orthanc_2_jobs",
             "not to disk, 2 jobs and upload": "orthanc_with_upload",
             "x pydicom to disk, 1 process": "pydicom_to_disk_1_process", "2 processes": "pydicom_to_disk_2_processes",
             "not to disk, 1 process": "pydicom_1_process", "x cp and sync": "copy"}
    rows = [[name, f"{case['files_per_second']:.0f}", f"{case['bytes_per_second'] / 1e6:.0f}",
             f"{case['peak_bytes'] / 1e6:.0f}", *[f"{case[f'times_faster_than_{peer}']:.1f}" for peer in peers.values()]]
            for name, case in measured["images"].items()]
    print(table([f"on {measured['filesystem']}", "files/s", "MB/s", "peak MB", *peers], rows) + "\n")
    rows = [[name, f"{case['bytes_per_second'] / 1e6:.0f}", f"{case['peak_bytes'] / 1e6:.0f}",
             f"{case['time_per_byte_beside_flat']:.2f}"] for name, case in measured["items"].items()]
    print(table([f"on {measured['filesystem']}", "MB/s", "peak MB", "time per byte"], rows) + "\n")


def print_tables(result):
    head = ["case", "ms", "Mvox/s", "% of copy", "x ITK", "max diff HU"]
    if "kernels" in result:
        rows = kernel_rows(result["kernels"]["cases"]) + kernel_rows(result["kernels"].get("itk", {}).get("cases", {}))
        print(table(head, rows) + "\n")
    if "end_to_end" in result:
        rows = [[name, f"{case['naru_ms']:.0f}", f"{case['dcm2niix_ms']:.0f}", f"{case['times_faster']:.2f}"]
                for name, case in result["end_to_end"]["cases"].items()]
        print(table([f"{DCM2NIIX_SLICES} slices, compression", "naru ms", "dcm2niix ms", "x dcm2niix"], rows) + "\n")
    if "pixels" in result:
        print(tables_of(result["pixels"]))
    for measured in result.get("deidentify", {}).values():
        print_deidentify_tables(measured)


def measure_pixels(bin_dir, dicom, items):
    command = [find_pydicom_python(), ROOT / "benchmarks" / "pixels" / "measure.py", bin_dir, "--dicom", dicom, "--peers",
               "--items", items, "--own-items", 270]
    return json.loads(subprocess.run([str(part) for part in command], check=True, stdout=subprocess.PIPE, text=True).stdout)


HEADS = ("a/ct_siemens_sensation16_head_2mm", "a/mr_siemens_skyra_t1_mprage_sag", "c/mr_siemens_xa30_t1_enhanced")


def measure_faces(bin_dir, folder):
    """Seconds and numbers of each stack of heads."""
    heads = {}
    for name in HEADS:
        printed = subprocess.run([str(bin_dir / "find_face"), str(folder / name)], check=True, capture_output=True,
                                 text=True).stdout
        heads[name] = [json.loads(line) for line in printed.splitlines()]
    return {"heads": heads}


class Results:
    """The file of one machine and commit. What one call measures leaves the rest of it as it is."""

    def __init__(self, machine, is_addition=False):
        """@param is_addition what is measured is a part of a part, whose facts are those of the call that began it"""
        commit = commit_name()
        self.path = ROOT / "benchmarks" / "results" / f"{machine}-{commit}.json"
        self.all = json.loads(self.path.read_text()) if self.path.exists() else {"schema": "naru.benchmark/1"}
        self.all |= {"machine": machine, "commit": commit}
        self.facts = machine_facts()
        self.is_addition = is_addition

    def keep(self, part, measured):
        """Adds to a part of the file and writes it."""
        before = self.all.get(part, {})
        facts = before.get("facts", self.facts) if self.is_addition else self.facts
        self.all[part] = before | measured | {"facts": facts}
        self.save()

    def save(self):
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(json.dumps(self.all, indent=1, sort_keys=True) + "\n")


def run_speed(options, results):
    measure_speed(options.bin_dir, options.cuda_build.resolve(), options.only or PARTS, results.facts["threads"],
                  options.repetitions, options.quick, functools.partial(results.keep, "speed"))


def run_gpu(options, results):
    measure_gpu(options.bin_dir, options.gpu, results.facts["threads"], options.repetitions, options.quick,
                functools.partial(results.keep, "gpu"))


def run_gpu_path(options, results):
    results.keep("gpu", {"path": measure_gpu_path(options.bin_dir, options.gpu_path.resolve(), options.repetitions)})


def run_dicom(options, results):
    results.keep("dicom", measure_dicom(options.bin_dir, options.repetitions))
    print(json.dumps(results.all["dicom"], indent=1))


def run_deidentify(options, results):
    with tempfile.TemporaryDirectory() as folder:
        measured = measure_deidentify(options.bin_dir, pathlib.Path(folder), options.repetitions) | {"facts": results.facts}
    results.all.setdefault("deidentify", {})[measured["filesystem"]] = measured


def run_server(options, results):
    with tempfile.TemporaryDirectory() as folder:
        results.keep("server", measure_server(options.bin_dir, pathlib.Path(folder), options.repetitions))
    print(json.dumps(results.all["server"], indent=1))


def run_pixels(options, results):
    results.keep("pixels", measure_pixels(options.bin_dir, options.pixels, options.items))


def run_faces(options, results):
    results.keep("faces", measure_faces(options.bin_dir, options.faces))
    print(json.dumps(results.all["faces"], indent=1))


def run_end_to_end(options, results):
    results.keep("end_to_end", measure_end_to_end(options.bin_dir, options.repetitions))


def run_kernels(options, results):
    results.keep("kernels", measure_kernels(options.bin_dir, options.repetitions))


def read_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bin_dir", type=lambda text: pathlib.Path(text).resolve(),
                        help="where the programs were built, e.g. build/cpu/bin")
    parser.add_argument("--machine", required=True, help="a neutral name such as epyc-2core")
    parser.add_argument("--speed", action="store_true", help="time every operation and the whole path beside their peers")
    parser.add_argument("--only", choices=PARTS, action="append", help="a part of --speed; may be given again")
    parser.add_argument("--quick", action="store_true", help="--speed on small volumes: a proof that it runs, no figures")
    parser.add_argument("--cuda-build", type=pathlib.Path, default=ROOT / "build" / "cuda",
                        help="where CMake was configured with CUDA, for registers and spills; nothing need be built")
    parser.add_argument("--gpu", choices=("cuda", "cpu"), help="time every operation beside torch on a GPU; cpu: a dry run")
    parser.add_argument("--gpu-path", type=pathlib.Path, help="time naru prepare with and without the GPU; a real series")
    parser.add_argument("--end-to-end", action="store_true", help="time naru prepare beside dcm2niix instead of kernels")
    parser.add_argument("--dicom", action="store_true", help="time the reading of series instead of kernels")
    parser.add_argument("--deidentify", action="store_true", help="time naru deidentify beside its peers")
    parser.add_argument("--server", action="store_true", help="load naru serve, beside nginx; five minutes")
    parser.add_argument("--pixels", type=pathlib.Path, help="measure how burned-in text is found; the folder of real slices")
    parser.add_argument("--items", type=int, default=150, help="pieces of text of each category, for --pixels")
    parser.add_argument("--faces", type=pathlib.Path, help="measure the search for faces; the folder of real heads")
    parser.add_argument("--repetitions", type=int, default=5, help="five at least")
    options = parser.parse_args()
    if options.repetitions < 5:
        parser.error("a median needs five repetitions at least")
    return options


CHOICES = {"speed": run_speed, "gpu": run_gpu, "gpu_path": run_gpu_path, "dicom": run_dicom, "deidentify": run_deidentify,
           "server": run_server,
           "pixels": run_pixels, "faces": run_faces, "end_to_end": run_end_to_end}


def main():
    options = read_options()
    results = Results(options.machine, is_addition=bool(options.only))
    chosen = next((run for name, run in CHOICES.items() if getattr(options, name)), run_kernels)
    chosen(options, results)
    results.save()
    print_tables(results.all)
    print(f"written: {results.path.relative_to(ROOT)}", file=sys.stderr)


if __name__ == "__main__":
    main()
