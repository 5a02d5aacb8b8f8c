// SPDX-License-Identifier: Apache-2.0
// RequestRate: how many requests a client may still send. Each has a minute's worth that fills up
// again evenly, so a page may ask for much at once, and a loop is slowed down. Any thread.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace endreason {

class RequestRate {
 public:
  void set(std::uint64_t per_minute);  // 0: any number
  // Counts one request. Nothing: it may pass; else after so many seconds it might.
  std::optional<std::int64_t> wait_seconds(std::string_view client, std::int64_t now_micros);

 private:
  struct Budget {
    double left;
    std::int64_t at_micros;
  };
  void forget_the_idle(std::int64_t now_micros);
  std::mutex mutex_;
  std::uint64_t per_minute_ = 0;
  std::map<std::string, Budget, std::less<>> clients_;
};

}  // namespace endreason
