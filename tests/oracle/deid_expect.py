"""The answer key: from what was planted and PS3.15 Table E.1-1 to checks with the ten actions of MIDI-B.

The meaning of the actions follows the public validation script of the benchmark (github.com/CBIIT/
MIDI_validation_script, modules/curation_validator.py), read as a description; where a check here is stricter,
deid_score.py says so.
"""
import re

import deid_private
from deid_facts import RULES
from deid_people import Planted, name_words, words_of
from deid_pixels import frame_count, without_comments
from deid_values import md5, step_of, text_of

# Not checked: what an honest tool may write anew.
FREE = {0x00080005, 0x00120062, 0x00120063, 0x00120064, 0x00280303}
PIXELS = {0x7FE00010, 0x7FE00001, 0x7FE00002}
CODED = {0x00081150, 0x00080100, 0x00080102}  # class of an object, code value, coding scheme: they identify nobody
# CID 7050: the profile and the recipe's options; the last where a region was blanked.
OPTION_CODES, REGION_CODE = ["113100", "113103", "113104", "113105", "113107", "113108", "113111"], "113101"


class Key:
    """Collects the checks of one instance."""

    def __init__(self, uid, patient):
        self.uid, self.pool, self.birth, self.checks = uid, patient.code, patient.birth, []
        self.is_lenient = False  # inside a sequence that may be gone as a whole

    def add(self, action, path, **parameters):
        if self.is_lenient and action in ("tag_retained", "text_notnull", "text_retained", "date_shifted"):
            return
        self.checks.append({"sop_instance_uid": self.uid, "tag": path, "action": action, **parameters})

    def removed(self, path, words, **parameters):
        words = sorted({w for w in words if w})
        if words or parameters:  # else there is nothing to look for
            self.add("text_removed", path, words=words, **parameters)


def identifying_words(element):
    """The words of a value that must not come back."""
    if element.VR == "SQ":
        return [w for entry in element.value for inner in entry for w in identifying_words(inner)]
    if element.VR == "PN":
        values = element.value if not hasattr(element.value, "components") else [element.value]
        return [w for v in values for w in name_words(str(v))]
    if isinstance(element.value, Planted):
        return element.value.gone
    if element.VR in ("LO", "SH", "ST", "LT", "UT", "DA", "DT", "UI", "AE", "IS"):
        text = text_of(element)
        return [] if text in ("", "\\") or int(element.tag) in CODED else text.split("\\")
    return []


def kept(key, path, element):
    """An attribute that stays: its value where it is text or a number, its presence otherwise."""
    text = text_of(element)
    if isinstance(element.value, Planted) or any(isinstance(v, Planted) for v in planted_values(element)):
        cleaned(key, path, element)
    elif text and element.VR not in ("SQ", "OB", "OW", "OF", "UN"):
        key.add("text_retained", path, value=text, vr=element.VR)
    else:
        key.add("tag_retained", path, vr=element.VR)


def planted_values(element):
    value = element.value
    return value if isinstance(value, (list, tuple)) or type(value).__name__ == "MultiValue" else [value]


def cleaned(key, path, element):
    """A free text: the words that identify go, the others stay."""
    values = planted_values(element)
    gone = [w for v in values if isinstance(v, Planted) for w in v.gone]
    stay = [w for v in values for w in (v.kept if isinstance(v, Planted) else words_of(str(v)))]
    stay = [w for w in stay if not is_filler(w)]
    if gone:
        key.removed(path, gone)
    if stay:
        key.add("text_retained", path, words=stay, vr=element.VR)
    elif not gone:
        key.add("tag_retained", path, vr=element.VR)


FILLERS = set("a an and at by for from in is it of on or s the to was with".split())
LABELS = set("accession call dr herr lives mrn ordered pacjentka results seen ssn tech tel".split())
LABELS |= set("연락처 주민번호 환자 電話 电话 身份证 患者 様".split())


def is_filler(word):
    """Words that may go with what they introduce: English stop words (as in MIDI-B) and labels of identifiers."""
    return word.lower().strip(".") in FILLERS | LABELS or not re.search(r"\w", word)


def shifted(key, path, element):
    value = text_of(element)
    if value.startswith(key.birth):
        key.removed(path, [value])
        return
    if element.VR == "DT" and not re.match(r"\d{8}", value):
        return  # of a partial date no one shift is right: see deid_nasty.py
    key.add("date_shifted", path, original=value, pool=key.pool, vr=element.VR)


def changed_uid(key, path, element):
    for index, uid in enumerate(text_of(element).split("\\")):
        if uid:
            key.add("uid_changed", path, original=uid)
            key.add("uid_consistent", path, original=uid, index=index, **({"optional": True} if key.is_lenient else {}))


def aged(key, path, element):
    """Ages above 89 are one class (45 CFR 164.514(b)(2)(i)(C))."""
    age = text_of(element)
    if age.endswith("Y") and int(age[:3]) > 89:
        key.removed(path, [age])
        key.add("text_notnull", path)
    else:
        kept(key, path, element)


def private_element(key, path, ds, element):
    """Gives True where the items of a sequence are to be checked too."""
    tag = element.tag
    creator = ds[tag.group, tag.element >> 8].value
    action = deid_private.FACTS[tag.group, creator, tag.element & 0xFF][1]
    if action == deid_private.KEEP:
        kept(key, path, element)
    elif action == deid_private.REMOVE:
        key.removed(path, identifying_words(element), absent=True)
    elif action == deid_private.UID:
        changed_uid(key, path, element)
    elif action == deid_private.DATE:
        shifted(key, path, element)
    else:
        key.add("date_shifted", path, original=text_of(element), pool=key.pool, vr="epoch", type=element.VR)
    return action == deid_private.KEEP


def private_creator(key, path, ds, element):
    """A block's creator stays where something of its block does."""
    low, group = element.tag.element, element.tag.group
    for other in ds:
        if other.tag.group == group and other.tag.element >> 8 == low:
            if deid_private.FACTS[group, element.value, other.tag.element & 0xFF][1] != deid_private.REMOVE:
                key.add("text_retained", path, value=element.value, vr="LO")
                return


def rule_of(tag):
    if tag.group & 0xFF01 == 0x6000:
        return {0x3000: "OVERLAY", 0x4000: "TEXT"}.get(tag.element, "PLANE")
    return RULES.get(int(tag), "KEEP")


def standard_element(key, path, element):
    """Gives True where the items of a sequence are to be checked too."""
    rule = rule_of(element.tag)
    if rule == "TEXT":
        cleaned(key, path, element)
    elif rule == "DATE":
        shifted(key, path, element)
    elif rule == "U":
        changed_uid(key, path, element)
    elif rule in ("X", "ANY", "Z", "D", "DUMMY", "OVERLAY", "PLANE"):
        is_filled = bool(text_of(element).strip("\\"))
        is_binary = is_filled and isinstance(element.value, bytes)
        key.removed(path, identifying_words(element), **({"absent": True} if rule == "X" and is_filled else {}),
                    **({"bytes": element.value.hex()} if is_binary and rule != "PLANE" else {}))
        if rule in ("Z", "DUMMY"):
            key.add("tag_retained", path)
        elif rule == "D":
            key.add("text_notnull", path)
    elif element.tag == 0x00101010:
        aged(key, path, element)
    elif element.VR == "SQ" and len(element.value):
        key.add("text_notnull", path)
    else:
        kept(key, path, element)
    return rule in ("KEEP", "K", "CODES", "STRUCTURE", "TEXT", "REFERENCES")


def is_required_reference(path):
    """Sequences of references that are type 1 where they stand: in presentation states (PS3.3 C.11.11, C.10.4)."""
    return re.search(r"\(0008,1115\)\[\d+\]\.\(0008,1140\)$", path) is not None


def walk(key, ds, prefix=""):
    """Adds the checks of every element of a data set and of its items to any depth."""
    for element in ds:
        tag, path = element.tag, prefix + step_of(ds, element)
        if int(tag) in FREE or int(tag) in PIXELS and not prefix or rule_of(tag) == "OTHER":
            continue
        if tag.is_private_creator:
            private_creator(key, path, ds, element)
        elif int(tag) == 0x00100020 and not prefix:
            key.add("patid_consistent", path, original=element.value, pool=key.pool)
        else:
            was_lenient = key.is_lenient
            key.is_lenient |= rule_of(tag) == "REFERENCES" and not is_required_reference(path)
            goes_on = private_element(key, path, ds, element) if tag.is_private else standard_element(
                key, path, element)
            for index, entry in enumerate(element.value if element.VR == "SQ" and goes_on else []):
                walk(key, entry, f"{path}[{index}].")
            key.is_lenient = was_lenient


def option_checks(key, has_region):
    """What PS3.15 E.1.1, E.2 and E.3 have a de-identifier write."""
    key.add("text_retained", "(0012,0062)", value="YES", vr="CS")
    key.add("text_notnull", "(0012,0063)")
    key.add("text_retained", "(0012,0064)", words=OPTION_CODES + ([REGION_CODE] if has_region else []), vr="SQ")
    key.add("text_retained", "(0028,0303)", value="MODIFIED", vr="CS")


def file_checks(key, ds, syntax, preamble_words, ae_title, has_region):
    """File meta information and preamble (PS3.10 section 7)."""
    key.add("text_retained", "(0002,0002)", value=ds.SOPClassUID, vr="UI")
    key.add("uid_changed", "(0002,0003)", original=ds.SOPInstanceUID)
    key.add("uid_consistent", "(0002,0003)", original=ds.SOPInstanceUID, index=0)
    if not has_region:
        key.add("text_retained", "(0002,0010)", value=str(syntax), vr="UI")
    for tag in ("0016", "0017", "0018"):
        key.removed(f"(0002,{tag})", [ae_title])
    if preamble_words:
        key.removed("preamble", preamble_words)


def pixel_checks(key, ds, region, comment):
    """Pixel Data stays byte for byte, or but for what it says in comments, or but for a region."""
    if 0x7FE00010 not in ds:
        return
    if region:
        key.add("pixels_hidden", "(7FE0,0010)", region=list(region))
    elif comment:
        key.removed("(7FE0,0010)", [], inside=comment.hex())
        key.add("pixels_retained", "(7FE0,0010)", part="image", frames=frame_count(ds),
                md5=md5(without_comments(ds.PixelData, frame_count(ds))))
    else:
        key.add("pixels_retained", "(7FE0,0010)", md5=md5(ds.PixelData), part="bytes")
