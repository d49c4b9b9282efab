// Private memory of whole pages, which goes back to the system when it is unmapped; malloc() keeps
// most of what it was given.
#pragma once

#include <cstddef>

namespace busbar::node {

// nullptr: there is none.
[[nodiscard]] std::byte* map_pages(std::size_t bytes) noexcept;
void unmap_pages(std::byte* place, std::size_t bytes) noexcept;

}  // namespace busbar::node
