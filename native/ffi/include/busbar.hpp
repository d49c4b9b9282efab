// busbar.hpp: Busbar for C++17, header-only, over busbar.h. Move-only owners of the objects of
// busbar.h, views instead of pointers with sizes, and results instead of exceptions: nothing here
// throws except the standard library when memory runs out. Threads and lifetimes are as in
// busbar.h; an endpoint must outlive its messages.
#ifndef BUSBAR_HPP
#define BUSBAR_HPP

#include "busbar/message.hpp"

namespace busbar {
inline namespace cpp {

class Selector {
 public:
  explicit Selector(busbar_selector* taken) noexcept : selector_(taken) {}
  [[nodiscard]] const busbar_selector* get() const noexcept { return selector_.get(); }

 private:
  detail::Owner<busbar_selector, busbar_selector_free> selector_;
};

class Endpoint {
 public:
  // See busbar_endpoint_join. For options beyond the label, fill a busbar_join_options.
  [[nodiscard]] static Result<Endpoint> join(const char* identifier,
                                             const std::vector<const char*>& label = {},
                                             busbar_join_options options = {}) {
    options.size = sizeof options;
    options.label = label.data();
    options.label_count = label.size();
    busbar_endpoint* made = nullptr;
    const Status status(busbar_endpoint_join(identifier, &options, &made));
    if (!status) return status;
    return Endpoint(made);
  }
  // Joins as an observer, which only receives; see busbar_endpoint_observe. `match` is the text of
  // a label expression, or null for all endpoints.
  [[nodiscard]] static Result<Endpoint> observe(const char* identifier, const char* match = nullptr,
                                                const std::vector<busbar_uuid>& types = {},
                                                std::uint32_t payload_bytes = 0,
                                                busbar_join_options options = {}) {
    options.size = sizeof options;
    busbar_observe_options wanted{};
    wanted.size = sizeof wanted;
    busbar_expression* expression = nullptr;
    if (match != nullptr) {
      const Status parsed(busbar_expression_parse(match, &expression, nullptr));
      if (!parsed) return parsed;
    }
    const detail::Owner<busbar_expression, busbar_expression_free> owned(expression);
    wanted.match = expression;
    wanted.types = types.data();
    wanted.type_count = types.size();
    wanted.payload_bytes = payload_bytes;
    busbar_endpoint* made = nullptr;
    const Status status(busbar_endpoint_observe(identifier, &options, &wanted, &made));
    if (!status) return status;
    return Endpoint(made);
  }
  Endpoint(Endpoint&& other) noexcept : endpoint_(std::exchange(other.endpoint_, nullptr)) {}
  Endpoint& operator=(Endpoint&& other) noexcept {
    std::swap(endpoint_, other.endpoint_);
    return *this;
  }
  Endpoint(const Endpoint&) = delete;
  Endpoint& operator=(const Endpoint&) = delete;
  // Leaves at once; close() lingers, and reports abandoned messages.
  ~Endpoint() { (void)busbar_endpoint_close(endpoint_, 0, nullptr); }

  Status close(std::uint32_t linger_ms = 1000) noexcept {
    return Status(busbar_endpoint_close(std::exchange(endpoint_, nullptr), linger_ms, nullptr));
  }
  [[nodiscard]] std::uint64_t id() const noexcept { return busbar_endpoint_id(endpoint_); }
  [[nodiscard]] bool is_controller() const noexcept {
    return busbar_endpoint_is_controller(endpoint_) != 0;
  }
  [[nodiscard]] busbar_counters counters() const noexcept {
    busbar_counters counters{};
    counters.size = sizeof counters;
    (void)busbar_endpoint_counters(endpoint_, &counters);
    return counters;
  }

  // Selects one of the endpoints that match the text, such as "renderer & !busy".
  [[nodiscard]] Result<Selector> unicast(const char* text, std::int32_t flags = 0) const {
    return selector(text, BUSBAR_UNICAST | flags);
  }
  // Selects all of them.
  [[nodiscard]] Result<Selector> multicast(const char* text, std::int32_t flags = 0) const {
    return selector(text, BUSBAR_MULTICAST | flags);
  }

  // Returns the number of receivers.
  Result<std::uint32_t> send(const Selector& to, Outgoing message) const {
    std::uint32_t receivers = 0;
    const Status status(busbar_endpoint_send(endpoint_, to.get(), message.get(), &receivers));
    if (!status) return status;
    return receivers;
  }
  // Returns the message's number and receivers, too; see busbar_receipt.
  Result<busbar_receipt> send_with_receipt(const Selector& to, Outgoing message) const {
    busbar_receipt receipt{};
    receipt.size = sizeof receipt;
    const Status status(
        busbar_endpoint_send_with_receipt(endpoint_, to.get(), message.get(), &receipt));
    if (!status) return status;
    return receipt;
  }
  Result<std::uint32_t> deliver(const Selector& to, Outgoing message,
                                std::int32_t timeout_ms = BUSBAR_FOREVER,
                                std::int32_t acknowledgement = BUSBAR_TAKEN) const {
    std::uint32_t receivers = 0;
    const Status status(busbar_endpoint_deliver(endpoint_, to.get(), message.get(), acknowledgement,
                                                timeout_ms, &receivers));
    if (!status) return status;
    return receivers;
  }
  void flush() const noexcept { busbar_endpoint_flush(endpoint_); }
  Status drain(std::int32_t timeout_ms = BUSBAR_FOREVER) const noexcept {
    return Status(busbar_endpoint_drain(endpoint_, timeout_ms));
  }

  [[nodiscard]] Result<Message> receive(std::int32_t timeout_ms = BUSBAR_FOREVER) const noexcept {
    busbar_message* message = nullptr;
    const Status status(busbar_endpoint_receive(endpoint_, timeout_ms, &message));
    if (!status) return status;
    return Message(message);
  }

  // A message in place in shared memory; the destructor releases it.
  class Borrowed {
   public:
    Borrowed(busbar_endpoint* endpoint, busbar_message* message, busbar_span payload) noexcept
        : endpoint_(endpoint), message_(message), payload_(payload) {}
    Borrowed(Borrowed&& other) noexcept
        : endpoint_(std::exchange(other.endpoint_, nullptr)),
          message_(other.message_),
          payload_(other.payload_) {}
    Borrowed(const Borrowed&) = delete;
    Borrowed& operator=(const Borrowed&) = delete;
    Borrowed& operator=(Borrowed&&) = delete;
    ~Borrowed() {
      if (endpoint_ != nullptr) busbar_endpoint_release_borrowed(endpoint_);
    }
    // The sender can still write to it: read each byte once.
    [[nodiscard]] Bytes payload() const noexcept {
      return {static_cast<const std::byte*>(payload_.data), payload_.bytes};
    }
    [[nodiscard]] busbar_message* message() const noexcept { return message_; }

   private:
    busbar_endpoint* endpoint_;
    busbar_message* message_;
    busbar_span payload_;
  };
  [[nodiscard]] Result<Borrowed> borrow_next(
      std::int32_t timeout_ms = BUSBAR_FOREVER) const noexcept {
    busbar_message* message = nullptr;
    busbar_span payload{};
    const Status status(busbar_endpoint_borrow_next(endpoint_, timeout_ms, &message, &payload));
    if (!status) return status;
    return Borrowed(endpoint_, message, payload);
  }

  // Room for a payload in the receiver's shared memory; the destructor cancels it unless committed.
  class Reservation {
   public:
    Reservation(busbar_endpoint* endpoint, Span<std::byte> place) noexcept
        : endpoint_(endpoint), place_(place) {}
    Reservation(Reservation&& other) noexcept
        : endpoint_(std::exchange(other.endpoint_, nullptr)), place_(other.place_) {}
    Reservation(const Reservation&) = delete;
    Reservation& operator=(const Reservation&) = delete;
    Reservation& operator=(Reservation&&) = delete;
    ~Reservation() {
      if (endpoint_ != nullptr) busbar_endpoint_cancel(endpoint_);
    }
    [[nodiscard]] Span<std::byte> place() const noexcept { return place_; }
    Status commit(const busbar_uuid& type, std::uint16_t format = 0) noexcept {
      return Status(busbar_endpoint_commit(std::exchange(endpoint_, nullptr), type, format));
    }
    // Returns the message's number and receiver; see busbar_receipt.
    Result<busbar_receipt> commit_with_receipt(const busbar_uuid& type,
                                               std::uint16_t format = 0) noexcept {
      busbar_receipt receipt{};
      receipt.size = sizeof receipt;
      const Status status(busbar_endpoint_commit_with_receipt(std::exchange(endpoint_, nullptr),
                                                              type, format, &receipt));
      if (!status) return status;
      return receipt;
    }

   private:
    busbar_endpoint* endpoint_;
    Span<std::byte> place_;
  };
  // The metadata are copied; at most 240 bytes.
  [[nodiscard]] Result<Reservation> reserve(const Selector& to, std::size_t bytes,
                                            Bytes metadata = {}) const noexcept {
    void* place = nullptr;
    const Status status(busbar_endpoint_reserve_with_metadata(
        endpoint_, to.get(), bytes, metadata.data(), metadata.size(), &place));
    if (!status) return status;
    return Reservation(endpoint_, {static_cast<std::byte*>(place), bytes});
  }

  [[nodiscard]] busbar_object pollable() const noexcept {
    return busbar_endpoint_pollable(endpoint_);
  }
  Status wait_for(const Selector& to, std::size_t count = 1,
                  std::int32_t timeout_ms = BUSBAR_FOREVER) const noexcept {
    return Status(busbar_endpoint_wait_for(endpoint_, to.get(), count, timeout_ms));
  }

  // See busbar_endpoint_relabel.
  Status relabel(const std::vector<const char*>& label,
                 std::int32_t timeout_ms = BUSBAR_FOREVER) const noexcept {
    return Status(busbar_endpoint_relabel(endpoint_, label.data(), label.size(), timeout_ms));
  }

  struct Peer {
    std::uint64_t id = 0;
    std::uint32_t pid = 0;
    std::vector<std::string> label;
  };
  [[nodiscard]] Result<std::vector<Peer>> peers() const {
    busbar_peer_list* list = nullptr;
    const Status status(busbar_endpoint_list_peers(endpoint_, &list));
    if (!status) return status;
    return peers_of(list);
  }
  [[nodiscard]] Result<std::vector<Peer>> observers() const {
    busbar_peer_list* list = nullptr;
    const Status status(busbar_endpoint_list_observers(endpoint_, &list));
    if (!status) return status;
    return peers_of(list);
  }
  // Those that `to` matches now.
  [[nodiscard]] Result<std::vector<Peer>> matches(const Selector& to) const {
    busbar_peer_list* list = nullptr;
    const Status status(busbar_endpoint_matching_peers(endpoint_, to.get(), &list));
    if (!status) return status;
    return peers_of(list);
  }
  [[nodiscard]] busbar_endpoint* get() const noexcept { return endpoint_; }

 private:
  explicit Endpoint(busbar_endpoint* taken) noexcept : endpoint_(taken) {}
  // Frees the list.
  [[nodiscard]] static std::vector<Peer> peers_of(busbar_peer_list* list) {
    const detail::Owner<busbar_peer_list, busbar_peer_list_free> owned(list);
    std::vector<Peer> peers(busbar_peer_list_count(list));
    for (std::size_t i = 0; i < peers.size(); ++i) {
      peers[i].id = busbar_peer_list_id(list, i);
      peers[i].pid = busbar_peer_list_pid(list, i);
      while (const char* one = busbar_peer_list_borrow_label(list, i, peers[i].label.size()))
        peers[i].label.emplace_back(one);
    }
    return peers;
  }
  [[nodiscard]] Result<Selector> selector(const char* text, std::int32_t mode) const {
    busbar_selector* made = nullptr;
    const Status status(busbar_selector_parse(endpoint_, text, mode, &made));
    if (!status) return status;
    return Selector(made);
  }

  busbar_endpoint* endpoint_;
};

}  // namespace cpp
}  // namespace busbar

#endif
