// busbar/message.hpp: results, memory, and messages to and from an endpoint; a part of busbar.hpp.
#ifndef BUSBAR_MESSAGE_HPP
#define BUSBAR_MESSAGE_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../busbar.h"

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

}  // namespace cpp
}  // namespace busbar

#endif
