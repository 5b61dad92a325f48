"""A program that stays alive and answers one request at a time, as benchmarks/kernels/requests.h says."""
import os
import subprocess


class Unsupported(Exception):
    """The program cannot do what it was asked for; the text is its reason."""


class Program:
    def __init__(self, command, threads):
        """The environment binds what libraries start by themselves to as many threads as ours has."""
        count = str(threads)
        names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS")
        environment = dict(os.environ) | {name: count for name in names}
        self.process = subprocess.Popen([str(part) for part in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, bufsize=1, env=environment)

    def ask(self, request):
        """The answer's words. @raise Unsupported"""
        print(request, file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline().split(maxsplit=1)
        if not answer:
            raise RuntimeError(f"{self.process.args[0]} ended while it was asked: {request}")
        if answer[0] == "unsupported":
            raise Unsupported(answer[1].strip() if len(answer) > 1 else request)
        return [answer[0], *(answer[1].split() if len(answer) > 1 else [])]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()
