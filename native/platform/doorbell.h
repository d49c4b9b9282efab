// Doorbell: wakes one sleeping receiver in another process. DoorbellSet: what the receiver sleeps
// on. Rings are hints: they may coalesce, and a hostile peer can only wake in vain.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "base/status.h"
#include "platform/handle.h"

namespace busbar {

// Any thread may ring; ringing never blocks and never fails visibly.
class Doorbell {
 public:
  virtual ~Doorbell() = default;
  virtual void ring() noexcept = 0;
  // A second handle on the same bell, for the peer that is to be woken.
  [[nodiscard]] virtual Result<Handle> share() const = 0;
  // Lets go of what only share() needs; share() must not be called any more.
  virtual void end_sharing() noexcept {}
};

// The bells that one consumer listens to. add/remove/collect: one thread at a time; `raise` from
// any.
class DoorbellSet {
 public:
  virtual ~DoorbellSet() = default;
  // `token` comes out of collect() after `bell` was rung. The set owns the handle until remove().
  // Tokens must be unique; 0 is reserved for raise(). What was rung before is not lost: either it
  // is kept, or a new bell is taken for rung and comes out once.
  [[nodiscard]] virtual Error add(Handle bell, std::uint64_t token) = 0;
  virtual void remove(std::uint64_t token) noexcept = 0;
  // Makes the set ready with token 0: a wake-up from within this process.
  virtual void raise() noexcept = 0;
  // Tokens of the bells rung since the last call, without waiting; returns how many were written.
  // The end of its ringer may come out as one more ring.
  // A full span means: call again.
  [[nodiscard]] virtual std::size_t collect(std::span<std::uint64_t> out_tokens) noexcept = 0;
  // Sleeps until a bell rings or `timeout_ms` passed (-1: for ever). For consumers without an event
  // loop: one thread at a time, which collects before it waits again. What ended the sleep may be
  // kept for collect(), and pollable() is not ready for it any more; a bell removed meanwhile may
  // come out of collect() once.
  virtual void wait(int timeout_ms) noexcept = 0;
  // What an event loop polls for readability (Linux: a descriptor); -1 where there is no such
  // thing, and call_when_ready() takes its place.
  [[nodiscard]] virtual std::intptr_t pollable() const noexcept = 0;
  // What a program of any kind waits for: as pollable() where there is such a thing, a HANDLE on
  // Windows. Takes the place of call_when_ready(). -1 where there is neither.
  [[nodiscard]] virtual std::intptr_t waitable() { return pollable(); }
  // From now on `ready` is called, from any thread, when there may be something to collect().
  // Must neither block nor touch the set. An empty one ends that: it is not running either when
  // this returns. Unsupported where pollable() is to be used.
  [[nodiscard]] virtual Error call_when_ready(std::function<void()> ready) = 0;
};

}  // namespace busbar
