#include "server/audit_verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/receipt.h"
#include "core/text.h"
#include "pipeline/files.h"
#include "pipeline/verify_files.h"
#include "server/audit/checkpoint.h"
#include "server/audit/exported_tree.h"
#include "server/audit/ledger_leaf.h"

namespace naru::server {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxInputBytes = 1 << 20;
constexpr std::size_t kMaxDifferences = 100;

std::string trimmed(std::string text) {
  const std::size_t end = text.find_last_not_of(" \t\r\n");
  text.resize(end == std::string::npos ? 0 : end + 1);
  return text;
}

VerifierKey key_of(const std::string& option, const std::string& text, KeyType type) {
  auto key = parse_verifier_key(text);
  if (!key) {
    const auto file = read_file(text, kMaxNoteBytes);
    key = file ? parse_verifier_key(trimmed(*file)) : std::nullopt;
  }
  if (key && key->type == type) return *std::move(key);
  throw Error(ErrorCode::usage,
              fmt::format("{} must be a verifier key (NAME+ID+BASE64) of a {}, or a file that holds one", option,
                          type == KeyType::log ? "log" : "witness"));
}

class Audit {
 public:
  Audit(const AuditQuestion& question, const CancelToken& cancel)
      : question_(question), cancel_(cancel), key_(key_of("--key", question.key, KeyType::log)) {
    for (const std::string& text : question.witnesses) {
      VerifierKey key = key_of("--witness", text, KeyType::witness);
      const auto is_same = [&](const VerifierKey& other) { return to_text(other) == to_text(key); };
      // One witness counts once, however often it is named.
      if (std::ranges::none_of(witnesses_, is_same)) witnesses_.push_back(std::move(key));
    }
    if (question.witnesses_required.value_or(0) > witnesses_.size()) {
      throw Error(ErrorCode::usage, "--witnesses-required asks for more than there are --witness");
    }
    result_.origin = key_.name;
  }

  AuditResult run() {
    std::vector<fs::path> folders;
    for (const fs::path& input : question_.inputs) {
      std::error_code absent;
      if (!fs::exists(input, absent))
        throw Error(ErrorCode::input_missing, "an input does not exist: " + valid_utf8(input.string()));
      fs::is_directory(input, absent) ? folders.push_back(input) : check_file(input);
    }
    for (const fs::path& folder : folders) check_ledger(folder);
    compare_heads(!folders.empty());
    if (!question_.sums_sha256.empty() && !is_dataset_found_) {
      differ("SHA256SUMS", "no receipt that was given is this dataset's");
    }
    return std::move(result_);
  }

 private:
  /// A tree that some input's checkpoint promises.
  struct Head {
    std::string file;
    TreeHead tree;
    bool needs_ledger = false, is_found = false;
  };

  void differ(const std::string& file, std::string_view what) {
    if (result_.differences.size() < kMaxDifferences) result_.differences.push_back(fmt::format("{}: {}", file, what));
  }

  void check_cosignatures(const std::string& file, const Note& note) {
    std::size_t count = 0;
    for (const VerifierKey& witness : witnesses_) {
      if (is_signed_by(note, witness)) {
        ++count;
      } else if (!question_.witnesses_required) {
        differ(file, "the checkpoint is not cosigned by " + witness.name);
      }
    }
    const std::size_t required = question_.witnesses_required.value_or(0);
    if (count < required) {
      differ(file, fmt::format("the checkpoint is cosigned by {} of the witnesses, {} are required", count, required));
    }
  }

  /// @return false where nothing that the checkpoint says may be believed
  bool check_signatures(const std::string& file, const SignedCheckpoint& checkpoint, bool needs_witnesses = true) {
    if (needs_witnesses) check_cosignatures(file, checkpoint.note);
    const bool is_ours = checkpoint.checkpoint.origin == key_.name && is_signed_by(checkpoint.note, key_);
    if (!is_ours) differ(file, "the checkpoint is not signed by " + key_.name);
    return is_ours;
  }

  void check_file(const fs::path& path) {
    const std::string file = valid_utf8(path.string());
    const auto text = read_file(path, kMaxInputBytes);
    if (!text) return differ(file, "cannot be read, or is too long");
    if (is_receipt(*text)) return check_receipt(file, *text);
    const auto checkpoint = parse_signed_checkpoint(*text);
    if (!checkpoint) return differ(file, "is neither a receipt nor a checkpoint");
    const TreeHead& tree = checkpoint->checkpoint.tree;
    result_.inputs.push_back({file, "checkpoint", tree.size, 0, -1, ""});
    if (check_signatures(file, *checkpoint)) heads_.push_back({file, tree, true});
  }

  void check_receipt(const std::string& file, const std::string& text) {
    const auto receipt = parse_receipt(text);
    if (!receipt) return differ(file, "is a malformed receipt");
    const TreeHead& tree = receipt->checkpoint.checkpoint.tree;
    result_.inputs.push_back(
        {file, "receipt", tree.size, 1, static_cast<std::int64_t>(receipt->index), receipt->extra});
    if (check_signatures(file, receipt->checkpoint)) heads_.push_back({file, tree});
    if (!verify_inclusion(leaf_hash(receipt->extra), receipt->index, tree, receipt->proof)) {
      return differ(file, "the proof does not lead from the leaf to the checkpoint");
    }
    if (!is_leaf_of(receipt->index, receipt->extra)) return differ(file, "the leaf is no ledger leaf of this number");
    if (!question_.sums_sha256.empty() && leaf_value(receipt->extra, "detail.sha256") == question_.sums_sha256) {
      is_dataset_found_ = true;
    }
  }

  void check_ledger(const fs::path& folder) {
    const std::string file = valid_utf8((folder / "checkpoint").string());
    const auto text = read_file(folder / "checkpoint", kMaxNoteBytes);
    const auto checkpoint = text ? parse_signed_checkpoint(*text) : std::nullopt;
    if (!checkpoint) return differ(file, "is missing or malformed: the folder is no exported ledger");
    const TreeHead& tree = checkpoint->checkpoint.tree;
    // Witnesses come later than a checkpoint: the last one that they cosigned lies beside it.
    const fs::path cosigned = folder / "checkpoint.cosigned";
    std::error_code absent;
    const bool has_cosigned = !witnesses_.empty() && fs::exists(cosigned, absent);
    if (has_cosigned) check_file(cosigned);
    check_signatures(file, *checkpoint, !has_cosigned);
    heads_.push_back({file, tree, true});
    const auto on_grown = [&](const GrowingTree& grown) { compare_heads(grown); };
    const auto on_difference = [&](const std::string& tile, std::string_view what) {
      differ(valid_utf8((folder / tile).string()), what);
    };
    const ExportedTree found = read_exported_tree(folder, tree.size, on_grown, on_difference, cancel_);
    result_.inputs.push_back(
        {valid_utf8(folder.string()), "ledger", tree.size, found.has_entries ? found.read_count : 0, -1, ""});
    if (found.read_count != tree.size)
      differ(file, fmt::format("only {} of {} leaves can be read", found.read_count, tree.size));
  }

  /// Compares the roots that are promised for this size with that of the leaves.
  void compare_heads(const GrowingTree& grown) {
    for (Head& head : heads_) {
      if (head.tree.size != grown.size()) continue;
      head.is_found = true;
      if (head.tree.root != grown.root()) {
        differ(head.file, fmt::format("the checkpoint is not that of the ledger's first {} leaves", grown.size()));
      }
    }
  }

  /// What can be said of the checkpoints without their leaves.
  void compare_heads(bool has_ledger) {
    std::map<std::uint64_t, const Head*> by_size;
    for (const Head& head : heads_) {
      const auto [first, is_new] = by_size.emplace(head.tree.size, &head);
      if (!is_new && first->second->tree.root != head.tree.root) {
        differ(head.file, fmt::format("shows another tree of {} leaves than {}", head.tree.size, first->second->file));
      }
      if (head.is_found) continue;
      if (has_ledger) {
        differ(head.file, "is of a longer ledger than was given: export it again");
      } else if (head.needs_ledger) {
        differ(head.file, "a checkpoint alone can be compared with nothing: give the exported ledger as well");
      }
    }
  }

  const AuditQuestion& question_;
  const CancelToken& cancel_;
  VerifierKey key_;
  std::vector<VerifierKey> witnesses_;
  std::vector<Head> heads_;
  bool is_dataset_found_ = false;
  AuditResult result_;
};

}  // namespace

AuditResult audit(const AuditQuestion& question, const CancelToken& cancel) { return Audit(question, cancel).run(); }

nlohmann::ordered_json to_json(const AuditResult& result) {
  nlohmann::ordered_json inputs = nlohmann::ordered_json::array();
  for (const AuditedInput& input : result.inputs) {
    nlohmann::ordered_json row = {{"file", input.file}, {"kind", input.kind}, {"size", input.size}};
    if (input.kind == "ledger") row["entries"] = input.entry_count;
    if (input.kind == "receipt") {
      row["index"] = input.index;
      const auto leaf = parse_foreign(input.leaf);
      row["leaf"] = leaf.is_discarded() ? nlohmann::ordered_json(nullptr) : leaf;
    }
    inputs.push_back(std::move(row));
  }
  return {{"schema", "naru.audit/1"},
          {"origin", result.origin},
          {"inputs", std::move(inputs)},
          {"whole", result.differences.empty()},
          {"differences", result.differences}};
}

}  // namespace naru::server
