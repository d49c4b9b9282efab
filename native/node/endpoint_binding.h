// EndpointBinding: one endpoint as JavaScript sees it: drains it on the event loop, hands batches
// and notices over. Lives on the thread of its environment; everything it holds goes with that
// environment.
#pragma once

#include <napi.h>

#include <chrono>
#include <memory>
#include <vector>

#include "core/endpoint/endpoint.h"
#include "node/loop_attachment.h"
#include "node/receive_table.h"

namespace busbar::node {

struct BindingOptions {
  // Its event loop is libuv's, as Node's and Electron's are.
  bool host_has_libuv = true;
  // Longest time in one turn of the event loop.
  std::chrono::microseconds drain_budget{option::drain_budget_us.standard};
  // Longest active waiting for the next message; 0 is off.
  std::chrono::microseconds spin{option::spin_us.standard};
  // For teardown without close().
  std::chrono::milliseconds linger{option::linger_ms.standard};
  // For sends that do not say.
  WhenFull when_full = WhenFull::Refuse;
};

// As many messages as come.
inline constexpr std::uint32_t kUnlimitedCredit = 0xFFFFFFFF;

class EndpointBinding : public std::enable_shared_from_this<EndpointBinding> {
 public:
  // Called as on_messages(count, large), which returns what taken() takes, and on_notices(array).
  EndpointBinding(Napi::Env env, std::unique_ptr<Endpoint> endpoint, const BindingOptions& options,
                  Napi::Function on_messages, Napi::Function on_notices);
  ~EndpointBinding();

  // Makes the buffers and attaches to the loop; first of all. Fails in an environment that ends.
  [[nodiscard]] Error attach();
  [[nodiscard]] Endpoint& endpoint() noexcept { return *endpoint_; }
  [[nodiscard]] ReceiveTable& table() noexcept { return table_; }

  // How many messages JavaScript wants from now on (or kUnlimitedCredit); at 0 they stay in their
  // rings.
  void set_credit(std::uint32_t messages);
  // JavaScript keeps the last `waiting` rows for later; all others the program has. Beside this,
  // each call of on_messages returns how many it keeps.
  void taken(std::uint32_t waiting);
  // The same, and nothing more is wanted: those that wait go back to their senders.
  void hand_back(std::uint32_t waiting);
  // The kernel objects of a row of the batch in hand, as an array of handles; JavaScript's from now
  // on. Empty for any other row.
  [[nodiscard]] Napi::Value take_objects(std::uint32_t row);
  // Its memory regions, as region_values() gives them.
  [[nodiscard]] Napi::Value take_regions(std::uint32_t row);
  void ref() noexcept;
  void unref() noexcept;
  [[nodiscard]] bool host_has_libuv() const noexcept { return options_.host_has_libuv; }
  [[nodiscard]] WhenFull when_full() const noexcept { return options_.when_full; }
  // For an environment that ends before close() was awaited. One that has several bindings begins
  // to close all of them before it waits for the first, so that it takes as long as the slowest.
  void begin_close();
  // Closes and waits, at most about `linger`. Idempotent.
  void close_now();
  // Lets go of the loop; `done` runs when nothing calls back any more.
  void detach(std::function<void()> done);

  // UUIDs of the program's types, in the order of their indices.
  void set_types(std::span<const Uuid> types);
  [[nodiscard]] const Uuid* type(std::uint32_t index) const noexcept {
    return index < types_.size() ? &types_[index] : nullptr;
  }
  // What the last send() was about, for the caller that wants to know more than its number.
  SendOutcome last_outcome;

 private:
  // What one step of draining found.
  enum class Step : std::uint8_t { Delivered, Nothing, Stop };

  void on_ready();
  void drain();
  [[nodiscard]] Step deliver_batch();
  [[nodiscard]] bool deliver_large(std::uint64_t bytes);
  [[nodiscard]] bool call_on_messages(std::size_t count, Napi::Value large);
  // What it returned; null if it threw.
  napi_value call(const Napi::FunctionReference& function,
                  const std::vector<napi_value>& arguments);
  void release();
  void deliver_notices();
  [[nodiscard]] bool spin_for_more();

  Napi::Env env_;
  Napi::AsyncContext context_;
  std::unique_ptr<Endpoint> endpoint_;
  BindingOptions options_;
  Napi::FunctionReference on_messages_;
  Napi::FunctionReference on_notices_;
  ReceiveTable table_;
  std::unique_ptr<LoopAttachment> attachment_;
  std::vector<Uuid> types_;
  // Rows that JavaScript was given and has not said anything about.
  std::span<const ReceivedMessage> rows_;
  // Messages that JavaScript still wants.
  std::uint32_t credit_ = 0;
  bool draining_ = false;
  bool closed_ = false;
  // How many messages a batch may have so that JavaScript is done with it in a part of the budget.
  std::size_t batch_limit_ = 64;
  // Positive while spinning has lately been worth it.
  int spin_credit_ = 4;
  int spins_skipped_ = 0;
};

}  // namespace busbar::node
