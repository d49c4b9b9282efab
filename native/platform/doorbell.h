// Doorbell: wakes one sleeping receiver in another process. DoorbellSet: what the receiver sleeps
// on. Rings are hints: they may coalesce, and a hostile peer can only wake in vain.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "core/status.h"
#include "platform/handle.h"

namespace busbar {

// Any thread may ring; ringing never blocks and never fails visibly.
class Doorbell {
 public:
  virtual ~Doorbell() = default;
  virtual void ring() noexcept = 0;
  // A second handle on the same bell, for the peer that is to be woken.
  [[nodiscard]] virtual Result<Handle> share() const = 0;
};

// The bells that one consumer listens to. add/remove/collect: one thread at a time; `raise` from
// any.
class DoorbellSet {
 public:
  virtual ~DoorbellSet() = default;
  // `token` comes out of collect() after `bell` was rung. The set owns the handle until remove().
  // Tokens must be unique; 0 is reserved for raise().
  [[nodiscard]] virtual Error add(Handle bell, std::uint64_t token) = 0;
  virtual void remove(std::uint64_t token) noexcept = 0;
  // Makes the set ready with token 0: a wake-up from within this process.
  virtual void raise() noexcept = 0;
  // Tokens of the bells rung since the last call, without waiting; returns how many were written.
  // A full span means: call again.
  [[nodiscard]] virtual std::size_t collect(std::span<std::uint64_t> out_tokens) noexcept = 0;
  // Sleeps until a bell rings or `timeout_ms` passed (-1: for ever). For consumers without an event
  // loop.
  virtual void wait(int timeout_ms) noexcept = 0;
  // What an event loop polls for readability (Linux: a descriptor); -1 where the platform needs a
  // waiter thread.
  [[nodiscard]] virtual std::intptr_t pollable() const noexcept = 0;
};

}  // namespace busbar
