// SPDX-License-Identifier: Apache-2.0
// Arbitrary bytes as the files of a spool that somebody left behind: opened, read to the end twice
// with the same outcome, and written to; what was written is read back behind all the rest. Places
// and words of the session engine in the frames are read like the ingestor reads them.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <unistd.h>

#include "ingest/spool.hpp"
#include "model/engine_facts_text.hpp"
#include "sources/file_place.hpp"

namespace {

namespace fs = std::filesystem;

void need(bool holds) {
  if (!holds) std::abort();
}

const std::string& folder() {
  static const std::string made = [] {
    const bool memory = fs::is_directory("/dev/shm");
    std::string name = (memory ? "/dev/shm" : fs::temp_directory_path().string()) + "/fuzz-XXXXXX";
    need(::mkdtemp(name.data()) != nullptr);
    static const std::string path = name;
    std::atexit([] { fs::remove_all(path); });
    return name;
  }();
  return made;
}

void write(unsigned number, std::string_view bytes) {
  char name[64];
  std::snprintf(name, sizeof name, "/spool-%016u.log", number);
  std::ofstream(folder() + name, std::ios::binary) << bytes;
}

struct ReadBack {
  std::vector<std::string> texts;
  endreason::SpoolPosition end;
};

ReadBack read_all(endreason::Spool& spool) {
  ReadBack all;
  endreason::SpoolFrame frame;
  endreason::ReadEngineFacts facts;
  while (spool.read(all.end, frame)) {
    need(frame.end > all.end);
    all.end = frame.end;
    all.texts.emplace_back(frame.text());
    std::string_view key;
    endreason::FilePlace place;
    if (endreason::read_place(frame.place(), key, place))
      need(endreason::place_bytes(key, place) == frame.place());
    if (facts.read(frame.text())) {
      std::string again;
      endreason::append_engine_facts(again, facts.facts());
    }
  }
  return all;
}

}  // namespace

// The first byte says where the rest is cut into two segments, and whether there is a gap between.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  for (const auto& entry : fs::directory_iterator(folder())) fs::remove(entry.path());
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t first = bytes.size() * (data[0] & 0x7f) / 127;
  write(1, bytes.substr(0, first));
  if (first < bytes.size()) write(data[0] > 127 ? 3 : 2, bytes.substr(first));

  const endreason::SpoolOptions options{folder(), 1 << 20, 4096, endreason::SpoolSync::Never};
  std::vector<std::string> texts;
  {
    endreason::Spool spool(options);
    need(spool.open({}).has_value());
    texts = read_all(spool).texts;
    const std::uint64_t damaged = spool.damaged_bytes();
    need(read_all(spool).texts == texts);
    need(spool.damaged_bytes() == damaged);
    need(damaged <= size);
    need(spool.append("sender", 1, 1, "mine\n", "place") == endreason::SpoolAppend::Taken);
    texts.emplace_back("mine\n");
    need(read_all(spool).texts == texts);
  }
  endreason::Spool spool(options);
  need(spool.open({}).has_value());
  need(read_all(spool).texts == texts);
  return 0;
}
