// Windows only: sockets in a channel, beside handles of other kinds and in order.
#include <array>
#include <cstring>
#include <string_view>
#include <vector>

#include "platform/platform.h"
#include "platform/platform_contract.h"
#include "support/check.h"
#include "windows/event_doorbell.h"
#include "windows/named_pipe.h"
#include "windows/pipe_channel.h"
#include "windows/system_socket.h"
#include "windows/windows_api.h"

using namespace busbar;
using namespace busbar::windows_platform;

namespace {

std::intptr_t number(SOCKET socket) { return static_cast<std::intptr_t>(socket); }

// Both ends of a connection, as a program has them.
struct Connection {
  SOCKET near_end = INVALID_SOCKET;
  SOCKET far_end = INVALID_SOCKET;

  Connection() {
    WSADATA ignored{};
    ::WSAStartup(MAKEWORD(2, 2), &ignored);
    const SOCKET listener = ::socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    int bytes = sizeof address;
    if (::bind(listener, generic, bytes) == 0 && ::listen(listener, 1) == 0 &&
        ::getsockname(listener, generic, &bytes) == 0) {
      near_end = ::socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
      if (::connect(near_end, generic, bytes) == 0) far_end = ::accept(listener, nullptr, nullptr);
    }
    ::closesocket(listener);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() {
    ::closesocket(near_end);
    ::closesocket(far_end);
    ::WSACleanup();
  }
  [[nodiscard]] bool ok() const { return far_end != INVALID_SOCKET; }
};

bool carries(SOCKET from, SOCKET to, std::string_view text) {
  std::array<char, 64> got{};
  const int bytes = static_cast<int>(text.size());
  return ::send(from, text.data(), bytes, 0) == bytes &&
         ::recv(to, got.data(), static_cast<int>(got.size()), 0) == bytes &&
         std::string_view(got.data(), text.size()) == text;
}

SOCKET socket_of(const Handle& handle) { return static_cast<SOCKET>(handle.borrow()); }

}  // namespace

TEST(windows_socket_is_duplicated_as_a_socket) {
  const Connection connection;
  REQUIRE(connection.ok());
  auto second = duplicate_socket(number(connection.far_end));
  REQUIRE(second.ok());
  CHECK(is_socket(second.value()));
  CHECK(carries(connection.near_end, socket_of(second.value()), "to the second"));
  auto third = native_platform().duplicate(second.value());
  REQUIRE(third.ok());
  CHECK(native_platform().name_of(third.value()).kind == ObjectKind::Socket);
  CHECK_EQ(native_platform().name_of(third.value()).number, third.value().borrow());
  second.value().close();
  CHECK(carries(socket_of(third.value()), connection.near_end, "from the third"));
}

TEST(windows_socket_that_is_none_is_refused) {
  auto event = create_event(false);
  REQUIRE(event.ok());
  CHECK_EQ(duplicate_socket(-1).status(), Status::InvalidArgument);
  CHECK_EQ(duplicate_socket(event.value().borrow()).status(), Status::InvalidArgument);
  CHECK(!is_socket(event.value()));
  CHECK(native_platform().name_of(event.value()).kind == ObjectKind::Descriptor);
}

TEST(windows_socket_for_a_process_that_is_not_there_is_refused) {
  const Connection connection;
  REQUIRE(connection.ok());
  CHECK_EQ(describe_socket(number(connection.far_end), 0xfffffffc).status(), Status::Permission);
}

TEST(windows_sockets_and_handles_arrive_in_their_order) {
  const Connection connection;
  REQUIRE(connection.ok());
  const auto [mine, theirs] = contract::make_ends(native_platform());
  auto event = create_event(false);
  auto near_end = duplicate_socket(number(connection.near_end));
  auto far_end = duplicate_socket(number(connection.far_end));
  REQUIRE(event.ok() && near_end.ok() && far_end.ok());
  const std::vector<const Handle*> handles{&near_end.value(), &event.value(), &far_end.value()};
  const std::array<std::byte, 3> bytes{};
  CHECK(mine->send(bytes, handles).ok());
  auto received = contract::receive_next(native_platform(), *theirs);
  REQUIRE(received.ok());
  const Datagram datagram = received.take();
  CHECK_EQ(datagram.bytes.size(), bytes.size());
  REQUIRE(datagram.handles.size() == 3);
  CHECK(is_socket(datagram.handles[0]) && is_socket(datagram.handles[2]));
  CHECK(carries(socket_of(datagram.handles[0]), socket_of(datagram.handles[2]), "through both"));
  REQUIRE(!is_socket(datagram.handles[1]));
  ::SetEvent(borrow_handle(datagram.handles[1]));
  CHECK_EQ(::WaitForSingleObject(borrow_handle(event.value()), 0), WAIT_OBJECT_0);
}

TEST(windows_most_sockets_go_with_the_largest_datagram) {
  const Connection connection;
  REQUIRE(connection.ok());
  const auto [mine, theirs] = contract::make_ends(native_platform());
  auto socket = duplicate_socket(number(connection.far_end));
  REQUIRE(socket.ok());
  const std::vector<const Handle*> handles(kMaxDatagramHandles, &socket.value());
  const std::vector<std::byte> bytes(kMaxDatagramBytes);
  CHECK(mine->send(bytes, handles).ok());
  auto received = contract::receive_next(native_platform(), *theirs);
  REQUIRE(received.ok());
  const Datagram datagram = received.take();
  CHECK_EQ(datagram.bytes.size(), bytes.size());
  CHECK_EQ(datagram.handles.size(), kMaxDatagramHandles);
}

TEST(windows_socket_described_by_nonsense_is_a_violation) {
  // A socket that is announced but has no description, or a truncated one.
  for (const std::size_t described : {kSocketDescriptionBytes, kSocketDescriptionBytes / 2}) {
    auto pair = create_pipe_pair(0);
    REQUIRE(pair.ok());
    const std::array<std::uint32_t, 4> begin{1, static_cast<std::uint32_t>(::GetCurrentProcessId()),
                                             0, 0};
    std::vector<std::byte> forged(sizeof begin + described + 1, std::byte{0x5a});
    std::memcpy(forged.data(), begin.data(), sizeof begin);
    DWORD written = 0;
    OVERLAPPED operation{};
    auto done = create_event(true);
    operation.hEvent = borrow_handle(done.value());
    const HANDLE pipe = borrow_handle(pair.value().theirs);
    ::WriteFile(pipe, forged.data(), static_cast<DWORD>(forged.size()), nullptr, &operation);
    CHECK(::GetOverlappedResult(pipe, &operation, &written, TRUE) != 0);
    CHECK_EQ(contract::receive_next(native_platform(), *pair.value().mine).status(),
             Status::ProtocolViolation);
  }
}
