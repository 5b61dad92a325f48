#!/usr/bin/env python3
"""A corpus of made-up studies with planted identifiers, its answer key, and the recipe under which the key holds.

    deid_corpus.py OUT_DIR [--seed N]

Writes OUT_DIR/dicom (the files), instances.jsonl (one line a file), answers.jsonl (one line a check), tokens.json (what
no output may hold), recipe.toml. The same seed gives the same bytes. Scored by deid_score.py.
"""
import argparse
import hashlib
import json
import pathlib
import random
import warnings

from pydicom.uid import (DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ExplicitVRLittleEndian,
                         ImplicitVRLittleEndian, JPEG2000, JPEG2000Lossless, JPEGBaseline8Bit, RLELossless)

import deid_bytes
import deid_expect
import deid_headers as headers
import deid_images as images
import deid_objects as objects
import deid_private as private
from deid_people import name_words, own_script, people, romanised
from deid_text import Texts
from deid_values import text_of

RECIPE = """\
schema = "naru.recipe/1"
name = "deid-corpus"

[deidentify]
profile = "basic"
options = [
  "clean-descriptors", "clean-structured-content", "clean-graphics", "clean-pixel-data",
  "retain-longitudinal-modified-dates", "retain-patient-characteristics", "retain-safe-private",
]

[pixels]
text = "keep"

[[pixels.regions]]
modality = "US"
manufacturer = "{manufacturer}"
model = "{model}"
rows = {rows}
columns = {columns}
x = {x}
y = {y}
width = {width}
height = {height}
"""
EXPLICIT, IMPLICIT, BIG, DEFLATED = (ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian,
                                     DeflatedExplicitVRLittleEndian)


class Corpus:
    def __init__(self, folder, seed):
        self.folder, self.random = folder, random.Random(seed)
        self.texts = Texts(self.random)
        self.instances, self.checks, self.tokens, self.dates, self.uids = [], [], {}, {}, set()

    def series(self, study, device, modality, private_block=None, **options):
        return headers.Series(study, device, modality, self.texts, private_block, **options)

    def path(self, s, k):
        """Folders and names as archives export them: with the patient in them."""
        name = own_script(s.patient).replace(" ", "_").replace("'", "")
        return pathlib.Path(
            "dicom"
        ) / f"{name}_{s.patient.id.replace('/', '-')}" / f"{s.modality}_{s.da}_{s.number}" / f"IM{k:04}_{s.last}"

    def write(self, s, ds, k, syntax=EXPLICIT, comment=b"", region=None, preamble=(), tail=b"", is_extended=False,
              **notes):
        assert ds.SOPInstanceUID not in self.uids and len(ds.SOPInstanceUID) <= 64
        self.uids.add(ds.SOPInstanceUID)
        if hasattr(ds, "pixels"):
            deid_bytes.encode(ds, syntax, comment, is_extended)
        path, ae_title = self.path(s, k), s.hospital.station + "_AE"
        key = deid_expect.Key(ds.SOPInstanceUID, s.patient)
        deid_expect.walk(key, ds)
        deid_expect.option_checks(key, region)
        deid_expect.file_checks(key, ds, syntax, preamble, ae_title, region)
        deid_expect.pixel_checks(key, ds, region, comment)
        deid_bytes.write(ds, self.folder / path, syntax, " ".join(preamble).encode(), tail, ae_title)
        data = (self.folder / path).read_bytes()
        self.instances.append({
            "file": str(path), "sha256": hashlib.sha256(data).hexdigest(), "sop_instance_uid": ds.SOPInstanceUID,
            "pool": s.patient.code, "modality": s.modality, "sop_class": ds.SOPClassUID, "syntax": str(syntax),
            "checks": len(key.checks), **notes})
        self.checks += [] if notes.get("must_quarantine") else key.checks
        self.collect(s, ds)
        s.instances.append(ds)

    def collect(self, s, ds):
        """Tokens of this instance: everything that identifies and is at least five characters long."""
        p, h = s.patient, s.hospital
        first, last = romanised(p.name)
        words = p.words() + h.words() + [
            s.accession, s.study.id,
            own_script(p), p.address, f"{last}^{first}", f"{first} {last}"]
        tokens = self.tokens.setdefault(p.code, set())
        tokens |= {w for w in words if w} | {s.device.serial, s.device.class_uid, s.study.uid}
        dates = self.dates.setdefault(p.code, set())
        for element in ds.iterall():
            if element.VR == "UI" and not text_of(element).startswith("1.2.840.10008."):
                tokens |= set(text_of(element).split("\\"))
            elif element.VR in ("DA", "DT"):
                dates |= {value[:8] for value in text_of(element).split("\\") if len(value) >= 8}
            elif element.VR == "PN":
                tokens |= set(name_words(text_of(element)))


def slices(corpus, s, make, count, syntax=EXPLICIT, extra=None, **options):
    for k in range(count):
        ds = make(s, k)
        if extra:
            extra(ds, s, k)
        corpus.write(s, ds, k, syntax, **options)


def now_and_then(ds, s, k):
    """What only some images carry: an overlay with the name drawn in, an icon, padding with text after the pixels."""
    if k == 1:
        images.add_overlay(ds, s)
    if k == 2:
        images.add_icon(ds)
    if k == 3:
        ds.add_new(0xFFFCFFFC, "OB", f"{s.patient.name.split('=')[0]} {s.patient.id}".encode().ljust(64, b" "))


def with_relation(corpus, patient):
    """The studies of a patient, each naming the first series of the one before."""
    studies = [headers.Study(patient, n) for n in range(1 + len(patient.intervals))]
    for study in studies:
        yield study
        if study.number + 1 < len(studies):
            studies[study.number + 1].related = study.series[:1]


def derived(corpus, study, source, kinds):
    """Objects that refer to a series."""
    modality = {objects.segmentation: "SEG", objects.structure_set: "RTSTRUCT", objects.presentation_state: "PR",
                objects.key_object: "KO", objects.basic_sr: "SR", objects.comprehensive_sr: "SR"}
    for make in kinds:
        s = corpus.series(study, headers.WORKSTATION, modality[make])
        corpus.write(s, make(s, 0, source.instances[-4:]), 0)


def ct_patients(corpus, davidson, fitzwilliam):
    everything = [objects.segmentation, objects.structure_set, objects.presentation_state, objects.key_object,
                  objects.comprehensive_sr, objects.basic_sr]
    for study in with_relation(corpus, davidson):
        scout = corpus.series(study, headers.SOMATOM, "CT", private.siemens_ct)
        slices(corpus, scout, images.localizer, 1)
        syntax = (EXPLICIT, IMPLICIT, DEFLATED)[study.number]
        body = corpus.series(study, headers.SOMATOM, "CT", private.siemens_ct, reference=scout.frame_of_reference)
        slices(corpus, body, images.ct, 12, syntax, now_and_then)
        lossless = corpus.series(study, headers.SOMATOM, "CT", private.siemens_ct, reference=scout.frame_of_reference)
        slices(corpus, lossless, images.ct, 5, (JPEG2000Lossless, RLELossless, BIG)[study.number])
        derived(corpus, study, body, everything)
    for study in with_relation(corpus, fitzwilliam):
        s = corpus.series(study, headers.REVOLUTION, "CT", private.ge_ct)
        slices(corpus, s, images.ct, 10, EXPLICIT, now_and_then, preamble=("FITZWILLIAM", fitzwilliam.id))
        derived(corpus, study, s, [objects.basic_sr, objects.presentation_state, objects.segmentation])
        s = corpus.series(study, headers.WORKSTATION, "OT", private.archive)
        for k in range(4):  # a screenshot may show text that no rule covers: it must not be delivered
            corpus.write(s, images.secondary_capture(s, k), k, must_quarantine=True)
        s = corpus.series(study, headers.WORKSTATION, "OT")
        slices(corpus, s, objects.encapsulated_pdf, 2)


def mr_patients(corpus, hong, yamada, wisniewska):
    for study in with_relation(corpus, hong):
        for is_diffusion, syntax in ((False, EXPLICIT), (True, IMPLICIT)):
            s = corpus.series(study, headers.SKYRA, "MR", private.siemens_mr, is_diffusion=is_diffusion)
            slices(corpus, s, images.mr, 10, syntax, now_and_then)
        derived(corpus, study, s, [objects.comprehensive_sr, objects.segmentation])
    for study in with_relation(corpus, yamada):
        s = corpus.series(study, headers.INGENIA, "MR", private.philips_mr, is_diffusion=bool(study.number))
        slices(corpus, s, images.mr, 10, EXPLICIT, now_and_then)
        derived(corpus, study, s, [objects.basic_sr, objects.presentation_state])
        s = corpus.series(study, headers.INGENIA, "MR", private.philips_mr)
        slices(corpus, s, images.enhanced_mr, 1, (EXPLICIT, RLELossless)[study.number])
    for study in with_relation(corpus, wisniewska):
        s = corpus.series(study, headers.SIGNA, "MR", private.ge_mr)
        slices(corpus, s, images.mr, 10, BIG, now_and_then)
        s = corpus.series(study, headers.REVOLUTION, "CT", private.ge_ct)
        corpus.write(s, images.enhanced_ct(s, 0), 0, JPEG2000Lossless, is_extended=True)
        derived(corpus, study, s, [objects.key_object])


def pet_patients(corpus, zhao, okonkwo, seonu):
    makers = ((headers.DISCOVERY, private.ge_pt), (headers.BIOGRAPH, private.siemens_pt), (headers.GEMINI,
                                                                                           private.philips_pt))
    turn = 0
    for patient in (zhao, okonkwo):
        for study in with_relation(corpus, patient):
            device, block = makers[turn % 3]
            turn += 1
            low_dose = corpus.series(study, headers.REVOLUTION, "CT", private.ge_ct)
            slices(corpus, low_dose, images.ct, 9, EXPLICIT)
            s = corpus.series(study, device, "PT", block, reference=low_dose.frame_of_reference)
            slices(corpus, s, lambda s, k: images.pt(s, k, 10), 10, (EXPLICIT, DEFLATED)[turn % 2], now_and_then)
            derived(corpus, study, low_dose, [objects.structure_set])
    for study in with_relation(corpus, seonu):
        s = corpus.series(study, headers.REVOLUTION, "CT", private.ge_ct)
        slices(corpus, s, images.ct, 10, (EXPLICIT, RLELossless)[study.number], now_and_then)
        derived(corpus, study, s, [objects.structure_set, objects.presentation_state, objects.comprehensive_sr])


def comment_for(patient):
    return f"{patient.name.split('=')[0].split('^')[0]} {patient.id} {patient.birth}".encode("ascii", "replace")


def ultrasound_patients(corpus, mueller, orourke):
    for study in with_relation(corpus, mueller):
        s = corpus.series(study, headers.DRX, "CR")
        slices(corpus, s, images.cr, 5, (EXPLICIT, JPEG2000)[study.number], now_and_then,
               **({"comment": comment_for(mueller)} if study.number else {}))
        radiographs = s
        s = corpus.series(study, headers.S2000, "US", private.siemens_us)
        slices(corpus, s, lambda s, k: images.us(s, k, is_colour=True), 5, (EXPLICIT, JPEGBaseline8Bit)[study.number],
               **({"comment": comment_for(mueller)} if study.number else {}))
        s = corpus.series(study, headers.WORKSTATION, "SR")
        corpus.write(s, objects.basic_sr(s, 0, radiographs.instances), 0)
    for study in with_relation(corpus, orourke):
        s = corpus.series(study, headers.EPIQ, "US")
        for k, (syntax, options) in enumerate([(EXPLICIT, {}), (IMPLICIT, {}), (RLELossless, {}), (BIG, {}),
                                               (EXPLICIT, {"frames": 3}), (RLELossless, {"frames": 3}),
                                               (EXPLICIT, {"is_colour": True}), (DEFLATED, {})]):
            corpus.write(s, images.us(s, k, has_banner=True, **options), k, syntax, region=images.BANNER)
        s = corpus.series(study, headers.EPIQ, "US")  # the same device with another matrix: no region holds for it
        for k in range(4):
            ds = images.us(s, k)
            ds.pixels = ds.pixels[:-8]
            ds.Rows -= 8
            ds.SequenceOfUltrasoundRegions[0].RegionLocationMaxY1 -= 8
            corpus.write(s, ds, k, RLELossless if k % 2 else EXPLICIT)
        s = corpus.series(study, headers.S2000, "US", private.siemens_us)
        for k in range(4):
            corpus.write(s, images.us(s, k, frames=4), k, JPEGBaseline8Bit if k % 2 else JPEG2000Lossless,
                         comment=comment_for(orourke) if k > 1 else b"")
        s = corpus.series(study, headers.DRX, "CR")
        slices(corpus, s, images.cr, 4, IMPLICIT)


def troubles(corpus, davidson):
    """Files that may not or need not pass: two images under one identifier, a file with something after its end."""
    study = headers.Study(davidson, 0)
    study.uid += ".9"
    s = corpus.series(study, headers.SOMATOM, "CT")
    s.number = 91
    s.uid = s.make_uid("91.1")
    for k in range(2):
        ds = images.ct(s, k)
        ds.SOPInstanceUID, ds.pixels = s.instance_uid(0), ds.pixels + k
        corpus.uids.discard(ds.SOPInstanceUID)
        corpus.write(s, ds, k, must_quarantine=True)
    s = corpus.series(headers.Study(davidson, 1), headers.SOMATOM, "CT")
    s.number = 92
    s.uid = s.make_uid("92.1")
    for k in range(2):
        corpus.write(s, images.ct(s, k), k, tail=bytes(16) + comment_for(davidson), may_quarantine=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    warnings.simplefilter("error")  # a text that its character set cannot hold would be another text
    corpus = Corpus(options.folder, options.seed)
    who = {p.code: p for p in people()}
    ct_patients(corpus, who["davidson"], who["fitzwilliam"])
    mr_patients(corpus, who["hong"], who["yamada"], who["wisniewska"])
    pet_patients(corpus, who["zhao"], who["okonkwo"], who["seonu"])
    ultrasound_patients(corpus, who["mueller"], who["orourke"])
    troubles(corpus, who["davidson"])
    x, y, width, height = images.BANNER
    recipe = RECIPE.format(manufacturer=headers.EPIQ.manufacturer, model=headers.EPIQ.model, rows=images.US_ROWS,
                           columns=images.US_COLUMNS, x=x, y=y, width=width, height=height)
    (options.folder / "recipe.toml").write_text(recipe)
    for name, lines in (("instances.jsonl", corpus.instances), ("answers.jsonl", corpus.checks)):
        (options.folder / name).write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))
    tokens = {
        pool: {"words": sorted(words), "dates": sorted(corpus.dates[pool])}
        for pool, words in corpus.tokens.items()}
    (options.folder / "tokens.json").write_text(json.dumps(tokens, ensure_ascii=False, indent=1))
    print(f"{len(corpus.instances)} instances, {len(corpus.checks)} checks")


if __name__ == "__main__":
    main()
