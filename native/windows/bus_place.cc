// The names, and the section that stores the holder.
#include "windows/bus_place.h"

#include <array>
#include <cstdio>
#include <utility>

#include "base/sha256.h"
#include "windows/user_identity.h"
#include "windows/windows_api.h"

namespace busbar::windows_platform {
namespace {

constexpr DWORD kSectionBytes = 4096;

// Objects in Local\ belong to this session. Pipe names are shared by the whole machine, so the
// session goes into the digest.
std::string base_name(std::string_view identifier) {
  DWORD session = 0;
  ::ProcessIdToSessionId(::GetCurrentProcessId(), &session);
  std::string text = own_sid() + "/" + std::to_string(session) + "/";
  text += identifier;
  return "busbar-" + short_digest(text);
}

std::string hexadecimal(std::uint64_t number) {
  std::array<char, 17> text;
  std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(number));
  return text.data();
}

}  // namespace

NameLock::~NameLock() {
  if (mutex_ != nullptr) ::ReleaseMutex(mutex_);
}

BusPlace::BusPlace(std::string base, Handle section, Handle mutex, PlaceRecord* record) noexcept
    : base_(std::move(base)),
      section_(std::move(section)),
      mutex_(std::move(mutex)),
      record_(record) {}

BusPlace::~BusPlace() { ::UnmapViewOfFile(record_); }

Result<std::shared_ptr<const BusPlace>> BusPlace::open(std::string_view identifier) {
  std::string base = base_name(identifier);
  PrivateAccess access;
  auto* attributes = static_cast<SECURITY_ATTRIBUTES*>(access.attributes());
  if (attributes == nullptr) return Status::OutOfMemory;
  const std::string section_name = "Local\\" + base;
  const HANDLE section = ::CreateFileMappingA(INVALID_HANDLE_VALUE, attributes, PAGE_READWRITE, 0,
                                              kSectionBytes, section_name.c_str());
  if (section == nullptr) return last_error();
  const bool found = ::GetLastError() == ERROR_ALREADY_EXISTS;
  Handle owned_section = own_handle(section);
  // Another user made it, in the hope that we open it.
  if (found && !is_ours(section)) return Status::Permission;
  const HANDLE mutex = ::CreateMutexA(attributes, FALSE, (section_name + "-lock").c_str());
  if (mutex == nullptr) return last_error();
  Handle owned_mutex = own_handle(mutex);
  void* view = ::MapViewOfFile(section, FILE_MAP_READ | FILE_MAP_WRITE, 0, 0, kSectionBytes);
  if (view == nullptr) return last_error();
  return std::shared_ptr<const BusPlace>(
      std::make_shared<BusPlace>(std::move(base), std::move(owned_section), std::move(owned_mutex),
                                 static_cast<PlaceRecord*>(view)));
}

Result<NameLock> BusPlace::try_lock() const {
  switch (::WaitForSingleObject(borrow_handle(mutex_), 0)) {
    case WAIT_OBJECT_0:
    // The thread that held the lock has ended: each number in the section is still whole, old or
    // new.
    case WAIT_ABANDONED:
      return NameLock(borrow_handle(mutex_));
    case WAIT_TIMEOUT:
      return Status::WouldBlock;
    default:
      return last_error();
  }
}

std::string BusPlace::pipe_of(std::uint64_t holder) const {
  return "\\\\.\\pipe\\" + base_ + "-" + hexadecimal(holder);
}

std::string BusPlace::bell_of(std::uint64_t holder) const {
  return "Local\\" + base_ + "-" + hexadecimal(holder);
}

}  // namespace busbar::windows_platform
