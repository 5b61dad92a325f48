/// How much room the disk of the data has. A part of it is kept free for the database and the ledger, so that a server
/// whose disk is full still signs people in, sends datasets, and destroys what may go.
#pragma once

#include <cstdint>
#include <filesystem>

namespace naru::server {

struct DiskRoom {
  std::uint64_t total_bytes = 0, free_bytes = 0;
  bool is_read_only = false;

  /// A sixteenth of the disk, 64 MiB at most.
  std::uint64_t reserved_bytes() const;
};

/// @throws Error{disk_full} where `wanted_bytes` do not fit beside the reserve; Error{output_unwritable} on a disk that
/// may only be read
void require_room(const DiskRoom& room, std::uint64_t wanted_bytes);

/// As above, of the disk that a folder or an open file is on. A disk that does not tell is let pass: writing will tell.
void require_room(const std::filesystem::path& folder, std::uint64_t wanted_bytes = 0);
void require_room(int file, std::uint64_t wanted_bytes = 0);

/// That what is kept free for the database is not used up, too, by others.
/// @throws Error{disk_full} where less than 1 MiB is left
void require_last_room(const DiskRoom& room);
void require_last_room(const std::filesystem::path& folder);

/// @throws Error{output_unwritable} where nothing can be made in the folder: the disk or its mode forbids it
void require_writable(const std::filesystem::path& folder);

/// Asks from time to time while a file grows: each 4 MiB.
class RoomWatch {
 public:
  /// @throws as require_room
  void grown_to(std::uint64_t size_bytes, int file) {
    if (size_bytes < next_bytes_) return;
    require_room(file);
    next_bytes_ = size_bytes + kStepBytes;
  }

 private:
  static constexpr std::uint64_t kStepBytes = std::uint64_t{4} << 20;
  std::uint64_t next_bytes_ = 0;
};

}  // namespace naru::server
