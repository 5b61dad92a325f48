#include "dicom/deidentify/descriptor_romanisation.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace naru::dicom {

namespace {

struct Surname {
  std::u32string_view hangul;
  std::string_view spellings;
};
// The surnames of more than a few thousand bearers (census of 2015), two syllables last.
constexpr Surname kSurnames[] = {
    {U"김", "kim gim ghim"},
    {U"이", "lee yi rhee ri i li leigh rhie"},
    {U"리", "lee ri rhee li"},
    {U"박", "park pak bak bahk pahk"},
    {U"최", "choi choe choy chey"},
    {U"정", "jung jeong chung cheong jong chong joung"},
    {U"강", "kang gang kahng"},
    {U"조", "cho jo joe"},
    {U"윤", "yoon yun youn"},
    {U"장", "jang chang zhang"},
    {U"임", "lim im rim yim"},
    {U"림", "lim rim"},
    {U"한", "han hahn"},
    {U"오", "oh o"},
    {U"서", "seo suh so sur"},
    {U"신", "shin sin"},
    {U"권", "kwon gwon kweon"},
    {U"황", "hwang whang"},
    {U"안", "ahn an"},
    {U"송", "song"},
    {U"류", "ryu yu yoo ryoo lyu"},
    {U"유", "yoo yu you ryu"},
    {U"전", "jeon jun chun chon cheon jhun jon"},
    {U"홍", "hong"},
    {U"고", "ko go koh goh"},
    {U"문", "moon mun"},
    {U"양", "yang ryang"},
    {U"손", "son sohn"},
    {U"배", "bae pae bai"},
    {U"백", "baek paik baik back paek beak"},
    {U"허", "heo hur huh her ho"},
    {U"남", "nam"},
    {U"심", "shim sim"},
    {U"노", "noh no roh ro"},
    {U"로", "roh ro noh"},
    {U"하", "ha hah"},
    {U"곽", "kwak gwak kwack"},
    {U"성", "sung seong song"},
    {U"차", "cha"},
    {U"주", "joo ju chu choo"},
    {U"우", "woo u wu"},
    {U"구", "koo gu ku goo"},
    {U"민", "min"},
    {U"나", "na ra nah"},
    {U"라", "ra na"},
    {U"진", "jin chin"},
    {U"지", "ji jee chi"},
    {U"엄", "um eom uhm om"},
    {U"채", "chae chai"},
    {U"원", "won weon"},
    {U"천", "cheon chun chon"},
    {U"방", "bang pang"},
    {U"공", "kong gong"},
    {U"현", "hyun hyeon hyon"},
    {U"함", "ham hahm"},
    {U"변", "byun byeon pyun pyon byon"},
    {U"염", "yeom yum yom"},
    {U"여", "yeo yo"},
    {U"추", "choo chu"},
    {U"도", "do doh to"},
    {U"소", "so soh"},
    {U"석", "seok suk sok"},
    {U"선", "sun seon son"},
    {U"설", "seol sul sol"},
    {U"마", "ma mah"},
    {U"길", "gil kil"},
    {U"연", "yeon youn yun yon"},
    {U"위", "wi wee"},
    {U"표", "pyo"},
    {U"명", "myung myeong myong"},
    {U"기", "ki gi kee"},
    {U"반", "ban bahn pan"},
    {U"왕", "wang"},
    {U"금", "keum geum kum"},
    {U"옥", "ok ock"},
    {U"육", "yuk yook"},
    {U"인", "in"},
    {U"맹", "maeng"},
    {U"제", "je jae che"},
    {U"모", "mo"},
    {U"탁", "tak"},
    {U"국", "kook guk kuk"},
    {U"어", "eo uh o"},
    {U"은", "eun"},
    {U"편", "pyun pyeon pyon"},
    {U"용", "yong"},
    {U"예", "ye"},
    {U"경", "kyung gyeong kyong"},
    {U"봉", "bong pong"},
    {U"사", "sa"},
    {U"부", "boo bu pu"},
    {U"가", "ga ka"},
    {U"복", "bok pok"},
    {U"태", "tae"},
    {U"목", "mok"},
    {U"형", "hyung hyeong hyong"},
    {U"피", "pi"},
    {U"두", "doo du tu"},
    {U"감", "kam gam"},
    {U"음", "eum"},
    {U"동", "dong tong"},
    {U"빈", "bin pin"},
    {U"온", "on"},
    {U"호", "ho"},
    {U"범", "bum beom pom"},
    {U"좌", "jwa chwa"},
    {U"팽", "paeng"},
    {U"승", "seung"},
    {U"간", "gan kan"},
    {U"상", "sang"},
    {U"시", "si shi"},
    {U"갈", "gal kal"},
    {U"단", "dan tan"},
    {U"당", "dang tang"},
    {U"남궁", "namgung namkung namgoong namkoong"},
    {U"황보", "hwangbo whangbo"},
    {U"제갈", "jegal chegal jaegal"},
    {U"선우", "sunwoo seonwoo sunu sonu"},
    {U"독고", "dokgo dokko tokko"},
    {U"사공", "sagong sakong"},
    {U"서문", "seomun suhmoon seomoon somun"},
    {U"동방", "dongbang tongbang"},
};

// Sounds in the order of Unicode's jamo; spellings between spaces, "." for none.
constexpr std::array<std::string_view, 19> kLeadSpellings = {"g k", "kk gg", "n", "d t",  "tt dd", "r l n",       "m",
                                                     "b p", "bb pp", "s", "ss",   ".",     "j ch tch ts", "jj",
                                                     "ch",  "k",     "t", "p ph", "h"};
constexpr std::array<std::string_view, 21> kVowelSpellings = {
    "a ah",   "ae ai e", "ya",     "yae",        "eo u o uh ou", "e",           "yeo you yu yo",
    "ye",     "o oh",    "wa",     "wae",        "oe oi",        "yo",          "u oo ou",
    "wo weo", "we",      "wi wee", "yu yoo you", "eu u oo",      "ui eui ee i", "i ee"};
constexpr std::array<std::string_view, 28> kTailSpellings = {".", "k g", "k", "k", "n", "n", "n", "t",   "l", "k",
                                                             "m", "l",   "l", "l", "l", "l", "m", "p b", "p", "t s",
                                                             "t", "ng",  "t", "t", "k", "t", "p", "t"};

// Whole syllables that passports spell in other ways than their sounds.
struct Syllable {
  char32_t hangul;
  std::string_view spellings;
};
constexpr Syllable kSyllables[] = {
    {U'우', "woo u wu oo ou"},
    {U'욱', "wook uk ook ouk"},
    {U'운', "woon un oon oun"},
    {U'웅', "woong ung oung"},
    {U'원', "won weon"},
    {U'이', "i yi lee yee"},
    {U'시', "si shi see"},
    {U'신', "sin shin"},
    {U'식', "sik shik"},
    {U'실', "sil shil"},
    {U'심', "sim shim"},
    {U'영', "young yeong yung yong"},
    {U'용', "yong ryong"},
    {U'은', "eun un"},
    {U'인', "in inn"},
    {U'일', "il"},
    {U'희', "hee hui heui hi"},
    {U'의', "ui eui"},
    {U'빈', "bin been pin"},
    {U'라', "ra la na"},
    {U'선', "seon sun son soun"},
    {U'성', "seong sung song soung"},
    {U'정', "jeong jung chung joung jong chong choung"},
    {U'경', "gyeong kyung kyoung kyeong kyong gyong gyung gyoung"},
    {U'명', "myeong myung myoung myong"},
    {U'병', "byeong byung byoung byong pyong pyung pyeong pyoung"},
    {U'현', "hyeon hyun hyoun hyon"},
    {U'형', "hyeong hyung hyong hyoung"},
    {U'연', "yeon youn yun yon"},
    {U'철', "cheol chul chol choul tchoul"},
    {U'헌', "heon hun hon houn"},
    {U'건', "geon gun kun keon kon gon koun goun"},
    {U'근', "geun keun kun"},
    {U'승', "seung sung"},
    {U'훈', "hun hoon houn"},
    {U'준', "jun joon june chun joun choun choon"},
    {U'문', "mun moon moun"},
    {U'수', "su soo sou"},
    {U'주', "ju joo chu choo jou chou"},
    {U'규', "gyu kyu kyoo kyou"},
};

/// From here on only the first spelling of each sound is taken: names of four syllables would have thousands.
constexpr std::size_t kManySpellings = 256;

template <typename F>
void for_each_spelling(std::string_view list, F f) {
  for (std::size_t begin = 0; begin < list.size();) {
    const std::size_t end = std::min(list.find(' ', begin), list.size());
    const std::string_view word = list.substr(begin, end - begin);
    f(word == "." ? std::string_view() : word);
    begin = end + 1;
  }
}

std::vector<Spelling> continued(const std::vector<Spelling>& begun, std::string_view list) {
  std::vector<Spelling> longer;
  longer.reserve(4 * begun.size());
  const bool is_many = begun.size() >= kManySpellings;
  for (const Spelling& spelling : begun) {
    for_each_spelling(is_many ? list.substr(0, list.find(' ')) : list, [&](std::string_view word) {
      Spelling next = spelling;
      if (next.length == 0 && !word.empty()) next.first = static_cast<unsigned char>(word.front());
      for (const char c : word) next.hash = hash_on(next.hash, static_cast<unsigned char>(c));
      next.length += static_cast<std::uint32_t>(word.size());
      longer.push_back(next);
    });
  }
  return longer;
}

std::uint64_t read_syllable(std::string_view letters, std::uint64_t places, char32_t code) {
  if (code < kFirstSyllable || code > kLastSyllable) return 0;
  const auto* whole = std::find_if(std::begin(kSyllables), std::end(kSyllables),
                                   [&](const Syllable& row) { return row.hangul == code; });
  if (whole != std::end(kSyllables)) return read_on(letters, places, whole->spellings);
  const std::size_t index = code - kFirstSyllable;
  places = read_on(letters, places, kLeadSpellings[index / (kVowelSpellings.size() * kTailSpellings.size())]);
  if (places != 0)
    places = read_on(letters, places, kVowelSpellings[index / kTailSpellings.size() % kVowelSpellings.size()]);
  return places == 0 ? 0 : read_on(letters, places, kTailSpellings[index % kTailSpellings.size()]);
}

const Surname* find_surname(std::u32string_view hangul) {
  const auto* found = std::find_if(std::begin(kSurnames), std::end(kSurnames),
                                   [&](const Surname& row) { return row.hangul == hangul; });
  return found == std::end(kSurnames) ? nullptr : found;
}

}  // namespace

std::uint64_t read_on(std::string_view letters, std::uint64_t places, std::string_view list) {
  std::uint64_t ends = 0;
  for_each_spelling(list, [&](std::string_view spelling) {
    for (std::size_t at = 0; at <= letters.size(); ++at) {
      if ((places >> at & 1U) != 0 && letters.substr(at).starts_with(spelling)) {
        ends |= std::uint64_t{1} << (at + spelling.size());
      }
    }
  });
  return ends;
}

bool is_korean_surname(std::u32string_view hangul) { return find_surname(hangul) != nullptr; }

std::size_t surname_length(std::u32string_view hangul) {
  return hangul.size() > 2 && find_surname(hangul.substr(0, 2)) != nullptr ? 2
                                                                           : std::min<std::size_t>(1, hangul.size());
}

std::string_view surname_spellings(std::u32string_view hangul) {
  const Surname* surname = find_surname(hangul);
  return surname == nullptr ? std::string_view() : surname->spellings;
}

bool is_surname_spelling(std::string_view letters) {
  return std::any_of(std::begin(kSurnames), std::end(kSurnames), [&](const Surname& row) {
    bool is_found = false;
    for_each_spelling(row.spellings, [&](std::string_view spelling) { is_found = is_found || spelling == letters; });
    return is_found;
  });
}

bool is_spelling(std::string_view letters, std::u32string_view hangul, bool begins_with_surname) {
  constexpr std::size_t kLongest = 63;
  if (letters.size() > kLongest) return false;
  std::uint64_t places = 1;
  if (begins_with_surname) {
    const std::size_t length = surname_length(hangul);
    places = read_on(letters, places, surname_spellings(hangul.substr(0, length)));
    hangul.remove_prefix(length);
    if (hangul.empty() || places == 1) return false;
  }
  for (std::size_t i = 0; i < hangul.size() && places != 0; ++i) places = read_syllable(letters, places, hangul[i]);
  return (places >> letters.size() & 1U) != 0;
}

std::vector<Spelling> spellings(std::u32string_view hangul) {
  std::vector<Spelling> all = {Spelling{}};
  for (const char32_t code : hangul) {
    if (code < kFirstSyllable || code > kLastSyllable) return {};
    const auto* whole = std::find_if(std::begin(kSyllables), std::end(kSyllables),
                                     [&](const Syllable& row) { return row.hangul == code; });
    if (whole != std::end(kSyllables)) {
      all = continued(all, whole->spellings);
      continue;
    }
    const std::size_t index = code - kFirstSyllable;
    all = continued(all, kLeadSpellings[index / (kVowelSpellings.size() * kTailSpellings.size())]);
    all = continued(all, kVowelSpellings[index / kTailSpellings.size() % kVowelSpellings.size()]);
    all = continued(all, kTailSpellings[index % kTailSpellings.size()]);
  }
  return all;
}

}  // namespace naru::dicom
