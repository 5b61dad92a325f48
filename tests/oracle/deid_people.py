"""Made-up people, hospitals and devices of the de-identification corpus, and the words by which they would be found."""
import dataclasses
import datetime
import re

TITLES = {"DR", "MD", "PROF", "JR", "SR", "MR", "MRS"}


class Planted(str):
    """A text that holds identifying words. Written with brackets around them: "CHEST for [[Douglas Davidson]]"."""

    def __new__(cls, marked):
        text = super().__new__(cls, marked.replace("[[", "").replace("]]", ""))
        text.gone = [word for part in re.findall(r"\[\[(.*?)\]\]", marked) for word in words_of(part.replace("^", " "))]
        text.kept = words_of(re.sub(r"\[\[.*?\]\]", " ", marked))
        return text


def words_of(text):
    """Words as MIDI-B's script compares them: split at white space, without punctuation at their ends."""
    words = [word.strip(".,;:()[]{}<>\"'/=") for word in text.replace("\\", " ").split()]
    return [word for word in words if word]


def name_words(person_name):
    """Every word of a PN value that names someone: components, the parts of double names, whole CJK names."""
    words = []
    for group in person_name.split("="):
        parts = [part for component in group.split("^") for part in component.split() if part]
        words += [part for part in parts if part.strip(".").upper() not in TITLES and len(part) > 1]
        if len(parts) > 1 and not parts[0].isascii() and ord(parts[0][0]) > 0x2E00:
            words += ["".join(parts[:2])]
    return words


@dataclasses.dataclass(frozen=True)
class Hospital:
    name: str
    address: str
    department: str
    station: str
    telephone: str
    referring: str
    performing: str
    reading: str
    operator: str

    def words(self):
        people = [
            word for name in (self.referring, self.performing, self.reading, self.operator)
            for word in name_words(name)]
        return people + [self.name, self.address, self.department, self.station, self.telephone]


@dataclasses.dataclass(frozen=True)
class Patient:
    code: str  # a short name for folders of this script, not of the files
    name: str
    other_name: str
    id: str
    issuer: str
    birth: str
    sex: str
    age: str
    size: float
    weight: float
    charset: tuple
    language: str
    hospital: Hospital
    telephone: str
    address: str
    national: str
    first_study: datetime.date
    intervals: tuple  # days from the first study to the others

    def words(self):
        return (name_words(self.name) + name_words(self.other_name)
                + [self.id, self.issuer, self.birth, self.telephone, self.address, self.national])


BOSTON = Hospital("Larkspur Memorial Hospital", "4417 Quillon Avenue, Harrowgate MA 01999", "Radiology West Annex",
                  "LMHCT07A", "617-555-0142", "Rosewood^Nathan^^Dr.", "Abernathy^Clarissa", "Vandermeer^Lucius",
                  "Quigley^Tobias")
SEOUL = Hospital("Haneulbit University Hospital", "서울특별시 종로구 별빛로 417", "영상의학과 3호기", "HBUMR3T2", "02-5550-7788",
                 "Pak^Mideum=朴^美音=박^미듬", "Gwak^Onnuri=郭^溫訥=곽^온누리", "Cheon^Byeol=千^星=천^별님", "Tak^Haram=卓^河藍=탁^하람")
OSAKA = Hospital("Asagiri Daiichi Hospital", "大阪市北区朝霧町8-15", "放射線部西棟", "ASGMR15B", "06-5550-3141",
                 "Hatori^Akira=羽鳥^陽翔=はとり^あきら", "Mozume^Rin=物集^凛花=もずめ^りんか", "Kisugi^Ren=来杉^蓮司=きすぎ^れんじ",
                 "Kuroto^Sora=黒戸^空太=くろと^そら")
CHENGDU = Hospital("Qingfeng People's Hospital", "成都市青枫路417号", "影像科二室", "QFPET02C", "028-5550-9911",
                   "Ouyang^Mingzhe=欧阳^明哲", "Shangguan^Yutong=上官^雨桐", "Murong^Haoran=慕容^浩然", "Situ^Jiayi=司徒^佳怡")
LUEBECK = Hospital("Klinikum Möwenstein", "Färbergäßchen 44, 23999 Möwenstein", "Röntgenabteilung Süd", "KMWUS09D",
                   "0451-555-0177", "Großkreutz^Änne^^Dr.", "Schönebrück^Götz", "Weißenhöfer^Ulrike",
                   "Löffelholz^Kjell")
KRAKOW = Hospital("Szpital Świętojański", "ul. Źródlana 44, 30-999 Żabiniec", "Zakład Rezonansu", "SZSMR04E",
                  "012-555-01-66", "Gąsienicówna^Łucja", "Brzęczyszczyk^Grzegorz", "Świerczyńska^Jagoda",
                  "Żółciński^Mieszko")


def people():
    """One patient for each kind of name and each way of being seen."""
    day = datetime.date
    latin, none = ("ISO_IR 100",), ()
    return [
        Patient("davidson", "Davidson^Douglas^Merriweather", "Davidsohn^Dougie", "MRN-4471903", "LARKSPUR-HIS",
                "19560314", "M", "061Y", 1.79, 83.5, none, "en", BOSTON, "617-555-0199",
                "88 Thistledown Lane, Harrowgate", "512-55-8841", day(2017, 12, 18), (91, 274)),
        Patient("hong", "Hong^Gildong=洪^吉洞=홍^길동", "Hong^Kildong=洪^吉童=홍^길똥", "H8203147-1", "HANEUL-PACS", "19680309",
                "M", "050Y", 1.72, 68.0, ("", "ISO 2022 IR 149"), "ko", SEOUL, "010-5550-6789", "서울특별시 은평구 달빛길 88",
                "680309-1555123", day(2018, 4, 11), (183, )),
        Patient("seonu", "Seonu^Yeonghui=鮮于^永姬=선우^영희", "Sunwoo^Younghee=鮮于^英姬=선우^영히", "K20190055731", "HANEUL-PACS",
                "19790523", "F", "040Y", 1.61, 55.2, ("ISO_IR 192", ), "ko", SEOUL, "010-5550-4321",
                "부산광역시 해운대구 물결로 12", "790523-2555987", day(2019, 6, 24), (35, )),
        Patient("yamada", "Yamabuki^Tarou=山吹^太郎=やまぶき^たろう", "Yamabukki^Taro=山吹^多朗=やまぶき^たろお", "0008812-77Q",
                "ASAGIRI-RIS", "19470801", "M", "072Y", 1.65, 61.0, ("", "ISO 2022 IR 87"), "ja", OSAKA, "06-5550-2718",
                "大阪市北区夕凪町3-9", "5550-1234-8899", day(2019, 8, 30), (119, )),
        Patient("mueller", "Müller-Lüdenscheidt^Jürgen^^Dr.", "Lüdenscheidt^Jürgen", "M55-120988-ML", "MOEWE-KIS",
                "19880912", "M", "029Y", 1.88, 92.4, latin, "de", LUEBECK, "0451-555-0188",
                "Krähenwinkel 7, 23999 Möwenstein", "65120988M013", day(2018, 2, 5), (7, )),
        Patient("zhao", "Zhao^Xiaodong=赵^晓东", "Zhao^Xiaodongg=赵^小冬", "CD-2016-08-8817", "QINGFENG-HIS", "19510620", "F",
                "066Y", 1.58, 49.9, ("GB18030", ), "zh", CHENGDU, "136-5550-1188", "成都市落霞街9号", "510999195106205552",
                day(2017, 9, 7), (60, )),
        Patient("wisniewska", "Wiśniewska^Bożena", "Wiśniowska^Bożenka", "PL/77/441209", "SWIETY-RIS", "19771204", "F",
                "041Y", 1.66, 70.1, ("ISO_IR 101", ), "pl", KRAKOW, "012-555-01-77", "ul. Jaśminowa 3, Żabiniec",
                "77120455523", day(2019, 1, 15), ()),
        Patient("fitzwilliam", "Fitzwilliam^Eleanor^Beatrix", "Fitzwilliams^Nell", "MRN-0093177", "LARKSPUR-HIS",
                "19250207", "F", "093Y", 1.52, 44.7, none, "en", BOSTON, "617-555-0123",
                "12 Wrenfield Court, Harrowgate", "512-55-9310", day(2018, 10, 9), ()),
        Patient("okonkwo", "Okonkwo^Chidinma", "Okonkwu^Chichi", "MRN-7720418", "LARKSPUR-HIS", "19820130", "F", "037Y",
                1.70, 77.7, none, "en", BOSTON, "617-555-0177", "301 Marigold Row, Harrowgate", "512-55-6622",
                day(2019, 3, 4), (98, )),
        Patient("orourke", "O'Rourkeby^Saoirse", "Rourkeby^Sersha", "MRN-9900512", "LARKSPUR-HIS", "20180719", "O",
                "008M", 0.71, 8.3, latin, "en", BOSTON, "617-555-0166", "6 Fernhollow Way, Harrowgate", "512-55-1009",
                day(2019, 3, 28), ()), ]


def romanised(person_name):
    """(first, last) of the alphabetic group."""
    parts = person_name.split("=")[0].split("^")
    return parts[1] if len(parts) > 1 else "", parts[0]


def own_script(patient):
    """The name as the patient's country writes it in running text."""
    groups = patient.name.split("=")
    if len(groups) == 1:
        return " ".join(reversed(patient.name.split("^")[:2]))
    group = groups[2] if patient.language == "ko" else groups[1]
    return group.replace("^", "")
