// SPDX-License-Identifier: Apache-2.0
// One record -> its input line or element as it stood, envelope included.
#include "format/writers.hpp"

namespace endreason {
namespace {

class RawWriter : public RecordWriter {
 public:
  void write(const TrafficRecord& record, const Verdict& /*verdict*/, std::string& out) override {
    out += record.raw;
    out += '\n';
  }
};

}  // namespace

std::unique_ptr<RecordWriter> make_raw_writer() {
  return std::make_unique<RawWriter>();
}

}  // namespace endreason
