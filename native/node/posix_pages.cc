// Pages by mmap().
#include <sys/mman.h>

#include "node/pages.h"

namespace busbar::node {

std::byte* map_pages(std::size_t bytes) noexcept {
  void* place = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return place == MAP_FAILED ? nullptr : static_cast<std::byte*>(place);
}

void unmap_pages(std::byte* place, std::size_t bytes) noexcept { (void)::munmap(place, bytes); }

}  // namespace busbar::node
