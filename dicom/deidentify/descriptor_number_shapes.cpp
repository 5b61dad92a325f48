#include "dicom/deidentify/descriptor_number_shapes.h"

#include <algorithm>

namespace naru::dicom {

namespace {

/// Korea: birth date, then sex and century (1-4, foreigners 5-8, born before 1900 9 and 0), six digits. The checksum of
/// older numbers is not asked for: numbers given since October 2020 have none.
bool is_resident_number(std::u32string_view digits) { return is_birth(digits); }

/// USA: no area 000, 666 or 9xx, no group 00, no serial 0000.
bool is_social_security_number(std::u32string_view digits) {
  const std::u32string_view area = digits.substr(0, 3);
  return area != U"000" && area != U"666" && area[0] != U'9' && digits.substr(3, 2) != U"00" &&
         digits.substr(5) != U"0000";
}

/// China: the last of 18 characters checks the others (GB 11643, ISO 7064 MOD 11-2), digits 7 to 14 are a date.
bool is_chinese_resident_number(std::u32string_view digits) {
  unsigned sum = 0, weight = 1;
  for (std::size_t i = digits.size() - 1; i-- > 0;) {
    weight = weight * 2 % 11;
    sum += weight * (digits[i] - U'0');
  }
  return (sum + (digits.back() - U'0')) % 11 == 1 && is_birth(digits.substr(8, 6));
}

/// North America: area and exchange begin with 2 to 9.
bool is_american_number(std::u32string_view digits) {
  const std::size_t area = digits.size() - 10;
  return digits[area] >= U'2' && digits[area + 3] >= U'2';
}

/// In tens or sixteens, as settings are.
bool is_round(std::u32string_view code) {
  unsigned value = 0;
  for (const char32_t digit : code) value = value * 10 + (digit - U'0');
  return value % 10 == 0 || value % 16 == 0;
}

bool is_spaced_security_number(std::u32string_view digits) {
  const std::u32string_view group = digits.substr(3, 2), serial = digits.substr(5);
  return is_social_security_number(digits) && !is_round(digits.substr(0, 3)) && !is_round(group) && !is_round(serial);
}

/// Three numbers apart may be settings: those are round, or repeat.
bool is_spaced_american_number(std::u32string_view digits) {
  const auto is_service = [](std::u32string_view code) { return code.substr(1, 2) == U"11"; };
  const std::u32string_view area = digits.substr(0, 3), exchange = digits.substr(3, 3), line = digits.substr(6);
  return is_american_number(digits) && !is_service(area) && !is_service(exchange) && area[1] != U'9' &&
         area != exchange && !is_round(exchange) && !is_round(line);
}

/// Korea: mobile numbers go on with 2 to 9, areas with two digits are 31 to 64.
bool is_korean_mobile(std::u32string_view digits) { return digits[digits.size() - 8] >= U'2'; }
bool is_korean_area_abroad(std::u32string_view digits) {
  const char32_t area = digits[digits.starts_with(U"00") ? 4 : 2];
  return area >= U'3' && area <= U'6';
}
bool is_korean_area(std::u32string_view digits) { return digits[1] >= U'3' && digits[1] <= U'6'; }

/// Korea's numbers of companies, without those that are round numbers of a scanner as well.
bool is_company_number(std::u32string_view digits) {
  constexpr std::u32string_view kPrefixes[] = {U"1522", U"1533", U"1544", U"1566", U"1577", U"1588", U"1599",
                                               U"1644", U"1660", U"1661", U"1666", U"1668", U"1670", U"1688",
                                               U"1811", U"1833", U"1855", U"1866", U"1877", U"1899"};
  return std::find(std::begin(kPrefixes), std::end(kPrefixes), digits.substr(0, 4)) != std::end(kPrefixes);
}

bool is_any(std::u32string_view) { return true; }

/// The second digit is none: behind a zero, of an area.
bool is_area_number(std::u32string_view digits) { return digits[1] != U'0'; }

/// France: five pairs. Pairs that go up or down one after the other are settings ("05 10 15 20 25").
bool is_french_number(std::u32string_view digits) {
  int up = 0, down = 0;
  for (std::size_t i = 2; i < digits.size(); i += 2) {
    const auto before = digits.substr(i - 2, 2), pair = digits.substr(i, 2);
    up += pair > before ? 1 : 0;
    down += pair < before ? 1 : 0;
  }
  return is_area_number(digits) && up > 0 && down > 0;
}

/// China's and Germany's mobile networks.
bool is_chinese_mobile(std::u32string_view digits) { return std::u32string_view(U"35789").find(digits[1]) < 5; }
bool is_german_mobile(std::u32string_view digits) { return digits[2] >= U'5' && digits[2] <= U'7'; }

/// The last digit checks the others (Luhn, ISO/IEC 7812-1 annex B).
bool is_luhn(std::u32string_view digits) {
  unsigned sum = 0;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const unsigned doubled = (digits[i] - U'0') * ((digits.size() - i) % 2 == 0 ? 2 : 1);
    sum += doubled / 10 + doubled % 10;
  }
  return sum % 10 == 0;
}

/// Cards of payment: networks 3 to 6, and 2221 to 2720.
bool is_card_number(std::u32string_view digits) {
  const bool is_network = (digits[0] >= U'3' && digits[0] <= U'6') || (digits[0] == U'2' && digits[1] >= U'2');
  return is_network && is_luhn(digits);
}

/// France's number of social security: sex, year, month, and the last two digits check the others (97).
bool is_french_security_number(std::u32string_view digits) {
  unsigned rest = 0;
  for (const char32_t digit : digits.substr(0, 13)) rest = (rest * 10 + (digit - U'0')) % 97;
  const unsigned key = 10 * (digits[13] - U'0') + (digits[14] - U'0');
  return (digits[0] == U'1' || digits[0] == U'2') && key == 97 - rest;
}

/// Number of a mobile telephone (3GPP TS 23.003): most begin with 35 or 86.
bool is_device_number(std::u32string_view digits) {
  const std::u32string_view body = digits.substr(0, 2);
  return is_luhn(digits) && (body == U"35" || body == U"86");
}

constexpr NumberShape kShapes[] = {
    {U"dddddd-ddddddd", DescriptorReason::national, is_resident_number, Between::any_sign, true},
    {U"ddddddddddddd", DescriptorReason::national, is_resident_number},
    {U"dddddddddddddddddd", DescriptorReason::national, is_chinese_resident_number},
    {U"ddd-dd-dddd", DescriptorReason::national, is_social_security_number},
    {U"ddd-dd-dddd", DescriptorReason::national, is_spaced_security_number, Between::space},
    {U"dd-dd-dddddd-dd", DescriptorReason::national, is_any},  // Korean driving licence
    {U"dddd-dddd-dddd-dddd", DescriptorReason::national, is_card_number, Between::dashes_or_space},
    {U"dddddddddddddddd", DescriptorReason::national, is_card_number},
    {U"3ddd-dddddd-ddddd", DescriptorReason::national, is_card_number, Between::dashes_or_space},
    {U"d-dd-dd-dd-ddd-ddd-dd", DescriptorReason::national, is_french_security_number, Between::dashes_or_space},
    {U"ddddddddddddddd", DescriptorReason::national, is_french_security_number},
    {U"ddddddddddddddd", DescriptorReason::contact, is_device_number},
    {U"dd-dddddd-dddddd-d", DescriptorReason::contact, is_device_number},
    {U"01d-dddd-dddd", DescriptorReason::contact, is_any, Between::dashes_or_space},
    {U"01d-ddd-dddd", DescriptorReason::contact, is_any, Between::dashes_or_space},
    {U"010-dddd-dddd", DescriptorReason::contact, is_korean_mobile, Between::any_sign, true},
    {U"010-dddddddd", DescriptorReason::contact, is_korean_mobile, Between::any_sign},
    {U"82-10-dddd-dddd", DescriptorReason::contact, is_korean_mobile, Between::dashes_or_space},
    {U"0082-10-dddd-dddd", DescriptorReason::contact, is_korean_mobile, Between::dashes_or_space},
    {U"82-2-ddd-dddd", DescriptorReason::contact, is_any, Between::dashes_or_space},
    {U"82-2-dddd-dddd", DescriptorReason::contact, is_any, Between::dashes_or_space},
    {U"0082-2-ddd-dddd", DescriptorReason::contact, is_any, Between::dashes_or_space},
    {U"0082-2-dddd-dddd", DescriptorReason::contact, is_any, Between::dashes_or_space},
    {U"82-dd-ddd-dddd", DescriptorReason::contact, is_korean_area_abroad},
    {U"82-dd-dddd-dddd", DescriptorReason::contact, is_korean_area_abroad},
    {U"0082-dd-ddd-dddd", DescriptorReason::contact, is_korean_area_abroad},
    {U"0082-dd-dddd-dddd", DescriptorReason::contact, is_korean_area_abroad},
    {U"010dddddddd", DescriptorReason::contact, is_any},
    {U"02-ddd-dddd", DescriptorReason::contact, is_any},
    {U"02-ddddddd", DescriptorReason::contact, is_any},
    {U"02-dddddddd", DescriptorReason::contact, is_any},
    {U"0dd-ddddddd", DescriptorReason::contact, is_korean_area},
    {U"0d-dddd-dddd", DescriptorReason::contact, is_area_number},  // Korea, Japan
    {U"0dd-dddd-dddd", DescriptorReason::contact, is_any},
    {U"0dd-ddd-dddd", DescriptorReason::contact, is_any},
    {U"050d-ddd-dddd", DescriptorReason::contact, is_any},
    {U"050d-dddd-dddd", DescriptorReason::contact, is_any},
    {U"1ddd-dddd", DescriptorReason::contact, is_company_number},
    {U"ddd-ddd-dddd", DescriptorReason::contact, is_american_number},
    {U"1-ddd-ddd-dddd", DescriptorReason::contact, is_american_number},
    {U"1-ddd-ddddddd", DescriptorReason::contact, is_american_number},
    {U"ddd-ddddddd", DescriptorReason::contact, is_spaced_american_number},
    {U"ddd-ddd-dddd", DescriptorReason::contact, is_spaced_american_number, Between::space},
    {U"ddd-ddd-dddd", DescriptorReason::contact, is_spaced_american_number, Between::sign},
    {U"0ddd-dd-dddd", DescriptorReason::contact, is_area_number},  // Japan
    {U"0120-ddd-ddd", DescriptorReason::contact, is_any},
    {U"0570-ddd-ddd", DescriptorReason::contact, is_any},
    {U"0800-ddd-dddd", DescriptorReason::contact, is_any},
    {U"1dd-dddd-dddd", DescriptorReason::contact, is_chinese_mobile, Between::dashes_or_space},
    {U"1dddddddddd", DescriptorReason::contact, is_chinese_mobile},
    {U"0dd-dddddddd", DescriptorReason::contact, is_area_number, Between::slash_or_dashes},   // China, Germany
    {U"0ddd-ddddddd", DescriptorReason::contact, is_area_number, Between::slash_or_dashes},   // China, Germany
    {U"0ddd-dddddddd", DescriptorReason::contact, is_area_number, Between::slash_or_dashes},  // China, Germany
    {U"01dd-ddddddd", DescriptorReason::contact, is_german_mobile, Between::dashes_or_space},
    {U"01dd-dddddddd", DescriptorReason::contact, is_german_mobile, Between::dashes_or_space},
    {U"0d-dd-dd-dd-dd", DescriptorReason::contact, is_french_number, Between::dashes_or_space},
};

}  // namespace

std::span<const NumberShape> number_shapes() { return kShapes; }

bool is_birth(std::u32string_view digits) {
  const auto two = [&](std::size_t i) { return 10 * (digits[i] - U'0') + (digits[i + 1] - U'0'); };
  return two(2) >= 1 && two(2) <= 12 && two(4) >= 1 && two(4) <= 31;
}

}  // namespace naru::dicom
