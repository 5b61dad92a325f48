// Addresses, numbers and names of persons whom no header names, by their form alone; and what looks like them.

#include <gtest/gtest.h>

#include <span>
#include <string>

#include "dicom/deidentify/descriptors.h"
#include "tests/dicom/deidentify/cleaned_row.h"

namespace naru::dicom {
namespace {

using Row = test::CleanedRow;

void expect_cleaned(std::span<const Row> rows) { test::expect_cleaned_rows({}, rows); }

void expect_kept(std::span<const char* const> texts) {
  const DescriptorCleaner cleaner({}, {}, {});
  for (const char* text : texts) EXPECT_EQ(cleaner.clean(text).text, text);
}

TEST(DescriptorForeign, NamesBesideAnAgeAndLoginsBehindALabel) {
  constexpr Row kGone[] = {
      {"김철수(45) 복부", "(45) 복부"},
      {"복부 이영희 (72)", "복부 (72)"},
      {"김철수 45세/M", "45세/M"},
      {"tech: jpark", "tech:"},
      {"by: jpark", "by:"},
      {"Tech: jhkim chest", "Tech: chest"},
      {"operator=smithj, chest", "operator=, chest"},
      {"by: j.park chest", "by: chest"},
      {"user: john_doe", "user:"},
      {"Tech: mueller2 knee", "Tech: mueller2 knee"},  // no name of the lists is in it
      {"tech: kim77", "tech:"},
      {"촬영자: jpark 복부", "촬영자: 복부"},
  };
  expect_cleaned(kGone);
  constexpr const char* kKept[] = {
      "김철수(1234567890)", "심박수(72)", "박출률(55)",       "이미지(12)",  "전립선(45)",    "기준치(45)",
      "최고치(12)",         "고신호(5)",  "이완기(40)",       "조영제(80)",  "김치(3)",       "유선형(2)",
      "정상인(30)",         "tech: asir", "by: protocol",     "by: default", "tech: routine", "by: syngo",
      "operator: none",     "tech: park", "by: hand",         "user: admin", "by: long_head", "tech: aborted",
      "by: freesurfer",     "tech note",  "done by: scanner", "by: than",    "tech: dose 3",
  };
  expect_kept(kKept);
}

TEST(DescriptorForeign, AddressesOfNetworksAndNumbersOfDevices) {
  constexpr Row kGone[] = {
      {"00:1A:2B:3C:4D:5E scanner", "scanner"},
      {"MAC:00-1a-2b-3c-4d-5e end", "MAC: end"},
      {"001a.2b3c.4d5e", ""},
      {"AA:BB:CC:DD:EE:FF", ""},
      {"from fe80::1ff:fe23:4567:890a on", "from on"},
      {"2001:db8:85a3:0:0:8a2e:370:7334", ""},
      {"2001:db8::1 node", "node"},
      {"IMEI 356938035643809", "IMEI"},
      {"IMEI: 49-015420-323751-8", "IMEI:"},
      {"356938035643809", ""},
      {"35-693803-564380-9", ""},
  };
  expect_cleaned(kGone);
  constexpr const char* kKept[] = {
      "12:30:45",          "12:30:45:10:20:30", "C2-C3-C4-C5-C6-C7", "C6-C7-D1-D2-D3-D4",
      "C2:C3:C4:C5:C6:C7", "1:2:3:4:5:6:7:8",   "std::face",         "a::b",
      "ratio 1:2",         "Add::effect",
      "356938035643808",  // the last digit does not check
      "100000000000000",   "VE11.2.10",         "b0-b1-b2-b3-b4-b5", "fa:ce",
      "ab-cd-ef",
  };
  expect_kept(kKept);
}

TEST(DescriptorForeign, TelephoneNumbersOfOtherCountries) {
  constexpr Row kGone[] = {
      {"Tel.: 030/1234567", "Tel.:"},
      {"030/12345678", ""},
      {"Telefon 0711 123456", "Telefon"},
      {"0171 1234567", ""},
      {"0151-12345678", ""},
      {"06 12 84 07 31", ""},
      {"01.42.68.53.00 chest", "chest"},
      {"Tél. 01 42 68 53 00", "Tél."},
      {"03-1234-5678", ""},
      {"090-1234-5678", ""},
      {"0120-123-456", ""},
      {"電話 03-1234-5678", "電話"},
      {"0422-12-3456", ""},
      {"138-1234-5678", ""},
      {"手机 13812345678", "手机"},
      {"13812345678", ""},
      {"010-12345678", ""},
      {"0571-87654321", ""},
  };
  expect_cleaned(kGone);
  constexpr const char* kKept[] = {
      "05 10 15 20 25",      "05-10-15-20-25 min", "30 25 20 15 10",  "001-20",        "00-10-20-30-40",
      "12812345678",         "11812345678",        "TE 10/20/30/40",  "slice 030/120", "0 45 90 135",
      "Spine L5/S1 03-1234", "1.3.12.2",           "512/1024 matrix", "0010-1234567",
  };
  expect_kept(kKept);
}

TEST(DescriptorForeign, ResidentNumbersWithAnySeparator) {
  constexpr Row kGone[] = {
      {"620814 - 1234567", ""},
      {"knee 620814/1234567 AX", "knee AX"},
      {"620814—1234567", ""},
      {"620814_1234567", ""},
      {"620814 1234567", ""},
      {"620814-*******", ""},
      {"620814 - ******* AX", "AX"},
      {"620814/1******", ""},
      {"620814-1", ""},
      {"주민번호 620814 - 1234567", "주민번호"},
      {"주민등록번호: 620814_1234567", "주민등록번호:"},
      {"주민번호 620814-*******", "주민번호"},
  };
  expect_cleaned(kGone);
  constexpr const char* kKept[] = {
      "629914/1234567",  // no birth date
      "629914_1234567", "629914-*******",     "620814 - 12345",  "120814/512", "629914 - 1234567", "120101 / 1",
      "120101_1",       "knee 120101 - 2 AX", "629914, 1234567", "***",        "120101 *",
  };
  expect_kept(kKept);
}

TEST(DescriptorForeign, TelephoneNumbersWithoutAPlusOrWithOtherSigns) {
  constexpr Row kGone[] = {
      {"knee 82-10-9876-5432 AX", "knee AX"},
      {"0082-10-9876-5432", ""},
      {"82 2-765-4321", ""},
      {"82-31-765-4321", ""},
      {"0082-31-765-4321", ""},
      {"010_9876_5432", ""},
      {"knee 010/9876/5432 AX", "knee AX"},
      {"HP 9876-5432", "HP"},
      {"212 867 5309", ""},
      {"knee 212 867 5309 AX", "knee AX"},
      {"1(212)8675309", ""},
  };
  expect_cleaned(kGone);
  constexpr const char* kKept[] = {
      "2128675309",      "010_0001_0002",     "010/0345/1000",  "512 384 1024", "256 256 2003",   "TR 512 387 4003",
      "212 867 5309 ms", "212 867 5309 1024", "212 112 5309",   "212 867 5300", "82-15-765-4321", "82 10 12 1024",
      "82-10-1234-5678", "HP 98765432",       "HP 512 1024",    "HP 120-80",    "1(112)8675309",  "82 31 765 4321",
      "911 867 5309",    "b212 867 5309",     "3-212 867 5309",
  };
  expect_kept(kKept);
}

TEST(DescriptorForeign, GermanAndFrenchAddresses) {
  constexpr Row kGone[] = {
      {"Hauptstr. 12, 10115 Berlin", ""},
      {"wohnt Hauptstraße 12a", "wohnt"},
      {"Berliner Str. 5 Knie", "Knie"},
      {"Karl-Marx-Allee 3, 10178 Berlin", ""},
      {"Bahnhofsweg 7, D-60311 Frankfurt am Main", ""},
      {"Am Markt 3, 04109 Leipzig", ""},
      {"D-10115 Berlin", ""},
      {"12 rue de la Paix, 75002 Paris", ""},
      {"5 bis, avenue Foch", ""},
      {"3 place de la Concorde, 75008 Paris", ""},
      {"14 rue du 8 Mai chest", "chest"},
  };
  expect_cleaned(kGone);
  constexpr const char* kKept[] = {
      "Atemwege 3 mm",
      "Atemweg 2",
      "Gallenweg 2, 12345",
      "Registr. 12",
      "Kontrastmittel 80 ml",
      "Kopf Ring 3",
      "T2 Str 5",
      "Serie 3, 10115 Bilder",
      "3 place",
      "3 cours du traitement",
      "12 coupes fines",
      "2 passages",
      "D-10115",
      "C-10115 Scan",
      "Spine L5/S1",
      "1 avenue",
      "THINS",
      "Routine 5 Weg",
      "Platz 3",
      "Sehstrahlung 2",
      "Magenstr 5 mm",
      "route orale 3",
      "Demonstr. 3",
  };
  expect_kept(kKept);
}

TEST(DescriptorForeign, EnglishAddresses) {
  constexpr Row kGone[] = {
      {"10 Downing Street", ""},
      {"221B Baker Street", ""},
      {"lives at 12 baker street", "lives at"},
      {"Flat 2, 221B Baker Street, London", ""},
      {"123 Main St., Apt 4B, Springfield, IL 62704", ""},
      {"patient lives in Springfield, IL 62704", "patient lives in"},
      {"Springfield IL 62704-1234", ""},
      {"CT chest at Springfield, MA 01101", "CT chest at"},
      {"San Francisco CA 94103 knee", "knee"},
      {"New York, NY 10001", ""},
      {"St. Louis, MO 63110", ""},
      {"Salt Lake City, UT 84101", ""},
      {"from Springfield, IL", "from"},
      {"IL 62704", ""},
      {"(620814-1234567)", ""},
      {"chest (620814-1234567) PA", "chest PA"},
  };
  expect_cleaned(kGone);
  constexpr const char* kKept[] = {
      "IL 12345",           "Chest CT 06510",     "Head, CT 06510",    "Chest PA 15012",
      "Knee MRI, TX 78229", "Abdomen, PA",        "Thorax, AP, PA",    "AXIAL T2, IN PHASE",
      "Omnipaque, CA",      "3 lines per street", "5 mm road",         "10 Slice Ave",
      "3 Echo Ave",         "PE, ME, MI",         "CAD, CO, RI",       "Stent RCA, LA 38 mm",
      "MIP, HI RES",        "LUNG, SD 40001",     "DIFFUSION, MD, FA", "2 way street",
  };
  expect_kept(kKept);
}

TEST(DescriptorForeign, AccountsAndNumbersThatCheckThemselves) {
  constexpr Row kGone[] = {
      {"4111 1111 1111 1111 paid", "paid"},
      {"4111-1111-1111-1111", ""},
      {"3782 822463 10005", ""},
      {"IBAN DE89 3704 0044 0532 0130 00", "IBAN"},
      {"GB82WEST12345698765432", ""},
      {"1 85 05 78 006 084 91", ""},
      {"Driver license D1234567", "Driver license"},
      {"license plate ABC-1234", "license plate"},
      {"Medicare 1EG4-TE5-MK73", "Medicare"},
      {"VIN 1HGCM82633A004352", "VIN"},
      {"Health card 1234-567-890-AB", "Health card"},
      {"specimen S14-12345", "specimen"},
      {"Req 88812", "Req"},
      {"Visit V0001234", "Visit"},
      {"면허번호 12-345678", "면허번호"},
      {"mail bob(at)hospital.org", "mail"},
      {"bob [at] example [dot] com chest", "chest"},
      {"see pacs.snuh.org/study/1", "see"},
      {"snuh.co.kr", ""},
      {"Twitter @bobsmith", "Twitter @"},
      {"ask @bobsmith", "ask"},
      {"KakaoTalk id: hong123", "KakaoTalk id:"},
      {"Facebook: bob.smith.99", "Facebook:"},
      {"wife called 555-0134", "wife called"},
      {"call 555-867-5309 ext 12", "call ext"},
  };
  expect_cleaned(kGone);
  constexpr const char* kKept[] = {
      "4111 1111 1111 1112",
      "DE89 3704 0044 0532 0130 01",
      "1 85 05 78 006 084 92",
      "3@30 s",
      "TE @30",
      "@iso center",
      "10 @ 3 mm",
      "@rest",
      "series.uid",
      "dataset.ca",
      "card 1234",
      "specimen 2",
      "visit 2 3D",
      "plate 4.5 mm",
      "facebook study",
      "called 3 mm",
      "t2.fl3d",
      "0.5mm.tra",
  };
  expect_kept(kKept);
}

TEST(DescriptorForeign, RelativesOperatorsAndHospitals) {
  constexpr Row kGone[] = {
      {"Patient's wife Maria present", "Patient's wife present"},
      {"mother: Anna", "mother:"},
      {"baby girl of Smith", "baby girl of"},
      {"Twin A of Johansson", "Twin A of"},
      {"Nguyen Van Anh (F, 34) liver", "(F, 34) liver"},
      {"transcribed by jsmith2", "transcribed by"},
      {"Approved by: AB/CD, liver", "Approved by:, liver"},
      {"Brigham and Women's Hospital", ""},
      {"Boston Children's Hospital", ""},
      {"St. Mary's Medical Ctr", ""},
      {"환자: 박 지 성 복부", "환자: 복부"},
      {"田中太郎 様 胸部CT", "様 胸部CT"},
  };
  expect_cleaned(kGone);
  constexpr const char* kKept[] = {
      "sister lesion",
      "Daughter Cyst",
      "Mother: unknown",
      "son: none",
      "baby of patient",
      "Twin A of Placenta",
      "Women's Imaging Center",
      "children's hospital protocol",
      "Tech: T1/T2",
      "RADIOLOGIST: CT/MR",
      "computed by freesurfer6",
      "compensated by linear fit",
      "Axial Van (M, 55)",
      "and Women's Hospital",
      "환자: 간 암",
  };
  expect_kept(kKept);
}

TEST(DescriptorForeign, KoreanAddressesInLatinLetters) {
  constexpr Row kGone[] = {
      {"82, Gumi-ro 173beon-gil, Bundang-gu, Seongnam-si, Gyeonggi-do", ""},
      {"101, Daehak-ro, Jongno-gu, Seoul 03080", ""},
      {"101, Daehak-ro, Jongno-gu knee", "knee"},
      {"28 Yeongeon-dong, Jongno-gu, Seoul", ""},
      {"knee Seoul Jongno-gu Yeongeon-dong 28-1 AX", "knee AX"},
      {"88 Olympic-ro 43-gil, Songpa-gu", ""},
      {"Olympic-ro 43-gil 88", ""},
      {"81 Irwon-ro Gangnam-gu", ""},
      {"KNEE 81 IRWON-RO GANGNAM-GU AX", "KNEE AX"},
      {"Daehak-ro 101", ""},
      {"Gangnam-daero 12 AX", "AX"},
      {"Dodong-ri 123, Ulleung-eup, Ulleung-gun", ""},
      {"Jongno-gu, Seoul", ""},
      {"12 Teheran-ro, 101-dong 1203-ho, Gangnam-gu", ""},
  };
  expect_cleaned(kGone);
  constexpr const char* kKept[] = {
      "anti-Ro 52",   "Anti-Ro 60 positive",
      "SS-A/Ro 52",   "retro-ro",
      "Seoul",        "CT Seoul 3",
      "T2-ri 3",      "AX-do 2",
      "TE-ro 30",     "Gangnam-gu",
      "3 Gangnam-gu", "Daehak-ro",
      "kV-gil 2",     "mini-gil",
      "C2-do 5",      "Nabe-ro 3 mm",
      "ep2d-ro 2 3",  "in-si-tu 3",
      "Axial-ro 12",  "2 left-dong",
      "43-gil",       "10-dong 2 mm",
      "knee 3, 5-ho", "do-si-do 3",
      "Kung-fu-do 3",
  };
  expect_kept(kKept);
}

TEST(DescriptorForeign, KoreanRoadsWithNumbersInTheirNames) {
  constexpr Row kGone[] = {
      {"세종시 보듬7로 20", ""},
      {"세종특별자치시 보듬7로 20", ""},
      {"세종 보듬7로 20 무릎", "무릎"},
      {"제주시 아란13길 15", ""},
      {"제주특별자치도 제주시 아란13길 15", ""},
      {"무릎 아란13길 15 AX", "무릎 AX"},
      {"울릉군 울릉읍 도동리 123", ""},
      {"울릉군 울릉읍 도동길 12-3", ""},
      {"청주시 흥덕구 1순환로 776", ""},
      {"연세로 50-1", ""},
      {"연세로 50-1 무릎", "무릎"},
      {"분당구 구미로173번길 82", ""},
      {"올림픽로43길 88", ""},
  };
  expect_cleaned(kGone);
  constexpr const char* kKept[] = {
      "실제로 3mm",      "실제로 3-5",       "실제로 10-20 mm", "좌우로 3-5",    "추가로 12-3",
      "경추로 5-1",      "검사로 20-1",      "서로 12",         "무릎2로 이동",  "영상1로 20",
      "조영 3번으로 20", "복부 2차로 20",    "1순환로",         "우측으로 3회",  "단면 3길 15",
      "3단계로 120",     "요추 1번 2번 3번", "관절면 3-2 부위", "연골면 연골 3",
  };
  expect_kept(kKept);
}

TEST(DescriptorForeign, JapaneseAndChineseAddresses) {
  constexpr Row kGone[] = {
      {"東京都新宿区西新宿2-8-1", ""},
      {"東京都千代田区霞が関1-3-1 胸部", "胸部"},
      {"大阪府大阪市北区梅田3丁目1番1号", ""},
      {"西新宿二丁目8番1号", ""},
      {"患者 神奈川県横浜市 胸部", "患者 胸部"},
      {"〒160-0023", ""},
      {"〒 1600023 胸部", "胸部"},
      {"北京市朝阳区建国路88号", ""},
      {"住北京市朝阳区建国路88号2单元301室", "住"},
      {"朝阳区建国路88号 胸部", "胸部"},
      {"上海市浦东新区", ""},
      {"台北市中正區中山南路7號", ""},
  };
  expect_cleaned(kGone);
  constexpr const char* kKept[] = {
      "胸部 造影",  "右上肺野区2",   "旁路1号",     "静脉通路2号",          "尿路造影",
      "东京都",     "東京都",        "北京医院 CT", "北京协和医院内科病区", "内科病区旁路3号",
      "消化道造影", "肝右叶S5区2-3", "160-0023",    "腹部 2-8-1",           "第3区2-8-1",
      "上海 CT",    "冠状面 3号",
  };
  expect_kept(kKept);
}

TEST(DescriptorForeign, NumbersBehindChineseJapaneseAndGermanLabels) {
  constexpr Row kGone[] = {
      {"病历号: 1234567 胸部", "病历号: 胸部"},
      {"住院号 20345", "住院号"},
      {"門診號: 88123 腹部", "門診號: 腹部"},
      {"カルテ番号: 123456 腹部", "カルテ番号: 腹部"},
      {"챠트 No. 12345 복부", "챠트 No. 복부"},
      {"영상번호: 55512", "영상번호:"},
      {"Versichertennummer A123456789 Knie", "Versichertennummer Knie"},
  };
  expect_cleaned(kGone);
  constexpr const char* kKept[] = {"型号 12345", "信号 1024", "病历号 未知", "病灶3号 直径12"};
  expect_kept(kKept);
}

TEST(DescriptorForeign, TheDayOfTheWeekGoesWithItsDate) {
  constexpr Row kGone[] = {
      {"2024-03-05(화) 복부", "복부"},
      {"2024-03-05 (Tue) chest", "chest"},
      {"2024-03-05 (화) 14:30 복부", "복부"},
      {"2024-03-05(화) 오후 2:45 복부", "복부"},
      {"2024년 3월 5일 화요일 복부", "복부"},
      {"2024년 3월 4일 월요일 복부", "복부"},
      {"2024年3月3日 日曜日 腹部", "腹部"},
      {"Tuesday, 2024-03-05 chest", "chest"},
      {"chest Tue 2024-03-05", "chest"},
      {"2024/03/05, Sat chest", "chest"},
      {"3/5(화) 복부", "복부"},
  };
  expect_cleaned(kGone);
  constexpr const char* kKept[] = {"fat sat T1", "3/5 복부", "T2 Tue", "화 (수) 목", "3.5 (mm) T2", "Tuesday list"};
  expect_kept(kKept);
  const DescriptorCleaner cleaner({}, {}, {});
  EXPECT_EQ(cleaner.clean("20240305 sat T1").text, "sat T1");  // saturation
}

TEST(DescriptorForeign, NamesBeforeATitleInHanCharacters) {
  constexpr Row kJapanese[] = {
      {"佐藤先生 依頼", "先生 依頼"}, {"佐藤様 胸部", "様 胸部"}, {"佐藤医師", "医師"}, {"先生 依頼", "先生 依頼"}};
  test::expect_cleaned_rows({.person_names = {"Sato^Ichiro=佐藤^一郎"}}, kJapanese);
  constexpr Row kChinese[] = {{"张伟医生 要求", "医生 要求"}, {"主张 紧张 腹部", "主张 紧张 腹部"}};
  test::expect_cleaned_rows({.person_names = {"Zhang^Wei=张^伟"}}, kChinese);
}

TEST(DescriptorForeign, PersonsWhoTreatAndSign) {
  constexpr Row kGone[] = {
      {"担当: 鈴木一郎 医師", "担当: 医師"},
      {"報告者: 渡辺", "報告者:"},
      {"依頼医 佐藤先生 腹部", "依頼医 先生 腹部"},
      {"主治医师：张伟 增强", "主治医师： 增强"},
      {"陈大文医生 要求", "医生 要求"},
      {"조은비 간호사에게 전달", "간호사에게 전달"},
      {"확인: 한가인", "확인:"},
  };
  expect_cleaned(kGone);
  constexpr const char* kKept[] = {"主治医生 要求", "内科先生",   "専門医師 確認", "患者 高血压",    "全科医生",
                                   "担当 腹部",     "확인: 정상", "확인 요망",     "간호사에게 전달"};
  expect_kept(kKept);
}

TEST(DescriptorForeign, NamesBehindARoleAndASpaceInHanCharacters) {
  constexpr Row kGone[] = {
      {"患者 王小明 胸部CT", "患者 胸部CT"},
      {"主治医师 张伟 要求增强", "主治医师 要求增强"},
      {"主治医生 欧阳文 腹部", "主治医生 腹部"},
      {"患者 黄小明 腹部", "患者 腹部"},
      {"患者 李秀英", "患者"},
      {"報告者 渡辺", "報告者"},
      {"担当 佐々木健 頭部", "担当 頭部"},
  };
  expect_cleaned(kGone);
  constexpr const char* kKept[] = {
      "患者 高血压", "患者 高热",   "患者 高龄",   "患者 黄疸", "患者 白细胞", "患者 张力高", "患者 张口受限",
      "患者 张口",   "患者 苏醒后", "患者 陈旧性", "患者 石膏", "患者 王某",   "患者 孙女",   "患者 何时起",
      "患者 唐氏",   "担当 腹部",   "医生 要求",   "患者 金属", "患者 马上",   "医師 確認",   "患者 林氏瘤",
      "胸部 王小明", "患者 周围性", "患者 方案",   "患者 李",   "患者 张开",   "患者 林格液", "患者 胡萝卜",
  };
  expect_kept(kKept);
}

TEST(DescriptorForeign, KoreanClinicsCalledByASurname) {
  constexpr Row kGone[] = {
      {"김안과 의뢰 orbit MRI", "의뢰 orbit MRI"},
      {"이치과에서 의뢰", "에서 의뢰"},
      {"박정형외과 요추", "요추"},
      {"김한의원 침 치료", "침 치료"},
      {"최내과병원 CD 복사", "CD 복사"},
      {"복부 정내과", "복부"},
  };
  expect_cleaned(kGone);
  constexpr const char* kKept[] = {
      "내과 의뢰",   "안과 의뢰",   "정형외과 의뢰", "신경외과 의뢰", "성형외과",   "흉부외과 의뢰", "구강외과",
      "한의원 치료", "이비인후과",  "우안과 좌안",   "양안과 시신경", "손외과",     "심장내과",      "신장내과",
      "소아치과",    "신경과 협진", "정신과",        "유방외과",      "간담췌외과", "신내과",        "전내과",
  };
  expect_kept(kKept);
}

TEST(DescriptorForeign, KoreanDoctorsInTraining) {
  constexpr Row kGone[] = {
      {"2년차 유아인 당직", "2년차 당직"}, {"R1 송중기 확인", "R1 확인"},   {"PGY-3 김철수", "PGY-3"},
      {"인턴 박상철 드림", "인턴 드림"},   {"레지던트 김철수", "레지던트"},
  };
  expect_cleaned(kGone);
  constexpr const char* kKept[] = {
      "2년차 안정기", "R1 안정기",      "R2 조영제 확인", "5년차 추적 확인",   "R1 resection 확인",
      "R0 유아인",    "인턴 판독 확인", "R1 절제 확인",   "3년차 유방암 확인", "PGY-3 확인",
  };
  expect_kept(kKept);
}

TEST(DescriptorForeign, AKoreanTimeBeforeItsDateGoesWithIt) {
  constexpr Row kGone[] = {
      {"오후 3시 20분 2024-03-05 복부", "복부"}, {"오후 2:45 2024-03-05 시행", "시행"},
      {"오전 9시, 2024년 3월 5일 복부", "복부"}, {"복부 15시 30분 2024.03.05", "복부"},
      {"午後 3時 2024年3月5日 腹部", "腹部"},
  };
  expect_cleaned(kGone);
  constexpr const char* kKept[] = {"오후 3시 20분 검사", "오전 복부 CT", "오후 2:45 시행", "3시 방향 결절"};
  expect_kept(kKept);
  const DescriptorCleaner cleaner({}, {}, {});
  EXPECT_EQ(cleaner.clean("3 시행 2024-03-05").text, "3 시행");
  EXPECT_EQ(cleaner.clean("2 시간 2024-03-05").text, "2 시간");
}

TEST(DescriptorForeign, ShortYearsBeforeMonthAndDayOfOneDigit) {
  constexpr Row kGone[] = {
      {"수술일 24/3/5 위전절제술", "수술일 위전절제술"},
      {"입원일: 24.3.5", "입원일:"},
      {"'24.3.5 CT와 비교", "CT와 비교"},
  };
  expect_cleaned(kGone);
  constexpr const char* kKept[] = {"24/3/5 위", "compare 1-2-3", "매일 24/3/5 mg", "수술일 24/30/5 mm"};
  expect_kept(kKept);
}

}  // namespace
}  // namespace naru::dicom
