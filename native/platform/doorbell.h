// Doorbell: wakes one sleeping receiver in another process. DoorbellSet: the bells that a receiver
// sleeps on. Rings are hints: they may coalesce, and a hostile peer can only cause useless
// wake-ups.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "base/status.h"
#include "platform/handle.h"

namespace busbar {

// Any thread may ring. Ringing never blocks and reports no failure.
class Doorbell {
 public:
  virtual ~Doorbell() = default;
  virtual void ring() noexcept = 0;
  // A second handle on the same bell, for the peer that the bell wakes.
  [[nodiscard]] virtual Result<Handle> share() const = 0;
  // Closes what only share() needs; share() must not be called afterwards.
  virtual void end_sharing() noexcept {}
};

// The bells that one consumer listens to. add/remove/collect: one thread at a time; raise: any
// thread.
class DoorbellSet {
 public:
  virtual ~DoorbellSet() = default;
  // collect() returns `token` after `bell` was rung. The set owns the handle until remove(). Tokens
  // must be unique; 0 is reserved for raise(). A ring before add() is not lost: either the bell
  // keeps it, or collect() returns every new bell once.
  [[nodiscard]] virtual Error add(Handle bell, std::uint64_t token) = 0;
  virtual void remove(std::uint64_t token) noexcept = 0;
  // Makes the set ready with token 0: a wake-up from within this process.
  virtual void raise() noexcept = 0;
  // Writes the tokens of the bells rung since the last call and returns their number; does not
  // wait. The end of a ringer's process may appear as one more ring. When the span was filled, call
  // again.
  [[nodiscard]] virtual std::size_t collect(std::span<std::uint64_t> out_tokens) noexcept = 0;
  // Sleeps until a bell rings or `timeout_ms` milliseconds passed (-1: no limit). For consumers
  // without an event loop: one thread at a time, which calls collect() before it waits again. The
  // set may keep the rings that ended the sleep for collect(); pollable() is then not ready for
  // them. collect() may return a bell once that was removed meanwhile.
  virtual void wait(int timeout_ms) noexcept = 0;
  // The descriptor that an event loop polls for readability; -1 where the system has none and
  // call_when_ready() is to be used.
  [[nodiscard]] virtual std::intptr_t pollable() const noexcept = 0;
  // An object that any program can wait on: pollable() where it exists, a HANDLE on Windows.
  // Replaces call_when_ready(). -1 where neither exists.
  [[nodiscard]] virtual std::intptr_t waitable() { return pollable(); }
  // From now on the set calls `ready`, from any thread, when collect() may return something.
  // `ready` must neither block nor touch the set. An empty `ready` ends the calls: none is running
  // when this returns. Unsupported where pollable() is to be used.
  [[nodiscard]] virtual Error call_when_ready(std::function<void()> ready) = 0;
};

}  // namespace busbar
