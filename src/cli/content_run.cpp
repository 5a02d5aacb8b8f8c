// SPDX-License-Identifier: Apache-2.0
#include "cli/content_run.hpp"

#include <fmt/format.h>

#include "cli/threat_options.hpp"
#include "cli/track_run.hpp"

namespace endreason {

Result<std::unique_ptr<ContentRun>> ContentRun::begin(const TrackPlan& track, ContentSink* also) {
  auto run = std::make_unique<ContentRun>();
  if (!track.inspection) return run;
  ContentLogOptions logs = track.inspection->logs;
  logs.config_version = track.engine.config_version;
  logs.panos = track.threats_as_panos;
  auto opened = ContentLogs::open(logs, track.inspection->inspection.rules, track.engine.policy);
  if (!opened) return tl::unexpected(opened.error());
  run->logs_ = std::move(*opened);
  run->sink_ = std::make_unique<Both>(*run->logs_, also);
  run->inspection_ =
      std::make_unique<ThreatInspection>(track.inspection->inspection, run->sink_.get());
  return run;
}

std::string ContentRun::hint() const {
  if (!inspection_) return {};
  const std::uint64_t hidden =
      inspection_->decryption_counters()[inspect::DecryptionCounter::Hidden];
  if (hidden == 0) return {};
  return fmt::format(
      "{} {} of TLS sessions cannot be seen, and nothing is known of {}: TLS 1.3 hides them; "
      "--keylog FILE with the sessions' secrets shows them",
      hidden, hidden == 1 ? "certificate" : "certificates", hidden == 1 ? "it" : "them");
}

}  // namespace endreason
