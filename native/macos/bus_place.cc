// Turns an identifier into names of services and notifications.
#include "macos/bus_place.h"

#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>

#include "base/sha256.h"

namespace busbar::macos_platform {
namespace {

std::string hexadecimal(std::uint32_t number) {
  std::array<char, 9> text;
  (void)std::snprintf(text.data(), text.size(), "%08x", number);
  return text.data();
}

}  // namespace

BusPlace::BusPlace(std::string_view identifier) {
  const std::string uid = std::to_string(::geteuid());
  const std::string name = "busbar." + short_digest(identifier);
  const char* group = std::getenv("BUSBAR_APPLICATION_GROUP");
  if (group != nullptr && *group != '\0') service_ = std::string(group) + '.';
  service_ += name + '.' + uid;
  notification_ = "user.uid." + uid + '.' + name;
}

std::string BusPlace::door(std::uint32_t number) const {
  return service_ + ".door." + hexadecimal(number);
}

std::string BusPlace::bell(std::uint32_t number) const {
  return notification_ + ".bell." + hexadecimal(number);
}

}  // namespace busbar::macos_platform
