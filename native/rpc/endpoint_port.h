// The port over a bus: an endpoint.
#ifndef BUSBAR_RPC_ENDPOINT_PORT_H
#define BUSBAR_RPC_ENDPOINT_PORT_H

#include <unordered_map>

#include "rpc/port.h"

namespace busbar::rpc::detail {

class EndpointPort final : public Port {
 public:
  explicit EndpointPort(PortHost& host) noexcept : host_(host) {}
  ~EndpointPort() override;
  Status join(const char* bus, const SessionOptions& options);

  busbar_status receive(std::int32_t timeout, std::optional<Arrived>& arrived) override;
  void close() override;
  Status relabel(const std::vector<std::string>& label,
                 const std::vector<Offered>& offers) override;
  Posted post(std::uint64_t peer, const busbar_uuid& type, std::uint16_t format,
              std::uint64_t reply_to, const Encoded& body, Bytes metadata, bool cork) override;
  void flush() override;
  void wake() override;
  std::shared_ptr<Target> target(const std::string& label, const std::string& to,
                                 std::string& problem) override;
  void find_peers(Target& target) override;
  void emit(Subscribers& subscribers, const busbar_uuid& type, std::uint16_t format,
            const Encoded& body, const char* key) override;
  void forget(std::uint64_t peer) override { selectors_.erase(peer); }
  [[nodiscard]] busbar_endpoint* endpoint() const noexcept override { return endpoint_; }
  [[nodiscard]] std::uint64_t id() const noexcept override { return id_; }

 private:
  static void on_event(void* context, const busbar_event* event);
  [[nodiscard]] const busbar_selector* selector_of(std::uint64_t peer);

  PortHost& host_;
  busbar_endpoint* endpoint_ = nullptr;
  std::uint64_t id_ = 0;
  // Under the session's lock.
  std::unordered_map<std::uint64_t, busbar::Selector> selectors_;
};

}  // namespace busbar::rpc::detail

#endif
