"""Private attributes of the corpus as three vendors write them, and what Retain Safe Private makes of each.

Facts: TCIA private-tag knowledge base, edition 2024-02-01 (keep, delete, hash, offset), taken only where it says one
thing for all value representations used here and no other public list (RSNA CTP, PS3.15 E.3.10) says another.
"""
import calendar
import datetime

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

KEEP, REMOVE, UID, DATE, EPOCH = "keep", "remove", "uid", "date", "epoch"

CT_COAD, CSA, MR_HEADER = "SIEMENS CT VA0  COAD", "SIEMENS CSA HEADER", "SIEMENS MR HEADER"
MEDCOM, MEDCOM2, CMS = "SIEMENS MEDCOM HEADER", "SIEMENS MEDCOM HEADER2", "SIEMENS CM VA0  CMS"
MED_PT, US_S2000 = "SIEMENS MED PT", "SIEMENS MED SMS USG S2000"
IDEN, ACQU, RELA, PARM, SERS, STDY = ("GEMS_IDEN_01", "GEMS_ACQU_01", "GEMS_RELA_01", "GEMS_PARM_01", "GEMS_SERS_01",
                                      "GEMS_STDY_01")
HELIOS, PETD = "GEMS_HELIOS_01", "GEMS_PETD_01"
DD1, MRDD1, MRDD5, PHILIPS_PET = ("Philips Imaging DD 001", "Philips MR Imaging DD 001", "Philips MR Imaging DD 005",
                                  "Philips PET Private Group")
ARCHIVE = "KESTREL ARCHIVE 2.1"  # a vendor that no list knows

# (group, creator, element): (value representation, action)
FACTS = {
    (0x0019, CT_COAD, 0x10): ("IS", KEEP),
    (0x0019, CT_COAD, 0x22): ("DS", KEEP),
    (0x0019, CT_COAD, 0x23): ("DS", KEEP),
    (0x0019, CT_COAD, 0x24): ("DS", KEEP),
    (0x0019, CT_COAD, 0x92): ("DS", KEEP),
    (0x0019, CT_COAD, 0x93): ("DS", KEEP),
    (0x0019, CT_COAD, 0xB0): ("DS", KEEP),
    (0x0019, CT_COAD, 0xB1): ("LO", REMOVE),
    (0x0019, CT_COAD, 0xC2): ("DA", REMOVE),
    (0x0013, CMS, 0x10): ("DA", DATE),
    (0x0013, CMS, 0x12): ("TM", KEEP),
    (0x0013, CMS, 0x20): ("LO", REMOVE),
    (0x0013, CMS, 0x22): ("LO", REMOVE),
    (0x0013, CMS, 0x30): ("DA", REMOVE),
    (0x0013, CMS, 0x31): ("DS", KEEP),
    (0x0029, MEDCOM, 0x20): ("OB", REMOVE),
    (0x0029, MEDCOM, 0x60): ("LO", REMOVE),
    (0x0029, MEDCOM2, 0x60): ("LO", KEEP),
    (0x0029, CSA, 0x08): ("CS", REMOVE),
    (0x0029, CSA, 0x10): ("OB", REMOVE),
    (0x0029, CSA, 0x20): ("OB", REMOVE),
    (0x0019, MR_HEADER, 0x09): ("LO", REMOVE),
    (0x0019, MR_HEADER, 0x0B): ("DS", KEEP),
    (0x0019, MR_HEADER, 0x0C): ("IS", KEEP),
    (0x0019, MR_HEADER, 0x0D): ("CS", KEEP),
    (0x0019, MR_HEADER, 0x0E): ("FD", KEEP),
    (0x0019, MR_HEADER, 0x0F): ("SH", KEEP),
    (0x0019, MR_HEADER, 0x15): ("FD", KEEP),
    (0x0019, MR_HEADER, 0x16): ("DS", KEEP),
    (0x0019, MR_HEADER, 0x27): ("FD", KEEP),
    (0x0019, MR_HEADER, 0x28): ("FD", KEEP),
    (0x0019, MR_HEADER, 0x29): ("FD", KEEP),
    (0x0051, MR_HEADER, 0x0B): ("SH", KEEP),
    (0x0051, MR_HEADER, 0x0F): ("LO", KEEP),
    (0x0051, MR_HEADER, 0x13): ("SH", KEEP),
    (0x0051, MR_HEADER, 0x0C): ("SH", REMOVE),
    (0x0051, MR_HEADER, 0x11): ("LO", REMOVE),
    (0x0051, MR_HEADER, 0x16): ("LO", REMOVE),
    (0x0071, MED_PT, 0x22): ("DT", DATE),
    (0x0071, MED_PT, 0x24): ("IS", KEEP),
    (0x0019, US_S2000, 0x03): ("FD", KEEP),
    (0x0019, US_S2000, 0x0D): ("SH", KEEP),
    (0x0019, US_S2000, 0x20): ("SH", KEEP),
    (0x0019, US_S2000, 0x3B): ("LT", REMOVE),
    (0x0009, IDEN, 0x01): ("LO", KEEP),
    (0x0009, IDEN, 0x04): ("SH", KEEP),
    (0x0009, IDEN, 0x27): ("SL", EPOCH),
    (0x0009, IDEN, 0xE3): ("UI", UID),
    (0x0009, IDEN, 0xE6): ("SH", KEEP),
    (0x0009, IDEN, 0xE9): ("SL", EPOCH),
    (0x0009, IDEN, 0x30): ("SH", REMOVE),
    (0x0009, IDEN, 0x31): ("SH", REMOVE),
    (0x0019, ACQU, 0x04): ("DS", KEEP),
    (0x0019, ACQU, 0x18): ("LO", KEEP),
    (0x0019, ACQU, 0x19): ("DS", KEEP),
    (0x0019, ACQU, 0x1A): ("LO", KEEP),
    (0x0019, ACQU, 0x1B): ("DS", KEEP),
    (0x0019, ACQU, 0x1E): ("DS", KEEP),
    (0x0019, ACQU, 0x23): ("DS", KEEP),
    (0x0019, ACQU, 0x24): ("DS", KEEP),
    (0x0019, ACQU, 0x27): ("DS", KEEP),
    (0x0019, ACQU, 0x9D): ("DT", DATE),
    (0x0019, ACQU, 0x84): ("DS", KEEP),
    (0x0021, RELA, 0x51): ("DS", KEEP),
    (0x0021, RELA, 0x52): ("DS", KEEP),
    (0x0021, RELA, 0x53): ("DS", KEEP),
    (0x0021, RELA, 0x83): ("DS", KEEP),
    (0x0021, RELA, 0x84): ("DS", KEEP),
    (0x0023, STDY, 0x70): ("FD", EPOCH),
    (0x0023, STDY, 0x74): ("SL", KEEP),
    (0x0025, SERS, 0x07): ("SL", KEEP),
    (0x0025, SERS, 0x19): ("SL", KEEP),
    (0x0025, SERS, 0x1A): ("SH", REMOVE),
    (0x0025, SERS, 0x1B): ("OB", REMOVE),
    (0x0043, PARM, 0x0D): ("DS", KEEP),
    (0x0043, PARM, 0x27): ("SH", KEEP),
    (0x0043, PARM, 0x31): ("DS", KEEP),
    (0x0043, PARM, 0x39): ("IS", KEEP),
    (0x0043, PARM, 0x61): ("UI", REMOVE),
    (0x0043, PARM, 0x62): ("SH", REMOVE),
    (0x0043, PARM, 0x88): ("UI", UID),
    (0x0043, PARM, 0x92): ("LO", REMOVE),
    (0x0043, PARM, 0x98): ("UI", UID),
    (0x0045, HELIOS, 0x01): ("SS", KEEP),
    (0x0045, HELIOS, 0x02): ("FL", KEEP),
    (0x0045, HELIOS, 0x06): ("CS", KEEP),
    (0x0045, HELIOS, 0x56): ("LO", REMOVE),
    (0x0009, PETD, 0x02): ("LO", REMOVE),
    (0x0009, PETD, 0x05): ("DT", DATE),
    (0x0009, PETD, 0x07): ("UI", UID),
    (0x0009, PETD, 0x0A): ("UI", UID),
    (0x0009, PETD, 0x0D): ("DT", DATE),
    (0x0009, PETD, 0x13): ("UI", UID),
    (0x0009, PETD, 0x36): ("LO", KEEP),
    (0x0009, PETD, 0x38): ("FL", KEEP),
    (0x0009, PETD, 0x3B): ("DT", DATE),
    (0x0009, PETD, 0x3F): ("FL", KEEP),
    (0x0009, PETD, 0x5C): ("UI", UID),
    (0x0009, PETD, 0x6C): ("DT", DATE),
    (0x2001, DD1, 0x01): ("FL", KEEP),
    (0x2001, DD1, 0x03): ("FL", KEEP),
    (0x2001, DD1, 0x06): ("CS", KEEP),
    (0x2001, DD1, 0x0A): ("IS", KEEP),
    (0x2001, DD1, 0x20): ("LO", KEEP),
    (0x2001, DD1, 0x22): ("FL", KEEP),
    (0x2001, DD1, 0x2D): ("SS", KEEP),
    (0x2001, DD1, 0x36): ("CS", KEEP),
    (0x2001, DD1, 0x52): ("UI", REMOVE),
    (0x2001, DD1, 0x5F): ("SQ", KEEP),
    (0x2001, DD1, 0x83): ("DS", KEEP),
    (0x2001, DD1, 0x85): ("DS", KEEP),
    (0x2001, DD1, 0xC8): ("LO", REMOVE),
    (0x2005, MRDD1, 0x0D): ("FL", KEEP),
    (0x2005, MRDD1, 0x0E): ("FL", KEEP),
    (0x2005, MRDD1, 0x11): ("CS", KEEP),
    (0x2005, MRDD1, 0x2A): ("IS", REMOVE),
    (0x2005, MRDD1, 0x30): ("FL", KEEP),
    (0x2005, MRDD1, 0x80): ("SQ", KEEP),
    (0x2005, MRDD1, 0x71): ("FL", KEEP),
    (0x2005, MRDD1, 0x43): ("CS", KEEP),
    (0x2005, MRDD5, 0x09): ("DS", KEEP),
    (0x2005, MRDD5, 0x0A): ("DS", KEEP),
    (0x2005, MRDD5, 0x52): ("UI", UID),
    (0x7053, PHILIPS_PET, 0x00): ("DS", KEEP),
    (0x7053, PHILIPS_PET, 0x03): ("ST", REMOVE),
    (0x7053, PHILIPS_PET, 0x09): ("DS", KEEP),
    (0x0033, ARCHIVE, 0x01): ("LO", REMOVE),
    (0x0033, ARCHIVE, 0x02): ("UI", REMOVE),
    (0x0033, ARCHIVE, 0x03): ("SQ", REMOVE), }


def add_block(ds, group, creator, values, block=0x10):
    """Writes a private block; `values` maps low element bytes to values."""
    ds.add_new((group, block), "LO", creator)
    for element, value in values.items():
        ds.add_new((group, block << 8 | element), FACTS[group, creator, element][0], value)


def epoch(date, hour=9, minute=41, second=27):
    """Seconds since 1970 of a time on that day."""
    return calendar.timegm(datetime.datetime(date.year, date.month, date.day, hour, minute, second).timetuple())


def siemens_ct(ds, s, k):
    add_block(ds, 0x0019, CT_COAD, {0x10: 535, 0x22: "0.0133", 0x23: "367.75", 0x24: "500", 0x92: "0.971", 0x93: "-4.3",
                                    0xB0: "19.2", 0xB1: s.patient.id, 0xC2: s.da})
    add_block(ds, 0x0013, CMS, {0x10: s.da, 0x12: "094127", 0x20: s.last, 0x22: s.patient.id, 0x30: s.patient.birth,
                                0x31: str(s.patient.weight)})
    add_block(ds, 0x0029, MEDCOM, {0x20: csa_bytes(s), 0x60: s.accession})
    add_block(ds, 0x0029, MEDCOM2, {0x60: "com"}, block=0x11)


def csa_bytes(s):
    """The beginning of a CSA2 header with free text in it, as scanners leave it."""
    text = f"tPatientName {s.patient.name.split('=')[0]} InstitutionName {s.hospital.name} UsedPatientID {s.patient.id}"
    data = b"SV10\x04\x03\x02\x01" + text.encode("ascii", "replace")
    return data + bytes(len(data) % 2)


def siemens_mr(ds, s, k):
    diffusion = {
        0x0C: 1000, 0x0D: "DIRECTIONAL", 0x0E: [0.6, 0.48, 0.64], 0x27: [360.0, 288.0, 384.0, 230.4, 307.2, 409.6]}
    add_block(
        ds, 0x0019, MR_HEADER, {
            0x09: s.last, 0x0B: "4520", **(diffusion if s.is_diffusion else {}), 0x0F: "Fast", 0x15: [
                -110.5, -98.25, 3.0 * k], 0x16: "0", 0x28: 23.148, 0x29: [0.0, 62.5 * (k + 1)]})
    add_block(ds, 0x0029, CSA, {0x08: "IMAGE NUM 4", 0x10: csa_bytes(s), 0x20: csa_bytes(s)})
    add_block(
        ds, 0x0051, MR_HEADER,
        {0x0B: "64*64", 0x0F: "HEA;HEP", 0x13: "+LPH", 0x0C: "FoV 220*220", 0x11: s.accession, 0x16: s.patient.id})


def ge_common(ds, s):
    add_block(
        ds, 0x0009, IDEN, {
            0x01: "GE_GENESIS_FF", 0x04: "SIGNA", 0x27: epoch(s.date), 0x30: s.hospital.station[:8],
            0x31: s.accession[:12], 0xE3: s.device.class_uid, 0xE6: "07", 0xE9: epoch(s.date, 10)})
    add_block(ds, 0x0023, STDY, {0x70: float(epoch(s.date, 11)) + 0.25, 0x74: 1})
    add_block(ds, 0x0025, SERS, {0x07: 10, 0x19: 10, 0x1A: s.hospital.station[:8], 0x1B: csa_bytes(s)})


def ge_ct(ds, s, k):
    ge_common(ds, s)
    add_block(
        ds, 0x0019, ACQU, {
            0x04: "1.0239", 0x18: "S", 0x19: "12.5", 0x1A: "I", 0x1B: "-210.0", 0x1E: "360.0", 0x23: "39.375",
            0x24: "0.75", 0x27: "0.5"})
    add_block(ds, 0x0043, PARM, {0x27: "0.984:1", 0x31: ["1.5", "-2.5"], 0x62: s.accession[:14], 0x92: s.last})
    add_block(ds, 0x0045, HELIOS, {0x01: 64, 0x02: 0.625, 0x06: "OUT OF GANTRY", 0x56: s.patient.id})


def ge_mr(ds, s, k):
    ge_common(ds, s)
    add_block(ds, 0x0019, ACQU, {0x1E: "240.0", 0x84: "0.0432", 0x9D: s.da + "093012.000000"})
    add_block(ds, 0x0021, RELA, {0x51: "0.0", 0x52: "90.0", 0x53: "0.0", 0x83: "512", 0x84: "256"})
    add_block(
        ds, 0x0043, PARM, {
            0x0D: "100.25", 0x39: [1000, 8, 0, 0], 0x61: s.related_uid("entity"), 0x62: s.accession[:14],
            0x88: s.related_uid("pure"), 0x92: s.last, 0x98: s.related_uid("asset")})


def philips_mr(ds, s, k):
    stack = Dataset()
    add_block(stack, 0x2001, DD1, {0x2D: 10, 0x36: "PARALLEL"})
    add_block(stack, 0x2005, MRDD1, {0x71: 2.5})
    plan = Dataset()
    plan.ReferencedSOPClassUID = "1.2.840.10008.5.1.4.1.1.4"
    plan.ReferencedSOPInstanceUID = s.related_uid("planscan")
    add_block(plan, 0x2005, MRDD1, {0x43: "M"})
    add_block(
        ds, 0x2001, DD1, {
            0x01: 0.0, 0x03: 1000.0 if s.is_diffusion else 0.0, 0x06: "N", 0x0A: k + 1, 0x20: "FFE", 0x22: 1.75,
            0x52: s.related_uid("pstate"), 0x5F: Sequence([stack]), 0x83: "127.768", 0x85: "3", 0xC8: f"{s.last} knee"})
    # A file that went through other hands: the block of DD 001 is not at 10.
    add_block(ds, 0x2005, MRDD1,
              {0x0D: -12.5, 0x0E: 1.625, 0x11: "M", 0x2A: 44719, 0x30: 612.5, 0x80: Sequence([plan])}, block=0x12)
    add_block(ds, 0x2005, MRDD5, {0x09: "0", 0x0A: "1.2847", 0x52: s.related_uid("original")}, block=0x14)


def ge_pt(ds, s, k):
    add_block(
        ds, 0x0009, PETD, {
            0x02: s.patient.id, 0x05: s.da + "083000.00", 0x07: s.related_uid("exam"), 0x0A: s.related_uid("scan"),
            0x0D: s.da + "094127.00", 0x13: s.frame_of_reference, 0x36: "FDG -- fluorodeoxyglucose", 0x38: 371.5,
            0x3B: s.da + "084500.00", 0x3F: 6586.25, 0x5C: s.related_uid("frame"), 0x6C: s.da + "094200.00"})


def siemens_pt(ds, s, k):
    add_block(ds, 0x0071, MED_PT, {0x22: s.da + "094127.000000", 0x24: 120000})


def philips_pt(ds, s, k):
    add_block(ds, 0x7053, PHILIPS_PET, {0x00: "0.000412", 0x03: f"/data/{s.last}/pet_{k}.img", 0x09: "1.25"})


def siemens_us(ds, s, k):
    add_block(ds, 0x0019, US_S2000,
              {0x03: 31.5, 0x0D: "2", 0x20: "THI", 0x3B: f"{s.patient.name.split('=')[0]} {s.accession}"})


def archive(ds, s, k):
    entry = Dataset()
    entry.PatientName, entry.AccessionNumber = s.patient.name, s.accession
    add_block(ds, 0x0033, ARCHIVE, {0x01: f"{s.patient.id}/{s.accession}", 0x02: s.uid, 0x03: Sequence([entry])})
