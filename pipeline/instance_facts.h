/// What a stored DICOM file is, from its headers: for whoever keeps files before anything is asked of their pixels.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "core/code.h"

namespace naru {

/// Identifiers: they stay on the hospital's side, never in a log line.
struct InstanceFacts {
  std::string sop_instance_uid, sop_class_uid, study_uid, series_uid;  ///< 1 to 64 characters of [0-9A-Za-z._-]
  std::string transfer_syntax_uid;
  std::string modality;  ///< capital letters, digits and '_', 16 at most; empty where the file says something else
};

/// Objects of every SOP class are facts: that a recipe has no use for them is for later. `reason` is empty, or one of
///   not_dicom                    no data set in it
///   truncated                    it ends before its last element does (of pixels: before their stated length)
///   corrupt                      malformed, or without the identifiers that every instance has
///   unsupported_sop_class        a DICOMDIR
///   unsupported_transfer_syntax  compressed in a way that Naru does not read
///   too_large                    more fragments than an image can have
///   unreadable                   it cannot be opened
/// `facts` holds what could be read, also where there is a reason.
struct InstanceCheck {
  InstanceFacts facts;
  std::optional<Code> reason;
};

/// Reads the headers of one file, and of compressed pixels the lengths of the fragments. The file is mapped: nobody may
/// shorten it meanwhile. Never throws for bad content; thread-safe.
InstanceCheck read_instance_facts(const std::filesystem::path& file);

}  // namespace naru
