// SPDX-License-Identifier: Apache-2.0
// Ingestor: what is committed with the rows (the place in the spool, counters, places of files),
// how it is learned again at a start, and the way back when the database refuses.
#include <array>
#include <utility>

#include <fmt/format.h>

#include "ingest/ingestor.hpp"

namespace endreason {
namespace {

// In the store's state: "place.offset.KEY" and so on.
struct PlaceNumber {
  std::string_view name;
  std::uint64_t FilePlace::*member;
};
constexpr PlaceNumber kPlaceNumbers[] = {{"place.offset.", &FilePlace::offset},
                                         {"place.tail.", &FilePlace::tail},
                                         {"place.stamp.", &FilePlace::stamp}};
constexpr std::string_view kCountNames[] = {"bytes",    "stored", "duplicates",
                                            "rejected", "other",  "blank"};

std::array<std::uint64_t*, 6> members(IngestCounts& c) {
  return {&c.bytes, &c.stored, &c.duplicates, &c.rejected, &c.other, &c.blank};
}

}  // namespace

Result<void> Ingestor::learn_state() {
  auto senders = store_.senders();
  if (!senders) return tl::unexpected(senders.error());
  for (const std::string& name : *senders) {
    sender_numbers_[name] = static_cast<std::uint16_t>(senders_.size());
    senders_.push_back({name, {}, {}, 0, 0});
  }
  auto state = store_.state();
  if (!state) return tl::unexpected(state.error());
  for (const auto& [name, value] : *state) {
    if (name == "spool_segment") committed_position_.segment = value;
    if (name == "spool_offset") committed_position_.offset = value;
    if (name.starts_with(kStreamPlace)) streams_committed_[name] = value;
    if (name.starts_with("type.")) types_committed_[name.substr(5)] = value;
    for (const PlaceNumber& number : kPlaceNumbers)
      if (name.starts_with(number.name))
        places_committed_[name.substr(number.name.size())].*number.member = value;
    if (!name.starts_with("sender.")) continue;
    const std::size_t dot = name.find('.', 7);
    const auto number = static_cast<std::size_t>(std::stoul(name.substr(7, dot - 7)));
    if (number >= senders_.size()) continue;
    const std::string what = name.substr(dot + 1);
    const auto counts = members(senders_[number].committed);
    for (std::size_t i = 0; i < counts.size(); ++i)
      if (what == kCountNames[i]) *counts[i] = value;
    if (what == "dropped") senders_[number].dropped = value;
    if (what == "last") senders_[number].last_micros = static_cast<std::int64_t>(value);
  }
  position_ = committed_position_;
  places_ = places_committed_;
  learn_begun();
  return {};
}

void Ingestor::learn_begun() {
  again_until_.reset();
  const auto begun = store_.begun();
  if (!begun) return;
  SpoolPosition until;
  for (const auto& [name, value] : *begun) {
    if (name == "spool_segment") until.segment = value;
    if (name == "spool_offset") until.offset = value;
  }
  again_until_ = until;
}

// --- commits ---------------------------------------------------------------------------------

StoreState Ingestor::state_to_commit() const {
  StoreState state{{"spool_segment", position_.segment}, {"spool_offset", position_.offset}};
  auto types = types_committed_;
  for (const auto& [type, count] : types_pending_) types[type] += count;
  for (const auto& [type, count] : types) state.emplace_back("type." + type, count);
  FilePlaces places = places_committed_;
  for (const auto& [key, place] : places_pending_)
    if (!places_forgotten_.contains(key)) places.insert_or_assign(key, place);
  for (const auto& [key, place] : places)
    for (const PlaceNumber& number : kPlaceNumbers)
      state.emplace_back(std::string(number.name) + key, place.*number.member);
  StreamPlaces streams = streams_committed_;
  for (const auto& [key, end] : streams_pending_) streams.insert_or_assign(key, end);
  for (const auto& [key, end] : streams) state.emplace_back(key, end);
  for (std::size_t i = 0; i < senders_.size(); ++i) {
    IngestCounts sum = senders_[i].committed;
    sum.add(senders_[i].pending);
    const auto counts = members(sum);
    for (std::size_t c = 0; c < counts.size(); ++c)
      if (*counts[c] != 0)
        state.emplace_back(fmt::format("sender.{}.{}", i, kCountNames[c]), *counts[c]);
    if (senders_[i].dropped != 0)
      state.emplace_back(fmt::format("sender.{}.dropped", i), senders_[i].dropped);
    if (senders_[i].last_micros > 0)
      state.emplace_back(fmt::format("sender.{}.last", i),
                         static_cast<std::uint64_t>(senders_[i].last_micros));
  }
  return state;
}

// Everything up to here. False: it was not done, and comes again.
bool Ingestor::commit() {
  return begin_commit() && finish_commit();
}

// The database takes it while rows go on being read.
bool Ingestor::begin_commit() {
  if (committing_ && !finish_commit()) return false;
  Committing begun{position_, lines_pending_, {}, 0, {}, {}, {}, {}};
  StoreState state;
  std::vector<std::pair<std::uint16_t, std::string>> fresh;
  {
    const std::scoped_lock lock(mutex_);
    state = state_to_commit();
    for (const std::uint16_t number : senders_to_store_)
      fresh.emplace_back(number, senders_[number].name);
    for (Sender& sender : senders_) begun.counts.push_back(std::exchange(sender.pending, {}));
  }
  begun.senders = fresh.size();
  begun.types.swap(types_pending_);
  begun.places.swap(places_pending_);
  begun.keys.swap(keys_pending_);
  begun.streams.swap(streams_pending_);
  committing_ = std::move(begun);
  rows_pending_ = lines_pending_ = 0;
  for (const auto& [number, name] : fresh) {
    if (auto added = store_.add_sender(number, name); !added) {
      fall_back(added.error().message);
      return false;
    }
  }
  if (auto begins = store_.begin_commit(state); !begins) {
    fall_back(begins.error().message);
    return false;
  }
  return true;
}

bool Ingestor::finish_commit() {
  if (auto committed = store_.finish_commit(); !committed) {
    fall_back(committed.error().message);
    return false;
  }
  {
    // One moment for both sides of the accounting: what leaves the spool is stored.
    const std::scoped_lock lock(mutex_);
    for (std::size_t i = 0; i < committing_->counts.size(); ++i)
      senders_[i].committed.add(committing_->counts[i]);
    senders_to_store_.erase(
        senders_to_store_.begin(),
        senders_to_store_.begin() + static_cast<std::ptrdiff_t>(committing_->senders));
    for (const auto& [type, count] : committing_->types) types_committed_[type] += count;
    for (const auto& [key, place] : committing_->places)
      if (!places_forgotten_.contains(key)) places_committed_.insert_or_assign(key, place);
    spool_.release_before(committing_->position, committing_->lines);
    if (state_ != IngestState::Draining) state_ = IngestState::Running;
    problem_.clear();
  }
  for (const auto& [key, end] : committing_->streams) streams_committed_.insert_or_assign(key, end);
  committed_position_ = committing_->position;
  committing_.reset();
  return true;
}

// The database refused: back to where it is, and again in a while.
void Ingestor::fall_back(const std::string& problem) {
  store_.roll_back();
  {
    const std::scoped_lock lock(seen_mutex_);
    for (const AddedKey& key : keys_pending_) key.set->erase(key.number);
    if (committing_)
      for (const AddedKey& key : committing_->keys) key.set->erase(key.number);
  }
  committing_.reset();
  keys_pending_.clear();
  types_pending_.clear();
  places_pending_.clear();
  streams_pending_.clear();
  position_ = committed_position_;
  rows_pending_ = lines_pending_ = 0;
  learn_begun();
  {
    const std::scoped_lock lock(mutex_);
    for (Sender& sender : senders_) sender.pending = {};
    if (state_ != IngestState::Draining && !begin_failed_)
      state_ = store_.elsewhere() ? IngestState::StoreAway : IngestState::DiskFull;
    problem_ = problem;
  }
  if (begin_failed_ && options_.kafka.message) options_.kafka.message(problem);
  begin_failed_ = false;
  for (int i = 0; i < 20 && !stopping_; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
}

}  // namespace endreason
