// Processes, clock and random numbers of the loopback kernel.
#include "loopback/loopback_world.h"

#include "loopback/loopback_platform.h"

namespace busbar {

LoopbackWorld::~LoopbackWorld() {
  for (const Entry& entry : processes_) loopback::close_objects_of(*entry.process);
}

Platform& LoopbackWorld::start_process(std::uint32_t pid, std::uint64_t user) {
  auto process = std::make_unique<loopback::Process>(
      loopback::Process{.world = *this, .identity = {.pid = pid, .user = user}});
  auto platform = std::make_unique<LoopbackPlatform>(*process);
  processes_.push_back({std::move(process), std::move(platform)});
  return *processes_.back().platform;
}

void LoopbackWorld::kill(std::uint32_t pid) noexcept {
  loopback::Process* process = find_alive(pid);
  if (process == nullptr) return;
  process->alive = false;
  loopback::close_objects_of(*process);
}

bool LoopbackWorld::is_alive(std::uint32_t pid) const noexcept {
  return find_alive(pid) != nullptr;
}

std::size_t LoopbackWorld::count_handles(std::uint32_t pid) const noexcept {
  const loopback::Process* process = find_alive(pid);
  return process == nullptr ? 0 : loopback::count_objects_of(*process);
}

void LoopbackWorld::set_pid_namespace(std::uint32_t pid, std::uint64_t number) noexcept {
  if (loopback::Process* process = find_alive(pid)) process->pid_namespace = number;
}

void LoopbackWorld::set_cpu(std::uint32_t pid, std::uint32_t cpu) noexcept {
  if (loopback::Process* process = find_alive(pid)) process->cpu = cpu;
}

void LoopbackWorld::set_runnable(std::uint32_t pid, bool runnable) noexcept {
  if (loopback::Process* process = find_alive(pid)) process->runnable = runnable;
}

bool LoopbackWorld::is_runnable(std::uint32_t pid) const noexcept {
  const loopback::Process* process = find_alive(pid);
  return process != nullptr && process->runnable;
}

// SplitMix64 (Steele, Lea, Flood 2014): small, and good enough for distinct ids.
void LoopbackWorld::fill_random(std::span<std::byte> out) noexcept {
  for (std::byte& byte : out) {
    random_state_ += 0x9e3779b97f4a7c15;
    std::uint64_t mixed = random_state_;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
    byte = static_cast<std::byte>(mixed >> 56);
  }
}

loopback::Process* LoopbackWorld::find_alive(std::uint32_t pid) const noexcept {
  for (const Entry& entry : processes_) {
    if (entry.process->alive && entry.process->identity.pid == pid) return entry.process.get();
  }
  return nullptr;
}

}  // namespace busbar
