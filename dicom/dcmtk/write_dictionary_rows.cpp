// Writes the rows of DCMTK's data dictionary that dicom/dcmtk/data_dictionary.cpp is built with. Run while building:
// read as text at each start of the program, the dictionary would take 15 ms.
#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcdicent.h>
#include <dcmtk/dcmdata/dcdict.h>

#include <array>
#include <cctype>
#include <cstdio>
#include <string>
#include <string_view>

namespace {

/// VRs that DCMTK's dictionary spells in its own way, where several are allowed.
struct Ambiguous {
  std::string_view name, value_representation;
};
constexpr std::array kAmbiguous = {Ambiguous{"ox", "OW"}, Ambiguous{"px", "OW"}, Ambiguous{"xs", "US"},
                                   Ambiguous{"lt", "OW"}, Ambiguous{"up", "UL"}};

/// Empty for what is no VR of a value.
std::string vr_of(const DcmDictEntry& entry) {
  const std::string name = DcmVR(entry.getEVR()).getVRName();
  for (const Ambiguous& row : kAmbiguous) {
    if (row.name == name) return std::string(row.value_representation);
  }
  return name.size() == 2 && std::isupper(name[0]) != 0 && std::isupper(name[1]) != 0 ? name : "";
}

unsigned tag(unsigned group, unsigned element) { return group << 16 | element; }

bool is_private(const DcmDictEntry& entry) {
  return (entry.getGroup() & 1) != 0 || entry.getPrivateCreator() != nullptr ||
         entry.getGroupRangeRestriction() == DcmDictRange_Odd;
}

}  // namespace

int main(int count, char** arguments) {
  std::FILE* const out = count == 2 ? std::fopen(arguments[1], "w") : nullptr;
  DcmDataDictionary& dictionary = dcmDataDict.wrlock();  // its iterators are not const
  if (out == nullptr || !dictionary.isDictionaryLoaded()) {
    std::fputs("write_dictionary_rows FILE: FILE cannot be written, or dicom.dic of DCMTK is missing\n", stderr);
    return 1;
  }
  std::fputs("constexpr Row kRows[] = {\n", out);
  for (auto it = dictionary.normalBegin(); it != dictionary.normalEnd(); ++it) {
    const DcmDictEntry& entry = **it;
    const std::string name = vr_of(entry);
    if (is_private(entry) || name.empty()) continue;
    std::fprintf(out, "{0x%08X, vr(\"%s\")},\n", tag(entry.getGroup(), entry.getElement()), name.c_str());
  }
  std::fputs("};\nconstexpr Range kRanges[] = {\n", out);
  for (auto it = dictionary.repeatingBegin(); it != dictionary.repeatingEnd(); ++it) {
    const DcmDictEntry& entry = **it;
    const std::string name = vr_of(entry);
    if (is_private(entry) || name.empty()) continue;
    std::fprintf(out, "{0x%08X, 0x%08X, %s, vr(\"%s\")},\n", tag(entry.getGroup(), entry.getElement()),
                 tag(entry.getUpperGroup(), entry.getUpperElement()),
                 entry.getGroupRangeRestriction() == DcmDictRange_Even ? "true" : "false", name.c_str());
  }
  std::fputs("};\n", out);
  return std::fclose(out) == 0 ? 0 : 1;
}
