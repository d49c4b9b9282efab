// The directory, which a hostile controller writes while its members read.
#include <algorithm>
#include <cstring>
#include <memory>
#include <string_view>

#include "core/directory/directory_reader.h"
#include "core/directory/directory_writer.h"
#include "fuzz.h"
#include "loopback/loopback_world.h"

namespace {

using namespace busbar;

std::unique_ptr<DirectoryReader> former_directory(Platform& platform, fuzzing::Source& source) {
  auto writer = DirectoryWriter::create(platform, 1, 1).take();
  Member member{.id = std::max<std::uint64_t>(source.u8(), 1),
                .pid = source.u8(),
                .instance = source.u8(),
                .label_revision = source.u8()};
  auto entry = writer->add(member);
  const std::string_view strings[] = {"former"};
  member.label = Label::create(strings).take();
  ++member.label_revision;
  writer->set_label(entry.value(), member);
  auto pair = platform.create_channel_pair(platform.self().pid).take();
  auto other = platform.adopt_channel(std::move(pair.theirs)).take();
  const Handle* handles[] = {&writer->handle()};
  const std::byte nothing{};
  (void)pair.mine->send({&nothing, 1}, handles);
  auto memory = platform.adopt_memory(std::move(other->receive().value().handles.front()),
                                      kDirectoryBytes, Access::ReadOnly);
  auto reader = DirectoryReader::create(memory.take()).take();
  fuzzing::require(reader->refresh());
  return reader;
}

}  // namespace

FUZZ(bytes) {
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
  // What this process believes of the generation before, which may have had the same members.
  auto former = former_directory(platform, source);
  for (int round = 0; round < 16 && !source.empty(); ++round) {
    const std::size_t word = std::size_t{source.u16()} * 8;
    const std::size_t at = round % 4 == 3 ? kObserversOffset + word % kConditions : word % kWritten;
    const auto content = source.take(source.u8());
    if (!content.empty()) std::memcpy(data + at, content.data(), content.size());
    header->epoch.fetch_add(1);
    (void)reader.value()->refresh();
    if (round % 4 == 1) reader.value()->prefer_labels_of(*former);
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
