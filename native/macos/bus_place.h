// BusPlace: the names by which the endpoints of one bus find each other: bootstrap services, and
// notifications; only user N can use notifications named "user.uid.N".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace busbar::macos_platform {

class BusPlace {
 public:
  // The environment variable BUSBAR_APPLICATION_GROUP is put in front of service names: a sandboxed
  // application may only use services of its group.
  explicit BusPlace(std::string_view identifier);

  // Services.
  [[nodiscard]] std::string lock() const { return service_ + ".lock"; }
  [[nodiscard]] std::string door(std::uint32_t number) const;
  // Notifications.
  [[nodiscard]] std::string holder() const { return notification_ + ".holder"; }
  [[nodiscard]] std::string generation() const { return notification_ + ".generation"; }
  [[nodiscard]] std::string bell(std::uint32_t number) const;

 private:
  std::string service_;
  std::string notification_;
};

}  // namespace busbar::macos_platform
