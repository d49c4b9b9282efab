// busbar.hpp: Busbar for C++17, header-only, over busbar.h. Move-only owners of the objects of
// busbar.h, views instead of pointers with sizes, and results instead of exceptions: nothing here
// throws except the standard library when memory runs out. Threads and lifetimes are as in
// busbar.h; an endpoint must outlive its messages.
#ifndef BUSBAR_HPP
#define BUSBAR_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "busbar.h"

[[nodiscard]] inline bool operator==(const busbar_uuid& left, const busbar_uuid& right) noexcept {
  return std::memcmp(left.bytes, right.bytes, sizeof left.bytes) == 0;
}
[[nodiscard]] inline bool operator!=(const busbar_uuid& left, const busbar_uuid& right) noexcept {
  return !(left == right);
}

namespace busbar {
// Keeps these names apart from those of the library, should both be linked into one program.
inline namespace cpp {

// The outcome of a call: BUSBAR_OK or an error.
class Status {
 public:
  Status() noexcept = default;
  explicit Status(busbar_status code) noexcept : code_(code) {}
  [[nodiscard]] bool ok() const noexcept { return code_ == BUSBAR_OK; }
  explicit operator bool() const noexcept { return ok(); }
  // One of BUSBAR_ in busbar.h.
  [[nodiscard]] busbar_status code() const noexcept { return code_; }
  [[nodiscard]] const char* message() const noexcept { return busbar_status_string(code_); }
  friend bool operator==(Status left, Status right) noexcept { return left.code_ == right.code_; }
  friend bool operator!=(Status left, Status right) noexcept { return left.code_ != right.code_; }

 private:
  busbar_status code_ = BUSBAR_OK;
};

// Either a value or an error.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) noexcept : value_(std::move(value)) {}
  Result(Status status) noexcept : status_(status) {}
  [[nodiscard]] bool ok() const noexcept { return value_.has_value(); }
  explicit operator bool() const noexcept { return ok(); }
  [[nodiscard]] Status status() const noexcept { return status_; }
  // Only after ok().
  [[nodiscard]] T& value() & noexcept { return *value_; }
  [[nodiscard]] T&& value() && noexcept { return std::move(*value_); }
  T* operator->() noexcept { return &*value_; }
  T& operator*() noexcept { return *value_; }

 private:
  std::optional<T> value_;
  Status status_;
};

// Elements that the holder of the span does not own; a small std::span.
template <typename T>
class Span {
 public:
  Span() noexcept = default;
  Span(T* data, std::size_t size) noexcept : data_(data), size_(size) {}
  [[nodiscard]] T* data() const noexcept { return data_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] T* begin() const noexcept { return data_; }
  [[nodiscard]] T* end() const noexcept { return data_ + size_; }
  T& operator[](std::size_t index) const noexcept { return data_[index]; }

 private:
  T* data_ = nullptr;
  std::size_t size_ = 0;
};
using Bytes = Span<const std::byte>;

[[nodiscard]] inline Bytes bytes_of(std::string_view text) noexcept {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}
[[nodiscard]] inline std::string_view text_of(Bytes bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

namespace detail {
template <typename T, void (*Free)(T*)>
struct Deleter {
  void operator()(T* object) const noexcept { Free(object); }
};
template <typename T, void (*Free)(T*)>
using Owner = std::unique_ptr<T, Deleter<T, Free>>;
}  // namespace detail

// A message type from the text of its UUID; the zero UUID if the text is not one.
[[nodiscard]] inline busbar_uuid uuid(const char* text) noexcept {
  busbar_uuid made{};
  (void)busbar_uuid_parse(text, &made);
  return made;
}

// One reference to shared memory.
class Region {
 public:
  explicit Region(busbar_region* taken) noexcept : region_(taken) {}
  [[nodiscard]] static Result<Region> create(std::uint64_t bytes, std::uint32_t flags = 0) {
    busbar_region* made = nullptr;
    const Status status(busbar_region_create(bytes, flags, &made));
    if (!status) return status;
    return Region(made);
  }
  [[nodiscard]] Span<std::byte> bytes() const noexcept {
    return {static_cast<std::byte*>(busbar_region_map(region_.get())),
            static_cast<std::size_t>(busbar_region_bytes(region_.get()))};
  }
  [[nodiscard]] std::uint64_t id() const noexcept { return busbar_region_id(region_.get()); }
  [[nodiscard]] bool writable() const noexcept {
    return busbar_region_is_writable(region_.get()) != 0;
  }
  [[nodiscard]] std::uint64_t references() const noexcept {
    return busbar_region_references(region_.get());
  }
  [[nodiscard]] Result<Region> duplicate() const {
    busbar_region* made = nullptr;
    const Status status(busbar_region_duplicate(region_.get(), &made));
    if (!status) return status;
    return Region(made);
  }
  // The whole region, for sending.
  [[nodiscard]] busbar_region_range all() const noexcept {
    return {region_.get(), 0, busbar_region_bytes(region_.get())};
  }
  [[nodiscard]] busbar_region* get() const noexcept { return region_.get(); }

 private:
  detail::Owner<busbar_region, busbar_region_free> region_;
};

class Registry {
 public:
  [[nodiscard]] static Result<Registry> create(const busbar_registry_options* options = nullptr) {
    busbar_registry* made = nullptr;
    const Status status(busbar_registry_create(options, &made));
    if (!status) return status;
    return Registry(made);
  }
  // See busbar_registry_alloc.
  [[nodiscard]] Result<Region> alloc(std::uint64_t min_bytes, const char* tag = nullptr,
                                     busbar_free_callback on_free = nullptr,
                                     void* context = nullptr) {
    busbar_region* made = nullptr;
    const Status status(
        busbar_registry_alloc(registry_.get(), min_bytes, tag, on_free, context, &made));
    if (!status) return status;
    return Region(made);
  }
  std::size_t maintain() noexcept { return busbar_registry_maintain(registry_.get()); }
  [[nodiscard]] busbar_registry_stats stats() const noexcept {
    busbar_registry_stats stats{};
    stats.size = sizeof stats;
    (void)busbar_registry_get_stats(registry_.get(), &stats);
    return stats;
  }

 private:
  explicit Registry(busbar_registry* taken) noexcept : registry_(taken) {}
  detail::Owner<busbar_registry, busbar_registry_free> registry_;
};

// A message to send. Refers to its arguments, which have to live until the call.
class Outgoing {
 public:
  explicit Outgoing(const busbar_uuid& type, Bytes payload = {}) noexcept {
    message_.size = sizeof message_;
    message_.when_full = -1;
    message_.type = type;
    message_.payload = payload.data();
    message_.payload_bytes = payload.size();
  }
  Outgoing& format(std::uint16_t word) noexcept { return message_.format = word, *this; }
  Outgoing& ttl(std::uint64_t ms) noexcept { return message_.ttl_ms = ms, *this; }
  // At most 240 bytes.
  Outgoing& metadata(Bytes metadata) noexcept {
    message_.metadata = metadata.data();
    message_.metadata_bytes = metadata.size();
    return *this;
  }
  Outgoing& key(const char* key) noexcept { return message_.key = key, *this; }
  Outgoing& when_full(std::int32_t policy) noexcept { return message_.when_full = policy, *this; }
  // Becomes visible at the next flush().
  Outgoing& corked() noexcept { return message_.corked = 1, *this; }
  // `kind` is one of BUSBAR_OBJECT_. The caller owns the object and keeps it open until it is sent.
  Outgoing& object(busbar_object object, std::int32_t kind = BUSBAR_OBJECT_DESCRIPTOR) {
    objects_.push_back(object);
    object_kinds_.push_back(kind);
    return *this;
  }
  Outgoing& region(const busbar_region_range& range) {
    regions_.push_back(range);
    return *this;
  }
  Outgoing& region(const Region& whole) { return region(whole.all()); }
  [[nodiscard]] const busbar_outgoing* get() noexcept {
    message_.objects = objects_.data();
    message_.object_kinds = object_kinds_.data();
    message_.object_count = objects_.size();
    message_.regions = regions_.data();
    message_.region_count = regions_.size();
    return &message_;
  }

 private:
  busbar_outgoing message_{};
  std::vector<busbar_object> objects_;
  std::vector<std::int32_t> object_kinds_;
  std::vector<busbar_region_range> regions_;
};

// A received message.
class Message {
 public:
  explicit Message(busbar_message* taken) noexcept : message_(taken) {}
  [[nodiscard]] busbar_message_info info() const noexcept {
    busbar_message_info info{};
    info.size = sizeof info;
    (void)busbar_message_get_info(message_.get(), &info);
    return info;
  }
  // Valid as long as the message.
  [[nodiscard]] Bytes payload() const noexcept {
    const busbar_span span = busbar_message_borrow_payload(message_.get());
    return {static_cast<const std::byte*>(span.data), span.bytes};
  }
  // What an observer has received; see busbar_observation, whose pointers are valid as long as the
  // message.
  [[nodiscard]] Result<busbar_observation> observation() const noexcept {
    busbar_observation observation{};
    observation.size = sizeof observation;
    const Status status(busbar_message_get_observation(message_.get(), &observation));
    if (!status) return status;
    return observation;
  }
  // Empty for none. Valid as long as the message.
  [[nodiscard]] Bytes metadata() const noexcept {
    const busbar_span span = busbar_message_borrow_metadata(message_.get());
    return {static_cast<const std::byte*>(span.data), span.bytes};
  }
  [[nodiscard]] std::vector<std::string> from_label() const {
    std::vector<std::string> label;
    while (const char* one = busbar_message_borrow_from_label(message_.get(), label.size()))
      label.emplace_back(one);
    return label;
  }
  // One of BUSBAR_OBJECT_.
  [[nodiscard]] Result<std::int32_t> object_kind(std::size_t index) const noexcept {
    std::int32_t kind = 0;
    const Status status(busbar_message_get_object_kind(message_.get(), index, &kind));
    if (!status) return status;
    return kind;
  }
  // The caller owns the object from now on.
  [[nodiscard]] Result<busbar_object> take_object(std::size_t index) noexcept {
    busbar_object object{};
    const Status status(busbar_message_take_object(message_.get(), index, &object));
    if (!status) return status;
    return object;
  }
  [[nodiscard]] Result<Region> take_region(std::size_t index) noexcept {
    busbar_region* region = nullptr;
    const Status status(busbar_message_take_region(message_.get(), index, &region, nullptr));
    if (!status) return status;
    return Region(region);
  }
  Status reply(Outgoing answer) const {
    return Status(busbar_message_reply(message_.get(), answer.get()));
  }
  // Reports the message as not handled and frees it; see busbar_message_refuse.
  Status refuse(busbar_status reason) noexcept {
    const Status status(busbar_message_refuse(message_.get(), reason));
    if (status) (void)message_.release();
    return status;
  }

 private:
  detail::Owner<busbar_message, busbar_message_free> message_;
};

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
