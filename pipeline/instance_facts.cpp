#include "pipeline/instance_facts.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "dicom/dicomdir.h"
#include "dicom/file_layout.h"
#include "dicom/fragment_check.h"
#include "dicom/header_values.h"
#include "dicom/inflate.h"
#include "dicom/instance.h"
#include "dicom/transfer_syntax.h"
#include "pipeline/file_descriptor.h"

namespace naru {

namespace {

using dicom::Bytes;

/// A file's bytes without reading them: pixels are never looked at.
class Mapping {
 public:
  explicit Mapping(const std::filesystem::path& path) {
    const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    struct stat status {};
    if (!file.is_open() || ::fstat(file.number(), &status) != 0 || !S_ISREG(status.st_mode)) return;
    is_open_ = true;
    const auto size = static_cast<std::size_t>(status.st_size);
    void* start = size == 0 ? MAP_FAILED : ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.number(), 0);
    if (start != MAP_FAILED) bytes_ = {static_cast<const std::byte*>(start), size};
    is_open_ = size == 0 || start != MAP_FAILED;
  }
  ~Mapping() {
    if (!bytes_.empty()) ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
  }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  bool is_open() const { return is_open_; }
  Bytes bytes() const { return bytes_; }

 private:
  bool is_open_ = false;
  Bytes bytes_;
};

bool is_uid(std::string_view text) {
  constexpr std::size_t kMaxUidLength = 64;  // PS3.5 9.1
  constexpr std::string_view kLetters = "0123456789.ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-";
  return !text.empty() && text.size() <= kMaxUidLength && text.find_first_not_of(kLetters) == std::string_view::npos;
}

std::string uid_or_nothing(std::string text) { return is_uid(text) ? std::move(text) : std::string(); }

std::string modality_or_nothing(std::string text) {
  constexpr std::size_t kMaxLength = 16;
  constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
  const bool is_code = text.size() <= kMaxLength && text.find_first_not_of(kLetters) == std::string::npos;
  return is_code ? std::move(text) : std::string();
}

/// Where the data set ends before it should, or is none.
std::optional<Code> check_end(const dicom::HeaderValues& header, Bytes data, bool is_encapsulated) {
  if (header.end() == dicom::WalkEnd::cut_short) return Code::truncated;
  if (header.end() == dicom::WalkEnd::complete) return std::nullopt;
  if (header.end() != dicom::WalkEnd::pixel_data) return Code::corrupt;
  const dicom::ElementHeader& pixels = header.pixel_data();
  if (pixels.length != dicom::kUndefinedLength) {
    return pixels.length > data.size() - pixels.value_offset ? std::optional(Code::truncated) : std::nullopt;
  }
  if (!is_encapsulated) return Code::corrupt;
  const auto read = [&](std::uint64_t offset, std::span<std::byte> out) {
    const Bytes rest = data.subspan(std::min<std::uint64_t>(offset, data.size()));
    return static_cast<std::size_t>(std::ranges::copy(rest.first(std::min(rest.size(), out.size())), out.begin()).out -
                                    out.begin());
  };
  return dicom::check_fragments_of_file(read, pixels.value_offset, data.size()).problem;
}

/// Inflates a deflated data set to its end, keeping nothing: one that is cut between two elements looks whole
/// otherwise.
std::optional<Code> check_deflated(Bytes deflated) {
  constexpr std::uint64_t kMaxInflatedBytes = std::uint64_t{8} << 30;
  constexpr std::size_t kPieceBytes = std::size_t{1} << 16;
  Bytes rest = deflated;
  dicom::Inflater inflater([&] { return std::exchange(rest, Bytes{}); });
  std::vector<std::byte> piece(kPieceBytes);
  std::uint64_t size_bytes = 0;
  while (const std::size_t count = inflater.read(piece)) {
    if ((size_bytes += count) > kMaxInflatedBytes) return Code::too_large;
  }
  return inflater.has_ended() ? std::nullopt : std::optional(Code::truncated);
}

InstanceFacts facts_of(const dicom::HeaderValues& header, const dicom::FileLayout& layout) {
  InstanceFacts facts;
  facts.sop_instance_uid = uid_or_nothing(header.text(dicom::kSopInstanceUid));
  facts.sop_class_uid = uid_or_nothing(header.text(dicom::kSopClassUid));
  if (facts.sop_class_uid.empty()) facts.sop_class_uid = uid_or_nothing(layout.media_storage_sop_class_uid);
  facts.study_uid = uid_or_nothing(header.text(dicom::kStudyInstanceUid));
  facts.series_uid = uid_or_nothing(header.text(dicom::kSeriesInstanceUid));
  facts.transfer_syntax_uid = uid_or_nothing(layout.transfer_syntax_uid);
  facts.modality = modality_or_nothing(header.text(dicom::kModality));
  return facts;
}

InstanceCheck check_data_set(const dicom::FileLayout& layout, Bytes data, std::size_t offset,
                             const dicom::SyntaxInfo* syntax) {
  const dicom::Encoding stated = syntax ? syntax->encoding : dicom::Encoding{};
  const dicom::HeaderValues header(data, offset, dicom::contradicting_encoding(data, offset, stated).value_or(stated));
  InstanceCheck check{facts_of(header, layout), {}};
  const InstanceFacts& facts = check.facts;
  const bool has_identifiers = !facts.sop_instance_uid.empty() && !facts.sop_class_uid.empty() &&
                               !facts.study_uid.empty() && !facts.series_uid.empty();
  if (header.elements().empty() && !layout.has_magic) check.reason = Code::not_dicom;
  if (!check.reason) check.reason = check_end(header, data, syntax == nullptr || syntax->is_encapsulated);
  if (!check.reason && !has_identifiers) check.reason = Code::corrupt;
  if (!check.reason && syntax == nullptr) check.reason = Code::unsupported_transfer_syntax;
  return check;
}

}  // namespace

InstanceCheck read_instance_facts(const std::filesystem::path& file) {
  const Mapping mapping(file);
  if (!mapping.is_open()) return {{}, Code::unreadable};
  const auto layout = dicom::read_layout(mapping.bytes());
  if (!layout) return {{}, Code::not_dicom};
  if (layout->is_cut) return {{}, Code::truncated};
  if (dicom::is_dicomdir(mapping.bytes())) return {{}, Code::unsupported_sop_class};
  const dicom::SyntaxInfo* syntax = dicom::find_syntax(layout->transfer_syntax_uid);
  if (syntax == nullptr || !syntax->is_deflated) {
    return check_data_set(*layout, mapping.bytes(), layout->data_set_offset, syntax);
  }
  const Bytes deflated = mapping.bytes().subspan(layout->data_set_offset);
  InstanceCheck check = check_data_set(*layout, dicom::inflate_prefix(deflated, dicom::kHeaderPrefixBytes), 0, syntax);
  if (!check.reason) check.reason = check_deflated(deflated);
  return check;
}

}  // namespace naru
