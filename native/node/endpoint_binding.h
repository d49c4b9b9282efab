// EndpointBinding: one endpoint for JavaScript. It drains the endpoint on the event loop and passes
// batches and notices to callbacks. It lives on the thread of its environment and is destroyed with
// the environment at the latest.
#pragma once

#include <napi.h>

#include <chrono>
#include <memory>
#include <vector>

#include "core/endpoint/endpoint.h"
#include "node/loop_attachment.h"
#include "node/receipt.h"
#include "node/receive_blocks.h"
#include "node/receive_table.h"
#include "node/seen_words.h"

namespace busbar::node {

struct BindingOptions {
  // Whether the event loop is libuv's, as in Node and Electron.
  bool host_has_libuv = true;
  // Whether payloads may lie in memory that V8 has not allocated; where V8 refuses, they do not.
  bool external_buffers = true;
  // The longest time that one turn of the event loop may receive.
  std::chrono::microseconds drain_budget{option::drain_budget_us.standard};
  // The longest busy-waiting for the next message; 0: none.
  std::chrono::microseconds spin{option::spin_us.standard};
  // How long queued messages may take if the environment ends without close().
  std::chrono::milliseconds linger{option::linger_ms.standard};
  // For sends without a policy of their own.
  WhenFull when_full = WhenFull::Refuse;
};

// No limit for the messages that JavaScript wants.
inline constexpr std::uint32_t kUnlimitedCredit = 0xFFFFFFFF;

class EndpointBinding : public std::enable_shared_from_this<EndpointBinding> {
 public:
  // Calls on_messages(count, large, block), which returns the argument of taken(), and
  // on_notices(array).
  EndpointBinding(Napi::Env env, std::unique_ptr<Endpoint> endpoint, const BindingOptions& options,
                  Napi::Function on_messages, Napi::Function on_notices);
  ~EndpointBinding();

  // Makes the table and attaches to the loop. Must be called first. Fails in an environment that
  // is ending.
  [[nodiscard]] Error attach();
  [[nodiscard]] Endpoint& endpoint() noexcept { return *endpoint_; }
  // Joins; JavaScript has the outcome by the callback for notices when this returns, if the
  // controller was quick, else later.
  [[nodiscard]] Error start();
  [[nodiscard]] ReceiveTable& table() noexcept { return table_; }
  // Of the last send() that did not fail.
  [[nodiscard]] Receipt& receipt() noexcept { return receipt_; }

  // How many more messages JavaScript wants, or kUnlimitedCredit. At 0, messages stay in their
  // rings.
  void set_credit(std::uint32_t messages);
  // The program has all rows given to JavaScript except the last `waiting`, which JavaScript keeps
  // for later. Each call of on_messages returns the same number.
  void taken(std::uint32_t waiting);
  // As taken(), before close(): the waiting messages go back to their senders.
  void hand_back(std::uint32_t waiting);
  // The kernel objects of a row of the current batch, as an array of handles that JavaScript owns.
  // Empty for any other row.
  [[nodiscard]] Napi::Value take_objects(std::uint32_t row);
  // The memory regions of the row, as region_values() makes them.
  [[nodiscard]] Napi::Value take_regions(std::uint32_t row);
  // The word of an inbound link in which JavaScript notes the messages that the program gets; see
  // SeenWords.
  [[nodiscard]] Napi::Value open_seen_word(std::uint32_t slot);
  void mark_seen(std::uint32_t slot, std::uint32_t position) noexcept {
    seen_words_.mark(slot, position);
  }
  // All messages of the link were read.
  void forget_peer(std::uint32_t slot);
  // Gives memory back that nothing has come to for a while.
  void rest() noexcept { blocks_.rest(); }
  void ref() noexcept;
  void unref() noexcept;
  [[nodiscard]] bool host_has_libuv() const noexcept { return options_.host_has_libuv; }
  [[nodiscard]] WhenFull when_full() const noexcept { return options_.when_full; }
  // For an environment that ends before close() has ended. An environment with several bindings
  // calls begin_close() on all before it waits for the first, so that closing takes as long as the
  // slowest.
  void begin_close();
  // Closes and waits for about `linger` at most. Idempotent.
  void close_now();
  // Detaches from the loop; `done` runs after the last callback.
  void detach(std::function<void()> done);

  // UUIDs of the program's types, in the order of their indices.
  void set_types(std::span<const Uuid> types);
  [[nodiscard]] const Uuid* type(std::uint32_t index) const noexcept {
    return index < types_.size() ? &types_[index] : nullptr;
  }
  // Of the last send() that failed, of which send() returned only a number.
  SendOutcome last_failure;
  // The list of members that JavaScript has.
  MembersSeen members_seen;

 private:
  // The result of one step of draining.
  enum class Step : std::uint8_t { Delivered, Nothing, Stop };

  void on_ready();
  void drain();
  [[nodiscard]] Step deliver_batch();
  [[nodiscard]] bool deliver_large(std::uint64_t bytes);
  void place_beside_large(ReceivedMessage& message);
  void note_no_memory(std::uint64_t bytes);
  [[nodiscard]] bool call_on_messages(std::size_t count, napi_value large);
  // Returns what `function` returned; null if it threw.
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
  ReceiveBlocks blocks_;
  SeenWords seen_words_;
  Receipt receipt_;
  std::unique_ptr<LoopAttachment> attachment_;
  std::vector<Uuid> types_;
  // Rows that JavaScript has and taken() has not been called for.
  std::span<const ReceivedMessage> rows_;
  // How many more messages JavaScript wants.
  std::uint32_t credit_ = 0;
  bool draining_ = false;
  bool closed_ = false;
  // The most messages of a batch, so that JavaScript handles it within a part of the budget.
  std::size_t batch_limit_ = 64;
  // Positive while recent spinning has found messages.
  int spin_credit_ = 4;
  int spins_skipped_ = 0;
};

}  // namespace busbar::node
