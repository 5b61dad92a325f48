#include "dicom/deidentify/descriptor_hanja.h"

#include <algorithm>
#include <utility>

#include "dicom/deidentify/descriptor_romanisation.h"

namespace naru::dicom {

namespace {

// Of the surnames of more than a few thousand bearers (census of 2015).
constexpr std::u32string_view kSurnames =
    U"金李朴崔鄭丁程姜康强彊趙曺曹尹張蔣莊章任林韓吳徐西申辛愼權黃安宋柳劉庾兪全田錢洪高文門楊梁孫裵裴白許南沈盧路"
    U"魯河夏郭成星車朱周禹于丘具邱仇閔羅陳秦晉池智嚴蔡采元袁千天方房龐孔公玄咸卞邊廉余呂汝秋都道陶蘇邵石昔宣薛馬麻吉"
    U"延燕魏韋表明奇箕潘班王琴玉陸印孟諸毛牟卓鞠國菊魚殷恩片龍芮藝慶景奉夫史舍賈葛卜福太睦穆邢皮杜甘陰董東賓彬溫承"
    U"簡艾范左彭昇尙施時段單唐堂";

/// By character: what it is read as. Sorted.
const std::vector<std::pair<char32_t, char32_t>>& readings() {
  static const std::vector<std::pair<char32_t, char32_t>> rows = [] {
    std::vector<std::pair<char32_t, char32_t>> all;
    for (const HanjaReading& row : hanja_readings()) {
      for (const char32_t hanja : row.hanja) all.emplace_back(hanja, row.hangul);
    }
    std::ranges::sort(all);
    return all;
  }();
  return rows;
}

}  // namespace

bool is_surname_hanja(char32_t hanja) { return kSurnames.find(hanja) != std::u32string_view::npos; }

std::vector<std::u32string> name_readings(std::u32string_view hanja) {
  constexpr std::size_t kLongest = 4, kMostReadings = 32;
  if (hanja.empty() || hanja.size() > kLongest || !is_surname_hanja(hanja[0])) return {};
  std::vector<std::u32string> names = {U""};
  for (const char32_t character : hanja) {
    std::vector<std::u32string> longer;
    for (const auto& [key, hangul] :
         std::ranges::equal_range(readings(), character, {}, &std::pair<char32_t, char32_t>::first)) {
      for (const std::u32string& name : names) {
        const bool is_surname = !name.empty() || is_korean_surname(std::u32string_view(&hangul, 1));
        if (is_surname && longer.size() < kMostReadings) longer.push_back(name + hangul);
      }
    }
    names = std::move(longer);
  }
  return names;
}

}  // namespace naru::dicom
