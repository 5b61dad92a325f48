"""What ptxas says of our kernels: registers a thread and bytes spilled, from the commands that CMake made."""
import json
import pathlib
import re
import shlex
import shutil
import subprocess
import tempfile

KERNELS = pathlib.Path(__file__).resolve().parent.parent.parent / "kernels"
REPORT = re.compile(r"Compiling entry function '(?P<symbol>\w+)' for '(?P<target>sm_\w+)'.*?"
                    r"(?P<stack>\d+) bytes stack frame, (?P<stores>\d+) bytes spill stores, (?P<loads>\d+) bytes spill loads.*?"
                    r"Used (?P<registers>\d+) registers(?P<rest>[^\n]*)", re.DOTALL)


def commands_of(build):
    """The command of each of our .cu files. @raise RuntimeError where CUDA was not configured, or before a file was new"""
    database = build / "compile_commands.json"
    rows = json.loads(database.read_text()) if database.exists() else []
    found = {pathlib.Path(row["file"]): row for row in rows if row["file"].endswith(".cu")}
    missing = [file.name for file in sorted(KERNELS.rglob("*.cu")) if file not in found]
    if missing:
        raise RuntimeError(f"CMake has no command for {', '.join(missing)}: run `cmake --preset cuda` first")
    return found


def compiled(row, out):
    """What ptxas printed while one file was compiled."""
    words = shlex.split(row["command"])
    if pathlib.Path(words[0]).name == "ccache":
        words.pop(0)
    words[words.index("-o") + 1] = str(out)
    done = subprocess.run([*words, "-Xptxas", "-v"], cwd=row["directory"], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"nvcc failed on {pathlib.Path(row['file']).name}")
    return done.stderr


def plain_names(symbols):
    """The functions' names as the source has them, without namespaces, arguments and the result."""
    if not shutil.which("c++filt"):
        return {symbol: symbol for symbol in symbols}
    said = subprocess.run(["c++filt"], input="\n".join(symbols), capture_output=True, text=True, check=True).stdout
    return {symbol: kernel_name(line) for symbol, line in zip(symbols, said.splitlines())}


def kernel_name(signature):
    """"void naru::fill_voxels_kernel<short, naru::OrientVoxel<short> >(...)" is OrientVoxel: what one thread computes tells
    more than the loop around it. Without such a part, the function's own name."""
    voxel = re.search(r"naru::(\w+Voxel)\b", signature)
    if voxel:
        return voxel.group(1)
    head = re.split(r"[<(]", signature.replace("(anonymous namespace)", ""), maxsplit=1)[0]
    return head.split("::")[-1].split()[-1]


def parse(text):
    """Kernel, target, and numbers of each entry function in what ptxas printed."""
    found = [match.groupdict() for match in REPORT.finditer(text)]
    names = plain_names([one["symbol"] for one in found])
    rows = []
    for one in found:
        shared = re.search(r"(\d+) bytes smem", one["rest"])
        rows.append((names[one["symbol"]], one["target"], {
            "registers": int(one["registers"]), "spilled_bytes": int(one["stores"]) + int(one["loads"]),
            "stack_bytes": int(one["stack"]), "shared_bytes": int(shared.group(1)) if shared else 0}))
    return rows


def measure_compiled(build):
    """By kernel and target the greatest numbers of its instances, and how many instances there are."""
    kernels = {}
    with tempfile.TemporaryDirectory() as folder:
        for file, row in sorted(commands_of(build).items()):
            for name, target, numbers in parse(compiled(row, pathlib.Path(folder) / "out.o")):
                kernel = kernels.setdefault(f"{file.stem}: {name}", {})
                worst = kernel.setdefault(target, dict.fromkeys(numbers, 0) | {"instances": 0})
                worst |= {key: max(worst[key], value) for key, value in numbers.items()}
                worst["instances"] += 1
    return kernels
