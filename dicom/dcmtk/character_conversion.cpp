#include "dicom/dcmtk/character_conversion.h"

#include <iconv.h>

#include <algorithm>
#include <array>
#include <cstdlib>

namespace naru::dicom {

namespace {

// glibc's names. The East Asian sets of ISO 2022 are converted as their EUC forms.
constexpr SetInfo kSets[] = {
    {Set::ascii, "ASCII"},
    {Set::latin1, "ISO-8859-1", 0, 1, true},
    {Set::latin2, "ISO-8859-2", 0, 1, true},
    {Set::latin3, "ISO-8859-3", 0, 1, true},
    {Set::latin4, "ISO-8859-4", 0, 1, true},
    {Set::cyrillic, "ISO-8859-5"},
    {Set::arabic, "ISO-8859-6"},
    {Set::greek, "ISO-8859-7"},
    {Set::hebrew, "ISO-8859-8"},
    {Set::latin5, "ISO-8859-9", 0, 1, true},
    {Set::latin9, "ISO-8859-15", 0, 1, true},
    {Set::thai, "TIS-620"},
    {Set::katakana, "EUC-JP", '\x8E', 1},
    {Set::ks_x_1001, "EUC-KR", 0, 2, false, "UHC"},
    {Set::gb2312, "EUC-CN", 0, 2, false, "GB18030"},
    {Set::jis_x_0208, "EUC-JP", 0, 2, false, "EUC-JP-MS"},
    {Set::jis_x_0212, "EUC-JP", '\x8F', 2, false, "EUC-JP-MS"},
    {Set::gb18030, "GB18030"},
    {Set::uhc, "UHC"},
    {Set::windows1252, "CP1252"},
    {Set::windows1250, "CP1250"},
    {Set::windows1251, "CP1251"},
    {Set::windows1253, "CP1253"},
    {Set::windows1254, "CP1254"},
    {Set::windows1255, "CP1255"},
    {Set::windows1256, "CP1256"},
    {Set::windows1257, "CP1257"},
    {Set::koi8_r, "KOI8-R"},
    {Set::utf8, "UTF-8"},
    {Set::utf16_le, "UTF-16LE"},
    {Set::utf16_be, "UTF-16BE"},
    {Set::shift_jis, "CP932"},
    {Set::iso_2022_jp, "ISO-2022-JP"},
};
constexpr std::size_t kSetCount = std::size(kSets);

/// The number in a defined term (PS3.3 C.12.1.1.2): "ISO_IR 100" and "ISO 2022 IR 100" share it.
struct Term {
  int number;
  Set set;
};
constexpr Term kTerms[] = {
    {6, Set::ascii},       {100, Set::latin1},     {101, Set::latin2},  {109, Set::latin3},    {110, Set::latin4},
    {144, Set::cyrillic},  {127, Set::arabic},     {126, Set::greek},   {138, Set::hebrew},    {148, Set::latin5},
    {203, Set::latin9},    {166, Set::thai},       {13, Set::katakana}, {149, Set::ks_x_1001}, {58, Set::gb2312},
    {87, Set::jis_x_0208}, {159, Set::jis_x_0212}, {192, Set::utf8},
};

// PS3.3 tables C.12-3 and C.12-4; the rows from "(I" on are forms of ISO 2022 that the standard does not list but
// files hold.
constexpr Designation kDesignations[] = {
    {"(B", Half::g0, Set::ascii},       {"(J", Half::g0, Set::ascii},       {"-A", Half::g1, Set::latin1},
    {"-B", Half::g1, Set::latin2},      {"-C", Half::g1, Set::latin3},      {"-D", Half::g1, Set::latin4},
    {"-L", Half::g1, Set::cyrillic},    {"-G", Half::g1, Set::arabic},      {"-F", Half::g1, Set::greek},
    {"-H", Half::g1, Set::hebrew},      {"-M", Half::g1, Set::latin5},      {"-b", Half::g1, Set::latin9},
    {"-T", Half::g1, Set::thai},        {")I", Half::g1, Set::katakana},    {"$)C", Half::g1, Set::ks_x_1001},
    {"$)A", Half::g1, Set::gb2312},     {"$B", Half::g0, Set::jis_x_0208},  {"$(D", Half::g0, Set::jis_x_0212},
    {"(I", Half::g0, Set::katakana},    {"$@", Half::g0, Set::jis_x_0208},  {"$(B", Half::g0, Set::jis_x_0208},
    {"$(C", Half::g0, Set::ks_x_1001},  {"$(A", Half::g0, Set::gb2312},     {"$A", Half::g0, Set::gb2312},
    {"$)B", Half::g1, Set::jis_x_0208}, {"$)D", Half::g1, Set::jis_x_0212},
};

/// One conversion of iconv, opened at the first use in a thread and kept: opening costs more than most values.
class Converter {
 public:
  Converter() = default;
  ~Converter() {
    if (handle_ != kClosed) iconv_close(handle_);
  }
  Converter(const Converter&) = delete;
  Converter& operator=(const Converter&) = delete;

  /// False where the bytes are not of that set, or cannot be held by it.
  bool append(const char* to, const char* from, std::string_view bytes, std::string& out) {
    if (handle_ == kClosed) handle_ = iconv_open(to, from);
    if (handle_ == kClosed) return false;
    iconv(handle_, nullptr, nullptr, nullptr, nullptr);
    char* in = const_cast<char*>(bytes.data());  // NOLINT: iconv's signature; it does not write there
    std::size_t in_left = bytes.size();
    const std::size_t begin = out.size();
    out.resize(begin + 4 * bytes.size() + 16);
    char* to_write = out.data() + begin;
    std::size_t out_left = out.size() - begin;
    const bool is_whole = iconv(handle_, &in, &in_left, &to_write, &out_left) == 0 &&
                          iconv(handle_, nullptr, nullptr, &to_write, &out_left) == 0;
    out.resize(is_whole ? out.size() - out_left : begin);
    return is_whole;
  }

 private:
  inline static const iconv_t kClosed = reinterpret_cast<iconv_t>(-1);  // NOLINT: iconv's own error value
  iconv_t handle_ = kClosed;
};

/// A control of C1: what glibc's EUC makes of the first bytes of its supersets.
bool has_c1(std::string_view utf8) {
  for (std::size_t at = utf8.find('\xC2'); at < utf8.size(); at = utf8.find('\xC2', at + 1)) {
    if (at + 1 < utf8.size() && static_cast<unsigned char>(utf8[at + 1]) < 0xA0) return true;
  }
  return false;
}

}  // namespace

const SetInfo& info(Set set) { return kSets[static_cast<std::size_t>(set)]; }

bool append_as_utf8(Set set, std::string_view bytes, std::string& out) {
  thread_local std::array<Converter, kSetCount> converters, wider_converters;
  const auto index = static_cast<std::size_t>(set);
  const std::size_t begin = out.size();
  if (converters[index].append("UTF-8", info(set).iconv_name, bytes, out)) {
    if (info(set).wider == nullptr || !has_c1(std::string_view(out).substr(begin))) return true;
    out.resize(begin);
  }
  return info(set).wider != nullptr && wider_converters[index].append("UTF-8", info(set).wider, bytes, out);
}

bool append_from_utf8(Set set, std::string_view utf8, std::string& out) {
  thread_local std::array<Converter, kSetCount> converters;
  return converters[static_cast<std::size_t>(set)].append(info(set).iconv_name, "UTF-8", utf8, out);
}

const Designation* designation_at(std::string_view bytes) {
  const auto* found = std::find_if(std::begin(kDesignations), std::end(kDesignations),
                                   [&](const Designation& row) { return bytes.starts_with(row.code); });
  return found == std::end(kDesignations) ? nullptr : found;
}

std::optional<Set> set_of_term(std::string_view term) {
  std::string compact;
  for (const char c : term) {
    if (c >= 'a' && c <= 'z') compact += static_cast<char>(c - 'a' + 'A');
    if ((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) compact += c;
  }
  if (compact == "GB18030" || compact == "GBK" || compact == "GB2312") return Set::gb18030;
  if (compact == "UTF8") return Set::utf8;
  const std::size_t at = compact.rfind("IR");
  if (!compact.starts_with("ISO") || at == std::string::npos) return {};
  const int number = std::atoi(compact.c_str() + at + 2);
  const auto* found =
      std::find_if(std::begin(kTerms), std::end(kTerms), [&](const Term& row) { return row.number == number; });
  return found == std::end(kTerms) ? std::nullopt : std::optional<Set>(found->set);
}

}  // namespace naru::dicom
