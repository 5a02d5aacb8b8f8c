// SPDX-License-Identifier: Apache-2.0
#include "sources/folder_events.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>

namespace endreason {
namespace {

constexpr std::uint32_t kFinished = IN_CLOSE_WRITE | IN_MOVED_TO;
constexpr std::uint32_t kEvents = kFinished | IN_MODIFY | IN_CREATE | IN_MOVED_FROM | IN_DELETE;

}  // namespace

FolderEvents::FolderEvents()
    : events_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)),
      wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}

FolderEvents::~FolderEvents() {
  for (const int file : {events_, wake_})
    if (file >= 0) ::close(file);
}

void FolderEvents::watch(const std::string& folder) {
  if (events_ < 0 || watches_.contains(folder)) return;
  const int watch = ::inotify_add_watch(events_, folder.c_str(), kEvents);
  if (watch < 0) return;  // it is tried again when it is asked for again
  watches_[folder] = watch;
  folders_[watch] = folder;
}

std::vector<std::string> FolderEvents::wait(std::chrono::milliseconds most) {
  pollfd files[2] = {{events_, POLLIN, 0}, {wake_, POLLIN, 0}};
  static_cast<void>(::poll(files, 2, static_cast<int>(most.count())));
  std::uint64_t ignored = 0;
  static_cast<void>(!::read(wake_, &ignored, sizeof ignored));
  std::vector<std::string> finished;
  read_events(finished);
  return finished;
}

void FolderEvents::read_events(std::vector<std::string>& finished) {
  alignas(inotify_event) char buffer[16 * 1024];
  ssize_t count = 0;
  while (events_ >= 0 && (count = ::read(events_, buffer, sizeof buffer)) > 0) {
    for (ssize_t at = 0; at < count;) {
      inotify_event event{};
      std::memcpy(&event, buffer + at, sizeof event);
      const char* name = buffer + at + sizeof event;
      at += static_cast<ssize_t>(sizeof event + event.len);
      const auto folder = folders_.find(event.wd);
      if (folder == folders_.end()) continue;
      if ((event.mask & IN_IGNORED) != 0) {  // the folder is gone
        watches_.erase(folder->second);
        folders_.erase(folder);
      } else if ((event.mask & kFinished) != 0 && event.len > 0) {
        finished.push_back(folder->second + "/" + name);
      }
    }
  }
}

void FolderEvents::wake() {
  const std::uint64_t one = 1;
  static_cast<void>(!::write(wake_, &one, sizeof one));
}

}  // namespace endreason
