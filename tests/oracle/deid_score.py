#!/usr/bin/env python3
"""Scores de-identified output against the answer key of deid_corpus.py.

    deid_score.py CORPUS OUT [--report DIR] [--json FILE]

Exit 0 only where at least 99.95 % of the checks pass, of every action and in all, none of those that hide fails, every
input is accounted for, and no byte of OUT holds a planted identifier. Actions as in MIDI-B's public validation script
(github.com/CBIIT/MIDI_validation_script, modules/curation_validator.py); stricter here, so that a pass means more:
  - an instance that was not delivered fails all its checks (there: only those of retaining);
  - date_shifted wants the date there and shifted by the patient's own whole days (there: another text is enough);
  - uid_consistent and patid_consistent want the attribute there, the mapping one to one (there: absence passes);
  - pixels_hidden compares pixels with the source (there: OCR);
  - text_removed takes words of up to three letters as whole words; where an attribute must go, it must be absent or
    empty.
"""
import argparse
import collections
import hashlib
import json
import pathlib
import sys

import pydicom

import deid_check
from deid_leaks import Leaks

GOAL = 0.9995
HIDING = ("text_removed", "uid_changed", "pixels_hidden")  # here every miss is a leak


class Output:
    """What became of one input."""

    def __init__(self, line, folder):
        self.disposition, self.reason = (line["disposition"], line.get("reason")) if line else ("lost", None)
        self.path = folder / line["output"] if self.disposition == "used" and line.get("output") else None
        self.ds = None
        try:
            self.ds = pydicom.dcmread(self.path) if self.path else None
            if self.ds:
                self.ds.decode()
        except Exception as problem:  # whatever pydicom stumbles over is no delivery
            self.ds, self.reason = None, f"unreadable: {type(problem).__name__}"


def read_lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def outputs_of(instances, folder, report):
    by_hash = {line["sha256"]: line for line in read_lines(report / "inputs.jsonl")}
    return {i["sha256"]: Output(by_hash.get(i["sha256"]), folder) for i in instances}


def account(instances, outputs):
    """Faults in what became of the inputs."""
    for instance in instances:
        output, name = outputs[instance["sha256"]], instance["file"]
        if output.disposition == "lost":
            yield f"lost: {name} has no line in inputs.jsonl"
        elif output.disposition == "used" and instance.get("must_quarantine"):
            yield f"passed: {name} must be quarantined"
        elif output.disposition == "used" and output.ds is None:
            yield f"missing: {name} is said to be used, its output is not there or {output.reason}"
        elif output.disposition != "used" and not output.reason:
            yield f"silent: {name} is {output.disposition} without a reason"
        elif output.ds is not None:
            ids = tuple(
                str(output.ds.get(k)) + end
                for k, end in (("StudyInstanceUID", ""), ("SeriesInstanceUID", ""), ("SOPInstanceUID", ".dcm")))
            if output.path.parts[-3:] != ids:
                yield f"name: {output.path.name} is not named by its identifiers"


def documents(folder):
    """Faults in the list of checksums."""
    listed = {}
    for line in (folder / "SHA256SUMS").read_text().splitlines() if (folder / "SHA256SUMS").is_file() else []:
        digest, name = line.split(maxsplit=1)
        listed[name.lstrip("*")] = digest
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and p.name != "SHA256SUMS"):
        name = path.relative_to(folder).as_posix()
        if listed.pop(name, None) != hashlib.sha256(path.read_bytes()).hexdigest():
            yield f"checksum: SHA256SUMS is wrong or silent on {name}"
    yield from (f"checksum: {name} is listed and not there" for name in listed)


def score(corpus, instances, outputs, checks):
    """What all outputs say together, and (check, fault or None) of each check that counts."""
    by_uid = {i["sop_instance_uid"]: i for i in instances if not i.get("must_quarantine")}
    output_of = {uid: outputs[i["sha256"]] for uid, i in by_uid.items()}
    found = deid_check.Found([(c, output_of[c["sop_instance_uid"]].ds) for c in checks])
    sources, results = deid_check.Sources(corpus, by_uid), []
    for check in checks:
        uid = check["sop_instance_uid"]
        output = output_of[uid]
        if output.ds is not None:
            results.append((check, deid_check.fault(check, output.ds, found, sources)))
        elif not (by_uid[uid].get("may_quarantine") and output.reason):
            results.append((check, f"not delivered ({output.reason})"))
    return found, results


def leaks(corpus, folder, instances, outputs, offsets):
    """(word, where): every planted identifier in every byte of the output; dates only in their own patient's files."""
    tokens = json.loads((corpus / "tokens.json").read_text())
    everything = Leaks()
    own = collections.defaultdict(Leaks)
    pools = {outputs[i["sha256"]].path: i["pool"] for i in instances}
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        name, data = path.relative_to(folder).as_posix(), path.read_bytes()
        everything.add(name, data)
        if path in pools:
            own[pools[path]].add(name, data)
    words = {word for pool in tokens.values() for word in pool["words"]}
    result = everything.find(words)
    for pool, lot in own.items():
        dates = set(tokens[pool]["dates"])
        moved = {deid_check.shift_day(d, offsets.get(pool, 0)) for d in dates}  # may fall on another of these days
        result += lot.find(dates - moved)
    return result


def print_table(results):
    rows = collections.defaultdict(lambda: [0, 0])
    for check, fault in results:
        rows[check["action"]][0] += 1
        rows[check["action"]][1] += fault is None
    rows["total"] = [sum(r[0] for r in rows.values()), sum(r[1] for r in rows.values())]
    print(f"{'action':18}{'checks':>8}{'passed':>8}{'rate':>11}")
    for action, (count, passed) in sorted(rows.items(), key=lambda row: (row[0] == "total", row[0])):
        print(f"{action:18}{count:8}{passed:8}{100 * passed / max(count, 1):10.3f}%")
    return {action: {"checks": count, "passed": passed} for action, (count, passed) in rows.items()}


def judge(corpus, out, report):
    """Prints the table, every miss, fault and leak; gives them as a document, and whether the output is good."""
    instances, checks = read_lines(corpus / "instances.jsonl"), read_lines(corpus / "answers.jsonl")
    outputs = outputs_of(instances, out, report)
    found, results = score(corpus, instances, outputs, checks)
    table = print_table(results)
    misses = [{**check, "fault": fault} for check, fault in results if fault]
    faults = list(account(instances, outputs)) + list(documents(out))
    leaked = leaks(corpus, out, instances, outputs, found.offsets)
    for miss in misses:
        print(f"miss: {miss['action']} {miss['tag']} in {miss['sop_instance_uid']}: {miss['fault']}")
    for line in faults + [f"leak: {word!r} in {where}" for word, where in leaked]:
        print(line)
    rate = table["total"]["passed"] / max(table["total"]["checks"], 1)
    used = sum(output.disposition == "used" for output in outputs.values())
    print(f"{len(instances)} inputs, {used} used, {len(misses)} misses, {len(faults)} faults, {len(leaked)} leaks, "
          f"{100 * rate:.4f} %")
    is_good = all(row["passed"] >= (1 if action in HIDING else GOAL) * row["checks"] for action, row in table.items())
    document = {"schema": "naru.deid_score/1", "actions": table, "rate": rate, "misses": misses, "faults": faults,
                "leaks": leaked}
    return document, bool(checks) and is_good and not faults and not leaked


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--report", type=pathlib.Path)
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    report = options.report or options.out.with_name(options.out.name + ".report")
    document, is_good = judge(options.corpus, options.out, report)
    if options.json:
        options.json.write_text(json.dumps(document, ensure_ascii=False, indent=1))
    sys.exit(0 if is_good else 1)


if __name__ == "__main__":
    main()
