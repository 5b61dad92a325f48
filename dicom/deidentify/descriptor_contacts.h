/// Telephone numbers, addresses of all kinds and national numbers in free text.
/// Source: Korea's numbering plan (Telecommunications Business Act, notice on numbering) and its resident registration
/// numbers (since October 2020 without checksum), US numbering plan and SSN rules (SSA, 2011).
#pragma once

#include "dicom/deidentify/descriptor_names.h"

namespace naru::dicom {

/// Telephone, resident registration, social security and passport numbers, e-mail, URL, IPv4.
void find_contacts(const FoldedText& text, Removals& removals);

/// Postal addresses, Korean and English.
void find_addresses(const FoldedText& text, Removals& removals);

}  // namespace naru::dicom
