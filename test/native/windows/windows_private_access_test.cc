// Windows only: who may open an object that was made for this user alone. Read back from the
// object, because Wine stores the access list but does not enforce it.
#include <string>
#include <vector>

#include "support/check.h"
#include "windows/named_pipe.h"
#include "windows/user_identity.h"
#include "windows/windows_api.h"

#include <aclapi.h>

using namespace busbar;
using namespace busbar::windows_platform;

namespace {

// The owner, then every user with access; "?" for an entry of another kind, and in front when
// entries could be inherited.
std::vector<std::string> allowed_on(RawHandle object) {
  std::vector<std::string> allowed;
  PSID owner = nullptr;
  PACL list = nullptr;
  PSECURITY_DESCRIPTOR descriptor = nullptr;
  if (::GetSecurityInfo(object, SE_KERNEL_OBJECT,
                        OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION, &owner, nullptr,
                        &list, nullptr, &descriptor) != ERROR_SUCCESS ||
      list == nullptr) {
    return allowed;
  }
  SECURITY_DESCRIPTOR_CONTROL control = 0;
  DWORD revision = 0;
  ::GetSecurityDescriptorControl(descriptor, &control, &revision);
  if ((control & SE_DACL_PROTECTED) == 0) allowed.emplace_back("?");
  allowed.push_back(sid_text(owner));
  for (DWORD i = 0; i < list->AceCount; ++i) {
    void* entry = nullptr;
    ::GetAce(list, i, &entry);
    auto* const allows = static_cast<ACCESS_ALLOWED_ACE*>(entry);
    const bool known = allows->Header.AceType == ACCESS_ALLOWED_ACE_TYPE;
    allowed.push_back(known ? sid_text(&allows->SidStart) : "?");
  }
  ::LocalFree(descriptor);
  return allowed;
}

}  // namespace

TEST(windows_pipes_are_for_this_user_alone) {
  const std::string name =
      "\\\\.\\pipe\\busbar-test-" + std::to_string(::GetCurrentProcessId()) + "-access";
  const std::vector<std::string> owner_alone{own_sid(), own_sid()};
  for (const std::uint32_t instances : {std::uint32_t{1}, kUnlimitedInstances}) {
    auto pipe = create_pipe(name, instances);
    REQUIRE(pipe.ok());
    CHECK(allowed_on(borrow_handle(pipe.value())) == owner_alone);
  }
}
