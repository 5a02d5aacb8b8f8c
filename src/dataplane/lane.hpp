// SPDX-License-Identifier: Apache-2.0
// Lane: the sessions of one table, their applications, and the rows that they give rise to. An
// engine has one a thread; packets are spread over them by flow_lane(). One thread at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "appid/app_catalogue.hpp"
#include "appid/identifier.hpp"
#include "base/result.hpp"
#include "dataplane/engine_observer.hpp"
#include "dataplane/engine_options.hpp"
#include "dataplane/engine_row.hpp"
#include "dataplane/history.hpp"
#include "dataplane/interface_notes.hpp"
#include "dataplane/lane_flow.hpp"
#include "dataplane/lane_gate.hpp"
#include "dataplane/stream_decoders.hpp"
#include "session/session_table.hpp"

namespace endreason {

// What all lanes together may use up.
struct LaneUse {
  std::uint64_t sessions{}, segments{}, app_states{}, decoders{}, content_bytes{};
  bool accelerated{};  // aging, in any lane
  LaneUse& operator+=(const LaneUse& other) {
    sessions += other.sessions;
    segments += other.segments;
    app_states += other.app_states;
    decoders += other.decoders;
    content_bytes += other.content_bytes;
    accelerated |= other.accelerated;
    return *this;
  }
  LaneUse operator-(const LaneUse& other) const {
    return {sessions - other.sessions,           segments - other.segments,
            app_states - other.app_states,       decoders - other.decoders,
            content_bytes - other.content_bytes, accelerated};
  }
};

// Rows that are written together: they stay in the second-level cache, with what else is used
// there; of several lanes, each thread gets enough work between two meetings.
inline constexpr std::size_t kRowsAlone = 512;
inline constexpr std::size_t kRowsTogether = 1024;

// What the lanes of an engine have in common.
struct LaneShared {
  const EngineOptions& options;
  const AppCatalogue& catalogue;
  const PolicyGate* policy;  // null: no rules
  const InterfaceNames& interface_names;
  BlockedAddresses& blocked;
};

class Lane final : public SessionSink {
 public:
  // What is shared outlives the lane.
  static Result<std::unique_ptr<Lane>> create(const LaneShared& shared, unsigned number);

  SessionTable& table() { return *table_; }
  const SessionTable& table() const { return *table_; }
  const Identifier* identifier() const { return identifier_.get(); }
  StreamDecoderCounters decoders() const {
    return decoders_ ? decoders_->counters() : StreamDecoderCounters{};
  }

  // The rows so far.
  RowList& rows() { return given_[closed_ % given_.size()].rows; }
  // The latest of them.
  std::int64_t latest_row_ns() const { return latest_row_ns_; }
  // No more are added to them.
  void close_rows();
  // Of those that are closed and in no order yet, the earliest.
  RowList& closed_rows() { return given_[ordered_ % given_.size()].rows; }
  // Puts those in the order of the log, where they will not change any more. Where none are closed,
  // the rows so far.
  void order_rows();
  // Takes the next that are ordered, or all so far. They and their places stay until the next are
  // closed; of one of several lanes, until so many more are as LaneFlow::row_batches() says.
  std::span<const RowPlace> give_rows();
  // Called, where it is set, when many rows have come together and no earlier one can follow.
  void set_overflow(std::function<void()> overflow) { overflow_ = std::move(overflow); }

  LaneUse use() const;
  void set_elsewhere(const LaneUse& use);
  // Null when there are neither rules nor inspection.
  LaneGate* gate() const { return gate_.get(); }
  std::uint64_t rows_not_logged() const { return rows_not_logged_; }
  // Of the session at this place, as far as they are known.
  SessionNames names_of(SessionIndex place);

  SessionCounter admit(const PacketView& first, PacketZones zones) override;
  void on_pool_full(const PacketView& first) override;
  bool wants_packets() const override {
    return identifier_ != nullptr || options_.log_start || options_.observer != nullptr ||
           gate_ != nullptr || history_ != nullptr || interface_names_.any();
  }
  void on_packet(const PacketView& packet, const PacketResult& result) override;
  bool wants_coming() const override { return gate_ != nullptr && gate_->inspects(); }
  void on_coming(SessionIndex session) override { gate_->coming(session); }
  void on_end(const Session& session, std::int64_t ended_ns) override;
  void on_pause(std::int64_t before_ns) override;

 private:
  explicit Lane(const LaneShared& shared)
      : options_(shared.options),
        catalogue_(shared.catalogue),
        interface_names_(shared.interface_names),
        web_browsing_(catalogue_.find("web-browsing")),
        http_proxy_(catalogue_.find("http-proxy")),
        given_(options_.threads > 1 ? LaneFlow::row_batches(options_.threads) + 1 : 2) {}
  Result<void> prepare(const LaneShared& shared, unsigned number);
  Result<void> prepare_timeouts();
  void see_content(const PacketView& packet, const PacketResult& result);
  void look_at(const PacketView& packet, const PacketResult& result);
  void identify(const PacketView& packet, const PacketResult& result);
  void name_session(const PacketResult& result, const PacketView& packet, AppId app,
                    bool may_change = false);
  AppId app_of_protocol(const PacketView& packet) const;
  AppId final_app(const Session& session);
  bool gated(const PacketView& packet, const PacketResult& result);
  void inspect(const PacketView& packet, const PacketResult& result);
  SessionPolicy policy_at(SessionIndex place);
  SessionNames names_of(SessionIndex place, AppId app);
  std::string_view rule_name(const SessionPolicy& policy) const;
  void inherit_rules();
  bool logs(const SessionPolicy& policy, Subtype subtype) const;
  struct RowOfSession {
    Subtype subtype;
    std::int64_t at_ns;
    AppId app;
    SessionPolicy policy;
  };
  void add_row(const Session& session, SessionIndex place, const RowOfSession& row);
  EngineRow* begin_row(const Session& session, const RowOfSession& row);
  void add_deny_row(const PacketView& packet, const PacketResult& result, AppId app);
  void add_refused_row(const PacketView& packet, Subtype subtype, AppId app, EndReason reason);

  const EngineOptions& options_;
  const AppCatalogue& catalogue_;
  const InterfaceNames& interface_names_;
  AppId web_browsing_, http_proxy_;
  std::unique_ptr<SessionTable> table_;
  std::unique_ptr<Identifier> identifier_;
  std::unique_ptr<StreamDecoders> decoders_;  // there when identifier_ is
  std::unique_ptr<LaneGate> gate_;
  std::unique_ptr<HistoryNotes> history_;  // null: nobody asks for it
  InterfaceNotes interfaces_;              // of those that have names
  PacketZones asked_;                      // zones of the packet that admit() was asked about
  std::uint64_t rows_not_logged_ = 0;
  std::vector<std::uint8_t> timeout_profiles_;  // by application; empty: none has its own
  struct Given {
    RowList rows;
    std::vector<RowPlace> places;
  };
  RowBlocks row_blocks_;
  std::vector<Given> given_;                // in turn
  std::uint64_t closed_ = 0;                // of them, so far
  std::uint64_t ordered_ = 0;               // and ordered
  std::uint64_t taken_ = 0;                 // and taken
  std::int64_t latest_row_ns_ = INT64_MIN;  // of those that are not closed
  std::function<void()> overflow_;
};

}  // namespace endreason
