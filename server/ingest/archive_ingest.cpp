#include "server/ingest/archive_ingest.h"

#include <optional>
#include <utility>

#include "core/error.h"
#include "pipeline/archive.h"
#include "server/crash_point.h"

namespace naru::server {

namespace {

constexpr std::size_t kMaxBatchFiles = 64;
constexpr std::uint64_t kMaxBatchBytes = std::uint64_t{64} << 20;
constexpr std::size_t kPieceBytes = std::size_t{256} << 10;

/// The member as a staged file; empty where it cannot be read.
std::optional<StagedFile> stage_member(ArchiveReader& reader, const ContentStore& content,
                                       std::vector<std::byte>& piece) {
  StagedWriter writer = content.stage();
  for (;;) {
    const auto count = reader.read(piece);
    if (!count) return std::nullopt;
    writer.append(std::span(piece).first(*count));
    if (*count < piece.size()) return writer.finish();
  }
}

/// Where the archive itself failed.
std::optional<Code> code_of(ArchiveReader::State state) {
  switch (state) {
    case ArchiveReader::State::good: break;
    case ArchiveReader::State::unreadable: return Code::unreadable;
    case ArchiveReader::State::corrupt: return Code::corrupt;
    case ArchiveReader::State::too_large: return Code::too_large;
  }
  return std::nullopt;
}

void ingest_member(ArchiveReader& reader, const ArchiveMember& member, const ContentStore& content,
                   std::vector<std::byte>& piece, BatchedReceiver& batches, IngestCounts& counts) {
  if (member.is_encrypted) return counts.add_rejected(Code::encrypted);
  if (member.size_bytes > content.max_file_bytes()) return counts.add_rejected(Code::too_large);
  try {
    auto file = stage_member(reader, content, piece);
    if (file) return batches.add(std::move(*file));
    counts.add_rejected(code_of(reader.state()).value_or(Code::corrupt));
  } catch (const Error& error) {
    if (error.code() != ErrorCode::body_too_large) throw;
    counts.add_rejected(Code::too_large);
  }
}

/// What all members of a .tar.gz are rejected for: only its end tells whether they are what was packed, so it is read
/// to there before any is stored. Empty for other archives, where each member tells by itself.
std::optional<Code> problem_of_all(const std::filesystem::path& archive, const CancelToken& cancel) {
  ArchiveReader reader(archive);
  if (!reader.is_proven_at_end()) return std::nullopt;
  while (reader.next(cancel)) continue;
  return reader.is_unproven() ? code_of(reader.state()) : std::nullopt;
}

}  // namespace

void IngestCounts::add(const Received& received) {
  if (received.reason) return add_rejected(*received.reason);
  ++(received.kind == Received::Kind::stored ? stored : duplicate);
  if (received.is_conflicting) ++conflicting;
  study_ids.insert(received.study_id);
}

void IngestCounts::add_rejected(Code code) {
  ++rejected;
  ++rejected_by_code[std::string(name(code))];
}

nlohmann::ordered_json IngestCounts::to_json() const {
  return {{"stored", stored},
          {"duplicate", duplicate},
          {"conflicting", conflicting},
          {"rejected",
           rejected_by_code.empty() ? nlohmann::ordered_json::object() : nlohmann::ordered_json(rejected_by_code)},
          {"studies", study_ids}};
}

void BatchedReceiver::add(StagedFile file) {
  Checked checked = check_instance(std::move(file));
  if (!checked.arrival) return counts_.add(checked.rejection);
  waiting_bytes_ += checked.arrival->file.size_bytes;
  waiting_.push_back(std::move(*checked.arrival));
  if (waiting_.size() == kMaxBatchFiles || waiting_bytes_ >= kMaxBatchBytes) flush();
}

void BatchedReceiver::flush() {
  for (const Received& received : receiver_.store(origin_, std::exchange(waiting_, {}))) counts_.add(received);
  crash_point("archive.batch");
  waiting_bytes_ = 0;
}

void ingest_archive(const std::filesystem::path& archive, Receiver& receiver, ContentStore& content,
                    const Origin& origin, const CancelToken& cancel, IngestCounts& counts) {
  // Before it is read through, which may take minutes and is tried again and again: whether anything can be stored.
  receiver.require_open(origin);
  content.stage();
  const auto problem_of_members = problem_of_all(archive, cancel);
  ArchiveReader reader(archive);
  BatchedReceiver batches(receiver, origin, counts);
  std::vector<std::byte> piece(kPieceBytes);
  std::size_t member_count = 0;
  while (const auto member = reader.next(cancel)) {
    ++member_count;
    if (problem_of_members)
      counts.add_rejected(*problem_of_members);
    else
      ingest_member(reader, *member, content, piece, batches, counts);
  }
  batches.flush();
  const auto problem = code_of(reader.state());
  if (problem) counts.add_rejected(*problem);
  if (!problem && member_count == 0) counts.add_rejected(Code::not_dicom);
}

}  // namespace naru::server
