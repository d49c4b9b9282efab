// Tokens, SIDs and security descriptors.
#include "windows/user_identity.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <span>

#include "base/sha256.h"
#include "windows/windows_api.h"

#include <aclapi.h>
#include <sddl.h>

namespace busbar::windows_platform {

std::string sid_text(void* sid) {
  LPSTR text = nullptr;
  if (::ConvertSidToStringSidA(sid, &text) == 0) return {};
  std::string result(text);
  ::LocalFree(text);
  return result;
}

namespace {

// The SID of a process's user; empty when it is not known.
std::string sid_of(HANDLE process) {
  HANDLE raw = nullptr;
  if (::OpenProcessToken(process, TOKEN_QUERY, &raw) == 0) return {};
  const Handle token = own_handle(raw);
  alignas(TOKEN_USER) std::array<std::byte, sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE> buffer;
  DWORD size = 0;
  if (::GetTokenInformation(raw, TokenUser, buffer.data(), buffer.size(), &size) == 0) return {};
  return sid_text(reinterpret_cast<const TOKEN_USER*>(buffer.data())->User.Sid);
}

std::uint64_t hash_of(const std::string& sid) {
  if (sid.empty()) return 0;
  const Digest digest = sha256(std::as_bytes(std::span(sid)));
  std::uint64_t number = 0;
  std::memcpy(&number, digest.data(), sizeof number);
  return std::max<std::uint64_t>(number, 1);
}

}  // namespace

const std::string& own_sid() {
  static const std::string& sid = *new std::string(sid_of(::GetCurrentProcess()));
  return sid;
}

std::uint64_t user_of(std::uint32_t pid) {
  if (pid == ::GetCurrentProcessId()) return own_user();
  const auto process = open_process(pid, PROCESS_QUERY_LIMITED_INFORMATION);
  return process ? hash_of(sid_of(borrow_handle(process.value()))) : 0;
}

std::uint64_t own_user() {
  static const std::uint64_t user = hash_of(own_sid());
  return user;
}

bool is_ours(RawHandle object) {
  PSID owner = nullptr;
  PSECURITY_DESCRIPTOR descriptor = nullptr;
  if (::GetSecurityInfo(object, SE_KERNEL_OBJECT, OWNER_SECURITY_INFORMATION, &owner, nullptr,
                        nullptr, nullptr, &descriptor) != ERROR_SUCCESS) {
    return false;
  }
  const bool ours = owner != nullptr && sid_text(owner) == own_sid();
  ::LocalFree(descriptor);
  return ours;
}

struct PrivateAccess::Parts {
  PSECURITY_DESCRIPTOR descriptor = nullptr;
  SECURITY_ATTRIBUTES attributes{};
};

PrivateAccess::PrivateAccess() : parts_(std::make_unique<Parts>()) {
  // Names the owner, because an elevated process's default owner is a group. P: nothing inherited.
  const std::string text = "O:" + own_sid() + "D:P(A;;GA;;;" + own_sid() + ")";
  if (::ConvertStringSecurityDescriptorToSecurityDescriptorA(text.c_str(), SDDL_REVISION_1,
                                                             &parts_->descriptor, nullptr) != 0) {
    parts_->attributes = {sizeof(SECURITY_ATTRIBUTES), parts_->descriptor, FALSE};
  }
}

PrivateAccess::~PrivateAccess() { ::LocalFree(parts_->descriptor); }

void* PrivateAccess::attributes() noexcept {
  return parts_->descriptor == nullptr ? nullptr : &parts_->attributes;
}

}  // namespace busbar::windows_platform
