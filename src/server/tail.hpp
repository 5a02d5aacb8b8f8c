// SPDX-License-Identifier: Apache-2.0
// TailHub: rows as they are stored, to those who watch. Each watcher has a filter, and a queue that
// is bounded: who reads too slowly loses rows and is told how many.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "server/api_support.hpp"

namespace endreason {

class TailStream;

class TailHub {
 public:
  explicit TailHub(Ingestor& ingestor) : ingestor_(ingestor) {}
  ~TailHub();
  TailHub(const TailHub&) = delete;
  TailHub& operator=(const TailHub&) = delete;
  HttpResponse open(const HttpRequest& request, const ApiContext& context);

 private:
  void pass(const TrafficRecord& record, const Verdict& verdict, std::uint64_t id);
  Ingestor& ingestor_;
  std::mutex mutex_;
  std::vector<std::weak_ptr<TailStream>> streams_;
};

}  // namespace endreason
