/// The second pass over a file: every element kept, removed, emptied or replaced, and written anew.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/code.h"
#include "core/pseudonym.h"
#include "dicom/deidentify/data_set_writer.h"
#include "dicom/deidentify/deidentify.h"
#include "dicom/deidentify/descriptors.h"
#include "dicom/deidentify/element_table.h"
#include "dicom/deidentify/file_facts.h"
#include "dicom/deidentify/pixel_treatment.h"
#include "dicom/deidentify/proof.h"

namespace naru::dicom {

/// What the rewriting needs beside the elements. All of it must outlive the call.
struct RewriteContext {
  const FileFacts& facts;
  const DeidentifyPolicy& policy;
  const PseudonymKey& key;
  const DescriptorCleaner& cleaner;
  const PixelOutcome& pixels;
  std::string_view version;
  std::string patient;  ///< pseudonym
  std::string issuer;   ///< of the patient's id, and of those of other patients that name none
  int shift_days = 0;
  Encoding encoding;                             ///< of the result
  std::span<const ProofSearch* const> searches;  ///< for names by their bytes, where texts are not ASCII
  const PhraseList* told = nullptr;              ///< see DescriptorCleaner::clean
  std::set<std::string, std::less<>> numbers{};  ///< of digits, that went from texts: as numbers they go, too
};

struct Rewritten {
  DataSetWriter::Written written;  ///< refers to the source's bytes and to context.pixels
  DeidCounts counts;
  std::vector<std::string> removed_words;  ///< that the descriptor cleaner took out: for the proof
  std::vector<std::string> told_words;     ///< see CleanedText
  std::optional<Code> problem;
};

Rewritten rewrite(const ElementTable& table, Bytes bytes, const RewriteContext& context);

/// A UID's pseudonym; UIDs that the standard defines stay. Several values between backslashes.
std::string mapped_uids(std::string_view value, const PseudonymKey& key);

}  // namespace naru::dicom
