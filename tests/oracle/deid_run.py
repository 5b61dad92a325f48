"""Runs `naru deidentify` and reads what it left."""
import json
import pathlib
import subprocess

import pydicom

ALL = ("clean-descriptors", "clean-structured-content", "clean-graphics", "clean-pixel-data",
       "retain-longitudinal-modified-dates", "retain-patient-characteristics", "retain-safe-private")
LIMIT_SECONDS = 300


class Run:
    """One run of the program: status, streams, the two folders, the lines of inputs.jsonl."""

    def __init__(self, program, inputs, folder, recipe, key="7" * 64, project="corpus", extra=()):
        folder.mkdir(parents=True, exist_ok=True)
        self.out, self.report = folder / "out", folder / "report"
        key_file = folder / "project.key"
        key_file.touch(0o600)
        key_file.write_text(key)
        if isinstance(recipe, str):
            (folder / "recipe.toml").write_text(recipe)
            recipe = folder / "recipe.toml"
        command = [program, "deidentify", *inputs, "--out", self.out, "--report", self.report, "--recipe", recipe,
                   "--key-file", key_file, "--project", project, *extra]
        done = subprocess.run([str(word) for word in command], capture_output=True, timeout=LIMIT_SECONDS)
        self.status, self.stdout, self.stderr = done.returncode, done.stdout, done.stderr
        lines = self.report / "inputs.jsonl"
        self.lines = [json.loads(line) for line in lines.read_text().splitlines()] if lines.is_file() else []

    def files(self):
        return sorted(p for p in self.out.rglob("*") if p.is_file()) if self.out.is_dir() else []

    def line_of(self, path):
        """The line of an input file; none where the program lost it."""
        path = pathlib.Path(path).resolve()
        return next((line for line in self.lines if pathlib.Path(line["path"]).resolve() == path), None)

    def output_path(self, path):
        line = self.line_of(path)
        return self.out / line["output"] if line and line["disposition"] == "used" else None

    def output(self, path):
        """The de-identified data set of an input file; none where it was not delivered."""
        found = self.output_path(path)
        return pydicom.dcmread(found) if found else None


def recipe_of(options):
    listed = ", ".join(f'"{option}"' for option in options)
    return ('schema = "naru.recipe/1"\nname = "deid-test"\n[deidentify]\nprofile = "basic"\n'
            f'options = [{listed}]\n[pixels]\ntext = "keep"\n')
