/// Studies after their instances came: closed, destroyed, and what they leave behind.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace naru::server {

class Clock;
class ContentStore;
class Database;
class Ledger;
class Transaction;

/// Closes every open study to which nothing came for `quiet_s`. @return how many. A leaf study.closed each.
int close_quiet_studies(Database& database, Ledger& ledger, const Clock& clock, int quiet_s);

/// Who changes a study of which organisation.
struct StudyChange {
  std::string study_id, organisation_id;
  std::string actor;  ///< user id, or "server"
  std::int64_t now_ms = 0;
};

/// Closes one study; one that is closed already stays so. @throws Error{not_found, gone}
void close_study(Transaction& transaction, Ledger& ledger, const StudyChange& change);

/// Removes a study's instances; the row stays as a record without its UID. A leaf study.destroyed.
/// @return the hashes of its files, which go by `remove_unreferenced_content`, to be called once this is committed (and
///   by the server for all now and then, should it have died in between)
/// @throws Error{not_found, gone}; Error{conflict} while a job works on it
std::vector<std::string> destroy_study(Transaction& transaction, Ledger& ledger, const StudyChange& change);

/// Destroys the studies that were closed longer ago than `days`, but for those that a job works on. @return how many
int destroy_expired_studies(Database& database, Ledger& ledger, const Clock& clock, int days);

/// Removes the files, and the rows of `blobs`, that no instance refers to: of all, or of these. @return how many
int remove_unreferenced_content(Database& database, ContentStore& content);
int remove_unreferenced_content(Database& database, ContentStore& content, const std::vector<std::string>& hashes);

/// Removes kept files without a row of `blobs`: what a server left that died between the two. Looks at every name once.
/// @return how many
int remove_unrecorded_content(Database& database, ContentStore& content);

}  // namespace naru::server
