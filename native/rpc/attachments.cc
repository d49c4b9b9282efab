// The regions and kernel objects that are sent with calls.
#if defined(_WIN32)
#include <winsock2.h>
// After winsock2.h, which it would otherwise include an older one of.
#include <windows.h>
#else
#include <unistd.h>
#if defined(__APPLE__)
#include <mach/mach.h>
#endif
#endif

#include "busbar/codec.hpp"

namespace busbar::rpc {

busbar::Result<Region> Region::create(std::uint64_t bytes, std::uint32_t flags) {
  auto made = busbar::Region::create(bytes, flags);
  if (!made) return made.status();
  return Region(std::move(made).value());
}

Span<std::byte> Region::bytes() const noexcept {
  return region_ ? region_->bytes() : Span<std::byte>();
}

struct Object::Held {
  busbar_object object;
  std::int32_t kind;

  Held(busbar_object taken, std::int32_t its_kind) noexcept : object(taken), kind(its_kind) {}
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;
  ~Held() {
#if defined(_WIN32)
    if (kind == BUSBAR_OBJECT_SOCKET) {
      closesocket(static_cast<SOCKET>(object));
    } else {
      CloseHandle(reinterpret_cast<HANDLE>(object));
    }
#else
#if defined(__APPLE__)
    if (kind == BUSBAR_OBJECT_MACH_PORT) {
      mach_port_deallocate(mach_task_self(), static_cast<mach_port_t>(object));
      return;
    }
#endif
    close(static_cast<int>(object));
#endif
  }
};

Object::Object(busbar_object taken, std::int32_t kind)
    : held_(std::make_shared<Held>(taken, kind)) {}

busbar_object Object::get() const noexcept { return held_ ? held_->object : -1; }

std::int32_t Object::kind() const noexcept {
  return held_ ? held_->kind : static_cast<std::int32_t>(BUSBAR_OBJECT_UNUSABLE);
}

const Value* Value::find(const std::string& key) const noexcept {
  const Map* map = get<Map>();
  if (map == nullptr) return nullptr;
  const auto found = map->find(key);
  return found == map->end() ? nullptr : &found->second;
}

}  // namespace busbar::rpc
