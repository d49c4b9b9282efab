// The directory, which a hostile controller writes while its members read.
#include <cstring>

#include "core/directory/directory_reader.h"
#include "core/directory/directory_writer.h"
#include "fuzz.h"
#include "loopback/loopback_world.h"

FUZZ(bytes) {
  using namespace busbar;
  static LoopbackWorld world;
  static Platform& platform = world.start_process(1);
  auto memory = platform.create_memory(kDirectoryBytes, Access::ReadWrite).take();
  std::byte* data = memory->data();
  // A valid header first; otherwise most inputs would end there.
  auto* header = new (data) DirectoryHeader{};
  header->magic = kDirectoryMagic;
  header->version = kDirectoryVersion;
  header->capacity = kMaxMembers;
  header->entry_bytes = sizeof(DirectoryEntry);
  // The header and some entries.
  constexpr std::size_t kWritten = sizeof(DirectoryHeader) + 4 * sizeof(DirectoryEntry);
  fuzzing::Source source(bytes);
  auto reader = DirectoryReader::create(std::move(memory));
  if (!reader) return;
  for (int round = 0; round < 16 && !source.empty(); ++round) {
    const std::size_t at = std::size_t{source.u16()} * 8 % kWritten;
    const auto content = source.take(source.u8());
    if (!content.empty()) std::memcpy(data + at, content.data(), content.size());
    header->epoch.fetch_add(1);
    (void)reader.value()->refresh();
    for (const Member& member : reader.value()->members()) {
      fuzzing::require(reader.value()->find(member.id) != nullptr);
    }
    (void)reader.value()->controller_id();
  }
}
