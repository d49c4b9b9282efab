// What an observer asks for: its wire form, and its place in the directory.
#include <string_view>
#include <vector>

#include "core/directory/directory_reader.h"
#include "core/directory/directory_writer.h"
#include "loopback/loopback_world.h"
#include "support/check.h"

namespace busbar {
namespace {

SelectorProgram everything() {
  const std::byte program[] = {std::byte{0x01}};
  return SelectorProgram::create(program).take();
}

std::shared_ptr<const ObserverConditions> conditions_of(std::size_t types, std::uint64_t bytes) {
  std::vector<Uuid> list(types);
  for (std::size_t i = 0; i < types; ++i) list[i].bytes[0] = static_cast<std::uint8_t>(i + 1);
  return std::make_shared<const ObserverConditions>(
      ObserverConditions::create(everything(), std::move(list), bytes).take());
}

Member observer_of(std::uint64_t id, std::size_t types = 1) {
  return Member{.id = id,
                .pid = 7,
                .flags = kMemberObserver | kMemberNoAffinity,
                .instance = id,
                .label = Label(),
                .observes = conditions_of(types, 100)};
}

struct Fixture {
  LoopbackWorld world;
  Platform& platform = world.start_process(1);
  std::unique_ptr<DirectoryWriter> writer = DirectoryWriter::create(platform, 3, 10).take();
  std::unique_ptr<DirectoryReader> reader;

  Fixture() {
    const Handle* handles[] = {&writer->handle()};
    auto pair = platform.create_channel_pair(1).take();
    auto other = platform.adopt_channel(std::move(pair.theirs)).take();
    const std::byte nothing{};
    (void)pair.mine->send({&nothing, 1}, handles);
    auto handle = std::move(other->receive().value().handles.front());
    reader = DirectoryReader::create(
                 platform.adopt_memory(std::move(handle), kDirectoryBytes, Access::ReadOnly).take())
                 .take();
  }
};

}  // namespace

TEST(observer_conditions_survive_their_wire_form) {
  const auto conditions = conditions_of(kMaxObservedTypes, kMaxObservedBytes);
  const std::vector<std::byte> bytes = conditions->encode();
  CHECK(bytes.size() <= kMaxConditionBytes);
  auto decoded = ObserverConditions::decode(bytes);
  REQUIRE(decoded.ok());
  CHECK_EQ(decoded.value().payload_bytes(), kMaxObservedBytes);
  CHECK(decoded.value().encode() == bytes);
  Uuid known;
  known.bytes[0] = 3;
  CHECK(decoded.value().wants(known));
  CHECK(!decoded.value().wants(Uuid{}));
  CHECK(conditions_of(0, 0)->wants(Uuid{}));
}

TEST(observer_conditions_beyond_a_limit_are_refused) {
  CHECK_EQ(ObserverConditions::create(everything(), std::vector<Uuid>(kMaxObservedTypes + 1), 0)
               .status(),
           Status::InvalidArgument);
  CHECK_EQ(ObserverConditions::create(everything(), {}, kMaxObservedBytes + 1).status(),
           Status::InvalidArgument);
  std::vector<std::byte> nots(kMaxObserverProgram + 1, std::byte{0x05});
  nots[0] = std::byte{0x01};
  auto large = SelectorProgram::create(nots);
  if (large) {
    CHECK_EQ(ObserverConditions::create(large.take(), {}, 0).status(), Status::InvalidSelector);
  }
  const std::vector<std::byte> bytes = conditions_of(2, 9)->encode();
  for (std::size_t length = 0; length < bytes.size(); ++length)
    CHECK(!ObserverConditions::decode(std::span(bytes).first(length)).ok());
  std::vector<std::byte> longer = bytes;
  longer.push_back(std::byte{0});
  CHECK(!ObserverConditions::decode(longer).ok());
}

TEST(directory_keeps_observers_apart_from_members) {
  Fixture f;
  REQUIRE(f.writer->add(Member{.id = 5, .pid = 7, .instance = 5, .label = Label()}).ok());
  const auto entry = f.writer->add(observer_of(6, 2));
  REQUIRE(entry.ok());
  REQUIRE(f.reader->refresh());
  REQUIRE_EQ(f.reader->members().size(), 1);
  REQUIRE_EQ(f.reader->observers().size(), 1);
  CHECK_EQ(f.reader->members()[0].id, 5);
  REQUIRE(f.reader->find(6) != nullptr);
  CHECK(f.reader->find(6)->observes->encode() == observer_of(6, 2).observes->encode());
  f.writer->remove(entry.value());
  REQUIRE(f.reader->refresh());
  CHECK_EQ(f.reader->observers().size(), 0);
  CHECK(f.reader->find(6) == nullptr);
  CHECK_EQ(f.reader->members().size(), 1);
}

TEST(directory_has_places_for_so_many_observers) {
  Fixture f;
  std::vector<std::size_t> entries;
  for (std::uint64_t id = 1; id <= kMaxObservers; ++id)
    entries.push_back(f.writer->add(observer_of(id)).take());
  CHECK_EQ(f.writer->add(observer_of(99)).status(), Status::LimitExceeded);
  CHECK(f.writer->add(Member{.id = 98, .pid = 7, .instance = 98, .label = Label()}).ok());
  f.writer->remove(entries[3]);
  CHECK(f.writer->add(observer_of(99, 5)).ok());
  REQUIRE(f.reader->refresh());
  CHECK_EQ(f.reader->observers().size(), kMaxObservers);
  REQUIRE(f.reader->find(99) != nullptr);
  CHECK(f.reader->find(99)->observes->encode() == observer_of(99, 5).observes->encode());
}

}  // namespace busbar
