// SPDX-License-Identifier: Apache-2.0
// ContentRun: inspection of one run of the engine, and its logs; nothing where none is planned.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "cli/content_logs.hpp"
#include "dataplane/threat_inspection.hpp"

namespace endreason {

struct TrackPlan;

class ContentRun {
 public:
  // `also`, which may be null and outlives the run, is told what is found, too.
  static Result<std::unique_ptr<ContentRun>> begin(const TrackPlan& track,
                                                   ContentSink* also = nullptr);

  // For EngineOptions; null where nothing is inspected.
  ContentInspection* inspection() { return inspection_.get(); }
  // Names and counts of what happened, those that are not 0.
  template <class Take>
  void each_counter(const Take& take) const {
    if (!inspection_) return;
    const ContentCounters content = inspection_->counters();
    for (const ContentCounterInfo& row : kContentCounters)
      if (content[row.value] > 0) take(row.log_name, content[row.value], row.sentence);
    const inspect::DecryptionCounters decryption = inspection_->decryption_counters();
    for (const inspect::DecryptionCounterInfo& row : inspect::kDecryptionCounters)
      if (decryption[row.value] > 0) take(row.log_name, decryption[row.value], row.sentence);
  }
  // What the operator may want to do about what cannot be seen; empty: nothing.
  std::string hint() const;
  // Fails when a log could not be written.
  Result<void> close() { return logs_ ? logs_->close() : Result<void>{}; }

 private:
  // To the logs, and to someone else.
  class Both final : public ContentSink {
   public:
    Both(ContentSink& first, ContentSink* second) : first_(first), second_(second) {}
    void on_content(const ContentRow& row) override {
      first_.on_content(row);
      if (second_ != nullptr) second_->on_content(row);
    }

   private:
    ContentSink& first_;
    ContentSink* second_;
  };

  std::unique_ptr<ContentLogs> logs_;
  std::unique_ptr<Both> sink_;
  std::unique_ptr<ThreatInspection> inspection_;
};

}  // namespace endreason
