// Label: the strings by which selectors find an endpoint. Immutable. Keeps only its wire form, one
// length byte before each string: it is small, and a search walks it directly.
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
  // Walks the strings in the order in which they were given; its views live as long as the label.
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

  // No strings: no leaf matches it.
  Label() = default;

  // InvalidLabel for a string that is empty, too long, not UTF-8 or given twice, and for too many
  // strings or bytes in all.
  [[nodiscard]] static Result<Label> create(std::span<const std::string_view> strings);

  // Checks the same rules for bytes from a peer, which must be exactly one label with nothing left
  // over.
  [[nodiscard]] static Result<Label> decode(std::span<const std::byte> encoded);

  // The bytes that decode() reads; at most kMaxLabelBytes.
  [[nodiscard]] std::span<const std::byte> encoded() const noexcept { return encoded_; }

  // Compares byte for byte: no case folding, no normalisation.
  [[nodiscard]] bool contains(std::string_view string) const noexcept;

  [[nodiscard]] bool empty() const noexcept { return encoded_.empty(); }
  [[nodiscard]] Iterator begin() const noexcept { return Iterator(encoded_.data()); }
  [[nodiscard]] Iterator end() const noexcept {
    return Iterator(encoded_.data() + encoded_.size());
  }

  // Equal if the strings and their order are equal.
  friend bool operator==(const Label&, const Label&) noexcept = default;

 private:
  // False when `string` is not allowed in this label or no longer fits.
  [[nodiscard]] bool append(std::string_view string);

  std::vector<std::byte> encoded_;
};

static_assert(std::forward_iterator<Label::Iterator>);

}  // namespace busbar
