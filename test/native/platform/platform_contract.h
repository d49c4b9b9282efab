// The contract of native/platform: CONTRACT tests are written once and run against every
// implementation that this machine has, the loopback twin included.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "platform/platform.h"
#include "support/check.h"

namespace contract {

// What a child process keeps until it dies.
using Kept = std::vector<std::shared_ptr<void>>;

// What a child process does, once; it must not wait for the parent. `argument` is its test's. A
// CHECK that fails in it ends it, so that the parent finds its channel broken.
using Role = Kept (*)(busbar::Platform& there, busbar::Channel& parent,
                      const std::string& argument);
// By name, since not every system can start a process in the middle of a function.
bool register_role(const std::string& name, Role role);
// nullptr when there is none of that name.
Role find_role(const std::string& name);

struct Child {
  std::uint32_t pid = 0;
  std::unique_ptr<busbar::Channel> channel;  // to its `parent`
};

// What racing processes share.
struct RaceBoard {
  std::atomic<bool> started;
  std::atomic<int> holders;
  std::atomic<int> finished;
};

// An implementation under test, with what only it can do. A fresh one for each test.
class Subject {
 public:
  virtual ~Subject() = default;
  // The platform as this process sees it.
  virtual busbar::Platform& here() = 0;
  // Another process, which plays its role and lives on until killed.
  virtual Child spawn(const std::string& role, const std::string& argument) = 0;
  // Sudden death; until reap() the process is a zombie.
  virtual void kill(const Child& child) = 0;
  virtual void reap(const Child& child) = 0;
  // `racers` processes at once each connect, else claim, until they have done the one or the other.
  // Returns how many hold the name; all of them live on until the subject is destroyed.
  virtual int race(const std::string& identifier, int racers) = 0;
  virtual void kill_racers() = 0;
  // Kernel objects that this process has open or mapped.
  virtual std::size_t count_open() = 0;
};

std::unique_ptr<Subject> make_loopback_subject();
// That of this operating system.
std::unique_ptr<Subject> make_native_subject();

inline bool register_contract(const std::string& name, void (*body)(Subject&)) {
  check::register_test("contract_loopback_" + name, [body] { body(*make_loopback_subject()); });
  check::register_test("contract_native_" + name, [body] { body(*make_native_subject()); });
  return true;
}

// --- what the tests say often ---

inline std::vector<std::byte> bytes_of(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

inline busbar::Error send_text(busbar::Channel& channel, std::string_view text,
                               std::vector<const busbar::Handle*> handles = {}) {
  return channel.send(std::as_bytes(std::span(text)), handles);
}

// Waits for what comes next: a datagram or the end.
busbar::Result<busbar::Datagram> receive_next(busbar::Platform& platform, busbar::Channel& channel);
// The text of the next datagram, or the name of what came instead.
std::string receive_text(busbar::Platform& platform, busbar::Channel& channel);
// Waits for the next connection.
busbar::Result<std::unique_ptr<busbar::Channel>> accept_next(busbar::Platform& platform,
                                                             busbar::Listener& listener);

// Two ends of one channel in this process.
struct Ends {
  std::unique_ptr<busbar::Channel> near;
  std::unique_ptr<busbar::Channel> far;
};
Ends make_ends(busbar::Platform& platform);

// A name that no other test and no other run uses.
std::string unique_identifier(busbar::Platform& platform);
std::unique_ptr<busbar::Rendezvous> open(busbar::Platform& platform, std::string_view identifier);

}  // namespace contract

#define CONTRACT(name)                                            \
  static void contract_##name(::contract::Subject& subject);      \
  [[maybe_unused]] static const bool registered_contract_##name = \
      ::contract::register_contract(#name, contract_##name);      \
  static void contract_##name([[maybe_unused]] ::contract::Subject& subject)

#define ROLE(name)                                                                \
  static ::contract::Kept role_##name(::busbar::Platform&, ::busbar::Channel&,    \
                                      const std::string&);                        \
  [[maybe_unused]] static const bool registered_role_##name =                     \
      ::contract::register_role(#name, role_##name);                              \
  static ::contract::Kept role_##name([[maybe_unused]] ::busbar::Platform& there, \
                                      [[maybe_unused]] ::busbar::Channel& parent, \
                                      [[maybe_unused]] const std::string& argument)
