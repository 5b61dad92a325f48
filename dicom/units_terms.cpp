#include "dicom/units_terms.h"

#include <algorithm>
#include <array>

#include "core/ascii_case.h"

namespace naru::dicom {

namespace {

struct Term {
  std::string_view written, term;
};

constexpr std::array kTerms = {
    // Rescale Type, PS3.3 C.11.1.1.2; as Philips writes it for MR
    Term{"HU", "HU"}, Term{"US", "US"}, Term{"OD", "OD"}, Term{"MGML", "MGML"}, Term{"Z_EFF", "Z_EFF"},
    Term{"ED", "ED"}, Term{"EDW", "EDW"}, Term{"HU_MOD", "HU_MOD"}, Term{"PCT", "PCT"}, Term{"NORMALIZED", "US"},
    // Units of PET, C.8.9.1.1.3
    Term{"CNTS", "CNTS"}, Term{"NONE", "NONE"}, Term{"CM2", "CM2"}, Term{"CM2ML", "CM2ML"}, Term{"PCNT", "PCNT"},
    Term{"CPS", "CPS"}, Term{"BQML", "BQML"}, Term{"MGMINML", "MGMINML"}, Term{"UMOLMINML", "UMOLMINML"},
    Term{"MLMING", "MLMING"}, Term{"MLG", "MLG"}, Term{"1CM", "1CM"}, Term{"UMOLML", "UMOLML"},
    Term{"PROPCNTS", "PROPCNTS"}, Term{"PROPCPS", "PROPCPS"}, Term{"MLMINML", "MLMINML"}, Term{"MLML", "MLML"},
    Term{"GML", "GML"}, Term{"STDDEV", "STDDEV"}};

}  // namespace

std::optional<std::string_view> units_term(std::string_view text) {
  const auto found =
      std::ranges::find_if(kTerms, [&](const Term& row) { return is_equal_but_for_case(text, row.written); });
  return found == kTerms.end() ? std::nullopt : std::optional(found->term);
}

}  // namespace naru::dicom
