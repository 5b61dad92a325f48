#!/usr/bin/env python3
"""Makes the corpus, de-identifies it and scores the result: deid_corpus.py, the program, deid_score.py in one go.

    deid_corpus_score.py NARU [SEED]

Status 1 where the program or the score fails.
"""
import pathlib
import subprocess
import sys
import tempfile

from deid_run import Run
from deid_score import judge


def main():
    program, seed = sys.argv[1], (sys.argv[2] if len(sys.argv) > 2 else "1")
    with tempfile.TemporaryDirectory() as work:
        corpus = pathlib.Path(work) / "corpus"
        script = pathlib.Path(__file__).with_name("deid_corpus.py")
        subprocess.run([sys.executable, script, corpus, "--seed", seed], check=True)
        run = Run(program, [corpus / "dicom"], pathlib.Path(work) / "run", corpus / "recipe.toml")
        if run.status != 3:  # two of its files must be quarantined
            print(f"the program ended with {run.status}")
            sys.exit(1)
        is_good = judge(corpus, run.out, run.report)[1]
    sys.exit(0 if is_good else 1)


if __name__ == "__main__":
    main()
