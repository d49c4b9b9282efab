// kern_return_t and mach_msg_return_t, classified here and nowhere else.
#include "macos/mach_error.h"

namespace busbar::macos_platform {

Error error_of(kern_return_t code) noexcept {
  switch (code) {
    case KERN_SUCCESS:
      return {};
    case KERN_NO_SPACE:
      return {Status::OutOfDescriptors, code};
    case KERN_RESOURCE_SHORTAGE:
    case KERN_MEMORY_FAILURE:
      return {Status::OutOfMemory, code};
    case KERN_PROTECTION_FAILURE:
    case KERN_NO_ACCESS:
    case KERN_INVALID_RIGHT:
      return {Status::Permission, code};
    case KERN_NOT_SUPPORTED:
      return {Status::Unsupported, code};
    default:
      return {Status::System, code};
  }
}

Error message_error(mach_msg_return_t code) noexcept {
  // The lower bits of these codes say which space was short.
  constexpr mach_msg_return_t kShortages =
      MACH_MSG_IPC_SPACE | MACH_MSG_VM_SPACE | MACH_MSG_IPC_KERNEL | MACH_MSG_VM_KERNEL;
  switch (code & ~kShortages) {
    case MACH_MSG_SUCCESS:
      return {};
    case MACH_SEND_TIMED_OUT:
    case MACH_RCV_TIMED_OUT:
      return {Status::WouldBlock, code};
    case MACH_SEND_INVALID_DEST:
      return {Status::PeerGone, code};
    case MACH_SEND_TOO_LARGE:
      return {Status::TooLarge, code};
    case MACH_SEND_NO_BUFFER:
      return {Status::OutOfMemory, code};
    case MACH_RCV_TOO_LARGE:
      return {Status::ProtocolViolation, code};
    case MACH_RCV_HEADER_ERROR:
    case MACH_RCV_BODY_ERROR:
      return {Status::OutOfDescriptors, code};
    default:
      return {Status::System, code};
  }
}

}  // namespace busbar::macos_platform
