#!/usr/bin/env python3
"""Makes the rule tables of dicom/rules from their published sources. Only the standard library is needed.

    scripts/make_deid_rules.py --attributes ps3_15_e1.json --tcia TCIAPrivateTagKB.csv --ctp ctp_private_safe.json

writes dicom/rules/attribute_rules_table.inc and dicom/rules/private_rules_table.inc, and prints what was decided where
the lists of private attributes disagree.

A new edition of the standard: make a new JSON of Table E.1-1 (rows of name, tag, retired, in_standard_iod,
basic_profile, options), compare Table E.3.10-1 with E_3_10 below, run this, and put the new digests and counts into
tests/dicom/rules. dicom/rules/attribute_types_table.inc is kept by hand: compare it with PS3.3.
"""
import argparse
import collections
import csv
import json
import pathlib
import re

OPTIONS = ("retain_safe_private", "retain_uids", "retain_device_identity", "retain_institution_identity",
           "retain_patient_characteristics", "retain_longitudinal_full_dates", "retain_longitudinal_modified_dates",
           "clean_descriptors", "clean_structured_content", "clean_graphics")
ACTIONS = {"X": "X", "Z": "Z", "D": "D", "U": "U", "X/Z": "X_Z", "X/D": "X_D", "Z/D": "Z_D", "X/Z/D": "X_Z_D",
           "X/Z/U*": "X_Z_Ustar"}
# Rows that stand for many tags: a tag matches where tag == (found & mask).
RANGES = {"(50xx,xxxx)": (0x50000000, 0xFF010000), "(60xx,3000)": (0x60003000, 0xFF01FFFF),
          "(60xx,4000)": (0x60004000, 0xFF01FFFF), "(gggg,eeee) where gggg is odd": (0x00010000, 0x00010000)}

# PS3.15 Table E.3.10-1, edition 2026d, (c) NEMA: group, creator, and element with VR; "--" where the table has no VR.
E_3_10 = (
    (0x7053, "Philips PET Private Group", "00DS 09DS"),
    (0x00E1, "ELSCINT1", "21DS 50DS"),
    (0x01E1, "ELSCINT1", "26CS"),
    (0x01F1, "ELSCINT1", "01CS 07DS 26DS 27DS"),
    (0x0019, "GEMS_ACQU_01", "23DS 24DS 27DS 9ELO"),
    (0x0043, "GEMS_PARM_01", "27SH 39IS 6FDS"),
    (0x0045, "GEMS_HELIOS_01", "01SS 02FL"),
    (0x0025, "GEMS_SERS_01", "07SL"),
    (0x0903, "GEIIS PACS", "10US 11US 12US"),
    (0x2001, "Philips Imaging DD 001",
     "01FL 02IS 03FL 04CS 05SS 06CS 07CS 08IS 09FL 0AIS 0BCS 0CCS 0ECS 0FSS 10CS 11FL 12CS 13SL 14SL 15SS 16SS 17SL "
     "18SL 19CS 1AFL 1BFL 1CCS 1DIS 1ECS 1FCS 21CS 22FL 23DS 24CS 25SH 26CS 27CS 28FL 29FL 2ACS 2BCS 2CFL 2DSS 2ECS "
     "2FFL 30UL 31US 32FL 33CS 34CS 35SS 36CS 37CS 38FL 39FL 3ACS 3BFL 3CFL 3DUL 3EFL 3FCS 40CS 41FL 42CS 43IS 44IS "
     "45IS 46CS 47FL 48SS 49IS 4ACS 4BCS 4CCS 4DCS 4ECS 4FFD 50LO 51IS 53CS 54FL 55UL 56CS 57CS 58UL 59IS 5AST 5DST "
     "5EST 5FSQ 60SL 61CS 62CS 63CS 64SH 65SQ 66SQ 67CS 68SQ 69SQ 6ASQ 6BSQ 6DLO 6ESH 6FSQ 71CS 72IS 73SQ 74DS 75DS "
     "76UL 77CS 79SQ 7AFL 7BIS 7CUL 7DOW 7EUS 7FUS 80LO 81IS 82IS 83DS 84DS 85DS 86IS 87SH 88DS 89DS 8ADS 8BSH 8CCS "
     "90LO 91LO 92LO 93LO 94LO 9ASQ 9BUL 9DLO 9FUS A1CS A2US A3UL A4UL A5UL C0UL C1LO C2FD C3UL C5SQ C6SQ C7SQ CASQ "
     "CBIS D0AT D1US D2US D3US D4US D5US D6US D7US D8US D9US DACS DBUS DCUS DDUS DEUS DFUL E9SQ F1FL F2FL F3CS F4UL "
     "F5CS F6UL F7LO F9SQ FBSQ FCSQ FDSQ FFOW"),
    (0x2001, "Philips Imaging DD 002",
     "01US 02FD 03CS 04SS 05FD 06US 07CS 08FD 09FD 0AFD 0BFD 0CUS 0DCS 0EFD 0FUS 10SS 11SS 12CS 13SS 14FD 15FD 16FD "
     "17FD 18CS 19FD 1AFD 1BFD 1CFD 1DFD 1EFD 1FFD 20FD 21FD 22FD 23FD 24FD 25FD 26FD 27FD 28US 29US 2AUS 2BSS 2CFD "
     "2DFD 2ESS 2FSS 30SS 31SS 32SS 33SS 34SS 35FD 36FD 37FD 38FD 39CS 3ASQ 3BSQ 3CSQ 3DSQ 3ESS 3FSS 40SS 50CS 52LO "
     "53CS 57SQ 58SQ 5ALO 5CLO 5DUL 5EUL 5FSQ 63ST 64SQ 65CS 66CS 67LO 68LO 6BLO 71CS 72FL 73FL 74LO 75SS"),
    (0x2001, "Philips Imaging DD 097",
     "01SQ 02FD 03FD 04FD 05SQ 06SQ 07FD 08SQ 0ASQ 0BSQ 0DFD 0ESQ 0FFD 12SQ 17US 18US 19LO 1AFD 1BUL 1CFD 1DFD 1EFD "
     "1FFD 21UL 22FD 23FD 24FD 25FD 26FD 27FD 28LO 2ALO 2BFD 2CFD 2DUL 2ESQ 2FOB 30SL 31SL 32SL 36LO 37FD 38FD 39FD "
     "3AFD 3BFD 3CSQ 3DFD 3ESQ 40UL 41LO 42SQ 44LO 45SL 46LO 47OB 49SQ 4AOB 4BSL 4CLO A1CS A2FD A3FD A4FD A5FD A6US "
     "A8IS A9SQ AAFD ABIS"),
    (0x2001, "Philips Imaging DD 129", "00SQ 01SQ 02SQ 03UL 04SQ 05FD 06FD 07CS 08CS 09UL"),
    (0x2005, "Philips MR Imaging DD 001", "0DFL 0EFL"),
    (0x0025, "Philips ST80i", "01OW"),
    (0x0019, "SIEMENS MR HEADER", "0CIS 0DCS 0EFD 27FD"),
    (0x7E01, "HOLOGIC, Inc.", "01LO 02SH 10SQ 11SQ 12OB"),
    (0x0099, "NQHeader", "01UI 02UI 04SS 05LT 10FL 20SH 21FL"),
    (0x0199, "NQLeft", " ".join(f"{n:02X}FL" for n in range(0x01, 0x17))),
    (0x0299, "NQRight", " ".join(f"{n:02X}FL" for n in range(0x01, 0x17))),
    (0x0119, "SIEMENS Ultrasound SC2000",
     "00LO 01OB 02SQ 03SQ 04OB 05UL 06UL 07UL 08UL 09SS 10SH 11-- 12-- 13IS 21SH"),
    (0x0129, "SIEMENS Ultrasound SC2000",
     "00SQ 02UI 03-- 04-- 05-- 06SQ 07UI 08OB 09SQ 10OB 11SQ 12UI 20SQ 21OB 22OB 29OB 30CS"),
    (0x0139, "SIEMENS Ultrasound SC2000", "01SL"),
    (0x0149, "SIEMENS Ultrasound SC2000", "01FD 02FD 03FD"),
    (0x7FD1, "SIEMENS Ultrasound SC2000", "01OB 09UI 10OB 11OB"),
    (0x7FD1, "SIEMENS SYNGO ULTRA-SOUND TOYON DATA STREAMING", "01OB 09UI 10OB 11OB"),
)

# What a list keeps although its name says that it tells an institution or a station, or a date that nothing moves: not
# safe for us.
NOT_SAFE = {
    (0x0009, "FDMS 1.0", 0x92): "Kanji Department Name",
    (0x0013, "CTP", 0x12): "Site Name",
    (0x0013, "CTP", 0x51): "Year of Diagnosis",
    (0x3F01, "INTELERAD MEDICAL SYSTEMS", 0x01): "Institution Code",
}
PERSON_OR_STATION = {"PN", "AE"}

KEPT = {"k": "keep", "h": "map_uid", "o": "shift_date", "oi": "shift_epoch"}
UNTOLD = {"UN", "OB", "OW", ""}  # VRs that files and lists give where they do not know
# A UN whose VR the lists disagree about is read as the one that is cleaned most.
VR_ORDER = ("SQ", "LT", "UT", "ST", "LO", "SH", "DT", "UI", "CS", "IS", "DS", "TM", "DA", "SL", "SS", "UL", "US", "FD",
            "FL", "AT", "OF")
VR_FIRST = {"shift_epoch": ("SL", "FD", "UL"), "shift_date": ("DT", "DA"), "map_uid": ("UI",), "keep": ()}


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def write(path, source, lines):
    head = f"// Made by scripts/make_deid_rules.py: do not edit. {source}\n// clang-format off\n"
    path.write_text(head + "".join(line + "\n" for line in lines) + "// clang-format on\n", encoding="utf-8")


# Table E.1-1

def attribute_row(row):
    if row["tag"] in RANGES:
        tag, mask = RANGES[row["tag"]]
    else:
        tag, mask = int(row["tag"][1:5] + row["tag"][6:10], 16), 0xFFFFFFFF
    cells = "".join(row["options"].get(option, ".") for option in OPTIONS)
    assert set(row["options"]) <= set(OPTIONS) and re.fullmatch("[.KC]{10}", cells), row
    flags = f"{str(row['retired']).lower()}, {str(row['in_standard_iod']).lower()}"
    shown_mask = "kOneTag" if mask == 0xFFFFFFFF else f"0x{mask:08X}"
    return tag, (f"{{0x{tag:08X}, {shown_mask}, {quoted(row['name'])}, {flags}, {ACTIONS[row['basic_profile']]}, "
                 f"cells(\"{cells}\")}},")


def make_attributes(source, out):
    table = json.loads(source.read_text(encoding="utf-8"))
    rows = sorted(attribute_row(row) for row in table["rows"])
    assert len({tag for tag, _ in rows}) == len(rows)
    write(out / "attribute_rules_table.inc", table["acknowledgement"] + ".", [text for _, text in rows])
    print(f"attributes: {len(rows)} rows")


# Private attributes

Statement = collections.namedtuple("Statement", "depth vr disposition")


def read_tcia(source):
    """What the knowledge base says of each private attribute, wherever it stands."""
    told = collections.defaultdict(list)
    with source.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            steps = re.split(r"\[<\d+>\]", row["element_sig_pattern"])
            last = re.fullmatch(r'\(([0-9a-fA-F]{4}),"?(.*?)"?,([0-9a-fA-F]{2})\)', steps[-1])
            if last is None:  # a standard attribute within a private sequence: Table E.1-1 says what becomes of it
                assert re.fullmatch(r"\([0-9a-fA-F]{4},[0-9a-fA-F]{4}\)", steps[-1]), row
                continue
            key = int(last[1], 16), last[2].rstrip(" "), int(last[3], 16)
            assert key[0] % 2 == 1
            told[key].append(Statement(len(steps), row["vr"], row["private_disposition"].strip().lower()))
    return told


def read_ctp(source):
    rows = json.loads(source.read_text(encoding="utf-8"))
    assert all(row["code"] == "K" for row in rows)
    return {(int(row["gp"], 16), row["cr"].rstrip(" "), int(row["el"], 16)): row["vr"] for row in rows}


def read_e_3_10():
    return {(group, creator, int(element[:2], 16)): element[2:].replace("--", "")
            for group, creator, elements in E_3_10 for element in elements.split()}


def verdict(statements, notes):
    """One disposition for an attribute: "" where the knowledge base does not say."""
    said = [s for s in statements if s.disposition not in ("na", "")]
    at_top = [s for s in said if s.depth == 1]
    deciding = at_top or said  # what stands in the data set itself is what the attribute is
    if at_top and len({s.disposition in KEPT for s in said}) > 1 and len({s.disposition in KEPT for s in at_top}) == 1:
        notes["TCIA: data set decides against an item"] += 1
    if len({s.disposition in KEPT for s in deciding}) > 1:
        known = [s for s in deciding if s.vr not in UNTOLD]
        if known and len({s.disposition in KEPT for s in known}) == 1:
            outcome = "kept" if known[0].disposition in KEPT else "removed"
            notes["TCIA: row with a VR decides against UN, " + outcome] += 1
            deciding = known
    kinds = {s.disposition for s in deciding}
    if kinds - set(KEPT):
        notes["TCIA: keep and delete, removed"] += len(kinds & set(KEPT)) > 0
        return "d" if kinds else ""
    for disposition in ("oi", "o", "h", "k"):
        if disposition in kinds:
            return disposition
    return ""


def value_representation(action, vrs):
    known = [vr for vr in VR_FIRST[action] + VR_ORDER if vr in vrs]
    if known:
        return known[0]
    if action == "map_uid":
        return ""
    return "OB" if "OB" in vrs else "OW" if "OW" in vrs else ""


def private_rows(tcia, ctp, standard, notes):
    for key in sorted(set(tcia) | set(ctp) | set(standard)):
        disposition = verdict(tcia.get(key, ()), notes)
        sources = [name for name, keeps in (("TCIA", disposition in KEPT), ("CTP", key in ctp),
                                            ("E.3.10", key in standard)) if keeps]
        if not sources:
            continue
        if disposition == "d" and "E.3.10" not in sources:
            notes["TCIA deletes what CTP keeps, removed: " + "(%04X,%s,%02X)" % key] += 1
            continue
        if disposition == "d":
            notes["TCIA deletes what E.3.10 keeps, kept: " + "(%04X,%s,%02X)" % key] += 1
        vrs = {standard[key]} if standard.get(key) else {s.vr for s in tcia.get(key, ()) if s.disposition in KEPT}
        if key in ctp and not standard.get(key):
            vrs.add(ctp[key])
        action = KEPT.get(disposition, "keep")
        if action == "keep" and "UI" in vrs:
            action = "map_uid"
            notes["UI that a list keeps, mapped: " + "(%04X,%s,%02X)" % key] += 1
        if key in NOT_SAFE or vrs & PERSON_OR_STATION:
            notes["names a place, station or year, removed: " + "(%04X,%s,%02X)" % key] += 1
            continue
        yield key, action, value_representation(action, vrs), "+".join(sources)


def make_private(tcia_source, ctp_source, out):
    tcia, ctp, standard = read_tcia(tcia_source), read_ctp(ctp_source), read_e_3_10()
    notes = collections.Counter()
    rows = list(private_rows(tcia, ctp, standard, notes))
    lines = []
    for (group, creator, element), action, vr, source in rows:
        shown_vr = f'vr("{vr}")' if vr else "0"
        lines.append(f"{{0x{group:04X}, {quoted(creator)}, 0x{element:02X}, {shown_vr}, {action}, {quoted(source)}}},")
    write(out / "private_rules_table.inc",
          "TCIA Private Tag Knowledge Base (2024-02-01), RSNA CTP, DICOM PS3.15 2026d, © NEMA.", lines)
    print(f"private: {len(rows)} rows of {len(tcia)} (TCIA), {len(ctp)} (CTP), {len(standard)} (E.3.10)")
    for counts in (collections.Counter(row[1] for row in rows), collections.Counter(row[3] for row in rows), notes):
        for name, count in sorted(counts.items()):
            if count:
                print(f"  {count:5} {name}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--attributes", type=pathlib.Path, required=True, help="Table E.1-1 as JSON")
    parser.add_argument("--tcia", type=pathlib.Path, required=True, help="TCIA private-tag knowledge base as CSV")
    parser.add_argument("--ctp", type=pathlib.Path, required=True, help="what CTP's dictionary keeps, as JSON")
    rules = pathlib.Path(__file__).resolve().parent.parent / "dicom" / "rules"
    parser.add_argument("--out", type=pathlib.Path, default=rules, help="folder of the tables")
    arguments = parser.parse_args()
    make_attributes(arguments.attributes, arguments.out)
    make_private(arguments.tcia, arguments.ctp, arguments.out)


if __name__ == "__main__":
    main()
