/// What the words around it give away: names behind titles and "ordered by", places behind "performed at", numbers
/// behind "MRN". Only names and places that the vocabulary does not know as words are taken.
#pragma once

#include "dicom/deidentify/descriptor_names.h"

namespace naru::dicom {

/// English and other Latin scripts: names beside titles, degrees and roles, behind "for", "by" and the like.
/// @param names of the header: their parts count as names even where they are words as well
void find_names_by_context(const FoldedText& text, const NameIndex& names, Removals& removals);

/// Login names in small letters behind an operator's label: "tech: jpark", "by: j.park", where a common name, a Korean
/// surname or a part of the header's names is in them.
void find_logins(const FoldedText& text, const NameIndex& names, Removals& removals);

/// True where token i begins what is said of a person beside the name: sex and age ("M/45", "(M, 45세)", "45Y F",
/// "45세").
bool is_person_at(const FoldedText& text, std::size_t i);

/// Korean: names beside titles ("홍길동 환자", "김교수"), and institutions ("한빛병원").
void find_korean_by_context(const FoldedText& text, Removals& removals);

/// Chinese and Japanese: names in Han characters beside titles and behind labels and roles.
void find_han_by_context(const FoldedText& text, Removals& removals);

/// Institutions behind "performed at" or around "Hospital".
void find_places_by_context(const FoldedText& text, Removals& removals);

/// Ages of 90 years and more, which Safe Harbor counts among identifiers: the number goes, the unit stays ("95yo",
/// "age: 95", "M/95", "95세"). "90Y" alone is yttrium.
void find_old_ages(const FoldedText& text, Removals& removals);

/// Numbers behind "MRN:", "ID#", "등록번호".
void find_labelled_ids(const FoldedText& text, Removals& removals);

}  // namespace naru::dicom
