"""Nasty cases of free text, names and character sets."""
import dataclasses
import unicodedata

from pydicom.sequence import Sequence

from deid_headers import item
from deid_nasty_case import case

KOREAN = ["", "ISO 2022 IR 149"]
HONG, NAM, MO = "Hong^Gildong=洪^吉洞=홍^길동", "Nam^Dasom=南^多率=남^다솜", "Mo^Haneul=毛^荷訥=모^하늘"


@case(1)
def name_in_study_description(c):
    c.write(c.image(PatientName="Davidson^Douglas", StudyDescription="CT CHEST W CONTRAST for Douglas Davidson"))
    c.secret("Davidson", "Douglas")
    yield
    ds = c.output()
    c.gone(ds, "StudyDescription", "Douglas", "Davidson")
    c.kept(ds, "StudyDescription", "CT", "CHEST", "CONTRAST")


@case(2)
def physician_in_protocol_name(c):
    c.write(c.image(ReferringPhysicianName="Abercrombie^Phineas^^Dr.",
                    ProtocolName="CHEST ROUTINE Dr. Abercrombie 5MM"))
    c.secret("Abercrombie", "Phineas")
    yield
    ds = c.output()
    c.gone(ds, "ProtocolName", "Abercrombie")
    c.kept(ds, "ProtocolName", "CHEST", "ROUTINE", "5MM")


@case(3)
def date_in_series_description(c):
    dates = [
        "20140321", "2014-03-21", "2014.03.21", "03/21/2014", "21-MAR-2014", "21 Mar 2014", "March 21, 2014",
        "2014/03/21"]
    for k, date in enumerate(dates):
        c.write(c.image(SeriesDescription=f"P4^P101^S108^I0, Gated, 0.0% {date}"), f"{k}.dcm")
    c.write(c.image(SpecificCharacterSet="ISO_IR 192", SeriesDescription="P4^P101^S108^I0, Gated, 0.0% 2014년 3월 21일"),
            "8.dcm")
    yield
    for k, date in enumerate([*dates, "2014년"]):
        ds = c.output(f"{k}.dcm")
        c.gone(ds, "SeriesDescription", date, "2014")
        c.kept(ds, "SeriesDescription", "P4^P101^S108^I0", "Gated", "0.0%")


@case(4)
def codes_that_look_like_identifiers_stay(c):
    codes = [
        "P4^P101", "THINS", "KIDNEY_MASS_HEMATURIA_BMI_under30", "T2_TSE_TRA_320", "S2-T12 1.25mm", "MPR 3/3",
        "WL-40 WW 400", "B30f", "e1+e2 SENSE", "3D_FSPGR_20"]
    for k, code in enumerate(codes):
        c.write(c.image(SeriesDescription=code, ProtocolName=code), f"{k}.dcm")
    yield
    for k, code in enumerate(codes):
        c.same(c.output(f"{k}.dcm"), "SeriesDescription", code)
        c.same(c.output(f"{k}.dcm"), "ProtocolName", code)


@case(5)
def initials_and_sites(c):
    c.write(c.image(ReferringPhysicianName="Rosewood^Nathan", SeriesDescription="AXIAL Ordered for by NR"),
            "initials.dcm")
    c.write(
        c.image(InstitutionName="Larkspur Memorial Hospital", SeriesDescription="HEAD Performed at Larkspur Memorial"),
        "site.dcm")
    c.secret("Rosewood", "Larkspur")
    yield
    c.gone(c.output("initials.dcm"), "SeriesDescription", "NR")
    c.kept(c.output("initials.dcm"), "SeriesDescription", "AXIAL", "Ordered")
    c.gone(c.output("site.dcm"), "SeriesDescription", "Larkspur")
    c.kept(c.output("site.dcm"), "SeriesDescription", "HEAD", "Performed")


@case(6)
def other_languages_stay(c):
    texts = ["RESSONANCIA MAGNETICA", "BrzuchMiednica", "Schädel nativ", "복부 조영증강", "头部平扫", "頭部造影", "Позвоночник"]
    for k, text in enumerate(texts):
        c.write(c.image(SpecificCharacterSet="ISO_IR 192", StudyDescription=text, SeriesDescription=text), f"{k}.dcm")
    yield
    for k, text in enumerate(texts):
        c.same(c.output(f"{k}.dcm"), "StudyDescription", text)
        c.same(c.output(f"{k}.dcm"), "SeriesDescription", text)


@case(28)
def korean_names_in_all_groups(c):
    c.write(
        c.image(SpecificCharacterSet=KOREAN, PatientName=HONG, ReferringPhysicianName="Pak^Mideum=朴^美音=박^미듬",
                StudyDescription="복부 CT 홍길동 추적검사", SeriesDescription="Gildong Hong AX",
                ImageComments="박미듬 선생님 의뢰, 간 병변"))
    c.secret("Gildong", "홍길동", "길동", "吉洞", "洪吉洞", "Mideum", "미듬", "박미듬", "美音")
    yield
    ds = c.output()
    ds.decode()
    c.gone(ds, "PatientName", "Hong", "길동", "吉洞", "洪")
    c.gone(ds, "StudyDescription", "길동")
    c.kept(ds, "StudyDescription", "복부", "CT", "추적검사")
    c.kept(ds, "SeriesDescription", "AX")
    c.kept(ds, "ImageComments", "간", "병변")


def with_bytes(placeholder, data):
    """A change: puts bytes where a text of the same length stands."""
    assert len(placeholder) == len(data)
    return lambda file: file.replace(placeholder.encode(), data)


@case(29)
def korean_bytes_without_their_character_set(c):
    name, text = "남다솜".encode("euc_kr"), "복부 CT 남다솜 추적".encode("euc_kr")
    mark = "Q" * len(text)
    c.write(c.image(PatientName="H" * len(name), StudyDescription=mark), "missing.dcm",
            change=lambda d: with_bytes(mark, text)(with_bytes("H" * len(name), name)(d)))
    c.write(c.image(SpecificCharacterSet=KOREAN, PatientName=NAM, StudyDescription=mark), "no_escape.dcm",
            change=with_bytes(mark, text))
    leftover = b"$)C" + text
    mark = "Q" * len(leftover)
    c.write(c.image(SpecificCharacterSet="ISO_IR 100", PatientName="Nam^Dasom", OtherPatientNames=NAM.split("=")[0],
                    StudyDescription=mark), "leftover.dcm", change=with_bytes(mark, leftover))
    c.secret("남다솜", "Dasom")
    yield
    for name in ("missing.dcm", "no_escape.dcm", "leftover.dcm"):
        ds = c.output_if_used(name, "charset_undecodable")
        if ds is not None:
            c.expect(ds.get("PixelData"), f"{name} lost its pixels")
    c.kept(c.output("no_escape.dcm"), "StudyDescription", "CT")


@case(30)
def character_set_overridden_in_an_item(c):
    inner = item(SpecificCharacterSet="ISO_IR 192", RequestedProcedureDescription="복부 CT 모하늘",
                 ScheduledProcedureStepDescription="Größe 5mm")
    c.write(c.image(SpecificCharacterSet=KOREAN, PatientName=MO, RequestAttributesSequence=Sequence([inner])),
            "item.dcm")
    japanese = item(SpecificCharacterSet=KOREAN, RequestedProcedureDescription="두부 MR")
    def series_of(code):
        return c.series(c.study(dataclasses.replace(c.patient, code=code, id="NC30-" + code)))
    c.write(c.image(series_of("yamabuki"), SpecificCharacterSet=["", "ISO 2022 IR 87"],
                    PatientName="Yamabuki^Tarou=山吹^太郎=やまぶき^たろう",
                    StudyDescription="頭部 山吹太郎", RequestAttributesSequence=Sequence([japanese])), "japanese.dcm")
    c.write(c.image(series_of("wisniewska"), SpecificCharacterSet="ISO_IR 101", PatientName="Wiśniewska^Bożena",
                    StudyDescription="Głowa"),
            "polish.dcm")
    c.secret("모하늘", "Haneul", "山吹", "太郎", "やまぶき", "Yamabuki", "Wiśniewska", "Bożena")
    yield
    for name, stays in (("item.dcm", None), ("japanese.dcm", "頭部"), ("polish.dcm", "Głowa")):
        ds = c.output(name)
        ds.decode()
        texts = [
            str(e.value) for e in ds.iterall() if e.VR in ("PN", "LO", "SH", "LT", "ST", "UT") and not e.tag.is_private]
        c.expect(not any("\ufffd" in text for text in texts),
                 f"{name}: a text does not decode in the set that its data set states")
        if stays:
            c.kept(ds, "StudyDescription", stays)
    entry = c.output("item.dcm").RequestAttributesSequence[0]
    c.kept(entry, "RequestedProcedureDescription", "복부", "CT")
    c.kept(entry, "ScheduledProcedureStepDescription", "Größe", "5mm")
    c.kept(c.output("japanese.dcm").RequestAttributesSequence[0], "RequestedProcedureDescription", "두부", "MR")


@case(31)
def variants_of_a_name(c):
    wide = "ＨＯＮＧ ＧＩＬＤＯＮＧ"
    variants = [
        "HongGildong", "GildongHong", "Gildong Hong", "HONG, GILDONG", "hong_gildong", "Hong^Gildong", wide,
        "Hong Gil-dong", "Hong Gil Dong", "HONGGILDONG", "홍길동", "홍 길동",
        unicodedata.normalize("NFD", "홍길동"), "길동 홍", "洪吉洞", "홍길동님"]
    for k, variant in enumerate(variants):
        c.write(c.image(SpecificCharacterSet="ISO_IR 192", PatientName=HONG, SeriesDescription=f"AXIAL {variant} 5mm"),
                f"{k}.dcm")
    c.write(c.image(SpecificCharacterSet="ISO_IR 192", PatientName="홍^길동", SeriesDescription="AXIAL Hong Gildong 5mm"),
            "romanised.dcm")
    yield
    for k, variant in enumerate(variants):
        ds = c.output(f"{k}.dcm")
        folded = unicodedata.normalize("NFKC", c.text(ds, "SeriesDescription")).lower()
        for word in ("hong", "gil", "dong", "홍", "길동", "洪", "吉"):
            c.expect(word not in folded, f"{word!r} of {variant!r} left")
        c.kept(ds, "SeriesDescription", "AXIAL", "5mm")
    c.gone(c.output("romanised.dcm"), "SeriesDescription", "Hong", "Gildong")
