// Pages by VirtualAlloc().
#include <windows.h>

#include "node/pages.h"

namespace busbar::node {

std::byte* map_pages(std::size_t bytes) noexcept {
  return static_cast<std::byte*>(
      ::VirtualAlloc(nullptr, bytes, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE));
}

void unmap_pages(std::byte* place, std::size_t) noexcept {
  (void)::VirtualFree(place, 0, MEM_RELEASE);
}

}  // namespace busbar::node
