// SPDX-License-Identifier: Apache-2.0
#include "server/request_rate.hpp"

#include <algorithm>
#include <cmath>

namespace endreason {
namespace {

constexpr std::size_t kClientsMax = 4096;
constexpr double kMinute = 60e6;  // microseconds

}  // namespace

void RequestRate::set(std::uint64_t per_minute) {
  const std::scoped_lock lock(mutex_);
  per_minute_ = per_minute;
  clients_.clear();
}

std::optional<std::int64_t> RequestRate::wait_seconds(std::string_view client,
                                                      std::int64_t now_micros) {
  const std::scoped_lock lock(mutex_);
  if (per_minute_ == 0) return std::nullopt;
  const auto most = static_cast<double>(per_minute_);
  auto found = clients_.find(client);
  if (found == clients_.end()) {
    if (clients_.size() >= kClientsMax) forget_the_idle(now_micros);
    found = clients_.emplace(client, Budget{most, now_micros}).first;
  }
  Budget& budget = found->second;
  // A clock that was set back gives nothing.
  const auto passed = static_cast<double>(std::max<std::int64_t>(now_micros - budget.at_micros, 0));
  budget.left = std::min(most, budget.left + passed * most / kMinute);
  budget.at_micros = now_micros;
  if (budget.left >= 1) {
    budget.left -= 1;
    return std::nullopt;
  }
  return std::max<std::int64_t>(1, std::llround(std::ceil((1 - budget.left) * 60 / most)));
}

// Whose minute is over would be let in again anyway. When none is, the table begins anew rather
// than grow: a flood from thousands of addresses is not what this is against.
void RequestRate::forget_the_idle(std::int64_t now_micros) {
  std::erase_if(clients_, [&](const auto& client) {
    return static_cast<double>(now_micros - client.second.at_micros) >= kMinute;
  });
  if (clients_.size() >= kClientsMax) clients_.clear();
}

}  // namespace endreason
