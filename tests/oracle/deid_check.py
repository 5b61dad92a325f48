"""One check of the answer key against one de-identified data set."""
import collections
import datetime
import re
import unicodedata

import pydicom

from deid_pixels import region_fault, without_comments
from deid_values import find, md5, text_of

STOP_WORDS = set(
    "a an and are as at be been by for from had has have in is it its no not of on or she that the then there "
    "these they this those to was were will with".split())
UID = re.compile(r"(0|[1-9]\d*)(\.(0|[1-9]\d*))+")
DAY = re.compile(r"\d{8}")


def shift_day(day, days):
    date = datetime.date(int(day[:4]), int(day[4:6]), int(day[6:8])) + datetime.timedelta(days=days)
    return date.strftime("%Y%m%d")


def days_between(before, after):
    dates = [datetime.date(int(d[:4]), int(d[4:6]), int(d[6:8])) for d in (before, after)]
    return (dates[1] - dates[0]).days


def found_text(check, ds):
    """The value at the check's place as text; None where the attribute is absent."""
    element, holder = find(ds, check["tag"])
    if element is None:
        return None
    character_set = holder.get("SpecificCharacterSet", ds.get("SpecificCharacterSet"))
    return text_of(element, check.get("type", check.get("vr")), character_set, ds.is_little_endian)


class Sources:
    """The corpus' own files, read when needed."""

    def __init__(self, corpus, instances):
        self.corpus, self.instances = corpus, instances

    def read(self, uid):
        return pydicom.dcmread(self.corpus / self.instances[uid]["file"])


class Found:
    """What all outputs together say: what each identifier became, and by how many days each patient's dates moved."""

    def __init__(self, pairs):
        """`pairs`: each check with the data set that it is about, or None."""
        self.became = {"uid_consistent": collections.defaultdict(collections.Counter),
                       "patid_consistent": collections.defaultdict(collections.Counter)}
        moved = collections.defaultdict(collections.Counter)
        for check, ds in pairs:
            if ds is None:
                continue
            if check["action"] in self.became:
                value = self.value(check, ds)
                if value:
                    self.became[check["action"]][self.original(check)][value] += 1
            elif check.get("vr") == "DA" and check["action"] == "date_shifted":
                text = found_text(check, ds) or ""
                if DAY.fullmatch(text) and DAY.fullmatch(check["original"]):
                    moved[check["pool"]][days_between(check["original"], text)] += 1
        self.offsets = {pool: counter.most_common(1)[0][0] for pool, counter in moved.items()}
        self.is_one_offset = len(self.offsets) > 3 and len(set(self.offsets.values())) < len(self.offsets) // 2
        self.target = {
            action: {old: counter.most_common(1)[0][0]
                     for old, counter in table.items()}
            for action, table in self.became.items()}
        self.taken = {action: collections.Counter(table.values()) for action, table in self.target.items()}

    @staticmethod
    def original(check):
        return check["pool"] if check["action"] == "patid_consistent" else check["original"]

    @staticmethod
    def value(check, ds):
        text = found_text(check, ds)
        values = text.split("\\") if text else []
        index = check.get("index", 0)
        return values[index] if index < len(values) else None


def normal(text):
    return unicodedata.normalize("NFC", text).replace("<", "").replace(">", "").lower().strip()


def as_number(text):
    try:
        return float(text)
    except ValueError:
        return None


def holds(text, word):
    """True where a word stands in the text; words of up to three characters must stand alone."""
    if len(word) > 3 or not word.isascii():
        return word in text
    return re.search(rf"(?<![0-9a-z]){re.escape(word)}(?![0-9a-z])", text) is not None


def is_retained(text, value):
    """As MIDI-B: the whole value stands there, or is the same number, or all its words but stop words do."""
    text, value = normal(text), normal(value)
    if value in text or (as_number(value) is not None and as_number(value) == as_number(text)):
        return True
    values, texts = value.split("\\"), text.split("\\")
    if len(values) == len(texts) and all(a == b or as_number(a) is not None and as_number(a) == as_number(b)
                                         for a, b in zip(values, texts)):
        return True
    words = [w for w in re.split(r"[\s\\]+", value) if re.search(r"\w", w) and w not in STOP_WORDS]
    return bool(words) and all(w in text for w in words)


def tag_retained(check, ds, found, sources):
    return "absent" if found_text(check, ds) is None else None


def text_notnull(check, ds, found, sources):
    text = found_text(check, ds)
    return "absent" if text is None else "empty" if not text.strip("\\ ") else None


def text_retained(check, ds, found, sources):
    text = found_text(check, ds)
    if text is None:
        return "absent"
    if "value" in check:
        return None if is_retained(text, check["value"]) else f"{check['value']!r} became {text!r}"
    gone = [w for w in check["words"] if normal(w) not in normal(text)]
    return f"{gone} gone, left {text!r}" if gone else None


def text_removed(check, ds, found, sources):
    if check["tag"] == "preamble":
        text = (ds.preamble or b"").decode("latin-1")
    else:
        text = found_text(check, ds)
    if text is None:
        return None
    if check.get("absent") and text.strip("\\ "):
        return f"still there: {text[:80]!r}"
    if "bytes" in check and check["bytes"] == text or "inside" in check and check["inside"] in text:
        return "the same bytes"
    left = [w for w in check["words"] if holds(normal(text), normal(w))]
    return f"{left} left in {text[:80]!r}" if left else None


def date_shifted(check, ds, found, sources):
    text, days = found_text(check, ds), found.offsets.get(check["pool"])
    if text is None:
        return "absent"
    if not days or found.is_one_offset:
        return f"the patient's dates moved by {days}, or all patients' alike"
    wanted = [moved(value, check["vr"], days) for value in check["original"].split("\\")]
    given = text.split("\\")
    same = len(wanted) == len(given) and all(a == b or as_number(a) is not None and as_number(a) == as_number(b)
                                             for a, b in zip(wanted, given))
    return None if same else f"{check['original']!r} became {text!r}, not {wanted}"


def moved(value, vr, days):
    if vr == "epoch":
        return str(float(value) + days * 86400)
    return shift_day(value, days) + value[8:]


def uid_changed(check, ds, found, sources):
    text = found_text(check, ds)
    return "unchanged" if text is not None and check["original"] in text.split("\\") else None


def consistent(check, ds, found, sources):
    value, action = found.value(check, ds), check["action"]
    if value is None:
        return None if check.get("optional") else "absent"
    target = found.target[action].get(found.original(check))
    if value != target:
        return f"became {value!r}, elsewhere {target!r}"
    if found.taken[action][target] > 1:
        return f"{target!r} stands for several"
    if action == "uid_consistent" and (len(value) > 64 or not UID.fullmatch(value)):
        return f"{value!r} is no UID"
    return None


def pixels_retained(check, ds, found, sources):
    data = ds.get("PixelData")
    if not data:
        return "absent"
    data = without_comments(data, check["frames"]) if check["part"] == "image" else data
    return None if md5(data) == check["md5"] else "other bytes"


def pixels_hidden(check, ds, found, sources):
    if "PixelData" not in ds:
        return "absent"
    return region_fault(sources.read(check["sop_instance_uid"]), ds, check["region"])


ACTIONS = {
    "tag_retained": tag_retained,
    "text_notnull": text_notnull,
    "text_retained": text_retained,
    "text_removed": text_removed,
    "date_shifted": date_shifted,
    "uid_changed": uid_changed,
    "uid_consistent": consistent,
    "patid_consistent": consistent,
    "pixels_retained": pixels_retained,
    "pixels_hidden": pixels_hidden, }


def fault(check, ds, found, sources):
    """Why the check fails; None where it passes."""
    try:
        return ACTIONS[check["action"]](check, ds, found, sources)
    except Exception as problem:  # an output that cannot be judged has not passed
        return f"cannot be judged: {type(problem).__name__}: {problem}"
