/// The forms that characters of Chinese and Japanese names have: traditional, simplified, Japanese.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace naru::dicom {

/// The name in other forms, 31 at most, without the given one: "小東" for "小东", "吉田" for "𠮷田". None for a name of
/// more than six characters.
std::vector<std::u32string> han_forms(std::u32string_view name);

}  // namespace naru::dicom
