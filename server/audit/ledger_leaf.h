/// One leaf of the ledger as text: canonical JSON on one line, keys sorted, no spaces, ASCII.
///
///   {"actor":"user-1","at_ms":0,"detail":{},"kind":"job.created","number":0,"object_id":"job-1","organisation_id":"org-1",
///    "schema":"naru.ledger-leaf/1"}
///
/// A leaf can never be taken back, so nothing gets in that could be a patient's: strings are names, ids, hashes and
/// codes without spaces, and not what looks like a DICOM UID, a date of birth, a resident registration number or a
/// patient number. This is a net below those who write events, not their excuse.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace naru::server {

struct LedgerEvent;

inline constexpr std::size_t kMaxLeafBytes = 8192;  ///< below the 65,535 that a bundle of entries can hold

/// True for 1 to 128 characters out of letters, digits and "._:/=-" that look like no identifier of a patient.
bool is_ledger_word(std::string_view text);

/// @throws Error{request_invalid} where a field is no plain word, or the leaf is too long. The message names the field
/// and not what it held.
std::string leaf_text(std::uint64_t number, std::int64_t at_ms, const LedgerEvent& event);

/// True where `text` is a leaf of this schema that says `number` of itself.
bool is_leaf_of(std::uint64_t number, std::string_view text);

/// The value of a text at the top of a leaf ("kind", "organisation_id"), or of its detail ("detail.sha256"); empty
/// where it has none.
std::string leaf_value(std::string_view text, std::string_view field);

}  // namespace naru::server
