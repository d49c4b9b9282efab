// What every server answers, whatever it serves: `busbar.describe`, `busbar.ping`, `busbar.stats`.
#include <cmath>

#include "rpc/core.h"

namespace busbar::rpc::detail {

namespace {

// JSON in another codec, with the members of its maps in their order.
void convert(std::string_view json, Writer& out) {
  Reader in(json, Codec::json, nullptr);
  const std::size_t start = json.find_first_not_of(" \t\r\n");
  const char first = start == std::string_view::npos ? '\0' : json[start];
  std::string_view part;
  if (first == '{') {
    std::vector<std::pair<std::string, std::string_view>> members;
    std::string_view key;
    if (in.begin_map()) {
      while (in.key(key)) {
        std::string name(key);
        if (in.raw(part)) members.emplace_back(std::move(name), part);
      }
    }
    out.begin_map(members.size());
    for (const auto& [name, value] : members) {
      out.key(name);
      convert(value, out);
    }
    out.end();
  } else if (first == '[') {
    std::vector<std::string_view> elements;
    if (in.begin_list()) {
      while (in.element()) {
        if (in.raw(part)) elements.push_back(part);
      }
    }
    out.begin_list(elements.size());
    for (const std::string_view element : elements) convert(element, out);
    out.end();
  } else {
    Value value;
    (void)in.any(value);
    Coder<Value>::write(out, value);
  }
  if (!in.ok()) out.refuse("is no JSON: " + in.problem());
}

void write_milliseconds(Writer& out, Clock::duration duration) {
  out.integer(std::int64_t{std::chrono::round<std::chrono::milliseconds>(duration).count()});
}

}  // namespace

// The version that a model has; without one, the first of its major version.
std::string version_of(const Service& service) {
  std::string version = std::to_string(service.major) + ".0";
  Reader in(service.model, Codec::json, nullptr);
  std::string_view key;
  if (service.model.empty() || !in.begin_map()) return version;
  while (in.key(key)) {
    if (key == "version") {
      (void)in.text(version);
      break;
    }
    (void)in.skip();
  }
  return version;
}

bool Core::built_in(Locked& locked, const busbar_message_info& info) {
  static const busbar_uuid ping = busbar::uuid(BUSBAR_RPC_TYPE_PING);
  static const busbar_uuid describe = busbar::uuid(BUSBAR_RPC_TYPE_DESCRIBE);
  static const busbar_uuid stats = busbar::uuid(BUSBAR_RPC_TYPE_STATS);
  Writer out(answer_codec(info));
  if (info.type == ping) {
    out.begin_map(0);
  } else if (info.type == describe) {
    const auto count = std::count_if(services_.begin(), services_.end(),
                                     [](const auto& service) { return !service->model.empty(); });
    out.begin_map(1);
    out.key("interfaces");
    out.begin_list(static_cast<std::size_t>(count));
    for (const auto& service : services_) {
      if (!service->model.empty()) convert(service->model, out);
    }
    out.end();
  } else if (info.type == stats) {
    out.begin_map(1);
    out.key("services");
    out.begin_list(services_.size());
    for (const auto& service : services_) write_stats(out, *service);
    out.end();
  } else {
    return false;
  }
  out.end();
  const std::uint16_t format = answer_format(BUSBAR_RPC_RESULT, answer_codec(info));
  if (!out.ok() ||
      post_answer(locked, info.from_id, info.id, format, {std::move(out.out), {}}) == kRefused) {
    refuse(locked, info,
           Error{"INVALID_RESULT", out.ok() ? "the answer is too large" : out.problem()});
  }
  return true;
}

void Core::write_stats(Writer& out, const Service& service) const {
  const auto number = [&](const char* key, std::uint64_t value) {
    out.key(key);
    out.integer(value);
  };
  out.begin_map(8);
  out.key("interface");
  out.text(service.interface_name);
  out.key("version");
  out.text(version_of(service));
  number("running", service.running);
  number("queued", service.queued.size());
  out.key("leaving");
  out.boolean(service.leaving);
  number("overruns", overruns_);
  out.key("uptimeMs");
  write_milliseconds(out, Clock::now() - service.served_at);
  out.key("members");
  out.begin_list(service.members.size());
  for (const ServedMember* member : service.members) {
    const auto found = service.subscribers.find(member);
    out.begin_map(5);
    out.key("name");
    out.text(member->member.name);
    number("calls", member->counts_.calls);
    number("failures", member->counts_.failures);
    out.key("busyMs");
    write_milliseconds(out, member->counts_.busy);
    number("subscribers", found == service.subscribers.end() ? 0 : found->second.peers.size());
    out.end();
  }
  out.end();
  out.end();
}

void Core::count_failure(ServedMember& member) {
  const Locked locked(*this);
  ++member.counts_.failures;
}

}  // namespace busbar::rpc::detail
