/// De-identifies one DICOM file: PS3.15 Annex E on every element at any depth, and proof on every byte of the result.
///
/// Two passes over the file's bytes in memory: the first makes a flat table of all elements (no recursion: depth costs
/// what size costs) and collects what identifies; the second writes the new data set. Pixel Data is not copied: the
/// result refers to the source's bytes where they stay as they are. Then every byte of the result is searched for every
/// identifier that was removed, in every encoding (see proof.h); a hit withholds the instance.
///
/// Bad content never throws: it gives a reason. Thread-safe.
/// Source: PS3.15 Annex E (2026d), PS3.10 section 7 (file meta), PS3.5.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/code.h"
#include "core/pseudonym.h"
#include "dicom/deidentify/identifiers.h"
#include "dicom/deidentify/patient_words.h"
#include "dicom/deidentify/policy.h"
#include "dicom/deidentify/volume_facts.h"
#include "dicom/element_walk.h"
#include "dicom/image_class.h"

namespace naru::dicom {

/// What a deflated data set may expand to: one that does not end there is too_large.
inline constexpr std::size_t kMaxInflatedBytes = std::size_t{2} << 30;

/// Who and what a file says it is: for choosing, for telling patients apart and for the sealed link table. Identifiers.
struct DeidSource {
  std::string patient_id, issuer_of_patient_id;
  std::string study_uid, series_uid, sop_instance_uid, sop_class_uid, transfer_syntax_uid;
  std::string modality, body_part;
  ImageClass image_class = ImageClass::original;
  std::int64_t frame_count = 1;      ///< Number of Frames (0028,0008); 1 where the file states none that can be
  std::string_view text_by_kind;     ///< why it shows text by its kind, see image_class.h; empty where it does not
  std::uint64_t expanded_bytes = 0;  ///< of all frames, of a file in which they are compressed or deflated
  bool is_expanded = false;          ///< all frames at once, by the policy, whatever they show
  std::string birth_date;            ///< (0010,0030) as found
  std::string patient_name_birth;  ///< small words of the name ('^' between; none of "ANONYMOUS"), '|', the birth date
};

/// Reads DeidSource from a file's beginning. `reason`: not_dicom, corrupt, truncated ... as far as the prefix tells.
struct DeidSourceResult {
  DeidSource source;
  std::optional<Code> reason;
  bool is_dicomdir = false;
  bool needs_more = false;       ///< ask again with more of the file
  std::vector<Note> notes;       ///< of how the file begins: no_preamble, no_meta_header, wrong_transfer_syntax
  std::size_t header_bytes = 0;  ///< of the prefix: less than all where it goes beyond the beginning of Pixel Data
  std::optional<Identifiers> identifiers;  ///< as collect_identifiers, where the prefix goes as far as Pixel Data
};
/// @param policy by which identifiers are told, where they are wanted
DeidSourceResult read_deid_source(Bytes prefix, std::uint64_t file_size_bytes,
                                  const DeidentifyPolicy* policy = nullptr);

/// The text under which a patient's pseudonym and date shift are made: id with issuer, or the study without an id.
std::string patient_identifier(const DeidSource& source);

/// What became of the elements: the report's line of an instance. Counts only, never values.
struct DeidCounts {
  std::map<std::string, std::size_t>
      by_action;  ///< "K", "X", "Z", "D", "U", "C", "private_removed", "unknown_removed" ...
  std::map<std::string, std::size_t> by_tag;  ///< "(0010,0010) Z": how often; of what was changed
  std::map<std::string, std::size_t> notes;   ///< "charset_undecodable", "overlay_masked", "jpeg_comment" ...
};

/// Pieces that make up a file, in order: views into the source's bytes and into `owned`.
struct DeidOutput {
  std::vector<std::vector<std::byte>> owned;
  std::vector<Bytes> pieces;
  std::uint64_t size_bytes() const;
  std::vector<std::byte> bytes() const;  ///< a copy of all pieces
};

struct DeidResult {
  std::optional<Code> reason;  ///< set: nothing may leave; `output` is empty
  std::string stage;           ///< where it failed: "read", "rewrite", "pixels", "proof"; a literal
  DeidOutput output;           ///< valid as long as the source's bytes are
  // By the new identifiers: the path in OUT is patient/study_uid/series_uid/sop_instance_uid.dcm
  std::string patient, study_uid, series_uid, sop_instance_uid;
  std::string sop_class_uid, transfer_syntax_uid, modality;
  DeidSource source;
  DeidCounts counts;
  bool pixels_are_kept = true;  ///< Pixel Data's bytes are those of the source
  std::string
      pixels_reason;   ///< why not: "region", "text", "face", "overlay", "jpeg_comment", "trailing_bytes"; a literal
  VolumeFacts volume;  ///< of private attributes that were removed
  Identifiers identifiers;  ///< removed: for the proof over documents and names of the whole job
  std::size_t bytes_searched = 0, patterns_searched = 0;
};

/// Called at each stage with its name, for fault injection in tests; may throw.
using DeidProbe = std::function<void(std::string_view stage)>;

class Deidentifier {
 public:
  /// @throws Error{recipe_invalid} for options that contradict each other
  Deidentifier(DeidentifyPolicy policy, const PseudonymKey& key, std::string version, DeidProbe probe = {});

  /// @param file the whole file
  /// Any exception inside gives reason deid_incomplete: nothing leaves.
  /// @param words what the patient's files hold: cleaned and searched for too; null for the file's own alone
  /// @param patient under which the pseudonym and the date shift are made; patient_identifier(source) where empty
  /// @param boxes where text was found in the pixels: blanked, where the policy cleans pixel data
  /// @param is_reviewed a person looked at the pixels: the file is not withheld for being of a kind that shows text
  DeidResult run(Bytes file, const PatientWords* words = nullptr, std::string_view patient = {},
                 std::span<const PixelBox> boxes = {}, bool is_reviewed = false) const;

  const DeidentifyPolicy& policy() const { return policy_; }

 private:
  DeidentifyPolicy policy_;
  PseudonymKey key_;
  std::string version_;
  DeidProbe probe_;
};

/// The rectangles that the policy's rules name for a file, in all frames; none where the file cannot be read.
std::vector<PixelBox> regions_of_file(Bytes file, const DeidentifyPolicy& policy);

/// SHA-256 of what a file's data set says: the same for the same elements in explicit or implicit VR Little Endian,
/// whatever stands before the data set. Empty where the file cannot be read.
std::string data_set_sha256(Bytes file);

/// Identifiers of a file's header alone, as the engine would remove them: for documents made from the file by others
/// (naru prepare). Empty where the header cannot be read.
std::optional<Identifiers> collect_identifiers(Bytes header_or_file, const DeidentifyPolicy& policy);

}  // namespace naru::dicom
