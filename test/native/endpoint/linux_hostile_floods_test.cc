// Peers that repeat without end what they may do once: the victim carries on, holds no more than
// its limits allow, and no turn under its lock is long. Each flood comes from a process of its own.
// The victim runs in this process, on a platform that measures its turns.
//
//   BUSBAR_HOSTILE_SECONDS=n   duration of each flood; three turns of more than 20 ms fail
//   BUSBAR_HOSTILE_FLOOD=text  only floods with this text in their name
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "core/directory/directory_writer.h"
#include "core/hand_over/hand_over.h"
#include "core/region/region_ledger_layout.h"
#include "core/ring/origin.h"
#include "endpoint/endpoint_program.h"
#include "endpoint/linux_hostile_member.h"
#include "endpoint/linux_turn_meter.h"
#include "support/check.h"

namespace busbar::test {
namespace {

constexpr double kMaxTurnMs = 20;
constexpr rlim_t kDescriptors = 1024;

// --- The attacks of the hostile processes, which run until they are killed.

using Attack = void (*)(HostileMember& me, std::uint64_t victim);

void rest() { (void)::sched_yield(); }

void link_frames(HostileMember& me, std::uint64_t victim) {
  HostileLink links[] = {me.introduce(victim), me.introduce(victim)};
  for (HostileLink& link : links) HostileMember::await_attached(link);
  for (;;) {
    for (HostileLink& link : links) {
      while (link.say({LinkFrameKind::ForgetSpill, 1, 0})) {
      }
    }
    rest();
  }
}

// Frames that each make the victim map memory, then unmap it.
void link_memory(HostileMember& me, std::uint64_t victim) {
  HostileLink link = me.introduce(victim);
  HostileMember::await_attached(link);
  const auto memory = me.platform().create_memory(4096, Access::ReadOnly).take();
  const Handle handle = memory->share().take();
  const Handle* const one[] = {&handle};
  for (std::uint64_t id = 1;; ++id) {
    while (!link.say({LinkFrameKind::Spill, id, 4096}, one)) rest();
    while (!link.say({LinkFrameKind::ForgetSpill, id, 0})) rest();
  }
}

// As many handles as there is room for, all of one piece of memory.
void link_holdings(HostileMember& me, std::uint64_t victim) {
  const auto memory = me.platform().create_memory(4096, Access::ReadOnly).take();
  const Handle handle = memory->share().take();
  const Handle* const one[] = {&handle};
  const std::vector<const Handle*> many(kMaxObjects, &handle);
  for (;;) {
    HostileLink link = me.introduce(victim);
    HostileMember::await_attached(link);
    for (std::uint64_t id = 1; id <= 64; ++id) {
      while (!link.say({LinkFrameKind::Spill, id, 4096}, one)) rest();
    }
    for (std::uint64_t id = 1; id <= 3; ++id) {
      while (!link.say({LinkFrameKind::Objects, id, kMaxObjects}, many)) rest();
    }
    // Then the next link, whether or not the victim closed this one.
    for (int i = 0; i < 50; ++i) ::usleep(1000);
  }
}

// Link after link with one bell, which rings without end.
void one_bell(HostileMember& me, std::uint64_t victim) {
  std::vector<HostileLink> links;
  for (int i = 0; i < 200; ++i) {
    links.push_back(me.introduce(victim));
    ::usleep(300);
  }
  for (;;) me.ring();
}

void missed(HostileMember& me, std::uint64_t) {
  for (;;) {
    me.client->send(MissedFrame{});
    rest();
  }
}

// Acts as a receiver, to get what the victim sends.
struct Receiving {
  std::unique_ptr<SharedMemory> segment;
  std::unique_ptr<Channel> channel;

  explicit Receiving(HostileMember& me) {
    std::vector<Handle> handles = me.next_introduction();
    segment = me.platform()
                  .adopt_memory(std::move(handles[1]), kConsumerSegmentBytes, Access::ReadWrite)
                  .take();
    channel = me.platform().adopt_channel(std::move(handles[3])).take();
    state().attachment = Attachment::Attached;
    say({LinkFrameKind::Attached, 0, 0});
  }
  [[nodiscard]] ConsumerSegment& state() const {
    return *reinterpret_cast<ConsumerSegment*>(segment->data());
  }
  void say(const LinkFrame& frame) const { (void)channel->send(encode(frame), {}); }
  // The ledger of the next region that comes.
  std::unique_ptr<SharedMemory> next_ledger(HostileMember& me, std::uint64_t& region) {
    std::unique_ptr<SharedMemory> ledger;
    HostileMember::patiently([&] {
      auto datagram = channel->receive();
      const auto frame = datagram ? decode_link_frame(datagram.value().bytes) : std::nullopt;
      if (!frame || frame->kind != LinkFrameKind::MemoryRegion) return false;
      region = frame->number;
      ledger =
          me.platform()
              .adopt_memory(std::move(datagram.value().handles[1]), kLedgerBytes, Access::ReadWrite)
              .take();
      return true;
    });
    return ledger;
  }
};

LedgerSlot& slot_of(const SharedMemory& ledger, std::uint32_t slot) {
  return *(reinterpret_cast<LedgerSlot*>(ledger.data() + kLedgerSlotsOffset) + slot);
}

void wakes(HostileMember& me, std::uint64_t) {
  const Receiving receiving(me);
  for (;;) {
    receiving.say({LinkFrameKind::Wake, 0, 0});
    receiving.state().head = 0;
  }
}

void lost_memory(HostileMember& me, std::uint64_t) {
  Receiving receiving(me);
  std::uint64_t region = 0;
  const auto ledger = receiving.next_ledger(me, region);
  for (;;) {
    for (std::uint32_t slot = 0; slot < kLedgerSlots; ++slot)
      slot_of(*ledger, slot).count = 0xFFFFFFFF;
    receiving.say({LinkFrameKind::LostMemory, region, 0xFFFFFFFF});
    rest();
  }
}

// A ledger whose slots name dead processes as receivers and a living process as sender.
void ledger_of_the_dead(HostileMember& me, std::uint64_t) {
  const pid_t child = fork();
  if (child == 0) {
    for (;;) pause();
  }
  const std::uint64_t dead = me.platform().process_token(static_cast<std::uint32_t>(child));
  (void)::kill(child, SIGKILL);
  (void)::waitpid(child, nullptr, 0);
  const std::uint64_t alive = me.platform().process_token(static_cast<std::uint32_t>(getpid()));
  Receiving receiving(me);
  std::uint64_t region = 0;
  const auto ledger = receiving.next_ledger(me, region);
  auto& header = *reinterpret_cast<LedgerHeader*>(ledger->data());
  for (std::uint32_t slot = 8; slot < kLedgerSlots; ++slot) {
    LedgerSlot& entry = slot_of(*ledger, slot);
    entry.receiver = dead;
    entry.state = SlotState::Flight;
    entry.count = 1;
    entry.claimant = alive;
  }
  header.slots_used = kLedgerSlots;
  for (;;) pause();
}

void parked(HostileMember& me, std::uint64_t) {
  // All selectors are slow to evaluate, and every endpoint matches some of them.
  std::vector<std::byte> slow(kMaxSelectorOps, std::byte{5});
  slow.front() = std::byte{1};
  for (std::uint64_t round = 0;; ++round) {
    const auto soon = std::chrono::duration_cast<std::chrono::milliseconds>(
        me.platform().now().time_since_epoch() + std::chrono::milliseconds(50));
    ParkedMessage message{.program = SelectorProgram::create(slow).take(),
                          .unicast = false,
                          .expires_at_ms = static_cast<std::uint64_t>(soon.count()),
                          .payload = std::vector<std::byte>(round % 2 == 0 ? 16 : 3000)};
    const auto origin = encode(Origin{me.id, static_cast<std::uint32_t>(getpid()), label_of("x")});
    HandOverWriter writer;
    for (int i = 0; i < 4096; ++i)
      (void)writer.add(message, round % 4 < 2 ? origin : message.origin);
    const HandOver portion = std::move(writer.take().front());
    const auto memory = me.platform().create_memory(portion.bytes.size(), Access::ReadOnly).take();
    std::memcpy(memory->data(), portion.bytes.data(), portion.bytes.size());
    std::vector<Handle> one;
    one.push_back(memory->share().take());
    me.client->send(ParkFrame{portion.bytes.size()}, one);
    while (!me.client->receive<KeptFrame>()) rest();
  }
}

// Serves a directory full of members that never existed, again and again.
void phantoms(HostileMember& me, std::uint64_t) {
  for (std::uint64_t round = 1;; ++round) {
    auto directory =
        DirectoryWriter::create(me.platform(), me.generation() + 1000 * round, 1).take();
    Member phantom;
    phantom.pid = static_cast<std::uint32_t>(getpid());
    phantom.label = label_of("victim");
    for (std::uint64_t i = 0; i < 2000; ++i) {
      phantom.id = (round << 32U) + 1 + i;
      (void)directory->add(phantom);
    }
    RawControlClient applicant(me.platform(), "", me.identifier());
    if (!applicant.connected()) continue;
    applicant.hello();
    for (int i = 0; i < 1000 && !applicant.challenged(); ++i) ::usleep(100);
    std::vector<Handle> one;
    one.push_back(me.platform().duplicate(directory->handle()).take());
    applicant.send(applicant.announcement(round, phantom.id), one);
    for (int i = 0; i < 100 && !applicant.closed(); ++i) ::usleep(1000);
  }
}

struct Flood {
  const char* name;
  Attack attack;
};
constexpr Flood kFloods[] = {
    {"link frames", link_frames},
    {"link frames with memory", link_memory},
    {"as much as can be held", link_holdings},
    {"one bell for many links", one_bell},
    {"introductions missed", missed},
    {"wakes", wakes},
    {"regions lost", lost_memory},
    {"a ledger of the dead", ledger_of_the_dead},
    {"messages handed over", parked},
    {"a directory of phantoms", phantoms},
};

// Writes a byte to `begun` when the attack begins.
[[noreturn]] void be_hostile(const std::string& identifier, Attack attack, int begun) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
  dup2(nowhere, 2);
  HostileMember me(identifier);
  me.join();
  const std::uint64_t victim = me.find("victim");
  (void)!write(begun, "x", 1);
  attack(me, victim);
  _exit(0);
}

// --- The victim.

struct Held {
  std::size_t descriptors = 0;
  std::size_t mappings = 0;
};

Held held_now() {
  Held held;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    (void)entry;
    ++held.descriptors;
  }
  FILE* maps = std::fopen("/proc/self/maps", "re");
  for (int c = std::fgetc(maps); c != EOF; c = std::fgetc(maps)) held.mappings += c == '\n' ? 1 : 0;
  std::fclose(maps);
  return held;
}

// The usual descriptor limit of a process, whatever the limit of this one.
class FewDescriptors {
 public:
  FewDescriptors() {
    (void)::getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit few{kDescriptors, before_.rlim_max};
    (void)::setrlimit(RLIMIT_NOFILE, &few);
  }
  ~FewDescriptors() { (void)::setrlimit(RLIMIT_NOFILE, &before_); }
  FewDescriptors(const FewDescriptors&) = delete;
  FewDescriptors& operator=(const FewDescriptors&) = delete;

 private:
  rlimit before_{};
};

void suffer(const Flood& flood, std::chrono::milliseconds time, bool judges) {
  const std::string identifier =
      "test.floods." + std::to_string(getpid()) + "." + std::to_string(&flood - kFloods);
  // Forked while this process has only one thread.
  int begun[2];
  REQUIRE_EQ(pipe2(begun, O_CLOEXEC | O_NONBLOCK), 0);
  const pid_t hostile = fork();
  if (hostile == 0) be_hostile(identifier, flood.attack, begun[1]);
  const FewDescriptors few;
  TurnMeter meter(native_platform());
  Longest calls;
  std::atomic<bool> freed = false;
  EndpointProgram victim(meter, identifier, "victim");
  REQUIRE(victim.join());
  EndpointProgram witness(native_platform(), identifier, "witness", false);
  REQUIRE(witness.join());
  auto region = victim.regions.create(1U << 16U, Access::ReadWrite).take();
  region->hold();
  const auto watch =
      victim.regions.keeper().watch(region, [&freed](std::uint64_t) { freed = true; });
  const Held before = held_now();
  Held most;
  const std::uint32_t to_hostile = victim.route("hostile", false);
  const std::uint32_t to_witness = victim.route("witness", true);
  const RegionRange ranges[] = {{region, 0, 4096}};
  const std::vector<std::byte> word(7);
  std::size_t told = 0;
  std::size_t rounds = 0;
  std::optional<std::chrono::steady_clock::time_point> end;
  const auto look = [&] {
    const Held now = held_now();
    most.descriptors = std::max(most.descriptors, now.descriptors);
    most.mappings = std::max(most.mappings, now.mappings);
  };
  for (; !end || std::chrono::steady_clock::now() < *end || told < 10; ++rounds) {
    char byte = 0;
    if (!end && read(begun[0], &byte, 1) == 1) end = std::chrono::steady_clock::now() + time;
    if (waitpid(hostile, nullptr, WNOHANG) != 0) break;
    SendRequest request;
    request.payload = word;
    {
      const Stretch stretch(calls);
      request.route = to_witness;
      told += victim.endpoint->send(request).receivers;
      request.route = to_hostile;
      if (rounds % 8 == 0) request.regions = ranges;
      (void)victim.endpoint->send(request);
      victim.endpoint->flush_bells();
    }
    {
      const Stretch stretch(calls);
      (void)victim.turn(0);
    }
    (void)witness.turn(1);
    if (rounds % 64 == 0) look();
  }
  look();
  // The witness must not notice anything.
  CHECK(witness.turn_until([&] {
    (void)victim.turn(0);
    return witness.received == told;
  }));
  (void)::kill(hostile, SIGKILL);
  // The attack went on to the end.
  CHECK_EQ(::waitpid(hostile, nullptr, 0), hostile);
  (void)::close(begun[0]);
  (void)::close(begun[1]);
  std::printf(
      "  %-26s longest turn %6.2f ms, third %6.2f ms (%6.2f by the clock) of %8llu, longest call "
      "%6.2f ms (%6.2f), %4zu descriptors and %4zu mappings more\n",
      flood.name, meter.turns().spent_ms(), meter.turns().judged_ms(), meter.turns().clock_ms(),
      static_cast<unsigned long long>(meter.turns().count()), calls.spent_ms(), calls.clock_ms(),
      most.descriptors - std::min(most.descriptors, before.descriptors),
      most.mappings - std::min(most.mappings, before.mappings));
  // One peer may take half of all descriptors; one more datagram is open while it is checked, and
  // the other 50 are for joining and links.
  CHECK(most.descriptors < before.descriptors + kDescriptors / 2 + kMaxDatagramHandles + 50);
  CHECK(most.mappings < before.mappings + 2000);
  if (judges) {
    CHECK(meter.turns().judged_ms() < kMaxTurnMs);
    CHECK(calls.judged_ms() < kMaxTurnMs);
  }
  if (watch.ok()) victim.regions.keeper().unwatch(watch.value());
  region->release();
  region.reset();
  victim.close();
  witness.close();
}

}  // namespace

TEST(linux_hostile_floods_are_borne) {
  const char* seconds = std::getenv("BUSBAR_HOSTILE_SECONDS");
  const char* only = std::getenv("BUSBAR_HOSTILE_FLOOD");
  const auto time = seconds == nullptr ? std::chrono::milliseconds(150)
                                       : std::chrono::milliseconds(1000 * std::atoi(seconds));
  for (const Flood& flood : kFloods) {
    if (only == nullptr || std::strstr(flood.name, only) != nullptr)
      suffer(flood, time, seconds != nullptr);
  }
}

}  // namespace busbar::test
