"""Free texts of the corpus: what hospitals type into descriptions and comments. [[...]] identifies and must go."""
from deid_people import Planted, own_script, romanised

SHORT = {  # at most 64 characters: study, series, protocol and procedure descriptions
    "en": [
        "CT CHEST W CONTRAST for [[{first} {last}]]",
        "P4^P101^S108^I0, Gated, 0.0% [[{da}]]",
        "KIDNEY_MASS_HEMATURIA_BMI_under30",
        "THINS 1.25mm AXIAL [[{LAST}]]",
        "RESSONANCIA MAGNETICA CRANIO",
        "BrzuchMiednica [[{iso}]]",
        "ROUTINE ABDOMEN ordered by Dr. [[{ref_last}]]",
        "Follow-up [[{slash}]] LUNG nodule",
        "Body 3.0 CE B30f [[{mrn}]]",
        "[[{last}, {first}]] t1_mprage_sag_p2_iso",
        "AX T2 FSE FS resp trig",
        "Head 1.0 H60s [[{acc}]]",
        "DWI_b0_b1000 ADC tra",
        "Liver 3-phase [[{LAST}^{FIRST}]]",
        "WB FDG 3D_OSEM 2i24s AC",
        "Knee LT [[{first}]] [[{last}]] prot. 6.1",
        "SPINE_LUMBAR_W/O [[{dotted}]]",
    ],
    "ko": ["복부 CT 추적검사 [[{own}]]", "흉부 조영증강 [[{iso}]]", "뇌 MRI [[{mrn}]] 확산강조", "무릎 관절 좌측"],
    "ja": ["頭部MRI [[{own}]] 経過観察", "腰椎 矢状断 [[{iso}]]", "造影前"],
    "zh": ["胸部CT平扫 [[{own}]]", "全身显像 [[{iso}]]", "增强扫描"],
    "de": ["Schädel nativ [[{own_last}]]", "Oberbauch Übersicht [[{german_date}]]", "Hüfte beidseits"],
    "pl": ["Głowa z kontrastem [[{own_last}]]", "Kręgosłup lędźwiowy [[{german_date}]]", "Miednica mała"],
}
LONG = {  # comments and histories
    "en": [
        "Slice 12 repeated due to motion. [[{first} {last}]] (MRN [[{mrn}]]) could not hold breath.",
        "Claustrophobic; contrast allergy. Call [[{phone}]] or Dr. [[{ref_last}]] with results.",
        "Haematuria, prior nephrectomy [[{iso}]] at [[{hospital}]], smoker 20 pack-years.",
        "Lesion segment VII, 23 mm, stable since [[{slash}]]. Accession [[{acc}]].",
        "Lives at [[{address}]]; SSN [[{national}]]; walks with a cane.",
        "Image quality limited by metal artefact. Tech: [[{operator}]].",
        "No acute finding in comparison with the outside study.",
    ],
    "ko": ["[[{own}]] 환자 조영제 부작용 있음. 연락처 [[{phone}]]", "주민번호 [[{national}]] 고혈압 병력", "움직임으로 재촬영함"],
    "ja": ["[[{own}]]様 造影剤アレルギーあり 電話 [[{phone}]]", "体動のため再撮影"],
    "zh": ["[[{own}]] 患者 对比剂过敏 电话 [[{phone}]]", "身份证 [[{national}]] 高血压病史"],
    "de": ["Herr [[{own_last}]] verträgt kein Kontrastmittel, Tel. [[{phone}]]", "Größe der Läsion unverändert"],
    "pl": ["Pacjentka [[{own_last}]], tel. [[{phone}]], uczulenie na jod", "Ruchy w czasie badania"],
}
SAFE = ["HEAD FIRST SUPINE", "Iopamidol 370", "AC corrected", "Hip fracture", "Penicillin", "Ambulatory", "Wheelchair",
        "Sedation 2 mg midazolam"]


def fields(s):
    """What a text of this series may name."""
    first, last = romanised(s.patient.name)
    own = own_script(s.patient)
    return {
        "first": first,
        "last": last,
        "FIRST": first.upper(),
        "LAST": last.upper(),
        "own": own,
        "own_last": s.patient.name.split("^")[0],
        "mrn": s.patient.id,
        "acc": s.accession,
        "da": s.da,
        "iso": s.date.isoformat(),
        "slash": s.date.strftime("%m/%d/%Y"),
        "dotted": s.date.strftime("%Y.%m.%d"),
        "german_date": s.date.strftime("%d.%m.%Y"),
        "hospital": s.hospital.name,
        "phone": s.patient.telephone,
        "address": s.patient.address,
        "national": s.patient.national,
        "ref_last": romanised(s.hospital.referring)[1],
        "operator": romanised(s.hospital.operator)[1], }


class Texts:
    """Deals the templates out in turn, so that each occurs in each place."""

    def __init__(self, random):
        self.turn = random.randrange(1000)

    def next(self, table, s):
        self.turn += 1
        templates = table["en"] + table.get(s.patient.language, []) * 2 if s.patient.language != "en" else table["en"]
        return Planted(templates[self.turn * 7 % len(templates)].format(**fields(s)))

    def short(self, s):
        text = self.next(SHORT, s)
        assert len(text) <= 64, text
        return text

    def long(self, s):
        return self.next(LONG, s)

    def safe(self):
        self.turn += 1
        return SAFE[self.turn % len(SAFE)]
