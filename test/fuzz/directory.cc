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
  // The header and some entries; every fourth time, conditions of observers.
  constexpr std::size_t kWritten = sizeof(DirectoryHeader) + 4 * sizeof(DirectoryEntry);
  constexpr std::size_t kConditions = 2 * sizeof(ObserverEntry);
  fuzzing::Source source(bytes);
  auto reader = DirectoryReader::create(std::move(memory));
  if (!reader) return;
  for (int round = 0; round < 16 && !source.empty(); ++round) {
    const std::size_t word = std::size_t{source.u16()} * 8;
    const std::size_t at = round % 4 == 3 ? kObserversOffset + word % kConditions : word % kWritten;
    const auto content = source.take(source.u8());
    if (!content.empty()) std::memcpy(data + at, content.data(), content.size());
    header->epoch.fetch_add(1);
    (void)reader.value()->refresh();
    for (const auto listed : {reader.value()->members(), reader.value()->observers()}) {
      for (const Member& member : listed) {
        fuzzing::require(reader.value()->find(member.id) != nullptr);
        fuzzing::require(member.is_observer() == (member.observes != nullptr));
      }
    }
    fuzzing::require(reader.value()->observers().size() <= kMaxObservers);
    (void)reader.value()->controller_id();
  }
}
