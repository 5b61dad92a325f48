/// The documents of OUT beside its DICOM files, and the proof that they name nobody.
#pragma once

#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dicom/deidentify/deidentify.h"
#include "pipeline/deid_instance.h"
#include "pipeline/recipe.h"

namespace naru {

/// What a document holds, by its name below OUT.
using DeidDocuments = std::map<std::string, std::string>;

/// manifest.jsonl, dataset.json, README.md and SHA256SUMS.
/// @param instances sorted by file
/// @param recipe as the hospital wrote it. OUT tells of it all but its lists of words, which may name what they remove
/// The same arguments give the same bytes: no clock, no machine, no path is in them.
DeidDocuments deid_documents(std::span<const DeidInstance> instances, const dicom::DeidCounts& counts,
                             const Recipe& recipe, const std::string& project);

/// The recipe as OUT tells of it: without keep_words and remove_words.
Recipe deliverable(Recipe recipe);
/// The same of a recipe's TOML, anew: what comments said is left out with the lists. @throws Error{recipe_invalid}
std::string deliverable_toml(std::string_view toml);

/// Searches documents and the names of all files, which SHA256SUMS holds, for identifiers. Words that the same
/// documents would hold of no instance at all are no evidence; counts, sizes, checksums and pseudonyms are numbers of
/// ours.
/// What people wrote is searched by itself, but for places: a hospital may say who it is.
/// @param of_no_instance with what people wrote
/// @param written see written_by_people
/// @throws Error{internal} naming the document where there is a hit
void prove_documents(const DeidDocuments& documents, const DeidDocuments& of_no_instance, const std::string& written,
                     const dicom::Identifiers& identifiers);

/// What OUT publishes as people wrote it: the name of the project, and of the recipe every text that is not one of a
/// few words of ours: its name, modalities, regions (but for makers that everybody knows), creators of private
/// attributes, and [output].
std::string written_by_people(const Recipe& recipe, const std::string& project);

}  // namespace naru
