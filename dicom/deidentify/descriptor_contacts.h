/// Telephone numbers, addresses of all kinds and national numbers in free text.
/// Source: Korea's numbering plan (Telecommunications Business Act, notice on numbering) and its resident registration
/// numbers (since October 2020 without checksum), US numbering plan and SSN rules (SSA, 2011).
#pragma once

#include "dicom/deidentify/descriptor_names.h"

namespace naru::dicom {

/// Telephone, resident registration, social security and passport numbers, e-mail, URL, IPv4.
void find_contacts(const FoldedText& text, Removals& removals);

/// Addresses of network cards (MAC) and of IPv6. Times, versions and rows of vertebrae are none.
void find_network_addresses(const FoldedText& text, Removals& removals);

/// National numbers of Switzerland, Brazil, Spain, Britain and Italy that check themselves.
void find_national_numbers(const FoldedText& text, Removals& removals);

/// Korean plates of vehicles ("12가 3456", "서울12가3456").
void find_plates(const FoldedText& text, Removals& removals);

/// Places on Earth: "37.5796, 126.9770", 37°34'46"N 126°58'37"E. Positions in an image are none.
void find_coordinates(const FoldedText& text, Removals& removals);

/// Paths of files: of drives, servers and home folders.
void find_paths(const FoldedText& text, Removals& removals);

/// Names in services of the net, masked addresses of e-mail ("bob(at)hospital.org"), names of hosts without a scheme,
/// bank accounts (IBAN).
void find_accounts(const FoldedText& text, Removals& removals);

/// Whether token i is there and is a number.
inline bool is_number_at(const FoldedText& text, std::size_t i) {
  return i < text.tokens().size() && text.tokens()[i].is_number();
}

/// The number at token `i` is part of something longer: glued to letters or digits, or joined to the number before
/// ("1.756", "1-123").
inline bool is_inside_longer(const FoldedText& text, std::size_t i) {
  if (i == 0) return false;
  const std::u32string_view gap = text.gap_before(i);
  const Token& before = text.tokens()[i - 1];
  return (before.is_number() && (gap == U"." || gap == U"-")) || (text.tokens()[i].is_glued && !before.is_east_asian());
}

/// Whether token i goes on with an address: behind a space, a comma or the point of an abbreviation.
inline bool goes_on_with_address(const FoldedText& text, std::size_t i) {
  if (i >= text.tokens().size()) return false;
  const std::u32string_view gap = text.gap_before(i);
  return gap == U"., " || gap == U" " || gap == U", " || gap == U". ";
}

/// Korean postal addresses, in Hangul and in Latin letters, and postal codes behind their label.
void find_korean_addresses(const FoldedText& text, Removals& removals);

/// English: a street with its number, a town with its state, ZIP codes and British postcodes.
void find_english_addresses(const FoldedText& text, Removals& removals);

/// German and French: a street with its number; where the street's word says other things as well, only before a
/// postal code with its town.
void find_european_addresses(const FoldedText& text, Removals& removals);

/// Japanese and Chinese: from the province or city on, or a district's street with its number; Japan's postal codes.
void find_han_addresses(const FoldedText& text, Removals& removals);

}  // namespace naru::dicom
