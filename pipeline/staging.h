/// The work folder of a job, and the one rename that publishes it.
///
/// Everything is made in `.NAME.naru-work` beside OUT (mode 0700): `out/` becomes OUT, `report/` becomes OUT.report,
/// `cases/` remembers finished cases for --resume. A run that is killed leaves OUT absent and the work folder behind.
#pragma once

#include <filesystem>

namespace naru {

enum class OnExisting {
  refuse,   ///< a non-empty OUT is an error; a left-over work folder is cleared
  resume,   ///< go on in a left-over work folder
  replace,  ///< --force: a non-empty OUT is replaced in one step
};

class Staging {
 public:
  /// Makes or reopens the work folder and locks it.
  /// @throws Error{output_exists} OUT is not an empty folder and `on_existing` is not `replace`
  /// @throws Error{output_busy} another run holds the lock
  /// @throws Error{output_unwritable, disk_full}
  Staging(const std::filesystem::path& out, const std::filesystem::path& report, OnExisting on_existing);
  ~Staging();
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;

  std::filesystem::path out() const { return work_ / "out"; }
  std::filesystem::path report() const { return work_ / "report"; }
  std::filesystem::path cases() const { return work_ / "cases"; }

  /// Moves the report, then OUT, to their places, each by one rename, and removes the work folder.
  void publish();

  /// For a job that delivers nothing: moves the report alone.
  void publish_report_only();

  /// The work folder that belongs to an OUT.
  static std::filesystem::path work_folder(const std::filesystem::path& out);

 private:
  void lock();
  void move_report();
  void move_out();

  std::filesystem::path final_out_, final_report_, work_;
  OnExisting on_existing_;
  int lock_ = -1;
};

}  // namespace naru
