// The label of a message's sender: the last one that its receiver could know.
#include <array>
#include <vector>

#include "endpoint/endpoint_harness.h"
#include "support/check.h"

namespace busbar::test {
namespace {

constexpr std::uint32_t kOldController = 1;
constexpr std::uint32_t kNextController = 2;
constexpr std::uint32_t kLabelReader = 3;

// Two senders, the first one of which is controller, and a receiver with a link of the first.
struct LabelScene {
  LabelScene() {
    receiver.on_message = [this](const ReceivedMessage& message, std::span<const std::byte>) {
      const auto from = receiver.endpoint->peer(message.link_slot);
      if (CHECK(from.has_value())) labels.push_back(from->label);
    };
    run();
    send();
    CHECK_EQ(labels.size(), 1);
  }

  void run(milliseconds time = milliseconds(400)) {
    std::vector<TestEndpoint*> all{&first, &second, &receiver};
    test::run(world, all, time);
  }
  void send() {
    CHECK_EQ(first.endpoint->send(first.request_to("receiver", {})).receivers, 1);
    first.endpoint->flush_bells();
    run();
  }

  LoopbackWorld world{7};
  TestEndpoint first{world, kOldController, "old"};
  TestEndpoint second{world, kNextController, "second"};
  TestEndpoint receiver{world, kLabelReader, "receiver"};
  std::vector<Label> labels;
};

}  // namespace

TEST(sender_has_its_new_label_over_the_link_that_was_there) {
  LabelScene scene;
  CHECK(scene.labels[0] == label_of("old"));
  CHECK(scene.first.endpoint->relabel(label_of("new")).ok());
  scene.run();
  scene.send();
  REQUIRE_EQ(scene.labels.size(), 2);
  CHECK(scene.labels[1] == label_of("new"));
}

// The receiver did not look between the change and the death, and no later directory has the
// sender.
TEST(sender_that_died_as_the_controller_has_its_last_label) {
  LabelScene scene;
  scene.receiver.reads = false;
  CHECK(scene.first.endpoint->relabel(label_of("new")).ok());
  scene.run();
  scene.send();
  scene.world.kill(kOldController);
  scene.run(milliseconds(2000));
  CHECK_EQ(scene.receiver.endpoint->members().size(), 2);
  scene.receiver.reads = true;
  scene.run();
  REQUIRE_EQ(scene.labels.size(), 2);
  CHECK(scene.labels[1] == label_of("new"));
}

}  // namespace busbar::test
