// SPDX-License-Identifier: Apache-2.0
#include "cli/live_capture.hpp"

#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/parse_number.hpp"

namespace endreason {
namespace {

constexpr std::size_t kBatchPackets = 256;
// The kernel hands packets over a tenth of a second late, and a busy machine later.
constexpr std::chrono::seconds kOnTheirWay{1};

// What the signal handler may touch.
std::atomic<LiveSource*> stoppable{nullptr};
static_assert(std::atomic<LiveSource*>::is_always_lock_free);

void stop_capture(int) {
  if (LiveSource* source = stoppable.load()) source->stop();
}

// A second signal ends the program as usual.
void stop_on_signals() {
  struct sigaction action {};
  action.sa_handler = stop_capture;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

struct User {
  uid_t user;
  gid_t group;
};

// Who called sudo, else nobody.
std::optional<User> lesser_user() {
  const auto number = [](const char* name) -> std::optional<std::uint64_t> {
    const char* const text = std::getenv(name);
    std::uint64_t value = 0;
    if (text == nullptr || !parse_decimal(text, value) || value > UINT32_MAX) return std::nullopt;
    return value;
  };
  const auto user = number("SUDO_UID"), group = number("SUDO_GID");
  if (user && group && *user != 0)
    return User{static_cast<uid_t>(*user), static_cast<gid_t>(*group)};
  const passwd* const nobody = getpwnam("nobody");
  if (nobody == nullptr) return std::nullopt;
  return User{nobody->pw_uid, nobody->pw_gid};
}

}  // namespace

Result<std::unique_ptr<LiveCapture>> LiveCapture::open(const LiveOptions& options) {
  auto source = LiveSource::open(options);
  if (!source) return tl::unexpected(source.error());
  return std::unique_ptr<LiveCapture>(new LiveCapture(std::move(*source)));
}

Result<void> LiveCapture::give_up_rights() {
  if (geteuid() != 0) return {};
  const auto user = lesser_user();
  if (!user)
    return fail(Error::Code::Io,
                "-i: there is no user 'nobody' to go on as after the interface is open (call it "
                "with sudo, or give the program cap_net_raw and run it as another user)");
  if (setgroups(0, nullptr) != 0 || setgid(user->group) != 0 || setuid(user->user) != 0 ||
      setuid(0) == 0)
    return fail(Error::Code::Io,
                fmt::format("-i: the rights of root cannot be given up: {}", std::strerror(errno)));
  return {};
}

LiveCapture::LiveCapture(std::unique_ptr<LiveSource> source)
    : source_(std::move(source)), batch_(kBatchPackets) {
  stoppable.store(source_.get());
  stop_on_signals();
}

LiveCapture::~LiveCapture() {
  stoppable.store(nullptr);
}

std::span<const RawPacket> LiveCapture::read() {
  return std::span<const RawPacket>(batch_).first(source_->read(batch_));
}

std::int64_t LiveCapture::now_ns() {
  const auto now = std::chrono::system_clock::now() - kOnTheirWay;
  return std::chrono::duration_cast<std::chrono::nanoseconds>(now.time_since_epoch()).count();
}

}  // namespace endreason
