"""Each operation against its peers: ours and theirs take turns on one volume, on as many threads."""
import dataclasses
import itertools
import math
import statistics

from speed import grids, program

SIZE, QUICK_SIZE = (512, 512, 300), (128, 128, 80)
MASK_ABOVE_HU, BOX_ABOVE_HU = 600, 1000
LINEAR_COPY_PERCENT = 50
TURN_DEGREES = 10
N4_STRIDE, N4_ABOVE_HU = 8, 0  # bias fields are found on small volumes, under half of them
WINDOW = "0.5 100 -400 400"  # slope, intercept, low, high
TILT_VOXELS = 0.268          # that each slice lies further along y: 15 degrees
VOXEL_BYTES = {"uint8": 1, "int16": 2, "float16": 2, "float32": 4}
AIMED_RUNS = 5               # beside which an aim is stated, however long they take
COPY_BYTES = 2 * 256 * 2**20  # read and written by one request "copy"


@dataclasses.dataclass
class Peer:
    name: str                   # as the document names it
    program: str                # "itk" or "python"
    request: str                # without the axes
    dtype: str = "float64"      # of the file that it writes
    limit: float = None         # greatest difference allowed
    compared: callable = None   # gives the ranges of voxels that are compared; None: all
    aim: float = None           # times faster that ours is to be
    runs: int = None            # where one takes a minute: so many, without one before them that is not counted
    threads: int = None         # None: as many as ours


@dataclasses.dataclass
class Case:
    name: str
    request: str                # ours, without the axes
    peers: list
    grid: callable = None       # None: nothing is resampled
    out_type: str = None        # of the voxels that are made; None: numbers are found
    aim_copy_percent: float = None
    in_bytes: int = 2
    stride: int = 1             # every so many-th voxel along each axis is used

    def axes(self, size):
        """Of the voxels that are made."""
        return (self.grid or grids.same)(size)


def itk(request, dtype, **more):
    return Peer(f"ITK, {dtype}", "itk", f"resample {request} {dtype}", dtype, compared=grids.inside, **more)


def alike(name, request, out_type, limit, in_bytes=2, runs=None, single=("numpy", "scipy"), stride=1, **titles):
    """A case whose peers are asked in our own words. @param titles by library: itk, or what begins a name in peers.py
    @param single the libraries that know one thread"""
    peers = []
    for library, title in titles.items():
        words = request if library == "itk" else f"{library}_{request}".replace(" ", ":")
        peers.append(Peer(title, "itk" if library == "itk" else "python", words, out_type, limit, runs=runs,
                          threads=1 if library in single else None))
    return Case(name, request, peers, out_type=out_type, in_bytes=in_bytes, stride=stride)


def masks(name, request, **titles):
    return alike(name, f"morphology {request} {MASK_ABOVE_HU}", "uint8", 0, 1, runs=3, single=("itk", "scipy"), **titles)


CASES = [
    Case("linear to int16", "resample linear nearest int16", [itk("linear", "int16", aim=20, limit=1)],
         grids.centred, "int16", LINEAR_COPY_PERCENT),
    Case("linear to float32", "resample linear nearest float32",
         [itk("linear", "float32", aim=20, limit=1e-3),
          Peer("scipy affine_transform, order 1", "python", "scipy_affine:1:nearest", threads=1, limit=1e-3)],
         grids.centred, "float32", LINEAR_COPY_PERCENT),
    Case("linear on MONAI's grid", "resample linear nearest float32",
         [Peer("torch grid_sample, float64 (MONAI Spacing)", "python", "torch_grid_sample:float64", aim=100, limit=1e-3),
          Peer("torch grid_sample, float32", "python", "torch_grid_sample:float32")],
         grids.monai, "float32", LINEAR_COPY_PERCENT),
    Case("linear on torch's grid", "resample linear nearest float32",
         [Peer("torch interpolate, float32", "python", "torch_interpolate:float32", aim=20)],
         grids.corners, "float32", LINEAR_COPY_PERCENT),
    Case("nearest on MONAI's grid", "resample nearest nearest int16",
         [itk("nearest", "int16", limit=0),
          Peer("torch grid_sample, float64, nearest", "python", "torch_grid_sample:float64:0:nearest", limit=0),
          Peer("scipy affine_transform, order 0", "python", "scipy_affine:0:nearest", threads=1, limit=0)],
         grids.monai, "int16"),
    Case("cubic B-spline", "resample bspline mirror float32",
         [itk("bspline", "float32", aim=60, limit=1e-3),
          Peer("scipy affine_transform, order 3, mirror", "python", "scipy_affine:3:mirror", threads=1, limit=1e-3)],
         grids.centred, "float32"),
    Case("nnU-Net's order 3", "resample bspline nearest float32_in_range",
         [Peer("scikit-image resize, order 3, edge", "python", "skimage_resize", aim=60, limit=2e-3, threads=1)],
         grids.corners, "float32"),
    Case("Lanczos-3", "resample lanczos_unscaled nearest float32",
         [itk("lanczos", "float32", aim=100, runs=AIMED_RUNS, limit=1e-2)], grids.centred, "float32"),
    Case("windowed sinc, Hamming", "resample hamming_unscaled nearest float32",
         [itk("hamming", "float32", runs=3, limit=1e-2)], grids.centred, "float32"),
    Case("Gaussian and linear to 3 mm", "resample antialiased nearest float32",
         [Peer("ITK, recursive Gaussian", "itk", "antialiased", "float32", 1),
          Peer("torch conv3d thrice and grid_sample", "python", "torch_antialiased", limit=5e-3),
          Peer("scipy gaussian_filter and order 1", "python", "scipy_antialiased", threads=1, limit=1e-3)],
         grids.coarse, "float32"),
    Case("linear, turned by 10 degrees", f"turned linear {TURN_DEGREES}",
         [Peer("ITK, turned", "itk", f"turned linear {TURN_DEGREES}", "float32", 1e-3, grids.inner_half),
          Peer("torch grid_sample, float64, turned", "python", f"torch_grid_sample:float64:{TURN_DEGREES}", "float64", 1e-3,
               grids.inner_half),
          Peer("scipy affine_transform, order 1, turned", "python", f"scipy_turned:1:nearest:{TURN_DEGREES}", "float64", 1e-3,
               grids.inner_half, threads=1)], grids.centred, "float32"),
    Case("cubic B-spline, turned by 10 degrees", f"turned bspline {TURN_DEGREES}",
         [Peer("ITK, turned", "itk", f"turned bspline {TURN_DEGREES}", "float32", 1e-3, grids.inner_half, runs=3)],
         grids.centred, "float32"),
    Case("tilt of 15 degrees straightened", f"straighten {TILT_VOXELS}",
         [Peer("ITK, sheared", "itk", f"straighten {TILT_VOXELS}", "float32", 1e-3, grids.inner_half),
          Peer("torch grid_sample of slices, float64", "python", f"torch_straighten:{TILT_VOXELS}", "float32", 1e-3,
               grids.inner_half),
          Peer("scipy shift of slices, order 1", "python", f"scipy_straighten:{TILT_VOXELS}", "float32", 1e-3, threads=1)],
         None, "float32"),
    alike("axes LPS to ILA", "orient ILA", "int16", 0, itk="ITK Orient", torch="torch permute and flip",
          numpy="numpy transpose and flip"),
    Case("labels, five", "labels", [Peer("nnU-Net's resize_segmentation", "python", "skimage_labels", runs=3, threads=1)],
         grids.corners, "uint8", in_bytes=1),
    alike("rescale and window", f"window {WINDOW}", "float32", 1e-6, itk="ITK IntensityWindowing", torch="torch", numpy="numpy"),
    alike("z-score", "zscore", "float32", 1e-5, itk="ITK Normalize", torch="torch", numpy="numpy"),
    alike("z-score of the foreground", "foreground_zscore", "float32", 1e-5, torch="torch", numpy="numpy"),
    alike("z-score of a mask", f"masked_zscore {BOX_ABOVE_HU}", "float32", 1e-5, in_bytes=3, numpy="numpy"),
    alike("percentiles 0.5 and 99.5 to 0 and 1", "percentile_window", "float32", 1e-6, numpy="numpy"),
    alike("nnU-Net's CT normalisation", f"nnunet_ct {BOX_ABOVE_HU}", "float32", 1e-4, in_bytes=3, numpy="numpy"),
    alike("rescale slice by slice", "rescale_slices", "float32", 1e-2, torch="torch", numpy="numpy"),
    alike("least and greatest to 0 and 1", "minmax", "float32", 1e-6, itk="ITK RescaleIntensity", torch="torch", numpy="numpy"),
    alike("Nyul's map", "piecewise", "float32", 2e-5, in_bytes=4, torch="torch bucketize", numpy="numpy interp"),
    alike("cast to int16", "int16", "int16", 0, in_bytes=4, torch="torch short", numpy="numpy astype"),
    alike("cast to float16", "float16", "float16", 0, in_bytes=4, torch="torch half", numpy="numpy astype"),
    alike("curvature diffusion, one iteration", "diffusion", "float32", 1e-2, in_bytes=4, runs=3, itk="ITK CurvatureAnisotropicDiffusion"),
    alike("N4 bias field of a small volume", f"n4 {N4_STRIDE} {N4_ABOVE_HU}", None, 1e-3, in_bytes=5, runs=3, stride=N4_STRIDE,
          itk="ITK N4BiasFieldCorrection"),
    Case("percentiles 0.5 and 99.5", "percentiles",
         [Peer("numpy percentile", "python", "numpy_percentiles", aim=40, threads=1, limit=0)]),
    alike("Nyul's landmarks", "landmarks", None, 1e-9, numpy="numpy percentile of values above the mean"),
    Case("mean and deviation", "statistics",
         [Peer("numpy mean and std", "python", "numpy_statistics", threads=1, limit=1e-6)]),
    Case("histogram", "histogram", [Peer("numpy bincount", "python", "numpy_bincount", threads=1, limit=0)]),
    Case("Otsu's threshold", "otsu",
         [Peer("scikit-image threshold_otsu", "python", "skimage_otsu", threads=1, limit=0)]),
    Case("connected components", f"components {MASK_ABOVE_HU}",
         [Peer("scipy label", "python", f"scipy_label:{MASK_ABOVE_HU}", threads=1, limit=0)], in_bytes=5),
    alike("box of a foreground", f"box {BOX_ABOVE_HU}", None, 0, torch="torch any", numpy="numpy any"),
    masks("dilation by a ball of 3 mm", "dilate ball 3", itk="ITK BinaryDilate", scipy="scipy binary_dilation"),
    masks("erosion by a ball of 3 mm", "erode ball 3", itk="ITK BinaryErode", scipy="scipy binary_erosion"),
    masks("closing by a cube of 3 voxels", "close box 1", itk="ITK BinaryDilate and -Erode", torch="torch max_pool3d twice",
          scipy="scipy binary_dilation and _erosion"),
]


class Runner:
    """One side of a case, with the milliseconds that its turns took. The last turn writes its result to `file`."""

    def __init__(self, server, request, runs, file=None):
        self.server, self.request, self.runs, self.file = server, request, runs, file
        self.ms, self.values = [], []

    def turn(self):
        is_last = len(self.ms) == self.runs - 1
        seconds, *self.values = self.server.ask(f"{self.request} {self.file}" if is_last and self.file else self.request)
        self.ms.append(1000 * float(seconds))

    def result(self):
        return {"ms": statistics.median(self.ms), "ms_least": min(self.ms), "ms_most": max(self.ms), "runs": len(self.ms)}


def take_turns(runners):
    for number in range(max(runner.runs for runner in runners)):
        for runner in runners:
            if number < runner.runs:
                runner.turn()


class Measurement:
    """The servers, the volume they hold, and where their results go."""

    def __init__(self, servers, size, folder, threads, runs):
        self.servers, self.size, self.folder, self.threads, self.runs = servers, size, folder, threads, runs
        self.numbers = itertools.count()  # of the files of results

    def ready(self, case, request, which, runs=None):
        """A runner that has run once already, unless `runs` says that it is too slow for that. @raise Unsupported"""
        server = self.servers.get(which)
        if server is None:
            raise program.Unsupported("its program is not built here")
        words = request + (f" {grids.words(case.grid(self.size))}" if case.grid else "")
        if not runs:
            server.ask(words)
        file = self.folder / f"{next(self.numbers)}.raw" if case.out_type else None
        return Runner(server, words, min(runs or self.runs, self.runs), file)

    def ready_peers(self, case, row):
        """The peers that can be run; the others are named in the row."""
        running = []
        for peer in case.peers:
            try:
                running.append((peer, self.ready(case, peer.request, peer.program, peer.runs)))
            except program.Unsupported as reason:
                row["not_run"][peer.name] = str(reason)
        return running

    def measure(self, case):
        """One row: ours, each peer, and what could not be run."""
        row = {"request": case.request, "peers": {}, "not_run": {}}
        try:
            ours = self.ready(case, case.request, "naru")
        except program.Unsupported as reason:
            return row | {"not_run": {"Naru": str(reason)}}
        copying = Runner(self.servers["naru"], "copy", self.runs)
        running = self.ready_peers(case, row)
        take_turns([ours, copying, *(theirs for _, theirs in running)])
        row |= ours.result() | {"threads": self.threads} | self.rates(case, ours, copying)
        for peer, theirs in running:
            row["peers"][peer.name] = self.beside(case, peer, ours, theirs)
        for runner in (ours, *(theirs for _, theirs in running)):
            if runner.file:
                runner.file.unlink()
        return row

    def rates(self, case, ours, copying):
        voxels_out = grids.voxel_count(case.axes(self.size)) if case.out_type else 0
        out_bytes = voxels_out * VOXEL_BYTES.get(case.out_type, 0)
        voxels_in = math.prod(math.ceil(count / case.stride) for count in self.size)
        size_bytes = case.in_bytes * voxels_in + out_bytes  # read and written at the least
        rate, copy_rate = size_bytes / ours.result()["ms"], COPY_BYTES / copying.result()["ms"]
        return {"voxels_per_second": 1000 * (voxels_out or voxels_in) / ours.result()["ms"],
                "size_bytes": size_bytes, "bytes_per_second": 1000 * rate, "copy_bytes_per_second": 1000 * copy_rate,
                "copy_percent": 100 * rate / copy_rate, "aim_copy_percent": case.aim_copy_percent}

    def beside(self, case, peer, ours, theirs):
        return theirs.result() | {
            "threads": peer.threads or self.threads, "request": peer.request, "aim": peer.aim,
            "times_faster": theirs.result()["ms"] / ours.result()["ms"],
            "max_difference_allowed": peer.limit} | self.difference(case, peer, ours, theirs)

    def difference(self, case, peer, ours, theirs):
        """Between two results, by voxel or by value."""
        if not case.out_type:
            return {"max_difference": max(abs(float(a) - float(b))
                                          for a, b in zip(ours.values, theirs.values, strict=True))}
        axes = case.axes(self.size)
        ranges = peer.compared(axes, self.size) if peer.compared else [(0, count) for count, _, _ in axes]
        numbers = [count for count, _, _ in axes] + [number for pair in ranges for number in pair]
        words = ["compare", ours.file, case.out_type, theirs.file, peer.dtype, *numbers]
        _, worst, share = self.servers["python"].ask(" ".join(map(str, words)))
        return {"max_difference": float(worst), "differing_share": float(share)}


def measure_operations(servers, size, folder, threads, runs, put):
    """Gives `put` the name and the row of each case as soon as it is done. Where a program ends, its case says so."""
    measurement = Measurement(servers, size, folder, threads, runs)
    for case in CASES:
        try:
            put(case.name, measurement.measure(case))
        except (RuntimeError, OSError) as reason:
            put(case.name, {"request": case.request, "peers": {}, "not_run": {"a program": str(reason)}})
