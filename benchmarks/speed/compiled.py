"""What ptxas says of our kernels: registers a thread and bytes spilled, from the commands that CMake made."""
import json
import pathlib
import re
import shlex
import shutil
import subprocess
import tempfile

REPORT = re.compile(r"Compiling entry function '(?P<symbol>\w+)' for '(?P<target>sm_\w+)'.*?"
                    r"(?P<stack>\d+) bytes stack frame, (?P<stores>\d+) bytes spill stores, (?P<loads>\d+) bytes spill loads.*?"
                    r"Used (?P<registers>\d+) registers(?P<rest>[^\n]*)", re.DOTALL)


def commands_of(build):
    """The command of each of our .cu files. @raise RuntimeError where CUDA was not configured"""
    database = build / "compile_commands.json"
    if not database.exists():
        raise RuntimeError("CUDA is not configured here: run `cmake --preset cuda` first")
    rows = json.loads(database.read_text())
    return {row["file"]: row for row in rows if row["file"].endswith(".cu")}


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
    """"void naru::(anonymous namespace)::blend<float>(float*)" is blend."""
    signature = signature.replace("(anonymous namespace)", "")
    head = re.split(r"[<(]", signature, maxsplit=1)[0]
    return head.split("::")[-1].split()[-1] if head.split("::")[-1].split() else signature


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
                kernel = kernels.setdefault(f"{pathlib.Path(file).stem}: {name}", {})
                worst = kernel.setdefault(target, dict.fromkeys(numbers, 0) | {"instances": 0})
                worst |= {key: max(worst[key], value) for key, value in numbers.items()}
                worst["instances"] += 1
    return kernels
