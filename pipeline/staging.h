/// The work folder of a job, and the renames that publish it.
///
/// Everything is made in `.NAME.naru-work` beside OUT (mode 0700): `out/` becomes OUT, `report/` becomes the report,
/// `cases/` remembers finished cases for --resume. OUT appears by one rename. A run that is killed leaves OUT absent or
/// whole, and the work folder behind; a run with --resume goes on from there.
///
/// A job that holds something for people to decide keeps those records in its report, as `finished/`. When decisions
/// are to be applied, it goes on from there: the files of OUT get a second name in the work folder and replace OUT in
/// one step with what was made anew. While a run lives it holds a lock on the report that it will replace, so that
/// nobody decides in the meantime.
///
/// Where nothing is left to deliver once decisions were applied, OUT is withdrawn: it would hold what people excluded.
///
/// What a user has is not touched otherwise: --force replaces only a folder that holds a Naru dataset, and a report is
/// replaced only together with its dataset. Nothing is deleted before its successor stands.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace naru {

enum class OnExisting {
  refuse,   ///< a non-empty OUT is an error; a left-over work folder is cleared
  resume,   ///< go on in a left-over work folder
  replace,  ///< --force: an OUT that holds a dataset is replaced in one step
};

/// What the error of a job that delivers nothing adds where OUT is withdrawn.
constexpr std::string_view kWithdrawn = ", and OUT was withdrawn";

class Staging {
 public:
  /// Makes or reopens the work folder and locks it.
  /// @throws Error{usage} OUT, report and work folder do not lie apart, or OUT has no name
  /// @throws Error{output_exists} OUT is not an empty folder and may not be replaced, or the report folder is another's
  /// @throws Error{output_busy} another run holds the lock
  /// @throws Error{output_unwritable, disk_full}
  Staging(const std::filesystem::path& out, const std::filesystem::path& report, OnExisting on_existing);
  ~Staging();
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;

  std::filesystem::path out() const { return work_ / "out"; }
  std::filesystem::path report() const { return work_ / "report"; }
  std::filesystem::path cases() const { return work_ / "cases"; }

  /// With `resume`: OUT stands already, whole. What an interruption left to do was done; there is nothing to publish.
  bool is_finished() const { return is_finished_; }

  /// Where OUT stands already: begins to replace it all the same, with all that was published of it taken over, so that
  /// only what changed is made again. @throws Error{output_exists} it holds what is no part of it;
  /// Error{output_unwritable, disk_full}
  void reopen();

  /// Before `publish`: keeps the records of what is finished in the report, for `reopen`.
  void keep_records();

  /// Removes folders of OUT without a file, then waits until OUT and the report, as they are now in the work folder,
  /// are on their disk.
  /// @throws Error{disk_full, output_unwritable}
  void sync() const;

  /// Syncs, then moves OUT and the report to their places.
  void publish();

  /// Moves OUT, then the report, to their places, each by one rename, and removes the work folder.
  /// @pre all files in OUT and report were synced: a power cut after the renames must not find empty ones
  void publish_synced();

  /// Whether `publish_report_only` removes OUT: it was reopened, so what it holds is no longer to be delivered.
  bool withdraws_out() const { return is_reopened_; }

  /// For a job that delivers nothing: moves the report alone, beside ("NAME.failed") the report of an OUT that stays.
  /// @return where it is now
  std::filesystem::path publish_report_only();

  /// The work folder that belongs to an OUT.
  static std::filesystem::path work_folder(const std::filesystem::path& out);

 private:
  void check_places() const;
  void check_out() const;
  void check_report(const std::filesystem::path& folder) const;
  void open_work_folder();
  void lock_report();
  void finish_interrupted_publish();
  void make_parts();
  void take_records();
  void move_out();
  /// The report where a rename brings it to `to`: a copy, where that is on another file system.
  std::filesystem::path report_beside(const std::filesystem::path& to);
  /// @param ready from `report_beside`
  void place_report(const std::filesystem::path& ready, const std::filesystem::path& to);
  void move_report(const std::filesystem::path& to);
  void remove_work_folder();
  void abandon();

  std::filesystem::path final_out_, final_report_, work_;
  OnExisting on_existing_;
  bool is_finished_ = false, is_reopened_ = false;
  int lock_ = -1, report_lock_ = -1;
};

/// Absolute, without "." and trailing "/": a path that has a name and a parent. @throws Error{usage} for "" and "/"
std::filesystem::path plain_path(const std::filesystem::path& path);

}  // namespace naru
