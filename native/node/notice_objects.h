// Notices as plain JavaScript objects; src/native/addon.ts has their types.
#pragma once

#include <napi.h>

#include <optional>
#include <vector>

#include "core/endpoint/notice.h"

namespace busbar::node {

[[nodiscard]] Napi::Array notice_objects(Napi::Env env, std::vector<Notice>& notices);
// An array with one notice: there is no memory for the payload of the next message.
[[nodiscard]] Napi::Array out_of_memory_notice(Napi::Env env, std::uint64_t bytes);
// An array with one notice: the senders of these links have other labels.
[[nodiscard]] Napi::Array senders_notice(Napi::Env env, const std::vector<std::uint32_t>& slots);
[[nodiscard]] Napi::Object member_object(Napi::Env env, const Member& member);
[[nodiscard]] Napi::Array member_array(Napi::Env env, const std::vector<Member>& members);

}  // namespace busbar::node
