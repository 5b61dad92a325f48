"""Nasty cases of dates: epochs, offsets, partial and multi-valued dates, ages, decay."""
import dataclasses
import datetime
import hashlib

from pydicom.sequence import Sequence

import deid_headers as headers
import deid_images as images
import deid_private as private
from deid_check import shift_day
from deid_headers import item
from deid_nasty_case import case
from deid_values import find, text_of

DAY_SECONDS = 86400


@case(7)
def epoch_seconds_in_private_integers(c):
    ds = c.image(Manufacturer="GE MEDICAL SYSTEMS")
    private.add_block(
        ds, 0x0009, private.IDEN,
        {0x04: "REVOLUTION", 0x27: private.epoch(c.study().date), 0xE9: private.epoch(c.study().date, 10)})
    private.add_block(ds, 0x0023, private.STDY, {0x70: private.epoch(c.study().date) + 0.25})
    ds = c.write(ds)
    c.secret(str(private.epoch(c.study().date)))
    yield
    out = c.output()
    seconds = c.days(ds, out) * DAY_SECONDS
    for path in ('(0009,"GEMS_IDEN_01",27)', '(0009,"GEMS_IDEN_01",E9)', '(0023,"GEMS_STDY_01",70)'):
        element = find(out, path)[0]
        c.expect(element is not None, f"{path} is gone")
        c.expect(element.value == find(ds, path)[0].value + seconds, f"{path} did not move with the dates")
    c.expect(find(out, '(0009,"GEMS_IDEN_01",04)')[0] is not None, "the product id is gone")


def cohort(c, count):
    """Patients who were all seen on one day."""
    return [
        dataclasses.replace(c.patient, code=f"cohort{n}", id=f"CO-{n:03}-4417", name=f"Cohort{n}^Member")
        for n in range(count)]


def is_explained(offsets, ids):
    """True where the offsets follow from the ids without a secret: some hash of an id, modulo some bound."""
    for algorithm in ("md5", "sha1", "sha256", "sha512"):
        values = [int.from_bytes(hashlib.new(algorithm, i.encode()).digest(), "big") for i in ids]
        short = [value >> (8 * hashlib.new(algorithm).digest_size - 32) for value in values]
        for numbers in (values, short):
            for bound in (28, 30, 31, 60, 90, 100, 180, 365, 366, 730, 1000, 3650, 3651, 3652):
                if all(offset % bound == number % bound for offset, number in zip(offsets, numbers)):
                    return True
                if all(-offset % bound == number % bound for offset, number in zip(offsets, numbers)):
                    return True
    return False


@case(25)
def date_offsets(c):
    patients = cohort(c, 12)
    before = [c.write(c.image(c.series(c.study(p))), f"{p.code}.dcm") for p in patients]
    yield
    first, second = c.run(), c.run(key="8" * 64)
    again = c.run(inputs=[c.paths[patients[3].code + ".dcm"]])
    names = [f"{p.code}.dcm" for p in patients]
    offsets = [c.days(ds, c.output(name, first)) for ds, name in zip(before, names)]
    others = [c.days(ds, c.output(name, second)) for ds, name in zip(before, names)]
    c.expect(len(set(offsets)) >= 10, f"{len(set(offsets))} offsets for {len(patients)} patients")
    c.expect(sum(a != b for a, b in zip(offsets, others)) >= 10, "another project key gives the same offsets")
    c.expect(c.days(before[3], c.output(names[3], again)) == offsets[3], "another run gives another offset")
    c.expect(not is_explained(offsets, [p.id for p in patients]), "the offsets follow from the ids without a key")


@case(26)
def dates_of_every_form(c):
    day = c.study().da
    next_day = shift_day(day, 1)
    ds = c.image(DateOfLastCalibration=[day, next_day], TimeOfLastCalibration=["060000", "061500"],
                 AcquisitionDateTime=day + "101112.500000+0900", PatientAge="054Y")
    request = item(ScheduledProcedureStepStartDate=day)  # a date alone, deep in
    ds.RequestAttributesSequence = Sequence([request])
    ds.ContributingEquipmentSequence = Sequence([
        item(Manufacturer="Kestrel", ContributionDateTime=day[:6], PurposeOfReferenceCodeSequence=headers.code(
            "109103", "DCM", "Modifying Equipment"))])
    ds.InstanceCoercionDateTime = day[:4]
    ds = c.write(ds, "forms.dcm")
    dotted = f"{day[:4]}.{day[4:6]}.{day[6:]}"
    c.write(c.image(AcquisitionDate="A" * 10), "dotted.dcm", change=lambda d: d.replace(b"A" * 10, dotted.encode()))
    old = dataclasses.replace(c.patient, code="old", id="NC26-OLD-9", age="093Y", birth=f"{int(day[:4]) - 93}0105")
    c.write(c.image(c.series(c.study(old))), "old.dcm")
    c.secret(dotted, old.birth)
    yield
    out = c.output("forms.dcm")
    days = c.days(ds, out)
    c.same(out, "DateOfLastCalibration", shift_day(day, days) + "\\" + shift_day(next_day, days))
    c.same(out, "TimeOfLastCalibration", "060000\\061500")
    c.same(out, "AcquisitionDateTime", shift_day(day, days) + "101112.500000+0900")
    c.same(out, "AcquisitionTime", text_of(ds["AcquisitionTime"]))
    c.same(out, "StudyTime", text_of(ds["StudyTime"]))
    c.same(out.RequestAttributesSequence[0], "ScheduledProcedureStepStartDate", shift_day(day, days))
    month = c.text(out.ContributingEquipmentSequence[0], "ContributionDateTime")[:6]
    c.expect(month in ("", shift_day(day[:6] + "01", days)[:6], shift_day(day[:6] + "28", days)[:6]),
             f"the month became {month!r}")
    year = c.text(out, "InstanceCoercionDateTime")[:4]
    c.expect(year in ("", shift_day(day[:4] + "0101", days)[:4], shift_day(day[:4] + "1231", days)[:4]),
             f"the year became {year!r}")
    c.same(out, "PatientAge", "054Y")
    c.absent(out, "PatientBirthDate")
    shifted_dots = shift_day(day, days)
    c.expect(
        c.text(c.output("dotted.dcm"),
               "AcquisitionDate") in ("", shifted_dots, f"{shifted_dots[:4]}.{shifted_dots[4:6]}.{shifted_dots[6:]}"),
        "the dotted date is neither moved nor gone")
    c.gone(c.output("old.dcm"), "PatientAge", "093Y")
    c.absent(c.output("old.dcm"), "PatientBirthDate")


@case(27)
def decay_times_move_together(c):
    s = c.series(device=headers.DISCOVERY, modality="PT")
    ds = images.pt(s, 0, 1)
    before = (s.date - datetime.timedelta(days=1)).strftime("%Y%m%d")
    drug = ds.RadiopharmaceuticalInformationSequence[0]
    # Injected before midnight, measured after it.
    drug.RadiopharmaceuticalStartDateTime, drug.RadiopharmaceuticalStartTime = before + "233000.00", "233000.00"
    ds.AcquisitionTime, ds.SeriesTime, ds.DecayCorrection = "003000.00", "003000.00", "START"
    ds = c.write(ds)
    yield
    out = c.output()
    days = c.days(ds, out)
    found = out.RadiopharmaceuticalInformationSequence[0]
    c.same(found, "RadiopharmaceuticalStartDateTime", shift_day(before, days) + "233000.00")
    c.same(found, "RadiopharmaceuticalStartTime", "233000.00")
    for keyword in ("SeriesDate", "AcquisitionDate"):
        c.same(out, keyword, shift_day(text_of(ds[keyword]), days))
    for keyword in ("SeriesTime", "AcquisitionTime", "PatientWeight", "DecayCorrection", "DecayFactor", "Units"):
        c.same(out, keyword, text_of(ds[keyword]))
    for keyword in ("RadionuclideTotalDose", "RadionuclideHalfLife", "RadionuclidePositronFraction"):
        c.same(found, keyword, text_of(drug[keyword]))
