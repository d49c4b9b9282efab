// Label: the strings by which selectors find an endpoint. Immutable; keeps only its wire form,
// for each string one length byte and then the string, which is small and is searched as it lies.
#pragma once

#include <cstddef>
#include <iterator>
#include <span>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "base/status.h"

namespace busbar {

// A moved-from label is empty.
class Label {
 public:
  // Walks the strings in the order they were given in; its views live as long as the label does.
  class Iterator {
   public:
    using iterator_concept = std::forward_iterator_tag;
    using value_type = std::string_view;
    using difference_type = std::ptrdiff_t;

    Iterator() = default;
    [[nodiscard]] std::string_view operator*() const noexcept {
      return {reinterpret_cast<const char*>(at_ + 1), std::to_integer<std::size_t>(*at_)};
    }
    Iterator& operator++() noexcept {
      at_ += 1 + std::to_integer<std::size_t>(*at_);
      return *this;
    }
    Iterator operator++(int) noexcept {
      const Iterator before = *this;
      ++*this;
      return before;
    }
    friend bool operator==(const Iterator&, const Iterator&) noexcept = default;

   private:
    friend class Label;
    explicit Iterator(const std::byte* at) noexcept : at_(at) {}
    const std::byte* at_ = nullptr;
  };

  // No strings: matched by no leaf.
  Label() = default;

  // InvalidLabel for a string that is empty, too long, not UTF-8 or given twice, for too many
  // strings and for too many bytes in all.
  [[nodiscard]] static Result<Label> create(std::span<const std::string_view> strings);

  // The same rules for bytes from a peer; they must be one label exactly, nothing left over.
  [[nodiscard]] static Result<Label> decode(std::span<const std::byte> encoded);

  // What decode() takes; at most kMaxLabelBytes.
  [[nodiscard]] std::span<const std::byte> encoded() const noexcept { return encoded_; }

  // Byte for byte: no case folding, no normalisation.
  [[nodiscard]] bool contains(std::string_view string) const noexcept;

  [[nodiscard]] bool empty() const noexcept { return encoded_.empty(); }
  [[nodiscard]] Iterator begin() const noexcept { return Iterator(encoded_.data()); }
  [[nodiscard]] Iterator end() const noexcept {
    return Iterator(encoded_.data() + encoded_.size());
  }

  // Same strings in the same order.
  friend bool operator==(const Label&, const Label&) noexcept = default;

 private:
  // False when `string` must not stand in this label or no longer fits.
  [[nodiscard]] bool append(std::string_view string);

  std::vector<std::byte> encoded_;
};

static_assert(std::forward_iterator<Label::Iterator>);

}  // namespace busbar
