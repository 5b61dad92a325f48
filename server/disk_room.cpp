#include "server/disk_room.h"

#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "core/error.h"
#include "pipeline/files.h"

namespace naru::server {

namespace {

constexpr std::uint64_t kMostReservedBytes = std::uint64_t{64} << 20, kReservedPart = 16;

DiskRoom room_of(const struct statvfs& disk) {
  return {disk.f_blocks * disk.f_frsize, disk.f_bavail * disk.f_frsize, (disk.f_flag & ST_RDONLY) != 0};
}

}  // namespace

std::uint64_t DiskRoom::reserved_bytes() const { return std::min(kMostReservedBytes, total_bytes / kReservedPart); }

void require_room(const DiskRoom& room, std::uint64_t wanted_bytes) {
  if (room.is_read_only) {
    throw Error(ErrorCode::output_unwritable, "the server's disk may only be read now: its operator has to mend it");
  }
  const std::uint64_t usable_bytes = room.free_bytes - std::min(room.free_bytes, room.reserved_bytes());
  if (usable_bytes > 0 && usable_bytes >= wanted_bytes) return;
  throw Error(ErrorCode::disk_full, "the server's disk has no room for this: free some, or send less");
}

void require_room(const std::filesystem::path& folder, std::uint64_t wanted_bytes) {
  struct statvfs disk {};
  if (::statvfs(folder.c_str(), &disk) == 0) require_room(room_of(disk), wanted_bytes);
}

void require_room(int file, std::uint64_t wanted_bytes) {
  struct statvfs disk {};
  if (::fstatvfs(file, &disk) == 0) require_room(room_of(disk), wanted_bytes);
}

void require_last_room(const DiskRoom& room) {
  constexpr std::uint64_t kLastBytes = std::uint64_t{1} << 20;
  if (room.free_bytes >= kLastBytes) return;
  throw Error(ErrorCode::disk_full, "the server's disk is full to the last: its operator has to free some");
}

void require_last_room(const std::filesystem::path& folder) {
  struct statvfs disk {};
  if (::statvfs(folder.c_str(), &disk) == 0) require_last_room(room_of(disk));
}

void require_writable(const std::filesystem::path& folder) {
  if (::access(folder.c_str(), W_OK | X_OK) != 0) throw write_error(errno, "the data folder of the server");
}

}  // namespace naru::server
