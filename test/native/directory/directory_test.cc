// DirectoryWriter and DirectoryReader on one piece of memory; a broken or hostile writer cannot
// harm a reader.
#include <atomic>
#include <cstring>
#include <deque>
#include <string>
#include <thread>

#include "core/directory/directory_reader.h"
#include "core/directory/directory_writer.h"
#include "loopback/loopback_world.h"
#include "support/check.h"

namespace busbar {
namespace {

Member member_of(std::uint64_t id, std::string_view string) {
  const std::string_view strings[] = {string};
  return Member{.id = id, .pid = 7, .instance = 11, .label = Label::create(strings).take()};
}

// A writer, a reader of the same memory, and access to the words as an attacker would have it.
struct DirectoryFixture {
  DirectoryFixture() : writer(DirectoryWriter::create(platform, 3, 10).take()), reader(open()) {}

  std::unique_ptr<SharedMemory> map() {
    // Loopback handles are not descriptors: a second handle comes from a mapping of its own.
    auto memory = platform.adopt_memory(duplicate(), kDirectoryBytes, Access::ReadOnly);
    return memory.take();
  }
  std::unique_ptr<DirectoryReader> open() { return DirectoryReader::create(map()).take(); }

  Handle duplicate() {
    const Handle* handles[] = {&writer->handle()};
    auto pair = platform.create_channel_pair(platform.self().pid).take();
    auto other = platform.adopt_channel(std::move(pair.theirs)).take();
    const std::byte nothing{};
    (void)pair.mine->send({&nothing, 1}, handles);
    return std::move(other->receive().value().handles.front());
  }

  LoopbackWorld world;
  Platform& platform = world.start_process(1);
  std::unique_ptr<DirectoryWriter> writer;
  std::unique_ptr<DirectoryReader> reader;
};

// Memory in which the test writes whatever it likes.
struct Forged {
  Forged() : memory(platform.create_memory(kDirectoryBytes, Access::ReadOnly).take()) {
    header = reinterpret_cast<DirectoryHeader*>(memory->data());
    entries = reinterpret_cast<DirectoryEntry*>(memory->data() + sizeof(DirectoryHeader));
    header->magic = kDirectoryMagic;
    header->version = kDirectoryVersion;
    header->capacity = kMaxMembers;
    header->entry_bytes = sizeof(DirectoryEntry);
    header->epoch = 1;
  }
  Result<std::unique_ptr<DirectoryReader>> open() {
    return DirectoryReader::create(
        platform.adopt_memory(memory->share().take(), kDirectoryBytes, Access::ReadOnly).take());
  }
  void put(std::size_t index, std::uint64_t id, std::string_view string) {
    DirectoryEntry& entry = entries[index];
    entry.changed_at = 1;
    DirectoryLabel& label = entry.labels[0];
    label.bytes = string.size() + 1;
    char bytes[kMaxLabelBytes] = {};
    bytes[0] = static_cast<char>(string.size());
    std::memcpy(bytes + 1, string.data(), string.size());
    for (std::size_t word = 0; word < kMaxLabelBytes / 8; ++word) {
      std::uint64_t value;
      std::memcpy(&value, bytes + word * 8, 8);
      label.words[word] = value;
    }
    entry.id = id;
  }

  LoopbackWorld world;
  Platform& platform = world.start_process(1);
  std::unique_ptr<SharedMemory> memory;
  DirectoryHeader* header;
  DirectoryEntry* entries;
};

}  // namespace

TEST(directory_shows_what_was_written) {
  DirectoryFixture f;
  CHECK_EQ(f.reader->generation(), 3);
  CHECK_EQ(f.reader->epoch(), 10);
  f.writer->set_controller(42);
  const auto first = f.writer->add(member_of(42, "earth"));
  REQUIRE(first.ok());
  REQUIRE(f.writer->add(member_of(43, "moon")).ok());
  CHECK_EQ(f.reader->members().size(), 0);
  REQUIRE(f.reader->refresh());
  CHECK_EQ(f.reader->seen_epoch(), f.reader->epoch());
  CHECK_EQ(f.reader->controller_id(), 42);
  REQUIRE_EQ(f.reader->members().size(), 2);
  const Member* earth = f.reader->find(42);
  REQUIRE(earth != nullptr);
  CHECK(earth->label.contains("earth"));
  CHECK_EQ(earth->pid, 7);
  CHECK_EQ(earth->instance, 11);
  CHECK_EQ(earth->flags, 0);

  f.writer->set_flags(first.value(), 7, kMemberController | kMemberNoAffinity);
  REQUIRE(f.reader->refresh());
  CHECK_EQ(f.reader->find(42)->flags, kMemberController | kMemberNoAffinity);
  f.writer->remove(first.value());
  REQUIRE(f.reader->refresh());
  CHECK(f.reader->find(42) == nullptr);
  CHECK(f.reader->find(43) != nullptr);
  f.writer->set_generation(9);
  CHECK_EQ(f.reader->generation(), 9);
}

TEST(directory_holds_the_longest_label_and_the_most_members) {
  DirectoryFixture f;
  std::vector<std::string> strings;
  strings.reserve(4);
  for (int i = 0; i < 4; ++i) strings.push_back(std::string(255, static_cast<char>('a' + i)));
  const std::vector<std::string_view> views(strings.begin(), strings.end());
  Member longest = member_of(1, "x");
  longest.label = Label::create(views).take();
  REQUIRE_EQ(longest.label.encoded().size(), kMaxLabelBytes);
  REQUIRE(f.writer->add(longest).ok());
  std::size_t last = 0;
  for (std::uint64_t id = 2; id <= kMaxMembers; ++id) {
    auto added = f.writer->add(member_of(id, "m"));
    REQUIRE(added.ok());
    last = added.value();
  }
  CHECK_EQ(f.writer->add(member_of(9999, "m")).status(), Status::LimitExceeded);
  REQUIRE(f.reader->refresh());
  CHECK_EQ(f.reader->members().size(), kMaxMembers);
  CHECK(f.reader->find(1)->label == longest.label);

  f.writer->remove(last);
  REQUIRE(f.writer->add(member_of(9999, "m")).ok());
  REQUIRE(f.reader->refresh());
  CHECK(f.reader->find(9999) != nullptr);
  CHECK(f.reader->find(kMaxMembers) == nullptr);
}

TEST(directory_readers_agree_however_often_they_look) {
  DirectoryFixture f;
  std::vector<std::pair<std::uint64_t, std::size_t>> listed;
  std::uint64_t random = 1;
  for (std::uint64_t id = 1; id < 2000; ++id) {
    random = random * 6364136223846793005u + 1442695040888963407u;
    if (listed.size() > 20 && (random >> 60U) > 7) {
      const std::size_t at = (random >> 33U) % listed.size();
      f.writer->remove(listed[at].second);
      listed.erase(listed.begin() + static_cast<std::ptrdiff_t>(at));
    } else {
      listed.emplace_back(id, f.writer->add(member_of(id, std::to_string(id))).value());
    }
    if ((random >> 50U) % 3 == 0) REQUIRE(f.reader->refresh());
  }
  REQUIRE(f.reader->refresh());
  const auto fresh = f.open();
  REQUIRE(fresh->refresh());
  CHECK_EQ(fresh->members().size(), listed.size());
  CHECK_EQ(f.reader->members().size(), listed.size());
  for (const auto& [id, entry] : listed) {
    REQUIRE(f.reader->find(id) != nullptr && fresh->find(id) != nullptr);
    CHECK(f.reader->find(id)->label.contains(std::to_string(id)));
  }
}

// Under ThreadSanitizer this also shows that no access is a data race.
TEST(directory_readers_beside_a_busy_writer_see_whole_members) {
  Platform& platform = native_platform();
  auto writer = DirectoryWriter::create(platform, 1, 1).take();
  auto pair = platform.create_channel_pair(platform.self().pid).take();
  auto other = platform.adopt_channel(std::move(pair.theirs)).take();
  const Handle* handles[] = {&writer->handle()};
  const std::byte nothing{};
  REQUIRE(pair.mine->send({&nothing, 1}, handles).ok());
  Handle handle = std::move(other->receive().value().handles.front());
  auto memory = platform.adopt_memory(std::move(handle), kDirectoryBytes, Access::ReadOnly);
  REQUIRE(memory.ok());
  auto reader = DirectoryReader::create(memory.take()).take();

  std::atomic<bool> done = false;
  std::thread churn([&] {
    std::deque<std::size_t> entries;
    for (std::uint64_t id = 1; id < 40000; ++id) {
      // Long labels, so that a copy takes some time.
      const std::string text = std::to_string(id);
      entries.push_back(writer->add(member_of(id, std::string(240, 'x') + text)).value());
      if (entries.size() > 3) {
        writer->remove(entries.front());
        entries.pop_front();
      }
    }
    done = true;
  });
  std::uint64_t looked = 0;
  bool whole = true;
  while (!done) {
    if (!reader->refresh()) continue;
    ++looked;
    for (const Member& member : reader->members()) {
      const std::string expected = std::string(240, 'x') + std::to_string(member.id);
      whole = whole && member.label.contains(expected) && member.instance == 11;
    }
  }
  churn.join();
  CHECK(whole);
  CHECK(looked > 0);
  REQUIRE(reader->refresh());
  CHECK_EQ(reader->members().size(), 3);
}

TEST(directory_shows_the_label_that_was_set_last) {
  DirectoryFixture f;
  Member member = member_of(42, "idle");
  const std::size_t entry = f.writer->add(member).value();
  REQUIRE(f.writer->add(member_of(43, "moon")).ok());
  REQUIRE(f.reader->refresh());
  CHECK_EQ(f.reader->find(42)->label_revision, 0);
  for (std::uint64_t revision = 1; revision < 5; ++revision) {
    member.label = member_of(42, "busy " + std::to_string(revision)).label;
    member.label_revision = revision * 10;
    const std::uint64_t before = f.reader->epoch();
    f.writer->set_label(entry, member);
    CHECK(f.reader->epoch() > before);
    REQUIRE(f.reader->refresh());
    CHECK(f.reader->find(42)->label == member.label);
    CHECK_EQ(f.reader->find(42)->label_revision, revision * 10);
    CHECK_EQ(f.reader->members().size(), 2);
  }
  // The entry's next member has its own label.
  f.writer->remove(entry);
  REQUIRE_EQ(f.writer->add(member_of(44, "late")).value(), entry);
  REQUIRE(f.reader->refresh());
  CHECK(f.reader->find(42) == nullptr);
  CHECK(f.reader->find(44)->label == member_of(44, "late").label);
  CHECK_EQ(f.reader->find(44)->label_revision, 0);
}

TEST(directory_label_that_was_cut_off_is_not_seen) {
  Forged f;
  f.header->used = 1;
  f.put(0, 5, "old");
  // As if killed before the turn was stored.
  f.entries[0].labels[1].revision = 1;
  f.entries[0].labels[1].bytes = 2;
  f.entries[0].labels[1].words[0] = 0x7801;
  auto reader = f.open();
  REQUIRE(reader.ok() && reader.value()->refresh());
  CHECK(reader.value()->find(5)->label.contains("old"));
  // And as if killed before the change was counted: a successor reads it all.
  f.entries[0].label_turn = 1;
  auto successor = f.open();
  REQUIRE(successor.ok() && successor.value()->refresh());
  CHECK(successor.value()->find(5)->label.contains("x"));
  CHECK_EQ(successor.value()->find(5)->label_revision, 1);
}

// What a former controller has written last, until the member has told the present one.
TEST(directory_prefers_the_newer_label_of_a_member_that_has_not_come_back) {
  DirectoryFixture before;
  Member member = member_of(42, "new");
  member.label_revision = 3;
  REQUIRE(before.writer->add(member).ok());
  REQUIRE(before.reader->refresh());

  DirectoryFixture after;
  member.label = member_of(42, "old").label;
  member.label_revision = 2;
  member.flags = kMemberProvisional;
  const std::size_t entry = after.writer->add(member).value();
  REQUIRE(after.reader->refresh());
  CHECK(after.reader->find(42)->label.contains("old"));
  after.reader->prefer_labels_of(*before.reader);
  CHECK(after.reader->find(42)->label.contains("new"));
  CHECK_EQ(after.reader->find(42)->label_revision, 3);
  // Whatever else changes.
  after.writer->set_flags(entry, 7, kMemberProvisional | kMemberNoAffinity);
  REQUIRE(after.reader->refresh());
  CHECK(after.reader->find(42)->label.contains("new"));
  // Its own word counts from then on, whatever a former directory said.
  after.writer->set_flags(entry, 7, 0);
  REQUIRE(after.reader->refresh());
  CHECK(after.reader->find(42)->label.contains("old"));
  after.writer->set_flags(entry, 7, kMemberProvisional);
  REQUIRE(after.reader->refresh());
  CHECK(after.reader->find(42)->label.contains("old"));
}

TEST(directory_does_not_mistake_another_endpoint_for_a_former_one) {
  for (const bool other_process : {false, true}) {
    DirectoryFixture before;
    Member member = member_of(42, "former");
    member.label_revision = 3;
    REQUIRE(before.writer->add(member).ok());
    REQUIRE(before.reader->refresh());
    DirectoryFixture after;
    Member other = member_of(42, "other");
    other.flags = kMemberProvisional;
    if (other_process) ++other.pid;
    if (!other_process) ++other.instance;
    REQUIRE(after.writer->add(other).ok());
    after.reader->prefer_labels_of(*before.reader);
    REQUIRE(after.reader->refresh());
    CHECK(after.reader->find(42)->label.contains("other"));
  }
}

// Under ThreadSanitizer, too.
TEST(directory_readers_beside_a_writer_of_labels_see_whole_labels) {
  DirectoryFixture f;
  Member member = member_of(42, "0");
  const std::size_t entry = f.writer->add(member).value();
  std::atomic<bool> done = false;
  std::thread churn([&] {
    for (std::uint64_t revision = 1; revision < 20000; ++revision) {
      member.label = member_of(42, std::string(240, 'x') + std::to_string(revision)).label;
      member.label_revision = revision;
      f.writer->set_label(entry, member);
    }
    done = true;
  });
  bool whole = true;
  std::uint64_t last = 0;
  while (!done) {
    if (!f.reader->refresh() || f.reader->find(42) == nullptr) continue;
    const Member& seen = *f.reader->find(42);
    const std::string expected = seen.label_revision == 0
                                     ? "0"
                                     : std::string(240, 'x') + std::to_string(seen.label_revision);
    whole = whole && seen.label.contains(expected) && seen.label_revision >= last;
    last = seen.label_revision;
  }
  churn.join();
  CHECK(whole);
  REQUIRE(f.reader->refresh());
  CHECK_EQ(f.reader->find(42)->label_revision, 19999);
}

TEST(directory_write_that_was_cut_off_is_not_seen) {
  Forged f;
  f.header->used = 3;
  f.put(0, 5, "whole");
  // As if killed before the id was stored.
  f.put(1, 0, "unfinished");
  // As if killed between freeing an entry and storing its epoch.
  f.put(2, 6, "leaving");
  auto reader = f.open();
  REQUIRE(reader.ok() && reader.value()->refresh());
  CHECK_EQ(reader.value()->members().size(), 2);
  f.entries[2].id = 0;
  auto successor = f.open();
  REQUIRE(successor.ok() && successor.value()->refresh());
  REQUIRE_EQ(successor.value()->members().size(), 1);
  CHECK(successor.value()->find(5) != nullptr);
}

TEST(directory_of_nonsense_is_harmless) {
  Forged f;
  f.header->used = ~std::uint64_t{0};
  f.put(0, 5, "good");
  f.put(1, kIdLimit, "id too large");
  f.put(2, 6, "label too long");
  f.entries[2].labels[0].bytes = ~std::uint64_t{0};
  f.put(3, 7, "label cut");
  f.entries[3].labels[0].bytes = 3;
  f.put(4, 8, "\xff");
  f.put(5, 5, "the same id again");
  f.entries[6].changed_at = ~std::uint64_t{0};
  auto reader = f.open();
  REQUIRE(reader.ok());
  for (int i = 0; i < 3; ++i) {
    REQUIRE(reader.value()->refresh());
    REQUIRE_EQ(reader.value()->members().size(), 1);
    CHECK(reader.value()->find(5)->label.contains("good"));
  }
}

TEST(directory_of_another_shape_is_refused) {
  for (const int field : {0, 1, 2, 3}) {
    Forged f;
    CHECK(f.open().ok());
    SharedWord* words[] = {&f.header->magic, &f.header->version, &f.header->capacity,
                           &f.header->entry_bytes};
    words[field]->fetch_add(1);
    CHECK_EQ(f.open().status(), Status::ProtocolViolation);
  }
  Forged f;
  auto small = f.platform.create_memory(4096, Access::ReadOnly);
  CHECK_EQ(DirectoryReader::create(small.take()).status(), Status::ProtocolViolation);
}

}  // namespace busbar
