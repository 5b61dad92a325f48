#include "dicom/deidentify/descriptor_vocabulary.h"

#include <algorithm>
#include <bit>
#include <vector>

#include "dicom/deidentify/descriptor_index.h"

namespace naru::dicom {

namespace {

/// All lists as one hash table with open addressing, made at the first use.
class Vocabulary {
 public:
  Vocabulary() {
    std::size_t size = 0;
    for (const WordList& list : word_lists()) size += list.words.size() / 4;
    slots_.resize(std::bit_ceil(2 * size));
    for (const WordList& list : word_lists()) add(list);
  }

  bool begins_word(WordHash hash) const { return beginnings_.contains(hash); }

  WordFlags flags(WordHash hash) const {
    for (std::size_t i = first_slot(hash);; i = (i + 1) & (slots_.size() - 1)) {
      if (slots_[i].hash == hash) return slots_[i].flags;
      if (slots_[i].flags == 0) return 0;
    }
  }

 private:
  struct Slot {
    WordHash hash = 0;
    WordFlags flags = 0;
  };

  void add_beginnings(std::string_view word) {
    constexpr std::size_t kShortest = 4;
    const FoldedText text(word);
    WordHash hash = kHashSeed;
    for (std::size_t n = 0; n + 1 < text.chars().size(); ++n) {
      hash = hash_on(hash, text.chars()[n].code);
      if (n + 1 >= kShortest) beginnings_.add(hash, text.chars()[0].code, true);
    }
  }

  std::size_t first_slot(WordHash hash) const { return (hash ^ hash >> 32U) & (slots_.size() - 1); }

  void add(const WordList& list) {
    constexpr std::string_view kSpaces = " \n";
    std::size_t begin = list.words.find_first_not_of(kSpaces);
    while (begin != std::string_view::npos) {
      const std::size_t end = std::min(list.words.find_first_of(kSpaces, begin), list.words.size());
      const std::string_view word = list.words.substr(begin, end - begin);
      if ((list.flags & kProtocolWord) != 0) add_beginnings(word);
      const WordHash hash = hash_of_word(word);
      std::size_t i = first_slot(hash);
      while (slots_[i].flags != 0 && slots_[i].hash != hash) i = (i + 1) & (slots_.size() - 1);
      slots_[i].hash = hash;
      slots_[i].flags = static_cast<WordFlags>(slots_[i].flags | list.flags);
      begin = list.words.find_first_not_of(kSpaces, end);
    }
  }

  std::vector<Slot> slots_;
  WordIndex<bool> beginnings_;
};

const Vocabulary& vocabulary() {
  static const Vocabulary instance;
  return instance;
}

WordHash hash_of(std::u32string_view folded) {
  WordHash hash = kHashSeed;
  for (const char32_t code : folded) {
    if (code != U'\'' && code != U'\u2019') hash = hash_on(hash, code);
  }
  return hash;
}

/// An ending, and how many letters must stand before it.
struct Ending {
  std::u32string_view letters;
  std::size_t stem;
};
constexpr Ending kInflections[] = {{U"s", 3},  {U"es", 4}, {U"ed", 4}, {U"ing", 4}, {U"ly", 4}, {U"d", 5},
                                   {U"en", 5}, {U"n", 5},  {U"e", 5},  {U"er", 5},  {U"y", 5},  {U"al", 5}};

// Endings that names do not have, behind at least four letters.
constexpr std::u32string_view kMedicalEndings[] = {
    U"itis",      U"osis",     U"oses",     U"ectomy",  U"ostomy",       U"otomy",    U"ology",     U"ologic",
    U"ography",   U"ographie", U"grafia",   U"graphy",  U"graphic",      U"gram",     U"pathy",     U"pathic",
    U"plasty",    U"scopy",    U"algia",    U"plegia",  U"emia",         U"aemia",    U"uria",      U"penia",
    U"trophy",    U"oma",      U"omas",     U"omata",   U"iasis",        U"plasia",   U"megaly",    U"rrhea",
    U"rrhage",    U"metry",    U"tion",     U"tions",   U"sion",         U"ment",     U"ments",     U"ical",
    U"ious",      U"eous",     U"ular",     U"ability", U"ivity",        U"icity",    U"enous",     U"inous",
    U"ization",   U"lysis",    U"genic",    U"genesis", U"stenosis",     U"opsy",     U"blast",     U"cyte",
    U"cytic",     U"tropic",   U"philia",   U"phobia",  U"statin",       U"azole",    U"mycin",     U"cillin",
    U"lithiasis", U"ostomia",  U"oscopia",  U"ologia",  U"untersuchung", U"istic",    U"istics",    U"ivities",
    U"ous",       U"ously",    U"ically",   U"ism",     U"isms",         U"ium",      U"oid",       U"oids",
    U"iform",     U"ible",     U"ibility",  U"ization", U"isation",      U"ectomies", U"ectomized", U"ase",
    U"ases",      U"idal",     U"eal",      U"oidal",   U"ylic",         U"amide",    U"amine",     U"idine",
    U"icide",     U"otic",     U"itic",     U"atic",    U"etic",         U"emic",     U"uric",      U"atory",
    U"ular",      U"olar",     U"inal",     U"onal",    U"oral",         U"ural",     U"iac",       U"ology",
    U"ologies",   U"ivity",    U"tomy",     U"tomies",  U"tome",         U"pnea",     U"pnoea",     U"cardia",
    U"thorax",    U"spasm",    U"edema",    U"ectasis", U"ectasia",      U"plegic",   U"kinesia",   U"phagia",
    U"phasia",    U"rrhoea",   U"rrhagia",  U"urea",    U"gnosia",       U"praxia",   U"paresis",   U"malacia",
    U"sthenia",   U"esthesia", U"esthetic",
};
constexpr std::size_t kShortestStem = 4;

// Beginnings that names do not have, before at least four letters.
constexpr std::u32string_view kMedicalBeginnings[] = {
    U"abdomin",  U"adeno",      U"angio",   U"arthro",   U"broncho", U"bronchi",  U"cardio",  U"cephal",  U"cerebr",
    U"cerebell", U"cervic",     U"chemo",   U"chole",    U"chondro", U"colo",     U"cranio",  U"cysto",   U"cyto",
    U"dermat",   U"diverticul", U"electro", U"encephal", U"endo",    U"entero",   U"epithel", U"fibro",   U"gastro",
    U"glosso",   U"hemat",      U"haemat",  U"hemo",     U"haemo",   U"hepat",    U"hydro",   U"hyper",   U"hypo",
    U"hyster",   U"immuno",     U"infra",   U"inter",    U"intra",   U"kerato",   U"laparo",  U"laryng",  U"lipo",
    U"lymph",    U"macro",      U"mammo",   U"medull",   U"mening",  U"micro",    U"musculo", U"myelo",   U"myocard",
    U"nasal",    U"nephr",      U"neuro",   U"oesoph",   U"esoph",   U"ophthalm", U"osteo",   U"pancrea", U"parath",
    U"patho",    U"pericard",   U"perito",  U"pharyng",  U"photo",   U"pleuro",   U"pneumo",  U"postop",  U"proct",
    U"pseudo",   U"psych",      U"pulmon",  U"pyelo",    U"radio",   U"retro",    U"rhino",   U"salping", U"sarco",
    U"sclero",   U"spondyl",    U"sterno",  U"stomat",   U"supra",   U"tendin",   U"thorac",  U"thrombo", U"thyro",
    U"tracheo",  U"trans",      U"tympan",  U"ultra",    U"ureter",  U"urethr",   U"utero",   U"vascul",  U"ventricul",
    U"vertebr",
};

}  // namespace

WordFlags word_flags(WordHash hash) { return vocabulary().flags(hash); }

bool begins_known_word(WordHash hash) { return vocabulary().begins_word(hash); }

bool is_measure(const FoldedText& text, std::size_t i) {
  return i < text.tokens().size() && (word_flags(text.tokens()[i].hash) & kMeasure) != 0;
}

bool is_known_word(std::u32string_view folded) {
  if ((word_flags(hash_of(folded)) & kProtocolWord) != 0) return true;
  for (const auto& [letters, stem] : kInflections) {
    if (folded.size() < stem + letters.size() || !folded.ends_with(letters)) continue;
    const WordFlags flags = word_flags(hash_of(folded.substr(0, folded.size() - letters.size())));
    if ((flags & kProtocolWord) != 0 && (flags & kAlsoName) == 0) return true;
  }
  const auto begins = [&](std::u32string_view beginning) {
    return folded.size() >= kShortestStem + beginning.size() && folded.starts_with(beginning);
  };
  if (std::any_of(std::begin(kMedicalBeginnings), std::end(kMedicalBeginnings), begins)) return true;
  return std::any_of(std::begin(kMedicalEndings), std::end(kMedicalEndings), [&](std::u32string_view ending) {
    return folded.size() >= kShortestStem + ending.size() && folded.ends_with(ending);
  });
}

}  // namespace naru::dicom
