// SPDX-License-Identifier: Apache-2.0
// FolderEvents: waits until something happens in folders, by inotify. Only a hint to look: where
// the system gives no such events (network file systems, its limit of watches), waiting ends with
// the time. wake() may be called from any thread, the rest by one.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

namespace endreason {

class FolderEvents {
 public:
  FolderEvents();
  ~FolderEvents();
  FolderEvents(const FolderEvents&) = delete;
  FolderEvents& operator=(const FolderEvents&) = delete;

  // Once for each folder is enough.
  void watch(const std::string& folder);
  // Until something happens, `most` at most. Gives the files that were written to their end since:
  // closed by who wrote them, or moved here.
  std::vector<std::string> wait(std::chrono::milliseconds most);
  void wake();

 private:
  void read_events(std::vector<std::string>& finished);
  int events_ = -1, wake_ = -1;
  std::map<std::string, int> watches_;
  std::map<int, std::string> folders_;
};

}  // namespace endreason
