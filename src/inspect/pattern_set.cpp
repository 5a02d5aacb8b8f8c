// SPDX-License-Identifier: Apache-2.0
#include "inspect/pattern_set.hpp"

#include <hs/hs.h>

#include <algorithm>
#include <cctype>
#include <tuple>
#include <utility>

namespace endreason::inspect {
namespace {

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

// Each byte as \xHH: the matcher's interface for plain strings refuses those that begin with NUL.
std::string escaped(const std::string& bytes) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  for (const char c : bytes) {
    const auto byte = static_cast<std::uint8_t>(c);
    out += "\\x";
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

Error no_engine(const char* what) {
  return Error{Error::Code::Io, std::string("the pattern matcher (Vectorscan) says: ") + what +
                                    "; it needs a processor with SSSE3 and memory for the rules"};
}

}  // namespace

PatternScratch::~PatternScratch() {
  if (scratch_ != nullptr) hs_free_scratch(scratch_);
}

PatternSet::PatternSet() = default;
PatternSet::~PatternSet() {
  if (database_ != nullptr) hs_free_database(database_);
}
PatternSet::PatternSet(PatternSet&& other) noexcept
    : database_(std::exchange(other.database_, nullptr)),
      first_(std::move(other.first_)),
      users_(std::move(other.users_)),
      longest_(other.longest_),
      shortest_(other.shortest_),
      reach_(other.reach_),
      sieve_(std::move(other.sieve_)) {}
PatternSet& PatternSet::operator=(PatternSet&& other) noexcept {
  std::swap(database_, other.database_);
  std::swap(first_, other.first_);
  std::swap(users_, other.users_);
  std::swap(longest_, other.longest_);
  std::swap(shortest_, other.shortest_);
  std::swap(reach_, other.reach_);
  std::swap(sieve_, other.sieve_);
  return *this;
}

Result<void> PatternSet::compile(std::vector<Entry> entries) {
  if (entries.empty()) return {};
  shortest_ = kPatternMax;
  reach_ =
      std::any_of(entries.begin(), entries.end(), [](const Entry& e) { return e.reach == 0; })
          ? 0
          : std::max_element(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
              return a.reach < b.reach;
            })->reach;
  for (Entry& e : entries) {
    if (e.nocase) e.bytes = lower(std::move(e.bytes));
    if (e.bytes.size() > kPatternMax) e.bytes.resize(kPatternMax);
    shortest_ = std::min(shortest_, std::max<std::size_t>(e.bytes.size(), 1));
  }
  // In a fixed order, so that the same rules always make the same set.
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return std::tie(a.bytes, a.nocase, a.user) < std::tie(b.bytes, b.nocase, b.user);
  });
  std::vector<std::string> texts;
  std::vector<unsigned> flags, ids;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const Entry& e = entries[i];
    if (i == 0 || e.bytes != entries[i - 1].bytes || e.nocase != entries[i - 1].nocase) {
      ids.push_back(static_cast<unsigned>(texts.size()));
      texts.push_back(escaped(e.bytes));
      flags.push_back(HS_FLAG_SINGLEMATCH | (e.nocase ? HS_FLAG_CASELESS : 0u));
      first_.push_back(static_cast<std::uint32_t>(users_.size()));
      longest_ = std::max(longest_, e.bytes.size());
    }
    users_.push_back(e.user);
  }
  if (PatternSieve::runs_fast()) make_sieve(entries);
  std::vector<const char*> expressions;
  for (const std::string& text : texts) expressions.push_back(text.c_str());
  first_.push_back(static_cast<std::uint32_t>(users_.size()));
  hs_compile_error_t* error = nullptr;
  if (hs_compile_multi(expressions.data(), flags.data(), ids.data(),
                       static_cast<unsigned>(expressions.size()), HS_MODE_BLOCK, nullptr,
                       &database_, &error) != HS_SUCCESS) {
    Error problem = no_engine(error != nullptr ? error->message : "no reason");
    hs_free_compile_error(error);
    return tl::unexpected(std::move(problem));
  }
  return {};
}

void PatternSet::make_sieve(const std::vector<Entry>& entries) {
  std::vector<PatternSieve::Pattern> patterns;
  for (const Entry& e : entries) patterns.push_back({e.bytes, e.nocase});
  sieve_ = PatternSieve::make(patterns);
}

Result<void> PatternSet::prepare(PatternScratch& scratch) const {
  if (database_ == nullptr) return {};
  if (hs_alloc_scratch(database_, &scratch.scratch_) != HS_SUCCESS)
    return tl::unexpected(no_engine("no memory for its scratch"));
  return {};
}

void PatternSet::run(Bytes bytes, PatternScratch& scratch, void* target,
                     OnPattern on_pattern) const {
  if (sieve_ && !sieve_->lets_through(bytes)) return;
  struct Call {
    void* target;
    OnPattern on_pattern;
  } call{target, on_pattern};
  hs_scan(
      database_, reinterpret_cast<const char*>(bytes.data()), static_cast<unsigned>(bytes.size()),
      0, scratch.scratch_,
      [](unsigned id, unsigned long long, unsigned long long, unsigned, void* context) {
        const Call& c = *static_cast<Call*>(context);
        c.on_pattern(id, c.target);
        return 0;
      },
      &call);
}

}  // namespace endreason::inspect
