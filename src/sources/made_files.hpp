// SPDX-License-Identifier: Apache-2.0
// For the tests of this room: a folder of files that is removed again, the real gzip and zstd, and
// reading a source to its end.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include "sources/byte_source.hpp"

namespace endreason {

class MadeFiles {
 public:
  MadeFiles() {
    std::string name = (std::filesystem::temp_directory_path() / "endreason-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  MadeFiles(const MadeFiles&) = delete;
  MadeFiles& operator=(const MadeFiles&) = delete;
  ~MadeFiles() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  std::string path(std::string_view name) const { return (folder_ / name).string(); }
  std::string folder() const { return folder_.string(); }
  std::string write(std::string_view name, std::string_view bytes) const {
    std::filesystem::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name, std::ios::binary) << bytes;
    return path(name);
  }
  static std::string bytes_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  // What `command` (such as "gzip -c") makes of `plain` on its standard output.
  std::string made_by(const std::string& command, std::string_view plain) const {
    write(".plain", plain);
    const std::string run = command + " < " + path(".plain") + " > " + path(".made");
    EXPECT_EQ(std::system(run.c_str()), 0) << run;
    return bytes_of(path(".made"));
  }

 private:
  std::filesystem::path folder_;
};

struct ReadBack {
  std::string text;   // everything given
  std::string error;  // the message it ended with; empty when it ended well
};

inline ReadBack read_back(ByteSource& source, std::size_t buffer_bytes = 64 << 10) {
  ReadBack back;
  std::vector<char> buffer(buffer_bytes);
  for (;;) {
    const auto got = source.read(buffer);
    if (!got) {
      back.error = got.error().message;
      return back;
    }
    if (*got == 0) return back;
    back.text.append(buffer.data(), *got);
  }
}

// Text that compresses the way logs do: repetitive, never quite the same.
inline std::string log_like_text(std::size_t lines) {
  std::string text;
  std::uint32_t noise = 12345;
  for (std::size_t i = 0; i < lines; ++i) {
    noise = noise * 1664525u + 1013904223u;
    text += "1,2026/03/10 10:00:00,TRAFFIC,end,10.0." + std::to_string(noise >> 24) + "," +
            std::to_string(i) + ",allow," + std::to_string(noise >> 8) + ",tcp-fin\n";
  }
  return text;
}

}  // namespace endreason
