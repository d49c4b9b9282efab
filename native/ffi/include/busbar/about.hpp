// busbar/about.hpp: questions that every server answers; a part of busbar_rpc.hpp.
#ifndef BUSBAR_RPC_ABOUT_HPP
#define BUSBAR_RPC_ABOUT_HPP

#include "busbar/client.hpp"

namespace busbar {
namespace rpc {

// What a server serves: the models of its interfaces, of which `busbar generate` makes code.
struct Description {
  std::vector<Value> interfaces;

  static constexpr auto fields() { return rpc::fields("interfaces", &Description::interfaces); }
};

// The counters of one member.
struct MemberStats {
  std::string name;
  // Calls that were begun.
  U53 calls = 0;
  // Those that failed with an error that the interface does not declare, or a wrong result.
  U53 failures = 0;
  // Milliseconds from the beginning of each call to its end, in all.
  double busy_ms = 0;
  // Clients that listen to the signal or watch the property.
  U53 subscribers = 0;

  static constexpr auto fields() {
    return rpc::fields("name", &MemberStats::name, "calls?", &MemberStats::calls, "failures?",
                       &MemberStats::failures, "busyMs?", &MemberStats::busy_ms, "subscribers?",
                       &MemberStats::subscribers);
  }
};

// What a server says about one of its services.
struct ServiceStats {
  std::string interface_name;
  std::string version;
  // Calls whose methods have not answered yet, and calls that wait for one of those.
  U53 running = 0;
  U53 queued = 0;
  // Whether it takes no more calls.
  bool leaving = false;
  // How often its session has dropped the answers to a caller that took too few of them.
  U53 overruns = 0;
  // Milliseconds since it was served.
  double uptime_ms = 0;
  std::vector<MemberStats> members;

  static constexpr auto fields() {
    return rpc::fields("interface", &ServiceStats::interface_name, "version",
                       &ServiceStats::version, "running?", &ServiceStats::running, "queued?",
                       &ServiceStats::queued, "leaving?", &ServiceStats::leaving, "overruns?",
                       &ServiceStats::overruns, "uptimeMs?", &ServiceStats::uptime_ms, "members?",
                       &ServiceStats::members);
  }
};

struct ServerStats {
  std::vector<ServiceStats> services;

  static constexpr auto fields() { return rpc::fields("services", &ServerStats::services); }
};

namespace detail {

// A method that every server has, whatever it serves.
class BuiltIn : ClientMember {
 public:
  BuiltIn(Client& client, const char* name, const char* type)
      : ClientMember(&client, name, busbar::uuid(type)) {}
  template <typename R>
  [[nodiscard]] Pending<R> ask(const Options& given) const {
    const Options options = merged(given);
    auto call = make<UnaryCall<R>>(BUSBAR_RPC_CALL);
    if (prepare(*call, Nothing{}, options)) start(call, options);
    return Pending<R>(std::move(call));
  }
};

}  // namespace detail

// Asks a server of the client's interface what it serves.
[[nodiscard]] inline Pending<Description> describe(Client& client, const Options& options = {}) {
  return detail::BuiltIn(client, "busbar.describe", BUSBAR_RPC_TYPE_DESCRIBE)
      .ask<Description>(options);
}

// Is answered as soon as the thread of a server turns, even if that takes no more calls.
[[nodiscard]] inline Pending<Nothing> ping(Client& client, const Options& options = {}) {
  return detail::BuiltIn(client, "busbar.ping", BUSBAR_RPC_TYPE_PING).ask<Nothing>(options);
}

// Asks a server of the client's interface for its counters: one entry for each of its services.
[[nodiscard]] inline Pending<ServerStats> stats(Client& client, const Options& options = {}) {
  return detail::BuiltIn(client, "busbar.stats", BUSBAR_RPC_TYPE_STATS).ask<ServerStats>(options);
}

}  // namespace rpc
}  // namespace busbar

#endif
