"""Times `naru deidentify` beside Orthanc and pydicom, and over files of many items. Only the standard library is needed
here; making the inputs and the peer in pydicom need a Python that has it."""
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time
from typing import NamedTuple

from deidentify.orthanc import Orthanc, find_orthanc

HERE = pathlib.Path(__file__).resolve().parent
THREADS = 2  # of ours; jobs of Orthanc, processes of pydicom
STUDIES = 2  # so that Orthanc, which works on a study with one thread, can use as many


class ImageSet(NamedTuple):
    modality: str
    size: int
    slices: int  # of each study
    transfer_syntax: str


IMAGE_SETS = {
    "CT 512x512": ImageSet("CT", 512, 200, "explicit"),
    "CT 512x512, JPEG Lossless": ImageSet("CT", 512, 200, "jpeg-lossless-sv1"),
    "MR 64x64": ImageSet("MR", 64, 1000, "explicit"),
}

# Shape, items a file, files: the same number of bytes in each case.
ITEM_SETS = {
    "60,000 items side by side": ("flat", 60_000, 20),
    "60,000 items, each in the one before": ("nested", 60_000, 20),
    "6,000 items, each in the one before": ("nested", 6_000, 200),
    "600,000 items, each in the one before": ("nested", 600_000, 2),
}


class Done(NamedTuple):
    seconds: float
    peak_bytes: int
    output: str


def timed(command, environment=None):
    """Runs a program to its end, once what others wrote is on the disk. @return also what it printed"""
    os.sync()
    start = time.monotonic()
    process = subprocess.Popen([str(part) for part in command], env=environment, stdout=subprocess.PIPE, text=True)
    output = process.stdout.read()
    process.stdout.close()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{command[0]} failed with {process.returncode}")
    return Done(seconds, usage.ru_maxrss * 1024, output)


def counted(count, one, many):
    return f"{count}_{one if count == 1 else many}"


def find_pydicom_python():
    for python in (sys.executable, "/usr/bin/python3"):
        if subprocess.run([python, "-c", "import pydicom"], check=False, stderr=subprocess.DEVNULL).returncode == 0:
            return python
    sys.exit("no Python here has pydicom: install python3-pydicom")


def files_below(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


def forget(paths):
    """Lets the page cache go of what is on the disk."""
    os.sync()
    for path in paths:
        with path.open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def read_all(paths):
    """Brings the files into the page cache. @return their bytes"""
    total = 0
    for path in paths:
        with path.open("rb") as file:
            # In pieces: a child's peak memory counts from what this process had.
            while piece := file.read(1 << 20):
                total += len(piece)
    return total


class Bench:
    def __init__(self, bin_dir, work, repetitions):
        self.bin_dir, self.work, self.repetitions = bin_dir, work, repetitions
        self.python, self.orthanc = find_pydicom_python(), find_orthanc()
        if self.orthanc is None:
            sys.exit("Orthanc is missing: install the package orthanc")
        self.environment = dict(os.environ, HOME=str(work), XDG_STATE_HOME=str(work / "state"))  # no key of the user
        self.table = work / "table.json"
        explained = timed([bin_dir / "naru", "deidentify", "--explain", "--json", "--quiet"], self.environment)
        self.table.write_text(explained.output)
        self.naru_out, self.naru_report, self.pydicom_out = work / "naru", work / "naru.report", work / "pydicom"
        self.copy_out, self.aside, self.set_aside_count = work / "copy", work / "aside", 0
        self.aside.mkdir()

    def set_aside(self, *folders):
        """Moved, not removed, until all is measured: ext4 passes over inodes that were freed in the last minutes, so that
        whoever writes after a removal waits for it. The page cache lets go of them: a virtual machine may wait long for
        memory that it never had."""
        for folder in filter(pathlib.Path.exists, folders):
            self.set_aside_count += 1
            forget(files_below(folder.rename(self.aside / str(self.set_aside_count))))

    def make_images(self, image_set):
        folder = self.work / "images"
        for study in range(STUDIES):
            timed([self.bin_dir / "naru_phantom", "--out", folder / str(study), "--modality", image_set.modality,
                   "--size", image_set.size, image_set.size, image_set.slices, "--noise", "12", "--seed", study,
                   "--transfer-syntax", image_set.transfer_syntax])
        timed([self.python, HERE / "inputs.py", "header", folder])
        return folder

    def run_naru(self, folder, file_count):
        self.set_aside(self.naru_out, self.naru_report)
        done = timed([self.bin_dir / "naru", "deidentify", folder, "--out", self.naru_out, "--report", self.naru_report,
                      "--threads", THREADS, "--quiet", "--json"], self.environment)
        self.check("naru", json.loads(done.output)["instances"], len(list(self.naru_out.rglob("*.dcm"))), file_count)
        return done

    def run_pydicom(self, folder, file_count, processes):
        """Seconds of its work, without the start of Python, and those until all is on the disk."""
        self.set_aside(self.pydicom_out)
        done = timed([self.python, HERE / "pydicom_profile.py", self.table, folder, self.pydicom_out, processes])
        answer = json.loads(done.output)
        self.check("pydicom", answer["files"], len(files_below(self.pydicom_out)), file_count)
        return {f"pydicom_{counted(processes, 'process', 'processes')}": answer["seconds"],
                f"pydicom_to_disk_{counted(processes, 'process', 'processes')}": answer["seconds_to_disk"]}

    def run_orthanc(self, server, name, studies, file_count, jobs):
        """@param studies and the files that Orthanc stored of them, which stay in the page cache as our input does"""
        studies, originals = studies
        forget(path for path in files_below(server.store) if path not in originals)
        os.sync()
        start = time.monotonic()
        count = server.anonymize(studies, jobs)
        seconds = time.monotonic() - start
        self.check("Orthanc", count, count, file_count)
        return {f"{name}_{counted(jobs, 'job', 'jobs')}": seconds}

    def run_copy(self, folder, file_count):
        """One thread that copies the files and waits for the disk, as Naru does."""
        self.set_aside(self.copy_out)
        done = timed(["sh", "-c", 'cp -r --reflink=never "$0" "$1" && sync --file-system "$1"', folder, self.copy_out])
        self.check("cp", file_count, len(files_below(self.copy_out)), file_count)
        return {"copy": done.seconds}

    @staticmethod
    def check(program, said, found, expected):
        if (said, found) != (expected, expected):
            sys.exit(f"{program} says that it wrote {said} files of {expected}, and {found} are there")

    def check_same_elements(self):
        """The peer in pydicom left exactly the attributes that we left, or it is no measure."""
        ours, theirs = (json.loads(timed([self.python, HERE / "elements.py", out]).output)
                        for out in (self.naru_out, self.pydicom_out))
        if ours != theirs:
            differing = sorted(path for path in ours.keys() | theirs.keys() if ours.get(path) != theirs.get(path))
            sys.exit(f"naru and pydicom left different attributes: {differing}")

    def rounds(self, *runs):
        """Runs all in turn, once to warm up and then as often as asked. @return what each gave, in order"""
        results = [[run() for run in runs] for _ in range(self.repetitions + 1)]
        return [[result[index] for result in results[1:]] for index in range(len(runs))]

    def measure_images(self, image_set):
        folder = self.make_images(image_set)
        paths = files_below(folder)
        size_bytes = read_all(paths)
        with (Orthanc(self.orthanc, self.work / "orthanc", THREADS) as quick,
              Orthanc(self.orthanc, self.work / "orthanc_durable", THREADS, is_durable=True) as durable):
            start = time.monotonic()
            uploaded = quick.upload(paths)
            upload_seconds = time.monotonic() - start
            studies = uploaded, set(files_below(quick.store))
            durable_studies = durable.upload(paths), set(files_below(durable.store))
            naru, *of_peers = self.rounds(
                lambda: self.run_naru(folder, len(paths)),
                lambda: self.run_copy(folder, len(paths)),
                *[lambda n=n: self.run_orthanc(quick, "orthanc", studies, len(paths), n) for n in (1, THREADS)],
                *[lambda n=n: self.run_orthanc(durable, "orthanc_to_disk", durable_studies, len(paths), n)
                  for n in (1, THREADS)],
                *[lambda n=n: self.run_pydicom(folder, len(paths), n) for n in (1, THREADS)])
        self.check_same_elements()
        self.set_aside(folder, self.work / "orthanc", self.work / "orthanc_durable", self.pydicom_out, self.copy_out)
        case = facts_of(naru, len(paths), size_bytes)
        peers = {name: statistics.median(one[name] for one in runs) for runs in of_peers for name in runs[0]}
        peers["orthanc_with_upload"] = upload_seconds + peers[f"orthanc_{counted(THREADS, 'job', 'jobs')}"]
        for peer, seconds in peers.items():
            case |= {f"{peer}_ms": 1000 * seconds, f"{peer}_files_per_second": len(paths) / seconds,
                     f"times_faster_than_{peer}": 1000 * seconds / case["ms"]}
        return case

    def measure_items(self):
        """The cost of a byte, whatever the nesting and the size of a file."""
        folder = self.work / "items"
        for name, item_set in ITEM_SETS.items():
            timed([self.python, HERE / "inputs.py", "items", folder / name, *item_set])
        sizes = {name: (len(files_below(folder / name)), read_all(files_below(folder / name))) for name in ITEM_SETS}
        runs = self.rounds(*[lambda name=name: self.run_naru(folder / name, sizes[name][0]) for name in ITEM_SETS])
        cases = {name: facts_of(done, *sizes[name]) for name, done in zip(ITEM_SETS, runs)}
        flat = next(iter(cases.values()))
        for case in cases.values():
            case["time_per_byte_beside_flat"] = flat["bytes_per_second"] / case["bytes_per_second"]
        return cases


def facts_of(naru, file_count, size_bytes):
    seconds = statistics.median(done.seconds for done in naru)
    return {"files": file_count, "bytes": size_bytes, "runs": len(naru), "ms": 1000 * seconds,
            "files_per_second": file_count / seconds, "bytes_per_second": size_bytes / seconds,
            "peak_bytes": max(done.peak_bytes for done in naru)}


def printed_by(command):
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, check=True).stdout.strip()


def filesystem_of(folder):
    """What runs on a disk and in memory are told apart by, e.g. "tmpfs"."""
    return printed_by(["stat", "--file-system", "--format=%T", folder])


def measure_deidentify(bin_dir, work, repetitions):
    bench = Bench(bin_dir, work, repetitions)
    return {"threads": THREADS, "studies": STUDIES, "filesystem": filesystem_of(work),
            "orthanc": printed_by([bench.orthanc, "--version"]).splitlines()[0],
            "pydicom": printed_by([bench.python, "-c", "import pydicom; print(pydicom.__version__)"]),
            "images": {name: bench.measure_images(image_set) for name, image_set in IMAGE_SETS.items()},
            "items": bench.measure_items()}
