// Special cases of this backend: messages that no process of ours would send, channel ends that are
// adopted twice, doors that move, and memory backed by a file.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <utility>

#include "macos/mach_message.h"
#include "macos/mach_object.h"
#include "macos/memory_entry.h"
#include "macos/port_channel.h"
#include "platform/platform_contract.h"

namespace {

using namespace busbar;
using namespace busbar::macos_platform;

// A pair whose `theirs` is adopted; both ends show their ports.
struct Pair {
  std::unique_ptr<PortChannel> near;
  std::unique_ptr<PortChannel> far;
};

std::unique_ptr<PortChannel> port_channel(std::unique_ptr<Channel> channel) {
  return std::unique_ptr<PortChannel>(static_cast<PortChannel*>(channel.release()));
}

Pair make_pair() {
  contract::Ends ends = contract::make_ends(native_platform());
  return {port_channel(std::move(ends.near)), port_channel(std::move(ends.far))};
}

// Sends to the port on which `peer` receives, as its peer could.
Error send_raw(const PortChannel& peer, mach_msg_id_t id, std::span<const std::byte> bytes,
               std::span<OutgoingRight> rights = {}) {
  return send_message({peer.borrow_destination(), MACH_MSG_TYPE_COPY_SEND}, id, bytes, rights);
}

std::vector<std::byte> bytes_of(std::initializer_list<int> values) {
  std::vector<std::byte> bytes;
  for (const int value : values) bytes.push_back(static_cast<std::byte>(value));
  return bytes;
}

Status received(PortChannel& channel) { return channel.receive().status(); }

}  // namespace

TEST(native_macos_channel_refuses_datagrams_that_do_not_fit_together) {
  Pair pair = make_pair();
  const auto memory = native_platform().create_memory(4096, Access::ReadWrite);
  REQUIRE(memory.ok());
  const Handle handle = memory.value()->share().take();
  const mach_port_t entry = object_in(handle)->first.name();
  const auto refuse = [&](std::initializer_list<int> bytes, std::size_t rights) {
    std::vector<OutgoingRight> outgoing(rights, OutgoingRight{entry});
    CHECK(send_raw(*pair.far, kDatagram, bytes_of(bytes), outgoing).ok());
    CHECK_EQ(received(*pair.near), Status::ProtocolViolation);
  };
  refuse({}, 0);
  // Nothing but the number of handles, and fewer than it says.
  refuse({0}, 0);
  refuse({3, 2}, 0);
  refuse({255, 2, 2}, 0);
  // More kinds than rights, and the reverse.
  refuse({2, 2, 2, 9}, 1);
  refuse({1, 2, 9}, 2);
  // Kinds that need another right, or that do not exist.
  refuse({1, static_cast<int>(Kind::Door), 9}, 1);
  refuse({1, static_cast<int>(Kind::ChannelEnd), 9}, 1);
  refuse({1, 77, 9}, 1);
  // Memory passed off as a file.
  refuse({1, static_cast<int>(Kind::Descriptor), 9}, 1);
  // A message with another id is skipped.
  CHECK(send_raw(*pair.far, kVisit, bytes_of({1})).ok());
  CHECK(contract::send_text(*pair.far, "goes on").ok());
  CHECK_EQ(contract::receive_text(native_platform(), *pair.near), "goes on");
}

TEST(native_macos_channel_goes_on_with_who_adopts_its_end_again) {
  Platform& here = native_platform();
  auto made = here.create_channel_pair(here.self().pid);
  REQUIRE(made.ok());
  Channel& mine = *made.value().mine;
  auto reactor = here.create_reactor();
  REQUIRE(reactor.ok() && reactor.value()->watch(mine, 1).ok());
  // Nobody has adopted the other end: ask for a report when somebody has.
  CHECK_EQ(contract::send_text(mine, "early").status, Status::WouldBlock);
  reactor.value()->want_writable(1);
  std::array<Readiness, 2> ready;
  CHECK_EQ(reactor.value()->wait(here.now(), ready), 0);
  auto first = here.adopt_channel(here.duplicate(made.value().theirs).take());
  REQUIRE(first.ok());
  REQUIRE_EQ(reactor.value()->wait(std::nullopt, ready), 1);
  CHECK(ready[0].writable && !ready[0].readable);
  CHECK(contract::send_text(mine, "first").ok());
  CHECK_EQ(contract::receive_text(here, *first.value()), "first");
  // The adopter closes it; the end can be adopted again.
  first.take().reset();
  CHECK_EQ(contract::send_text(mine, "between").status, Status::WouldBlock);
  auto second = here.adopt_channel(std::move(made.value().theirs));
  REQUIRE(second.ok());
  CHECK(contract::send_text(mine, "second").ok());
  CHECK_EQ(contract::receive_text(here, *second.value()), "second");
  second.take().reset();
  CHECK_EQ(contract::receive_text(here, mine), "PeerGone");
  reactor.value()->forget(1);
}

TEST(native_macos_door_is_in_one_place) {
  Platform& here = native_platform();
  auto rendezvous = contract::open(here, contract::unique_identifier(here));
  auto listener = rendezvous->claim();
  REQUIRE(listener.ok());
  auto visitor = rendezvous->connect();
  const Handle door = listener.value()->share().take();
  Pair gone = make_pair();
  gone.far.reset();
  CHECK(!contract::send_text(*gone.near, "door", {&door}).ok());
  // The door came back.
  CHECK(listener.value()->accept().ok());

  Pair pair = make_pair();
  CHECK(contract::send_text(*pair.near, "door", {&door}).ok());
  CHECK_EQ(contract::send_text(*pair.near, "again", {&door}).status, Status::InvalidArgument);
  auto second = rendezvous->connect();
  REQUIRE(second.ok());
  CHECK_EQ(listener.value()->accept().status(), Status::WouldBlock);
  auto moved = pair.far->receive();
  REQUIRE(moved.ok());
  CHECK_EQ(rendezvous->claim().status(), Status::WouldBlock);
  const std::uint64_t holder = rendezvous->holder();
  auto successor = rendezvous->depose(holder);
  REQUIRE(successor.ok());
  CHECK(rendezvous->holder() != holder);
  moved.value().handles.clear();
  CHECK_EQ(contract::receive_text(here, *second.value()), "PeerGone");
}

TEST(native_macos_door_passes_over_what_is_no_visit) {
  Platform& here = native_platform();
  auto rendezvous = contract::open(here, contract::unique_identifier(here));
  auto listener = rendezvous->claim();
  REQUIRE(listener.ok());
  auto own = create_port(8);
  REQUIRE(own.ok());
  const Handle door = listener.value()->share().take();
  const mach_port_t port = object_in(door)->door->name();
  const auto send = [&](mach_msg_id_t id, std::span<OutgoingRight> rights) {
    CHECK(send_message({port, MACH_MSG_TYPE_MAKE_SEND}, id, {}, rights).ok());
  };
  std::array<OutgoingRight, 2> sends{{{own.value().name(), MACH_MSG_TYPE_MAKE_SEND},
                                      {own.value().name(), MACH_MSG_TYPE_MAKE_SEND}}};
  send(kVisit, {});
  send(kVisit, std::span(sends).first(1));
  send(kVisit, sends);
  send(kDatagram, sends);
  CHECK_EQ(listener.value()->accept().status(), Status::WouldBlock);
  auto visitor = rendezvous->connect();
  CHECK(visitor.ok() && listener.value()->accept().ok());
}

TEST(native_macos_memory_with_a_file_behind_it_is_refused) {
  char path[] = "/tmp/busbar-memory-XXXXXX";
  const int file = ::mkstemp(path);
  REQUIRE(file >= 0);
  const auto bytes = static_cast<std::size_t>(::getpagesize());
  CHECK(::ftruncate(file, static_cast<off_t>(bytes)) == 0);
  void* place = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  memory_object_size_t size = bytes;
  mach_port_t entry = MACH_PORT_NULL;
  CHECK_EQ(
      mach_make_memory_entry_64(mach_task_self(), &size, reinterpret_cast<std::uintptr_t>(place),
                                VM_PROT_READ | VM_PROT_WRITE, &entry, MACH_PORT_NULL),
      KERN_SUCCESS);
  auto handle = own_object(Kind::Memory, SendRight(entry));
  REQUIRE(handle.ok());
  CHECK_EQ(native_platform().adopt_memory(handle.take(), bytes, Access::ReadOnly).status(),
           Status::ProtocolViolation);
  ::munmap(place, bytes);
  ::close(file);
  ::unlink(path);
}

TEST(native_macos_descriptors_become_what_they_were) {
  Pair pair = make_pair();
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  auto reader = native_platform().adopt(ends[0]);
  REQUIRE(reader.ok());
  CHECK(contract::send_text(*pair.near, "a pipe", {&reader.value()}).ok());
  CHECK_EQ(::write(ends[1], "x", 1), 1);
  ::close(ends[1]);
  auto datagram = pair.far->receive();
  REQUIRE(datagram.ok());
  REQUIRE_EQ(datagram.value().handles.size(), 1);
  char read = 0;
  CHECK_EQ(::read(static_cast<int>(datagram.value().handles[0].borrow()), &read, 1), 1);
  CHECK(read == 'x');
}

TEST(native_macos_a_port_of_a_program_goes_as_a_right_to_send) {
  Pair pair = make_pair();
  auto port = create_port(4);
  REQUIRE(port.ok());
  auto right = make_send(port.value());
  REQUIRE(right.ok());
  const ObjectName name{ObjectKind::MachPort, static_cast<std::intptr_t>(right.value().name())};
  auto handle = native_platform().duplicate_named(name);
  REQUIRE(handle.ok());
  CHECK(contract::send_text(*pair.near, "a port", {&handle.value()}).ok());
  handle.value().close();
  // The handle sent is a right of its own.
  right.value().reset();

  auto datagram = pair.far->receive();
  REQUIRE(datagram.ok());
  REQUIRE_EQ(datagram.value().handles.size(), 1);
  Handle& arrived = datagram.value().handles[0];
  CHECK(native_platform().name_of(arrived).kind == ObjectKind::MachPort);
  auto second = native_platform().duplicate(arrived);
  auto given = native_platform().give_away(arrived);
  REQUIRE(second.ok() && given.ok());
  CHECK(!arrived.valid());
  // A port has one name per process, and this process made the port.
  CHECK_EQ(given.value().number, static_cast<std::intptr_t>(port.value().name()));
  second.value().close();
  const SendRight own(static_cast<mach_port_t>(given.value().number));
  CHECK(send_signal({own.name(), MACH_MSG_TYPE_COPY_SEND}, kRing).ok());
  auto message = receive_message(port.value().name());
  REQUIRE(message.ok());
  CHECK_EQ(message.value().id, static_cast<mach_msg_id_t>(kRing));
}

TEST(native_macos_a_name_without_a_right_to_send_is_refused) {
  auto port = create_port(4);
  REQUIRE(port.ok());
  const auto refusal = [](ObjectKind kind, std::intptr_t number) {
    return native_platform().duplicate_named({kind, number}).status();
  };
  CHECK_EQ(refusal(ObjectKind::MachPort, port.value().name()), Status::InvalidArgument);
  for (const std::intptr_t number : {std::intptr_t{0}, std::intptr_t{-1}, std::intptr_t{987654321},
                                     std::intptr_t{MACH_PORT_DEAD}, std::intptr_t{1} << 40U}) {
    CHECK_EQ(refusal(ObjectKind::MachPort, number), Status::InvalidArgument);
  }
  CHECK_EQ(refusal(ObjectKind::Socket, port.value().name()), Status::Unsupported);
}

// A member sends an object that is not meant for programs: a program must not take the number for
// one of its own.
TEST(native_macos_memory_passed_off_as_a_programs_object_is_unusable) {
  const auto memory = native_platform().create_memory(4096, Access::ReadWrite);
  REQUIRE(memory.ok());
  Handle handle = memory.value()->share().take();
  CHECK(native_platform().name_of(handle).kind == ObjectKind::Unusable);
  CHECK_EQ(native_platform().give_away(handle).status(), Status::InvalidArgument);
  CHECK(handle.valid());
}
