// The contract of native/platform: CONTRACT tests are written once and run against every
// implementation that this machine has, the loopback platform included.
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

// Objects that a child process keeps until it dies.
using Kept = std::vector<std::shared_ptr<void>>;

// The code of a child process; runs once and must not wait for the parent. `argument` comes from
// its test. A failed CHECK ends the child, so that the parent finds its channel broken.
using Role = Kept (*)(busbar::Platform& there, busbar::Channel& parent,
                      const std::string& argument);
// By name, since not every system can start a process in the middle of a function.
bool register_role(const std::string& name, Role role);
// nullptr when no role has that name.
Role find_role(const std::string& name);

struct Child {
  std::uint32_t pid = 0;
  std::unique_ptr<busbar::Channel> channel;  // to its `parent`
};

// Memory that racing processes share.
struct RaceBoard {
  std::atomic<bool> started;
  std::atomic<int> holders;
  std::atomic<int> finished;
};

// An implementation under test, with operations that only it can do. A new one for each test.
class Subject {
 public:
  virtual ~Subject() = default;
  // The platform of this process.
  virtual busbar::Platform& here() = 0;
  // Starts another process, which runs its role and lives until it is killed.
  virtual Child spawn(const std::string& role, const std::string& argument) = 0;
  // Sudden death; until reap() the process is a zombie.
  virtual void kill(const Child& child) = 0;
  virtual void reap(const Child& child) = 0;
  // `racers` processes at once each connect or claim, until one of the two succeeds. Returns how
  // many hold the name; all of them live until the subject is destroyed.
  virtual int race(const std::string& identifier, int racers) = 0;
  virtual void kill_racers() = 0;
  // How many kernel objects this process has open or mapped.
  virtual std::size_t count_open() = 0;
};

std::unique_ptr<Subject> make_loopback_subject();
// The subject for this operating system.
std::unique_ptr<Subject> make_native_subject();

inline bool register_contract(const std::string& name, void (*body)(Subject&)) {
  check::register_test("contract_loopback_" + name, [body] { body(*make_loopback_subject()); });
  check::register_test("contract_native_" + name, [body] { body(*make_native_subject()); });
  return true;
}

// --- helpers that many tests use ---

inline std::vector<std::byte> bytes_of(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

inline busbar::Error send_text(busbar::Channel& channel, std::string_view text,
                               std::vector<const busbar::Handle*> handles = {}) {
  return channel.send(std::as_bytes(std::span(text)), handles);
}

// Waits for the next datagram, or the end.
busbar::Result<busbar::Datagram> receive_next(busbar::Platform& platform, busbar::Channel& channel);
// The text of the next datagram, or the name of the status that came instead.
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
