// Holdings: what others make this endpoint hold, counted against a limit: of everybody, of each
// peer process, of each link. Limits of a link alone bound nothing, since a process may have many.
// Every call with the endpoint's lock held.
//
//   link ──> its peer's process ──> all of the endpoint
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>

namespace busbar {

struct Holding {
  std::uint64_t descriptors = 0;
  std::uint64_t mappings = 0;
  // Mapped; address space, whether there is anything in it or not.
  std::uint64_t bytes = 0;
};

class Holdings {
 public:
  // Counts in `outer`, too, unless that is nullptr.
  explicit Holdings(const Holding& limit, std::shared_ptr<Holdings> outer = nullptr) noexcept
      : limit_(limit), outer_(std::move(outer)) {}
  Holdings(const Holdings&) = delete;
  Holdings& operator=(const Holdings&) = delete;

  // False, and nothing changed: there is no room for it here or further out.
  [[nodiscard]] bool add(const Holding& more) noexcept {
    if (!fits(used_.descriptors, more.descriptors, limit_.descriptors) ||
        !fits(used_.mappings, more.mappings, limit_.mappings) ||
        !fits(used_.bytes, more.bytes, limit_.bytes)) {
      return false;
    }
    if (outer_ != nullptr && !outer_->add(more)) return false;
    used_.descriptors += more.descriptors;
    used_.mappings += more.mappings;
    used_.bytes += more.bytes;
    return true;
  }
  // Of what was added.
  void subtract(const Holding& less) noexcept {
    used_.descriptors -= less.descriptors;
    used_.mappings -= less.mappings;
    used_.bytes -= less.bytes;
    if (outer_ != nullptr) outer_->subtract(less);
  }
  [[nodiscard]] const Holding& used() const noexcept { return used_; }

 private:
  [[nodiscard]] static bool fits(std::uint64_t used, std::uint64_t more,
                                 std::uint64_t limit) noexcept {
    return used <= limit && more <= limit - used;
  }

  const Holding limit_;
  Holding used_;
  std::shared_ptr<Holdings> outer_;
};

// What one link holds of its peer's; given back with it.
class LinkHoldings {
 public:
  // Without limits: for what stands alone, in tests.
  LinkHoldings() noexcept = default;
  explicit LinkHoldings(std::shared_ptr<Holdings> peer) noexcept : peer_(std::move(peer)) {}
  LinkHoldings(LinkHoldings&& other) noexcept
      : peer_(std::move(other.peer_)), used_(std::exchange(other.used_, {})) {}
  LinkHoldings(const LinkHoldings&) = delete;
  LinkHoldings& operator=(const LinkHoldings&) = delete;
  LinkHoldings& operator=(LinkHoldings&&) = delete;
  ~LinkHoldings() {
    if (peer_ != nullptr) peer_->subtract(used_);
  }

  [[nodiscard]] bool add(const Holding& more) noexcept {
    if (peer_ == nullptr) return true;
    if (!peer_->add(more)) return false;
    used_.descriptors += more.descriptors;
    used_.mappings += more.mappings;
    used_.bytes += more.bytes;
    return true;
  }
  void subtract(const Holding& less) noexcept {
    if (peer_ == nullptr) return;
    peer_->subtract(less);
    used_.descriptors -= less.descriptors;
    used_.mappings -= less.mappings;
    used_.bytes -= less.bytes;
  }

 private:
  std::shared_ptr<Holdings> peer_;
  Holding used_;
};

}  // namespace busbar
